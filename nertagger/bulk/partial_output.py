"""A file written as FILE.partial and renamed at its end, which an interrupted run can go on with.

Beside it lies FILE.partial.journal: a line of JSON that says what the output is made of, then a
line for each place up to which input and output are known to belong together. Both are on the disk
before such a line is, so neither a kill nor a power cut leaves a line that is not true.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nertagger.bulk.chunks import Place
from nertagger.bulk.destination import cannot_write, write_all
from nertagger.bulk.tagged import Counts
from nertagger.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has none, and locks are a courtesy.
    fcntl = None  # type: ignore[assignment]

_SECONDS_BETWEEN_LINES = 1.0


class Checkpoint(NamedTuple):
    """A place in the input, what has been tagged up to it, and how many bytes that has become."""

    place: Place
    counts: Counts
    size: int


class PartialOutput:
    """An output file in the making.

    Args:
        path: of the file.
        identity: what the output is made of, plain values: a run can only be resumed where all of
            them are what they were. None for a run that can never be; it leaves nothing behind.
        resume: go on with a partial file, if there is one; otherwise it is replaced.

    Attributes:
        partial: the path of the unfinished file.
        resumed: where to go on, or None to begin.

    Raises:
        InputError: the partial file cannot be gone on with, cannot be written, or another process
            is writing it.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any] | None, resume: bool) -> None:
        # A link stays a link: what it points to is replaced.
        self._path = Path(os.path.realpath(path))
        self.partial = self._path.with_name(self._path.name + ".partial")
        self._journal_path = self._path.with_name(self.partial.name + ".journal")
        self._written = time.monotonic()
        self._journal: Any = None
        self._worth_keeping = self._finished = False
        try:
            self._file = open(  # noqa: SIM115 - it stays open until close()
                os.open(self.partial, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0
            )
        except OSError as error:
            raise cannot_write(self.partial, error) from None
        try:
            self._lock()
            self.resumed = self._checkpoint(identity) if identity and resume else None
            self._file.truncate(self.resumed.size if self.resumed else 0)
            self._file.seek(0, os.SEEK_END)
            if identity:
                self._journal = self._begin_journal(identity)
        except OSError as error:
            self._file.close()
            raise cannot_write(self.partial, error) from None
        except InputError:
            self._file.close()
            raise

    def write(self, data: bytes) -> None:
        """Writes all of it.

        Raises:
            InputError: there is no room.
        """
        try:
            write_all(self._file, data)
        except OSError as error:
            raise self._no_room(error) from None

    def checkpoint(self, place: Place, counts: Counts) -> None:
        """Notes that what has been written is what the input up to `place` becomes; at most once a
        second, the others are passed over.

        Raises:
            InputError: there is no room.
        """
        if self._journal and time.monotonic() - self._written >= _SECONDS_BETWEEN_LINES:
            self._note(place, counts)

    def keep(self, place: Place, counts: Counts) -> bool:
        """Notes the last such place; whether there is anything to go on with."""
        if self._journal and counts.documents:
            with contextlib.suppress(InputError):
                self._note(place, counts)
        return self._worth_keeping

    def finish(self) -> None:
        """Gives the file its name.

        Raises:
            InputError: that cannot be done.
        """
        try:
            os.fsync(self._file.fileno())
            os.replace(self.partial, self._path)
        except OSError as error:
            raise cannot_write(self._path, error) from None
        self._finished = True

    def close(self) -> None:
        """Closes the files. Without `finish`, they are left where they can be gone on with."""
        self._file.close()
        if self._journal:
            self._journal.close()
        if self._finished or not self._worth_keeping:
            for path in (self._journal_path, self.partial):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _note(self, place: Place, counts: Counts) -> None:
        try:
            os.fsync(self._file.fileno())
            line = json.dumps([*place, *counts, self._file.tell()]) + "\n"
            write_all(self._journal, line.encode())
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise self._no_room(error) from None
        self._written = time.monotonic()
        self._worth_keeping = True

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                "another nertagger is writing this; wait for it, or choose another --output",
                self.partial,
            ) from None

    def _checkpoint(self, identity: Mapping[str, Any]) -> Checkpoint | None:
        try:
            lines = self._journal_path.read_text("utf-8").split("\n")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            lines = []
        try:
            before = json.loads(lines[0])
            differing = [name for name, value in identity.items() if before.get(name) != value]
        except (ValueError, IndexError, AttributeError):
            raise InputError(
                "cannot be read, so the run cannot be resumed; start again without --resume",
                self._journal_path,
            ) from None
        if differing:
            name = differing[0]
            raise InputError(
                f"was begun with another {name} ({before.get(name)}, now {identity[name]}), so the "
                "run cannot be resumed; start again without --resume",
                self.partial,
            )
        # The last line may be cut off, and the file shorter than a line says if a disk lied.
        size = self._file.seek(0, os.SEEK_END)
        for line in reversed(lines[1:-1]):
            with contextlib.suppress(ValueError):
                offset, number, *counts, written = json.loads(line)
                if written <= size:
                    return Checkpoint(Place(offset, number), Counts(*counts), written)
        return None

    def _begin_journal(self, identity: Mapping[str, Any]) -> Any:
        journal = open(self._journal_path, "wb", buffering=0)  # noqa: SIM115
        write_all(journal, (json.dumps(dict(identity)) + "\n").encode())
        if self.resumed:
            place, counts, size = self.resumed
            write_all(journal, (json.dumps([*place, *counts, size]) + "\n").encode())
            self._worth_keeping = True
        os.fsync(journal.fileno())
        return journal

    def _no_room(self, error: OSError) -> InputError:
        remedy = "; make room, and the same command with --resume goes on"
        return cannot_write(self.partial, error, remedy)
