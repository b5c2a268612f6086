"""Where input comes from: a file, a pipe, or stdin."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import sys
from typing import BinaryIO

from nertagger.errors import InputError

STDIN = "-"
_PREFIX = 1 << 20


class Source:
    """An open input.

    Args:
        path: of a file, or "-" for stdin.

    Attributes:
        name: as it is called in messages.
        file: what is read, buffered.
        status: from the system, None where there is none.
        size: in bytes, None where it is not known.

    Raises:
        InputError: it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.name = "stdin" if path == STDIN else path
        self.status: os.stat_result | None = None
        if path == STDIN:
            if sys.stdin is None or sys.stdin.closed:
                raise InputError("stdin is closed; expected text there, as arguments, or --input")
            self.file: BinaryIO = sys.stdin.buffer
        else:
            self.file = _open(path)
        with contextlib.suppress(OSError, io.UnsupportedOperation):
            self.status = os.fstat(self.file.fileno())
        regular = self.status is not None and stat.S_ISREG(self.status.st_mode)
        self.size = self.status.st_size if regular and self.status else None

    def identity(self) -> dict[str, object]:
        """What changes if a file does: its size, its time, and a digest of its first MiB."""
        assert self.status is not None
        place = self.file.tell()
        self.file.seek(0)
        digest = hashlib.sha256(self.file.read(_PREFIX)).hexdigest()
        self.file.seek(place)
        return {
            "input size": self.status.st_size,
            "input's time of change": self.status.st_mtime_ns,
            "beginning of the input": digest,
        }

    def close(self) -> None:
        """Closes a file; stdin stays open."""
        if self.name != "stdin":
            self.file.close()


def _open(path: str) -> BinaryIO:
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise InputError("there is no such file", path) from None
    except IsADirectoryError:
        raise InputError("is a directory; a file is expected", path) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {(error.strerror or str(error)).lower()}", path
        ) from None
