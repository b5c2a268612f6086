"""Plain text: each line is a document, empty ones too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from nertagger.bulk.chunks import Chunk, Place, cut_at_lines
from nertagger.bulk.records import Record, Records, decode_counting


class PlainText:
    """Lines end with LF or CR LF; nothing else ends one."""

    def __init__(self, path: str | os.PathLike[str], column: str | None = None) -> None:
        self.path = path

    def begin(self, file: BinaryIO) -> Place:
        return Place()

    def options(self) -> dict[str, Any]:
        return {}

    def cut(self, file: BinaryIO, place: Place, eager: bool) -> Iterator[Chunk]:
        return cut_at_lines(file, place, self.path, eager)

    def read(self, chunk: Chunk) -> Records:
        text, replaced = decode_counting(chunk.data)
        lines = text.removesuffix("\n").split("\n")
        return Records([Record(line.removesuffix("\r")) for line in lines], replaced)
