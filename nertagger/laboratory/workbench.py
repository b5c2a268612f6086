"""What every experiment has: a seed, a size, progress on stderr, and parts that survive a stop."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nertagger.errors import InputError
from nertagger.writing import atomic_file

PARTS = ".parts"


class Workbench:
    """Runs the parts of an experiment, and finds again those that an interrupted run had finished.

    A context manager: the progress bar is up inside it. `finish` ends the experiment; without it
    the parts stay on disk, and the next run with the same settings goes on from them.

    Args:
        name: of the experiment.
        folder: where its files go; made if it is missing.
        seed: of everything random.
        quick: a run of a minute at most, which still shows the finding.
        settings: whatever else the numbers depend on, as plain values; a run with other settings
            uses none of the parts of this one.

    Raises:
        InputError: the folder cannot be made or written to.
    """

    def __init__(
        self,
        name: str,
        folder: str | Path,
        seed: int = 1,
        quick: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.folder = Path(folder)
        self.seed = seed
        self.quick = quick
        self.settings = {"seed": seed, "quick": quick, **(settings or {})}
        digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()
        self._parts = self.folder / PARTS / f"{name}-{digest[:16]}"
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot be made a folder ({error.strerror}); give another with --output",
                self.folder,
            ) from None
        self.console = Console(stderr=True)
        self._progress = Progress(
            TextColumn(name),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._progress.add_task("", total=1)
        self._done = 0
        self._total = 1
        self._started = time.monotonic()

    def __enter__(self) -> Workbench:
        self._progress.start()
        self._started = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def expect(self, parts: int) -> None:
        """Says how many parts there will be, for the progress bar."""
        self._total = max(parts, 1)
        self._progress.update(self._task, total=self._total)

    def part(self, key: str, compute: Callable[[], Any]) -> Any:
        """What `compute` returns, or what it had returned when an earlier run was interrupted.

        Args:
            key: tells this part from the experiment's others; shown as the progress.
            compute: returns plain values (None, booleans, numbers, strings, lists, dicts with
                strings as keys); tuples come back as lists.

        Raises:
            ValueError: `compute` returned what JSON cannot hold, NaN and infinities among them.
        """
        self._progress.update(self._task, description=key)
        path = self._parts / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
        try:
            value = json.loads(path.read_bytes())
        except (OSError, ValueError):
            text = json.dumps(compute(), allow_nan=False)
            with atomic_file(path) as file:
                file.write(text)
            value = json.loads(text)
        self._done += 1
        self._progress.update(self._task, completed=self._done)
        if not self.console.is_terminal:
            seconds = time.monotonic() - self._started
            self.console.print(
                f"{self.name} {self._done}/{self._total}  {key}  {seconds:.0f} s",
                highlight=False,
                soft_wrap=True,
            )
        return value

    def finish(self) -> None:
        """Forgets the parts: the experiment is done and its files are written."""
        shutil.rmtree(self._parts, ignore_errors=True)
        parts = self.folder / PARTS
        if parts.is_dir() and not any(parts.iterdir()):
            parts.rmdir()


def finite(value: float) -> float | None:
    """A number for a part or a table of numbers; None where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None
