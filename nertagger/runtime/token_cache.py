"""A bounded memory of what was computed for tokens already seen."""

from __future__ import annotations

import contextlib
import mmap
import threading
from collections.abc import Callable, Sequence

import numpy as np

_AT_ONCE = 256
"""Tokens computed together: enough for fast matrix products, few enough for little memory."""

_REMEMBERED = 0.95
"""What an asking still counts when the next tokens are asked for. Of the tokens of news 1.4 in a
hundred less are then new than if the last asking alone counted, and 2.1 of those of the benchmark;
from 0.9 to 1 it makes no difference."""

_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


class TokenCache:
    """Rows of tables, one a distinct token in each, computed when a token first comes up.

    When it is full, the tokens that are asked for least make room, each asking counting less the
    longer ago it was (Lee et al. 2001, LRFU). Threads may share one.

    Args:
        compute: from N tokens and for each table float32 [N, width], into which it writes what it
            computes.
        widths: of the tables.
        capacity: rows, at most.

    Attributes:
        capacity: as given.
        computed: how many rows have been computed; beside the number of tokens asked for, the rate
            of misses.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[str], Sequence[np.ndarray]], None],
        widths: Sequence[int],
        capacity: int,
    ) -> None:
        self._compute = compute
        self._widths = widths
        self.capacity = capacity
        self.computed = 0
        self._lock = threading.Lock()
        self._generation = _Generation(capacity, widths)

    def __len__(self) -> int:
        return len(self._generation.row_of)

    def rows(self, tokens: Sequence[str]) -> CachedRows:
        """The rows of tokens, to be used as `with cache.rows(tokens) as (tables, rows)`.

        Each of `tables` is [any number, width], and `rows` says which row is each token's, int [N].
        What they hold stays as it is until the block ends.
        """
        with self._lock:
            generation = self._generation
            try:
                rows = generation.look_up(tokens)
            except KeyError:
                generation = self._complete(tokens)
                rows = generation.look_up(tokens)
            generation.mark(rows)
            generation.readers += 1
        return CachedRows(generation, rows, self._lock)

    def _complete(self, tokens: Sequence[str]) -> _Generation:
        """A generation that knows the tokens."""
        generation = self._generation
        wanted = dict.fromkeys(tokens)
        missing = [token for token in wanted if token not in generation.row_of]
        known = [token for token in wanted if token in generation.row_of]
        if len(wanted) > self.capacity:
            # More than it can ever hold: for this call alone.
            generation = generation.copy(known, len(wanted))
        elif generation.readers and len(generation.row_of) + len(missing) > self.capacity:
            # What is being read must stay as it is.
            generation = self._generation = generation.copy(known, self.capacity)
        rows = generation.room(len(missing), generation.look_up(known))
        for begin in range(0, len(missing), _AT_ONCE):
            some = missing[begin : begin + _AT_ONCE]
            self.computed += len(some)
            made = [np.empty((len(some), width), np.float32) for width in self._widths]
            self._compute(some, made)
            generation.put(some, rows[begin : begin + _AT_ONCE], made)
        return generation


class CachedRows:
    """What `TokenCache.rows` gives; entered, (tables, rows)."""

    __slots__ = ("_generation", "_lock", "_rows")

    def __init__(self, generation: _Generation, rows: np.ndarray, lock: threading.Lock) -> None:
        self._generation, self._rows, self._lock = generation, rows, lock

    def __enter__(self) -> tuple[list[np.ndarray], np.ndarray]:
        return self._generation.tables, self._rows

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._generation.readers -= 1


class _Generation:
    """Tables, the token of each of their rows, and how many are reading them."""

    __slots__ = ("_asked", "_capacity", "_tokens", "readers", "row_of", "tables")

    def __init__(self, capacity: int, widths: Sequence[int]) -> None:
        self._capacity = capacity
        self.tables = [_table(capacity, width) for width in widths]
        self.row_of: dict[str, int] = {}
        self.readers = 0
        self._tokens: list[str] = []
        self._asked = np.zeros(capacity)

    def look_up(self, tokens: Sequence[str]) -> np.ndarray:
        """The rows of tokens, int [N]; a KeyError where one has none."""
        return np.fromiter(map(self.row_of.__getitem__, tokens), np.intp, len(tokens))

    def mark(self, rows: np.ndarray) -> None:
        """Says that rows have been asked for now."""
        self._asked *= _REMEMBERED
        self._asked += np.bincount(rows, minlength=len(self._asked))

    def room(self, count: int, kept: np.ndarray) -> list[int]:
        """Rows for so many new tokens: free ones, then those asked for least; none of `kept`."""
        size = len(self._tokens)
        free = range(size, min(size + count, self._capacity))
        if len(free) == count:
            return [*free]
        few = count - len(free)
        asked = self._asked[:size].copy()
        asked[kept] = np.inf
        return [*free, *asked.argpartition(few - 1)[:few].tolist()]

    def put(self, tokens: Sequence[str], rows: Sequence[int], values: Sequence[np.ndarray]) -> None:
        """Gives tokens these rows, which other tokens may have had."""
        for table, part in zip(self.tables, values, strict=True):
            table[rows] = part
        self._asked[rows] = 0
        for token, row in zip(tokens, rows, strict=True):
            if row < len(self._tokens):
                del self.row_of[self._tokens[row]]
                self._tokens[row] = token
            else:
                self._tokens.append(token)
            self.row_of[token] = row

    def copy(self, tokens: Sequence[str], capacity: int) -> _Generation:
        """A generation of its own that knows these tokens of this one."""
        copy = _Generation(capacity, [table.shape[1] for table in self.tables])
        rows = self.look_up(tokens)
        copy.put(tokens, range(len(tokens)), [table[rows] for table in self.tables])
        return copy


def _table(capacity: int, width: int) -> np.ndarray:
    # A mapping of its own: its pages come when they are written to and go when it is gone, which
    # memory that an allocator has got back need not.
    pages = mmap.mmap(-1, capacity * width * np.dtype(np.float32).itemsize, **_PRIVATE)
    # A kernel without large pages refuses.
    with contextlib.suppress(AttributeError, OSError):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, np.float32).reshape(capacity, width)
