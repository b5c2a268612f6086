"""Ctrl-C that lets the step in hand finish."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


class Interruption:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.asked = False


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Within it the first Ctrl-C only sets `asked`; the second raises `KeyboardInterrupt` at once.

    Outside the main thread, where signals cannot be handled, `asked` stays False.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def handle(number: int, frame: object) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        interruption.asked = True

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
