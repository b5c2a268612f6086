"""What a model directory's configuration must say, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nertagger.errors import InputError
from nertagger.recurrent import equations

FORMAT_VERSION = 1

REQUIRED = {
    "format_version": int,
    "name": str,
    "architecture": dict,
    "labels": list,
    "tags": list,
    "text": dict,
    "training": dict,
    "scores": dict,
    "versions": dict,
}
OPTIONAL = {"temperature": float, "name_agreement": float, "least_score": float}

# Per key the least whole number, the greatest rate, or the choices.
_COUNTS = {
    "vocabulary_size": 3,
    "units": 1,
    "layers": 1,
    "word_dimension": 1,
    "character_count": 2,
    "character_dimension": 1,
    "character_filters": 1,
    "character_width": 1,
    "characters_per_token": 1,
    "vector_count": 0,
    "vector_dimension": 0,
    "case_count": 0,
}
_CHOICES = {
    "cell": tuple(equations.CELLS),
    "activation": equations.ACTIVATIONS,
    "head": ("sigmoid", "softmax", "crf"),
    "word_encoding": ("one-hot", "embedding"),
    "character_encoding": ("convolution", "none"),
}
# Models of before have none of them.
_OPTIONAL_COUNTS = {"context_dimension": 0, "context_skipped": 0}
_TRAINING_ONLY = ("dropout", "recurrent_dropout", "l2")

_REQUIRED_KEYS = {"tags", *_COUNTS, *_CHOICES, *_TRAINING_ONLY}
ARCHITECTURE_KEYS = {*_REQUIRED_KEYS, *_OPTIONAL_COUNTS}

_NAMES = {
    int: "a whole number",
    str: "a string",
    dict: "an object",
    list: "a list",
    float: "a number",
}
_REMEDY = "copy the model again from where it came, or train it again"


def check_config(config: Any, path: Path) -> None:
    """Refuses a configuration that this version cannot read, with the reason.

    Args:
        config: what JSON made of the file.
        path: the file, for the message.

    Raises:
        InputError: in one line, what is wrong and what to do.
    """
    if not isinstance(config, dict):
        raise InputError(f"holds {type(config).__name__}, expected a JSON object; {_REMEDY}", path)
    version = config.get("format_version")
    if type(version) is int and version > FORMAT_VERSION:
        raise InputError(
            f"has format_version {version}, and this nertagger reads {FORMAT_VERSION}: "
            "upgrade nertagger to use this model",
            path,
        )
    if "format_version" in config and version != FORMAT_VERSION:
        raise InputError(
            f"has format_version {version!r}, expected {FORMAT_VERSION}; {_REMEDY}", path
        )
    _check_keys(config, REQUIRED.keys(), OPTIONAL.keys(), "", path)
    for key, kind in (REQUIRED | OPTIONAL).items():
        if key in config and not _is(config[key], kind):
            raise InputError(f"{key!r} is {config[key]!r:.60}, expected {_NAMES[kind]}", path)
    temperature = config.get("temperature", 1.0)
    if not 0 < temperature < float("inf"):
        raise InputError(f"'temperature' is {temperature!r}, expected more than 0", path)
    agreement = config.get("name_agreement", 0.0)
    if not 0 <= agreement < float("inf"):
        raise InputError(f"'name_agreement' is {agreement!r}, expected 0 or more", path)
    least = config.get("least_score", 0.0)
    if not 0 <= least <= 1:
        raise InputError(f"'least_score' is {least!r}, expected 0 to 1", path)
    _check_keys(config["text"], (), ("scheme", "misspellings"), "text.", path)
    misspellings = config["text"].get("misspellings", False)
    if not isinstance(misspellings, bool):
        raise InputError(
            f"'text.misspellings' is {misspellings!r:.60}, expected true or false", path
        )
    _check_architecture(config["architecture"], path)
    if config["tags"] != config["architecture"]["tags"]:
        raise InputError(f"'tags' are not those of 'architecture'; {_REMEDY}", path)


def _check_architecture(architecture: Mapping[str, Any], path: Path) -> None:
    _check_keys(architecture, _REQUIRED_KEYS, _OPTIONAL_COUNTS, "architecture.", path)
    for key, least in (_COUNTS | _OPTIONAL_COUNTS).items():
        value = architecture.get(key, least)
        if type(value) is not int or value < least:
            raise InputError(
                f"'architecture.{key}' is {value!r:.60}, expected a whole number from {least}", path
            )
    for key, choices in _CHOICES.items():
        if architecture[key] not in choices:
            raise InputError(
                f"'architecture.{key}' is {architecture[key]!r:.60}, "
                f"expected one of {', '.join(choices)}",
                path,
            )
    context = architecture.get("context_dimension", 0)
    if context and ("context_skipped" not in architecture or not architecture["vector_count"]):
        raise InputError(
            f"'architecture.context_dimension' is {context}, which needs 'context_skipped' and "
            f"vectors; {_REMEDY}",
            path,
        )
    tags = architecture["tags"]
    if not isinstance(tags, list) or not tags or not all(isinstance(tag, str) for tag in tags):
        raise InputError(f"'architecture.tags' is {tags!r:.60}, expected a list of tags", path)
    sigmoid = architecture["head"] == "sigmoid"
    if sigmoid != (len(tags) == 1):
        raise InputError(
            f"head {architecture['head']!r} with {len(tags)} tags; sigmoid has exactly one", path
        )
    for tag in () if sigmoid else tags:
        if tag != "O" and (tag[:2] not in ("B-", "I-", "E-", "S-") or len(tag) < 3):
            raise InputError(
                f"{tag!r} is no tag; expected O, or B-, I-, E- or S- and a label", path
            )


def _check_keys(
    values: Mapping[str, Any], required: Any, optional: Any, prefix: str, path: Path
) -> None:
    for key in sorted(set(required) - set(values)):
        raise InputError(f"has no {prefix + key!r}; {_REMEDY}", path)
    for key in sorted(set(values) - set(required) - set(optional)):
        raise InputError(
            f"has {prefix + key!r}, which this nertagger does not know: upgrade it, or {_REMEDY}",
            path,
        )


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
