"""What is served and how: from the command line and from TensorFlow Serving's own files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nertagger.errors import InputError
from nertagger.runtime.directory import ENVIRONMENT_VARIABLE, SHIPPED, model_folders
from nertagger.serving import text_protos
from nertagger.serving.models import SAVED_MODEL_FILES, ModelConfig, find_versions

METRICS_PATH = "/monitoring/prometheus/metrics"


@dataclass(frozen=True)
class Limits:
    """What a request may ask for.

    Attributes:
        body: bytes of a body, unpacked.
        rows: instances or examples.
        text: code points of a string; bytes in base64 are bounded by the body alone.
        seconds: for the body to arrive, and again for the answer to be found.
    """

    body: int = 64 << 20
    rows: int = 10_000
    text: int = 1_000_000
    seconds: float = 30.0


def models_from_arguments(arguments: Sequence[str]) -> list[ModelConfig]:
    """The models that `--model` names: `NAME`, `PATH` or `NAME=PATH`.

    Raises:
        InputError: one of them is not there, holds no SavedModel, or two have one name.
    """
    if not arguments:
        arguments = [os.environ.get(ENVIRONMENT_VARIABLE) or SHIPPED]
    return _checked([_from_argument(argument) for argument in arguments])


def _from_argument(argument: str) -> ModelConfig:
    name, separator, place = argument.partition("=")
    if separator and name and "/" not in name and os.sep not in name:
        if not place:
            raise InputError(f"--model {argument!r} names no folder; write NAME=PATH")
        return ModelConfig(name, _existing(Path(place)))
    path = Path(argument)
    if path.name == argument:
        # A folder of that name that is not a model must not hide the model of that name.
        for candidate in [path, *(folder / path for folder in model_folders())]:
            if find_versions(candidate):
                return ModelConfig(argument, candidate)
        if not path.exists():
            looked = " or ".join(str(folder) for folder in model_folders())
            raise InputError(
                f"no model {argument!r} in {looked}; expected the name of a model or the base "
                "folder of a SavedModel; make one with `nertagger train`"
            )
    path = _existing(path)
    resolved = path.resolve()
    is_version = resolved.name.isdecimal() and any(
        (path / name).is_file() for name in SAVED_MODEL_FILES
    )
    return ModelConfig(resolved.parent.name if is_version else resolved.name, path)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(
            "no such folder; expected the base folder of a SavedModel, <base>/<version>/"
            "saved_model.pb, or the name of a model; make one with `nertagger train`",
            path,
        )
    return path


def _checked(configs: list[ModelConfig]) -> list[ModelConfig]:
    names: set[str] = set()
    for config in configs:
        if not config.name:
            raise InputError("a model has no name; give it one: NAME=PATH")
        if config.name in names:
            raise InputError(
                f"two models are called {config.name!r}; call one otherwise: NAME=PATH"
            )
        names.add(config.name)
        if not config.wanted():
            found = find_versions(config.base_path)
            what = (
                f"has versions {', '.join(map(str, found))}, none of which is to be served"
                if found
                else "holds no SavedModel; expected <version>/saved_model.pb in it, <version> "
                "a whole number; `nertagger export` makes one"
            )
            raise InputError(what, config.base_path)
    return configs


def read_model_config(path: str | os.PathLike[str]) -> list[ModelConfig]:
    """The models of a `--model-config-file`: a ModelServerConfig in text.

    Raises:
        InputError: it is not that, or asks for what this server does not have.
    """
    message = text_protos.read(path, "ModelServerConfig")
    if message.WhichOneof("config") != "model_config_list" or not message.model_config_list.config:
        raise InputError(
            "names no model; expected model_config_list { config { name: … base_path: … } }", path
        )
    configs = []
    for model in message.model_config_list.config:
        if model.model_platform not in ("", "tensorflow"):
            raise InputError(
                f"model {model.name!r} has the platform {model.model_platform!r}; "
                'only "tensorflow" can be served',
                path,
            )
        if not model.base_path:
            raise InputError(f"model {model.name!r} has no base_path", path)
        policy = model.model_version_policy
        labels = dict(model.version_labels)
        configs.append(
            ModelConfig(
                name=model.name,
                base_path=_existing(Path(model.base_path)),
                latest=max(policy.latest.num_versions, 1),
                every=policy.WhichOneof("policy_choice") == "all",
                specific=tuple(policy.specific.versions),
                labels=labels,
            )
        )
    return _checked(configs)


def read_metrics_path(path: str | os.PathLike[str]) -> str | None:
    """Where a `--monitoring-config-file`, a MonitoringConfig in text, wants the metrics.

    Returns:
        the path, or None where they are not to be shown.
    """
    prometheus = text_protos.read(path, "MonitoringConfig").prometheus_config
    if not prometheus.enable:
        return None
    chosen = prometheus.path or METRICS_PATH
    if not chosen.startswith("/"):
        raise InputError(f"the path {chosen!r} does not start with /", path)
    return chosen
