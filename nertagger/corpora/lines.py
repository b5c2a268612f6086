"""The lines of a text file, or one line that says why it is none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from nertagger.errors import InputError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Opens a file for reading bytes.

    Raises:
        InputError: it is missing, a directory, empty or not readable.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError("is a directory; a file is expected", path)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise InputError("there is no such file", path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path) from None
    if not file.peek(1):
        file.close()
        raise InputError("is empty", path)
    return file


def read_lines(path: str | os.PathLike[str]) -> Iterator[str]:
    """The lines of a UTF-8 file, one after the other, without their ends (LF or CR LF).

    Only a line feed ends a line: tokens may hold the other characters that Unicode calls line
    breaks. A byte order mark at the beginning is dropped.

    Raises:
        InputError: the file cannot be read or is empty; or a line is not UTF-8 or holds a NUL.
    """
    with open_file(path) as file:
        yield from decode_lines(file, path)


def decode_lines(file: Iterable[bytes], path: str | os.PathLike[str]) -> Iterator[str]:
    """As `read_lines`, of a file that is open, or of bytes in memory.

    Raises:
        InputError: a line is not UTF-8 or holds a NUL.
    """
    offset = 0
    for number, data in enumerate(file, 1):
        length = len(data)
        if number == 1 and data.startswith(_BYTE_ORDER_MARK):
            data = data[len(_BYTE_ORDER_MARK) :]
        yield decode_line(data.rstrip(b"\r\n"), path, number, offset + length - len(data))
        offset += length


def decode_line(data: bytes, path: str | os.PathLike[str], number: int, offset: int) -> str:
    """The text of a line that begins `offset` bytes into the file.

    Raises:
        InputError: it is not UTF-8 or holds a NUL.
    """
    if b"\0" in data:
        raise InputError(
            f"has a NUL at byte {offset + data.index(0)}; text is expected", path, number
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 at byte {offset + error.start} (0x{data[error.start]:02x}); "
            "convert the file to UTF-8",
            path,
            number,
        ) from None
