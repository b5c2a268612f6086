"""Which row of a table is a word's, for hundreds of thousands of words in little memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from nertagger.text.vocabulary import decode_list

_COMMON = 1 << 15
_BLOCK = 64
_NEWLINE = 10
_CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def row_order(words: Sequence[str]) -> list[int]:
    """The places of words in the order that `WordRows` wants of them.

    The first, which are the commonest, stay where they are. The rest is sorted by bytes.
    """
    rest = range(_COMMON + 1, len(words))
    return [
        *range(min(len(words), _COMMON + 1)),
        *sorted(rest, key=lambda place: words[place].encode("utf-8")),
    ]


class WordRows:
    """The lines of a word list by number; line 0 is no word's.

    The first words are in a dictionary. The rest, which would need some 120 bytes each there, stay
    the sorted text that they are: of every 64 lines the first is kept, and those from it to the
    next are searched.

    Args:
        lines: the words in UTF-8, in the order of `row_order`, a line feed after each.

    Attributes:
        lines: as given.
        common: the words of the first rows by row, the commonest first.

    Raises:
        ValueError: they are not UTF-8, or not in order; the message says in which line.
    """

    def __init__(self, lines: bytes) -> None:
        if lines and not lines.endswith(b"\n"):
            lines += b"\n"
        decode_list(lines)
        self.lines = lines
        codes = np.frombuffer(lines, np.uint8)
        self._has_capitals = bool((codes - np.uint8(ord("A")) < len(_CAPITALS)).any())
        ends = np.flatnonzero(codes == _NEWLINE)
        self._count = len(ends)
        common = lines[: int(ends[: _COMMON + 1][-1])].decode("utf-8").split("\n") if lines else []
        self.common = common
        self._common = {word: row for row, word in enumerate(common) if row}
        self._blocks: list[int] = (ends[_COMMON:-1:_BLOCK] + 1).tolist()
        self._firsts = [lines[begin : lines.index(b"\n", begin)] for begin in self._blocks]
        for number, (one, other) in enumerate(pairwise(self._firsts), 1):
            if one > other:
                line = _COMMON + 2 + number * _BLOCK
                raise ValueError(f"line {line}: {other!r:.60} comes after {one!r:.60}; not sorted")

    @classmethod
    def of(cls, words: Iterable[str]) -> WordRows:
        """The rows of words that are in the order of their rows, the first for row 0."""
        return cls("".join(f"{word}\n" for word in words).encode("utf-8"))

    def __len__(self) -> int:
        """Lines, with line 0."""
        return self._count

    def words(self) -> list[str]:
        """All lines."""
        return self.lines.decode("utf-8").split("\n")[:-1]

    def get(self, word: str) -> int:
        """The row of a word, 0 if it has none."""
        row = self._common.get(word)
        if row is not None or not self._blocks or "\n" in word:
            return row or 0
        # Half of what is looked for has capitals, and most lists have none.
        if not self._has_capitals and not _CAPITALS.isdisjoint(word):
            return 0
        try:
            wanted = word.encode("utf-8")
        except UnicodeEncodeError:
            # A lone surrogate, which no line can hold.
            return 0
        block = bisect_right(self._firsts, wanted) - 1
        if block < 0:
            return 0
        begin, end = self._blocks[block], None
        if block + 1 < len(self._blocks):
            end = self._blocks[block + 1]
        place = self.lines.find(b"\n%b\n" % wanted, begin - 1, end)
        if place < 0:
            return 0
        return _COMMON + 1 + block * _BLOCK + self.lines.count(b"\n", begin, place + 1)
