"""JSON Lines: an object a line, its text under "text"; its other keys are carried through."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from nertagger.bulk.chunks import Chunk, Place, cut_at_lines
from nertagger.bulk.records import REPLACEMENT, Record, Records, decode_counting
from nertagger.errors import InputError

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonLines:
    """Blank lines are skipped. Half a surrogate pair in a text, which is no character, becomes
    U+FFFD. "entities" are replaced by those that are found."""

    def __init__(self, path: str | os.PathLike[str], column: str | None = None) -> None:
        self.path = path

    def begin(self, file: BinaryIO) -> Place:
        return Place()

    def options(self) -> dict[str, Any]:
        return {}

    def cut(self, file: BinaryIO, place: Place, eager: bool) -> Iterator[Chunk]:
        return cut_at_lines(file, place, self.path, eager)

    def read(self, chunk: Chunk) -> Records:
        content, replaced = decode_counting(chunk.data)
        records = []
        for number, line in enumerate(content.split("\n"), chunk.line):
            if not line or line.isspace():
                continue
            value = self._object(line, number)
            text = value.pop("text")
            if not text.isascii():
                text, surrogates = _LONE_SURROGATE.subn(REPLACEMENT, text)
                replaced += surrogates
            value.pop("entities", None)
            records.append(Record(text, value))
        return Records(records, replaced)

    def _object(self, line: str, number: int) -> dict[str, Any]:
        try:
            value = json.loads(line, strict=False)
        except json.JSONDecodeError as error:
            problem = f"is not JSON: {error.msg} at column {error.colno}"
        except RecursionError:
            problem = "is not JSON: it is nested too deeply"
        except ValueError as error:
            problem = f"is not JSON: {error}"
        else:
            if isinstance(value, dict) and isinstance(value.get("text"), str):
                return value
            problem = f"is no object with a text: {line[:40].strip()!r}"
        raise InputError(f'{problem}; expected a line such as {{"text": "…"}}', self.path, number)
