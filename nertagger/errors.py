"""What a user is told when their input cannot be used: one line, with its place."""

from __future__ import annotations

import os


class InputError(ValueError):
    """The user's input cannot be used.

    The message says what was received, what was expected and what to do. The commands print it as
    one line and exit with code 2.

    Args:
        message: the sentence.
        path: the file at fault, if there is one.
        line: the line in it, counted from 1.
    """

    def __init__(
        self, message: str, path: str | os.PathLike[str] | None = None, line: int | None = None
    ):
        self.message = message
        self.path = None if path is None else os.fspath(path)
        self.line = line
        place = "" if self.path is None else f"{self.path}:{line}: " if line else f"{self.path}: "
        super().__init__(place + message)
