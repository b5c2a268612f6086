"""A training's progress, on stderr."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


def duration(seconds: float) -> str:
    """Seconds as a person reads them: 42 s, 3 min 20 s, 2 h 5 min."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


class TrainingProgress:
    """A bar within each epoch on a terminal, and a line after it everywhere.

    Args:
        console: writes to stderr.
        first_epoch: counted from 0; more than 0 when a training goes on.
        epochs: at most so many.
    """

    def __init__(self, console: Console, first_epoch: int, epochs: int) -> None:
        self.console = console
        self.first_epoch = first_epoch
        self.epochs = epochs
        self.started = time.monotonic()
        self.bar: Progress | None = None

    def start_epoch(self, epoch: int, batches: int) -> None:
        """Puts the bar up; `epoch` counts from 0."""
        if not self.console.is_terminal:
            return
        self.bar = Progress(
            TextColumn(f"epoch {epoch + 1}/{self.epochs}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} batches, loss {task.fields[loss]:.3f}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self.task = self.bar.add_task("", total=batches, loss=float("nan"))
        self.bar.start()

    def advance(self, loss: float) -> None:
        """One batch more."""
        if self.bar is not None:
            self.bar.update(self.task, advance=1, loss=loss)

    def stop(self) -> None:
        """Takes the bar away; the terminal is as it was."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def end_epoch(self, row: Mapping[str, float], best: bool) -> None:
        """Prints what an epoch brought, and the time that is left at most."""
        self.stop()
        epoch = int(row["epoch"])
        left = (
            (time.monotonic() - self.started) / (epoch - self.first_epoch) * (self.epochs - epoch)
        )
        self.console.print(
            f"epoch {epoch:>3}/{self.epochs}  loss {row['loss']:7.3f}  "
            f"dev F1 {100 * row['dev_f1']:5.2f}{' *' if best else '  '}  "
            f"{duration(row['seconds'])}" + (f", at most {duration(left)} left" if left else ""),
            highlight=False,
            soft_wrap=True,
        )
