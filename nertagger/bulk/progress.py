"""How far a file is, on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from typing import Any

from nertagger.bulk.tagged import Counts

_BAR_AFTER = 1.0
_LINE_AFTER = 10.0
_LINE_EVERY = 30.0


class Progress:
    """Silent for as long as nobody has begun to wonder.

    Args:
        size: of the input in bytes, None where it is not known.
        done: bytes that an earlier run has tagged.
        quiet: say nothing, where somebody types or reads the documents themselves.
    """

    def __init__(self, size: int | None, done: int = 0, quiet: bool = False) -> None:
        self._size = size
        self._quiet = quiet or sys.stderr is None
        self._first = done
        self._started = time.monotonic()
        self._next_line = self._started + _LINE_AFTER
        self._bar: Any = None
        self._is_terminal = not self._quiet and sys.stderr.isatty()

    def advance(self, offset: int, counts: Counts) -> None:
        """The input has been tagged up to `offset`; `counts` are of this run."""
        now = time.monotonic()
        if self._quiet:
            return
        if self._is_terminal:
            if now - self._started >= _BAR_AFTER:
                self._show_bar(offset, counts)
        elif now >= self._next_line:
            self._next_line = now + _LINE_EVERY
            print(f"nertagger: {self._line(offset, counts)}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Takes the bar away; the terminal is as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def summary(self, counts: Counts) -> str:
        """What has been done in how long."""
        seconds = time.monotonic() - self._started
        return (
            f"{counts.documents:,} documents, {counts.tokens:,} tokens, "
            f"{counts.entities:,} entities in {_clock(seconds)} "
            f"({counts.tokens / max(seconds, 1e-9):,.0f} tokens/s)"
        )

    def _line(self, offset: int, counts: Counts) -> str:
        seconds = time.monotonic() - self._started
        speed = f"{counts.tokens / seconds:,.0f} tokens/s"
        if not self._size:
            return f"{counts.tokens:,} tokens, {speed}"
        left = seconds * (self._size - offset) / max(1, offset - self._first)
        return f"{100 * offset / self._size:.0f} %, {speed}, {_clock(left)} left"

    def _show_bar(self, offset: int, counts: Counts) -> None:
        # Imported late: it takes longer than tagging a page.
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        if self._bar is None:
            self._bar = Bar(
                BarColumn(),
                TextColumn("{task.fields[line]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("", total=self._size, line="")
            self._bar.start()
        self._bar.update(self._task, completed=offset, line=self._line(offset, counts))


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds: 2:05:09."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
