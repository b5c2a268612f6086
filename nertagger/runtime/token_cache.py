"""A bounded memory of what was computed for tokens already seen."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

_AT_ONCE = 512
"""Tokens computed together: enough for fast matrix products, few enough for little memory."""

_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


class _Generation(NamedTuple):
    row_of: dict[str, int]
    table: np.ndarray


class TokenCache:
    """Rows of a table, one a distinct token, computed when a token first comes up.

    When it is full it starts afresh, with the rows that it is being asked for: a text's common
    words are among them. Threads may share one. Rows are never overwritten, a fresh start takes a
    new table, so what `rows` gave stays valid.

    Args:
        compute: from N tokens and float32 [N, width], into which it writes what it computes.
        width: of the table.
        capacity: rows, at most.

    Attributes:
        capacity: as given.
        computed: how many rows have been computed; beside the number of tokens asked for, the rate
            of misses.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[str], np.ndarray], None],
        width: int,
        capacity: int,
    ) -> None:
        self._compute = compute
        self._width = width
        self.capacity = capacity
        self.computed = 0
        self._lock = threading.Lock()
        self._generation = self._fresh(capacity)

    def __len__(self) -> int:
        return len(self._generation.row_of)

    def rows(self, tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The table, [rows, width], and the row of each token in it, int [N]."""
        generation = self._generation
        try:
            return generation.table, _look_up(generation.row_of, tokens)
        except KeyError:
            pass
        with self._lock:
            generation = self._generation
            wanted = dict.fromkeys(tokens)
            missing = [token for token in wanted if token not in generation.row_of]
            if len(generation.row_of) + len(missing) > self.capacity:
                # More than it can ever hold is kept for this call alone.
                fits = len(wanted) <= self.capacity
                fresh = self._fresh(self.capacity if fits else len(wanted))
                self._copy(generation, fresh, [t for t in wanted if t in generation.row_of])
                generation = fresh
                if fits:
                    self._generation = fresh
            self._add(generation, missing)
            return generation.table, _look_up(generation.row_of, tokens)

    def _fresh(self, rows: int) -> _Generation:
        # A mapping of its own: its pages come when they are written to and go when it is gone,
        # which memory that an allocator has got back need not.
        size = rows * self._width * np.dtype(np.float32).itemsize
        pages = np.frombuffer(mmap.mmap(-1, size, **_PRIVATE), np.float32)
        return _Generation({}, pages.reshape(rows, self._width))

    def _copy(self, source: _Generation, target: _Generation, tokens: list[str]) -> None:
        count = len(tokens)
        rows = _look_up(source.row_of, tokens)
        # Its indices are right; told to check them, `take` would go through a table of its own.
        source.table.take(rows, 0, target.table[:count], "clip")
        target.row_of.update(zip(tokens, range(count), strict=True))

    def _add(self, generation: _Generation, tokens: list[str]) -> None:
        for begin in range(0, len(tokens), _AT_ONCE):
            some = tokens[begin : begin + _AT_ONCE]
            self.computed += len(some)
            first = len(generation.row_of)
            self._compute(some, generation.table[first : first + len(some)])
            # Known only once computed: other threads read without the lock.
            generation.row_of.update(zip(some, range(first, first + len(some)), strict=True))


def _look_up(row_of: dict[str, int], tokens: Sequence[str]) -> np.ndarray:
    return np.fromiter(map(row_of.__getitem__, tokens), np.intp, len(tokens))
