"""A checkpoint: every variable of a training and its state, in one file, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors.numpy import save

from nertagger.errors import InputError
from nertagger.writing import atomic_file


def write_checkpoint(path: Path, variables: Sequence[Any], state: dict[str, Any]) -> None:
    """Writes variables in their order, and a state of plain values, to a safetensors file."""
    tensors = {f"{index:04d}": np.array(variable) for index, variable in enumerate(variables)}
    with atomic_file(path, "wb") as file:
        file.write(save(tensors, metadata={"state": json.dumps(state)}))


def read_state(path: Path) -> dict[str, Any]:
    """The state alone.

    Raises:
        InputError: the file is not a checkpoint.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return json.loads(file.metadata()["state"])
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
        raise InputError("not a checkpoint; train anew without --resume", path) from None


def read_variables(path: Path) -> list[np.ndarray]:
    """The variables, in the order in which they were written."""
    with safetensors.safe_open(path, framework="numpy") as file:
        return [file.get_tensor(name) for name in sorted(file.keys())]


def write_named(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Writes tensors by name to a safetensors file."""
    with atomic_file(path, "wb") as file:
        file.write(save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}))


def read_named(path: Path) -> dict[str, np.ndarray]:
    """The inverse of `write_named`."""
    with safetensors.safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in list(file.keys())}
