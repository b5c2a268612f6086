"""Ctrl-C that never cuts a line in two."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def whole_lines() -> Iterator[_Writing]:
    """Within it Ctrl-C raises `KeyboardInterrupt` at once, but after the write in hand where there
    is one; a second Ctrl-C does not wait for it.

    Outside the main thread, where signals cannot be handled, nothing changes.
    """
    writing = _Writing()
    if threading.current_thread() is not threading.main_thread():
        yield writing
        return
    before = signal.signal(signal.SIGINT, writing.handle)
    try:
        yield writing
    finally:
        signal.signal(signal.SIGINT, before)


class _Writing:
    """A context in which the first Ctrl-C waits."""

    def __init__(self) -> None:
        self._inside = self._asked = False

    def handle(self, number: int, frame: object) -> None:
        if self._inside and not self._asked:
            self._asked = True
            return
        raise KeyboardInterrupt

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *exception: object) -> None:
        self._inside = False
        if self._asked and exception == (None, None, None):
            raise KeyboardInterrupt
