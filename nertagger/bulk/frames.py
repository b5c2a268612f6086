"""What a worker process and its parent say to each other: frames of bytes over pipes.

A frame is a letter, two lengths as eight bytes each, a JSON value and bytes.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any, NamedTuple

_HEADER = struct.Struct(">cQQ")

START, CHUNK = b"S", b"C"
"""To the worker: what to tag with, and a chunk."""
READY, TAGGED, REFUSED, FAILED = b"R", b"T", b"E", b"X"
"""From it: the model is loaded; a chunk's result; the user's input is at fault; we are."""


class Frame(NamedTuple):
    """A message: its kind, plain values, and bytes."""

    kind: bytes
    value: Any
    data: bytes = b""


def write_frame(file: IO[bytes], frame: Frame) -> None:
    """Writes a frame, at once."""
    value = json.dumps(frame.value).encode()
    file.write(_HEADER.pack(frame.kind, len(value), len(frame.data)) + value)
    file.write(frame.data)
    file.flush()


def read_frame(file: IO[bytes]) -> Frame | None:
    """The next frame, or None where the other side has gone."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    kind, value_size, data_size = _HEADER.unpack(header)
    content = file.read(value_size + data_size)
    if len(content) < value_size + data_size:
        return None
    return Frame(kind, json.loads(content[:value_size]), content[value_size:])
