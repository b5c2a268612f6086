"""Tensors of a safetensors file, mapped into memory where they lie.

The format: eight bytes, the length of the header in little-endian order; the header, a JSON
object from a tensor's name to its "dtype", "shape" and "data_offsets" (begin and end in bytes,
counted from the end of the header), and "__metadata__"; then the tensors, row-major, little-endian.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.errors import InputError

_DTYPES = {"I32": "<i4", "F16": "<f2", "F32": "<f4"}
_LONGEST_HEADER = 100_000_000
_REMEDY = "copy it again from where it came, or train the model again"


def read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The tensors of a file by name: read-only views of its pages, read when they are used.

    Raises:
        InputError: there is no such file, it is not in the format, or something is missing of it.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            prefix = file.read(8)
            length = int.from_bytes(prefix, "little")
            if len(prefix) < 8 or length > min(size - 8, _LONGEST_HEADER):
                raise InputError(
                    f"has {size} bytes, too few for a safetensors header; {_REMEDY}", path
                )
            header = _header(file.read(length), path)
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror}); expected the model's tensors", path
        ) from None
    data = np.memmap(path, np.uint8, "r")
    return {
        name: _tensor(data, 8 + length, name, entry, path)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _header(content: bytes, path: Path) -> dict[str, Any]:
    try:
        header = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise InputError(f"its header is not a JSON object, as safetensors has it; {_REMEDY}", path)
    return header


def _tensor(data: np.ndarray, base: int, name: str, entry: Any, path: Path) -> np.ndarray:
    if not isinstance(entry, dict):
        raise InputError(f"tensor {name!r} has no description in the header; {_REMEDY}", path)
    dtype = entry.get("dtype")
    shape, offsets = _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise InputError(
            f"tensor {name!r} is of type {dtype!r}; expected one of {', '.join(_DTYPES)}", path
        )
    if shape is None or offsets is None or len(offsets) != 2:
        raise InputError(f"tensor {name!r} has no valid shape and offsets; {_REMEDY}", path)
    begin, end = offsets
    expected = math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize
    if end - begin != expected:
        raise InputError(
            f"tensor {name!r} of shape {shape} has {end - begin} bytes, expected {expected}; "
            f"{_REMEDY}",
            path,
        )
    if base + end > len(data):
        raise InputError(
            f"ends after {len(data)} bytes, inside tensor {name!r}, which ends at {base + end}: "
            f"the file is cut off; {_REMEDY}",
            path,
        )
    tensor = np.asarray(data[base + begin : base + end].view(_DTYPES[dtype])).reshape(shape)
    # Writers align tensors; where one did not, a copy is what matrix products would make anyway.
    return np.require(tensor, requirements=["C", "A"])


def _counts(values: Any) -> list[int] | None:
    if isinstance(values, list) and all(type(value) is int and value >= 0 for value in values):
        return values
    return None
