"""CSV and TSV with a header: the text is in a column, the others are carried through."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from nertagger.bulk.chunks import BYTE_ORDER_MARK, Chunk, ChunkBuilder, Place, lines_of
from nertagger.bulk.records import Record, Records, decode_counting
from nertagger.errors import InputError

_LONGEST_FIELD = 1 << 24
_OURS = ("text", "entities")


class Delimited:
    """Fields are separated by commas, in a file whose extension is .tsv by TABs; a field in double
    quotes may hold line breaks, and two double quotes in it mean one.

    Args:
        path: of the file.
        column: the name of the text's column.
        names: of all columns under which they are carried through, None for the text's; known
            after `begin`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        column: str | None = None,
        names: Sequence[str | None] = (),
    ) -> None:
        self.path = path
        self.column = column
        self.names = list(names)
        self._delimiter = "\t" if Path(path).suffix.lower() == ".tsv" else ","
        csv.field_size_limit(_LONGEST_FIELD)

    def begin(self, file: BinaryIO) -> Place:
        read: list[bytes] = []

        def header() -> Iterator[str]:
            for line in lines_of(file):
                read.append(line)
                # Each byte as a character: what separates and quotes is ASCII, so the rows are the
                # same, and a row may end anywhere.
                yield line.removeprefix(BYTE_ORDER_MARK).decode("latin-1")

        if not any(row for _, row in self._rows(header(), 1)):
            raise InputError("has no header; expected a row with the columns' names", self.path)
        content, _ = decode_counting(b"".join(read).removeprefix(BYTE_ORDER_MARK))
        self.names = self._names(next(row for _, row in self._rows(_lines(content), 1) if row))
        return Place(sum(map(len, read)), len(read) + 1)

    def options(self) -> dict[str, Any]:
        return {"names": self.names}

    def cut(self, file: BinaryIO, place: Place, eager: bool) -> Iterator[Chunk]:
        builder = ChunkBuilder(place, self.path)

        def lines() -> Iterator[str]:
            for line in lines_of(file):
                builder.add(line)
                yield line.decode("latin-1")

        for _ in self._rows(lines(), place.line):
            if builder.is_full:
                yield from builder.cut()
        yield from builder.cut()

    def read(self, chunk: Chunk) -> Records:
        content, replaced = decode_counting(chunk.data)
        records = []
        text_index = self.names.index(None)
        for number, row in self._rows(_lines(content), chunk.line):
            if not row:
                continue
            if len(row) != len(self.names):
                raise InputError(
                    f"a row of {len(row)} columns begins here; expected {len(self.names)}, as in "
                    "the header: put double quotes round a field that has the delimiter in it",
                    self.path,
                    number,
                )
            extra = {
                name: field for name, field in zip(self.names, row, strict=True) if name is not None
            }
            records.append(Record(row[text_index], extra))
        return Records(records, replaced)

    def _rows(self, lines: Iterator[str], first_line: int) -> Iterator[tuple[int, list[str]]]:
        """Rows, and the lines on which they begin; a blank line is an empty row."""
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            line = first_line + reader.line_num
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                unclosed = "limit" in str(error) or "unexpected end" in str(error)
                problem = "a quotation mark is never closed" if unclosed else str(error)
                raise InputError(
                    f"the row that begins here cannot be read: {problem}; expected fields with "
                    "quotation marks around all of them or none, and doubled inside",
                    self.path,
                    line,
                ) from None
            yield line, row

    def _names(self, header: Sequence[str]) -> list[str | None]:
        columns = [name.strip() for name in header]
        listed = ", ".join(repr(name) for name in columns[:20])
        if self.column is None:
            raise InputError(
                f"which column has the text? Name it with --text-column; there are {listed}",
                self.path,
            )
        if columns.count(self.column) != 1:
            number = "more than one" if self.column in columns else "no"
            raise InputError(f"has {number} column {self.column!r}; there are {listed}", self.path)
        taken = {*_OURS}
        names: list[str | None] = []
        for index, column in enumerate(columns, 1):
            if column == self.column:
                names.append(None)
                continue
            # Nothing is lost where names are blank, twice there or the same as ours.
            name = column if column and column not in taken else f"{column} (column {index})"
            taken.add(name)
            names.append(name.strip())
        return names


def _lines(content: str) -> Iterator[str]:
    """Lines with their ends. Only LF ends one; `splitlines` knows of more."""
    return (line + "\n" for line in content.removesuffix("\n").split("\n"))
