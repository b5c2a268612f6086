"""Where output goes: stdout, or a device or pipe that has a name; files are in `partial_output`."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from nertagger.errors import InputError


def check_output(path: Path, source: os.stat_result | None = None) -> None:
    """Refuses, before any work is done, an output that cannot be written.

    Args:
        path: of the output.
        source: of the input, which must not be overwritten.

    Raises:
        InputError: `path` is a directory, in none that exists, or the input itself.
    """
    if path.is_dir():
        raise InputError("is a directory; expected the name of a file to write", path)
    if not path.parent.is_dir():
        raise InputError(
            f"there is no directory {str(path.parent)!r} to write it in; make it first", path
        )
    if source is not None and path.exists() and os.path.samestat(source, path.stat()):
        raise InputError("is the input; expected another file to write", path)


def is_special(path: Path) -> bool:
    """Whether the path names a device or a pipe, which is written to and never replaced."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def cannot_write(path: Path, error: OSError, remedy: str = "") -> InputError:
    """The error of a file that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return InputError(f"cannot be written: {reason}{remedy}", path)


class StandardOutput:
    """Bytes to stdout, each time whole and at once."""

    def __init__(self) -> None:
        if sys.stdout is None:
            raise InputError("stdout is closed; expected it open, or --output FILE")
        sys.stdout.flush()
        self._file: BinaryIO = sys.stdout.buffer

    def write(self, data: bytes) -> None:
        """Writes all of it.

        Raises:
            BrokenPipeError: the reader has gone.
            InputError: stdout is full.
        """
        try:
            self._file.write(data)
            self._file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is still in Python's buffer would be tried, and complained of, at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise cannot_write(Path("stdout"), error) from None

    def finish(self) -> None:
        """Nothing is left to be done."""

    def close(self) -> None:
        """stdout stays open."""


class SpecialFile:
    """Bytes to a device or a pipe.

    Raises:
        InputError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise cannot_write(path, error) from None

    def write(self, data: bytes) -> None:
        """Writes all of it.

        Raises:
            InputError: it is full, or its reader has gone.
        """
        try:
            write_all(self._file, data)
        except OSError as error:
            raise cannot_write(self._path, error) from None

    def finish(self) -> None:
        """Nothing is left to be done."""

    def close(self) -> None:
        """Closes it."""
        self._file.close()


def write_all(file: BinaryIO, data: bytes) -> None:
    """Writes to an unbuffered file, which may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
