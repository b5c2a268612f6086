"""A bounded memory of what was computed for tokens already seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

_AT_ONCE = 2048
"""Tokens computed together: enough for fast matrix products, few enough for little memory."""


class _Generation(NamedTuple):
    row_of: dict[str, int]
    tables: tuple[np.ndarray, ...]


class TokenCache:
    """Rows of tables, one row a distinct token, computed when a token first comes up.

    When it is full it starts afresh: a text's common words are back within a few sentences. Threads
    may share one. Rows are never overwritten, a fresh start takes new tables, so what `rows` gave
    stays valid.

    Args:
        compute: from N tokens to one float32 array [N, width] per table.
        widths: of the tables.
        capacity: rows, at most.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[str]], Sequence[np.ndarray]],
        widths: Sequence[int],
        capacity: int,
    ) -> None:
        self._compute = compute
        self._widths = tuple(widths)
        self.capacity = capacity
        self._lock = threading.Lock()
        self._generation = self._fresh(capacity)

    def __len__(self) -> int:
        return len(self._generation.row_of)

    def rows(self, tokens: Sequence[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """The tables, and the row of each token in them: [rows, width] each, int [N]."""
        generation = self._generation
        try:
            return generation.tables, _look_up(generation.row_of, tokens)
        except KeyError:
            pass
        with self._lock:
            generation = self._generation
            missing = list(dict.fromkeys(t for t in tokens if t not in generation.row_of))
            if len(generation.row_of) + len(missing) > self.capacity:
                missing = list(dict.fromkeys(tokens))
                if len(missing) > self.capacity:
                    # More than it can ever hold: computed for this call alone.
                    generation = self._fresh(len(missing))
                else:
                    generation = self._generation = self._fresh(self.capacity)
            self._add(generation, missing)
            return generation.tables, _look_up(generation.row_of, tokens)

    def _fresh(self, capacity: int) -> _Generation:
        # The system hands out the pages of an empty array only when they are written to.
        return _Generation({}, tuple(np.empty((capacity, w), np.float32) for w in self._widths))

    def _add(self, generation: _Generation, tokens: list[str]) -> None:
        for begin in range(0, len(tokens), _AT_ONCE):
            some = tokens[begin : begin + _AT_ONCE]
            first = len(generation.row_of)
            for table, values in zip(generation.tables, self._compute(some), strict=True):
                table[first : first + len(some)] = values
            # Known only once computed: other threads read without the lock.
            generation.row_of.update(zip(some, range(first, first + len(some)), strict=True))


def _look_up(row_of: dict[str, int], tokens: Sequence[str]) -> np.ndarray:
    return np.fromiter(map(row_of.__getitem__, tokens), np.intp, len(tokens))
