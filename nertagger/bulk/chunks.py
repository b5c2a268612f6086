"""A file cut into chunks of whole documents, for a memory that does not grow with the file.

Where a chunk ends depends on the file alone, not on how many processes tag it: together with a
tagger that starts each chunk afresh this makes the output of a file the same, byte for byte,
however it was made.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from nertagger.errors import InputError

CHUNK_BYTES = 1 << 19
"""A second's work or so: enough that a fresh cache of tokens pays, few enough for even shares."""

LONGEST_DOCUMENT = 1 << 26
"""Bytes. A document is tagged as a whole, and what that takes grows with it."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Chunk(NamedTuple):
    """Whole documents of a file.

    Attributes:
        data: the bytes, without a byte order mark.
        line: of the first byte, counted from 1.
        end: the place in the file after the last byte.
    """

    data: bytes
    line: int
    end: int


class Place(NamedTuple):
    """A place between two documents of a file: the offset in bytes, and the line, from 1."""

    offset: int = 0
    line: int = 1


def cut_at_lines(
    file: BinaryIO, place: Place, path: str | os.PathLike[str], eager: bool = False
) -> Iterator[Chunk]:
    """Chunks of a file in which every line ends a document, from `place` on, where the file is.

    Args:
        file: buffered, at `place`.
        place: where the first chunk begins.
        path: to be named in errors.
        eager: take what is there rather than wait for a full chunk, for pipes.

    Raises:
        InputError: a line is longer than LONGEST_DOCUMENT.
    """
    offset, line = place
    read = getattr(file, "read1", file.read) if eager else file.read
    parts: list[bytes] = []
    size = 0
    # Counted from where the chunk begins, so that whoever starts there later cuts in the same way.
    while data := read(CHUNK_BYTES - size % CHUNK_BYTES):
        if offset == 0 and not parts and data.startswith(BYTE_ORDER_MARK):
            data = data[len(BYTE_ORDER_MARK) :]
            offset = len(BYTE_ORDER_MARK)
        cut = data.rfind(b"\n") + 1
        if not cut:
            parts.append(data)
            size += len(data)
            if size > LONGEST_DOCUMENT:
                raise too_long(path, line)
            continue
        chunk = b"".join([*parts, data[:cut]])
        parts = [data[cut:]] if cut < len(data) else []
        size = len(data) - cut
        offset += len(chunk)
        yield Chunk(chunk, line, offset)
        line += chunk.count(b"\n")
    if parts:
        chunk = b"".join(parts)
        yield Chunk(chunk, line, offset + len(chunk))


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file with their ends, from where it is; one that is too long comes in parts,
    so that whoever gathers them can refuse it."""
    return iter(lambda: file.readline(LONGEST_DOCUMENT + 1), b"")


class ChunkBuilder:
    """Gathers lines into chunks that end where a document does.

    Args:
        place: where the first chunk begins.
        path: to be named in errors.
    """

    def __init__(self, place: Place, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._offset, self._line = place
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> None:
        """One line more.

        Raises:
            InputError: what has been gathered since the last cut is longer than LONGEST_DOCUMENT.
        """
        self._parts.append(data)
        self._size += len(data)
        if self._size > LONGEST_DOCUMENT:
            raise too_long(self._path, self._line)

    @property
    def is_full(self) -> bool:
        """Whether it is time to cut at the next end of a document."""
        return self._size >= CHUNK_BYTES

    def cut(self) -> Iterator[Chunk]:
        """The chunk, if anything has been gathered; the next one begins after it."""
        if self._parts:
            data = b"".join(self._parts)
            if self._offset == 0:
                data = data.removeprefix(BYTE_ORDER_MARK)
            self._offset += self._size
            yield Chunk(data, self._line, self._offset)
            self._line += len(self._parts)
            self._parts, self._size = [], 0


def too_long(path: str | os.PathLike[str], line: int) -> InputError:
    """The error of a document that is too long."""
    return InputError(
        f"a document of more than {LONGEST_DOCUMENT >> 20} MiB begins here; "
        "expected shorter ones: cut it at the ends of its paragraphs",
        path,
        line,
    )
