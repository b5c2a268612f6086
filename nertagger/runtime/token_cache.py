"""A bounded memory of what was computed for tokens already seen."""

from __future__ import annotations

import contextlib
import mmap
import threading
from collections.abc import Callable, Sequence

import numpy as np

_AT_ONCE = 512
"""Tokens computed together: enough for fast matrix products, few enough for little memory."""

_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


class TokenCache:
    """Rows of a table, one a distinct token, computed when a token first comes up.

    When it is full it starts afresh, with the rows that it is being asked for: a text's common
    words are among them. Threads may share one.

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
        self._generation = _Generation(capacity, width)

    def __len__(self) -> int:
        return len(self._generation.row_of)

    def rows(self, tokens: Sequence[str]) -> CachedRows:
        """The rows of tokens, to be used as `with cache.rows(tokens) as (table, rows)`.

        `table` is [any number, width], and `rows` says which of its rows is each token's, int [N].
        What they hold stays as it is until the block ends.
        """
        with self._lock:
            generation = self._generation
            try:
                rows = generation.look_up(tokens)
            except KeyError:
                generation = self._complete(tokens)
                rows = generation.look_up(tokens)
            generation.readers += 1
        return CachedRows(generation, rows, self._lock)

    def _complete(self, tokens: Sequence[str]) -> _Generation:
        """A generation that knows the tokens."""
        generation = self._generation
        wanted = dict.fromkeys(tokens)
        missing = [token for token in wanted if token not in generation.row_of]
        if len(generation.row_of) + len(missing) > self.capacity:
            kept = [token for token in wanted if token in generation.row_of]
            if len(wanted) > self.capacity:
                # More than it can ever hold: for this call alone.
                generation = generation.keep(kept, _Generation(len(wanted), self._width))
            else:
                # Where nobody reads it, the table is used again.
                read = generation.readers > 0
                target = _Generation(self.capacity, self._width) if read else generation
                generation = self._generation = generation.keep(kept, target)
        for begin in range(0, len(missing), _AT_ONCE):
            some = missing[begin : begin + _AT_ONCE]
            self.computed += len(some)
            first = len(generation.row_of)
            self._compute(some, generation.table[first : first + len(some)])
            generation.row_of.update(zip(some, range(first, first + len(some)), strict=True))
        return generation


class CachedRows:
    """What `TokenCache.rows` gives; entered, (table, rows)."""

    __slots__ = ("_generation", "_lock", "_rows")

    def __init__(self, generation: _Generation, rows: np.ndarray, lock: threading.Lock) -> None:
        self._generation, self._rows, self._lock = generation, rows, lock

    def __enter__(self) -> tuple[np.ndarray, np.ndarray]:
        return self._generation.table, self._rows

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._generation.readers -= 1


class _Generation:
    """A table, the row of each token in it, and how many are reading it."""

    __slots__ = ("readers", "row_of", "table")

    def __init__(self, capacity: int, width: int) -> None:
        # A mapping of its own: its pages come when they are written to and go when it is gone,
        # which memory that an allocator has got back need not.
        pages = mmap.mmap(-1, capacity * width * np.dtype(np.float32).itemsize, **_PRIVATE)
        # A kernel without large pages refuses.
        with contextlib.suppress(AttributeError, OSError):
            pages.madvise(mmap.MADV_HUGEPAGE)
        self.table = np.frombuffer(pages, np.float32).reshape(capacity, width)
        self.row_of: dict[str, int] = {}
        self.readers = 0

    def look_up(self, tokens: Sequence[str]) -> np.ndarray:
        """The rows of tokens, int [N]; a KeyError where one has none."""
        return np.fromiter(map(self.row_of.__getitem__, tokens), np.intp, len(tokens))

    def keep(self, tokens: Sequence[str], target: _Generation) -> _Generation:
        """Moves the rows of tokens to the beginning of `target`, which may be this one, and makes
        them all that it knows."""
        # In the order of their rows none is written to before it has been moved.
        tokens = sorted(tokens, key=self.row_of.__getitem__)
        rows = self.look_up(tokens)
        for begin in range(0, len(tokens), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            target.table[begin : begin + len(some)] = self.table[some]
        target.row_of = dict(zip(tokens, range(len(tokens)), strict=True))
        return target
