"""Model directories: which one is meant, and what is in it.

<base>/<version>/assets.extra/nertagger/config.json, weights.safetensors, vocabulary.txt, …
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from nertagger.errors import InputError
from nertagger.runtime.configuration import check_config
from nertagger.runtime.network import tensor_shapes
from nertagger.runtime.weights import read_tensors
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import PAD_WORD, Vocabulary
from nertagger.text.word_rows import WordRows

ENVIRONMENT_VARIABLE = "NERTAGGER_MODEL"
SHIPPED = "en"
ASSETS = Path("assets.extra") / "nertagger"
CONFIG = "config.json"
VOCABULARY = "vocabulary.txt"
CHARACTERS = "characters.txt"
VECTORS = "vectors.txt"
WEIGHTS = "weights.safetensors"

_DTYPES = {"vectors.codes": np.int32, "vectors.scales": np.float16}
"""Of the tensors that are not float32."""
_REMEDY = "copy the model again from where it came, or train it again"

T = TypeVar("T")


class ModelDirectory(NamedTuple):
    """What tagging needs of a model.

    Attributes:
        path: the version directory.
        config: `config.json`, checked.
        encoder: from tokens to numbers.
        tensors: the weights by name, mapped into memory.
    """

    path: Path
    config: dict[str, Any]
    encoder: TokenEncoder
    tensors: dict[str, np.ndarray]


def find_model(model: str | os.PathLike[str] | None = None) -> Path:
    """The version directory of a model.

    Args:
        model: a name, a base directory (its highest version is meant) or one version of it; without
            it $NERTAGGER_MODEL, and without that the model that ships, `en`. A name is looked up in
            `saved_models` of the working directory and then among the models that ship.

    Raises:
        InputError: there is none.
    """
    wanted = model or os.environ.get(ENVIRONMENT_VARIABLE) or SHIPPED
    given = Path(wanted)
    places = [given]
    if given.name == os.fspath(wanted):
        # A directory of that name that holds no model must not hide the model of that name.
        places = [folder / given for folder in model_folders()]
        places.insert(0, given)
    for place in places:
        if version := _version(place):
            return version
    origin = "" if model else f" (from ${ENVIRONMENT_VARIABLE})" if wanted != SHIPPED else ""
    if given.is_dir():
        raise InputError(
            f"holds no model{origin}: expected {ASSETS / CONFIG} in it, or in a directory in it "
            "that is named by a number; name a model directory, or make one with `nertagger train`",
            given,
        )
    if given.exists():
        raise InputError(f"is a file{origin}; expected the directory of a model", given)
    looked = "" if len(places) == 1 else f" in {' or '.join(str(p.parent) for p in places[1:])}"
    raise InputError(
        f"no model {os.fspath(wanted)!r}{origin}{looked}; "
        "expected a name or a directory; make one with `nertagger train`"
    )


def model_folders() -> list[Path]:
    """Where the names of models are looked up: the working directory's, and those that ship."""
    package = Path(__file__).resolve().parent.parent
    # In an installed package the shipped models lie inside it, in a checkout beside it.
    shipped = [package / "_saved_models", package.parent / "saved_models"]
    return [Path("saved_models"), *(folder for folder in shipped if folder.is_dir())]


def versions(base: str | os.PathLike[str]) -> dict[int, Path]:
    """The versions in a base directory, rising; a version's name is a whole number."""
    try:
        with os.scandir(base) as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return {}
    numbered = sorted((int(name), name) for name in names if name.isascii() and name.isdecimal())
    return {number: Path(base) / name for number, name in numbered}


def read_model(path: Path) -> ModelDirectory:
    """Reads and checks one version of a model.

    Raises:
        InputError: a file is missing or is not what it must be; the message says which and what to
            do.
    """
    assets = path / ASSETS
    config = _config(assets / CONFIG)
    architecture = config["architecture"]
    weights = assets / WEIGHTS
    tensors = read_tensors(weights)
    _check_tensors(tensors, architecture, weights)
    encoder = _encoder(assets, architecture, config["text"].get("misspellings", False))
    return ModelDirectory(path, config, encoder, tensors)


def _version(place: Path) -> Path | None:
    if (place / ASSETS).is_dir():
        return place
    found = versions(place)
    return found[max(found)] if found else None


def _config(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        config = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 at byte {error.start}; {_REMEDY}", path) from None
    except json.JSONDecodeError as error:
        raise InputError(f"is not JSON: {error.msg}; {_REMEDY}", path, error.lineno) from None
    except RecursionError:
        raise InputError(f"is nested too deeply; {_REMEDY}", path) from None
    check_config(config, path)
    return config


def _encoder(assets: Path, architecture: Mapping[str, Any], misspellings: bool) -> TokenEncoder:
    vocabulary = _read(assets / VOCABULARY, Vocabulary.read)
    _check_size(assets / VOCABULARY, vocabulary.size, architecture["vocabulary_size"])
    characters = None
    if architecture["character_encoding"] != "none":
        characters = _read(assets / CHARACTERS, CharacterVocabulary.read)
        _check_size(assets / CHARACTERS, characters.size, architecture["character_count"])
    vector_rows = None
    if architecture["vector_count"]:
        path = assets / VECTORS
        vector_rows = _read(path, lambda path: WordRows(path.read_bytes()))
        _check_size(path, len(vector_rows), architecture["vector_count"])
        first = vector_rows.lines.partition(b"\n")[0].decode()
        if first != PAD_WORD:
            raise InputError(f"{first!r:.60}, expected {PAD_WORD}; {_REMEDY}", path, 1)
    return TokenEncoder(
        vocabulary,
        characters,
        architecture["characters_per_token"],
        vector_rows,
        architecture["case_count"] > 0,
        misspellings,
    )


def _read(path: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError as error:
        raise InputError(f"{error}; {_REMEDY}", path) from None


def _check_size(path: Path, size: int, expected: int) -> None:
    if size != expected:
        raise InputError(
            f"has {size} lines, but the model has {expected} entries: "
            f"it is cut off or another model's; {_REMEDY}",
            path,
        )


def _check_tensors(
    tensors: Mapping[str, np.ndarray], architecture: Mapping[str, Any], path: Path
) -> None:
    shapes = tensor_shapes(architecture)
    for name in sorted(shapes.keys() - tensors.keys()):
        raise InputError(f"has no tensor {name!r}; {_REMEDY}", path)
    for name in sorted(tensors.keys() - shapes.keys()):
        raise InputError(f"has a tensor {name!r}, which {CONFIG} says nothing of; {_REMEDY}", path)
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.shape != shape:
            raise InputError(
                f"tensor {name!r} has shape {list(tensor.shape)}, but {CONFIG} says {list(shape)}; "
                f"{_REMEDY}",
                path,
            )
        expected = np.dtype(_DTYPES.get(name, np.float32))
        if tensor.dtype != expected:
            raise InputError(
                f"tensor {name!r} is {tensor.dtype.name}, expected {expected.name}; {_REMEDY}",
                path,
            )


def _unreadable(path: Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"is missing; {_REMEDY}", path)
    return InputError(f"cannot be read ({error.strerror}); {_REMEDY}", path)
