"""Words and their numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from nertagger.text.characters import LINE_BREAK, class_table, code_points

PAD = 0
UNKNOWN = 1
PAD_WORD = "<PAD>"
UNKNOWN_WORD = "<UNK>"
MAXIMUM_SIZE = 1_000_000


class Vocabulary:
    """Numbers from 2 upwards for words; 0 is padding, 1 every other word.

    The vocabulary does not fold: whoever looks a token up decides under which form, and keeps that
    decision beside the vocabulary.

    Args:
        words: all words but `<PAD>` and `<UNK>`, in the order of their numbers.

    Raises:
        ValueError: no word, too many, or one that is empty, double, `<PAD>`, `<UNK>`, or cannot be
            a line of a file (white space, NUL, lone surrogates).
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._set([PAD_WORD, UNKNOWN_WORD, *words], "word", -1)

    def _set(self, words: list[str], place: str, first: int) -> None:
        check_size(len(words))
        self.words = words
        self._index_of = _index(words, place, first)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], size: int = 10_000) -> Vocabulary:
        """The most frequent words, those of equal frequency in the order of their code points.

        Words that cannot be a line of a file (see above) and the names of the two special ones are
        passed over: they stay unknown.

        Args:
            counts: how often each word occurs.
            size: how many words at most, `<PAD>` and `<UNK>` among them.
        """
        check_size(size)
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        special = (PAD_WORD, UNKNOWN_WORD)
        words = (word for word in ranked if word not in special and not _fault(word))
        return cls([word for word, _ in zip(words, range(size - 2), strict=False)])

    @property
    def size(self) -> int:
        """How many numbers there are, `<PAD>` and `<UNK>` among them."""
        return len(self.words)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._index_of

    def lookup(self, word: str) -> int:
        """The number of a word, 1 where it has none."""
        return self._index_of.get(word, UNKNOWN)

    def lookup_all(self, words: Iterable[str]) -> np.ndarray:
        """The numbers of many words, int32 [N]."""
        index_of = self._index_of.get
        return np.array([index_of(word, UNKNOWN) for word in words], np.int32)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes a word a line, UTF-8, `<PAD>` and `<UNK>` first."""
        Path(path).write_bytes("".join(f"{word}\n" for word in self.words).encode())

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Reads what `write` wrote.

        Raises:
            ValueError: it is something else; the message says in which line.
        """
        return cls.from_lines(read_lines(path))

    @classmethod
    def from_lines(cls, lines: list[str]) -> Vocabulary:
        """A vocabulary of the lines of its file, with the same errors as `read`."""
        check_first_lines(lines)
        vocabulary = cls.__new__(cls)
        vocabulary._set(lines, "line", 1)
        return vocabulary


def check_size(size: int) -> None:
    """Refuses sizes of vocabularies, `<PAD>` and `<UNK>` among them, that make no sense.

    Raises:
        ValueError: less than 3 or more than a million.
    """
    if size < 3:
        raise ValueError(
            f"a vocabulary of size {size}; expected at least 3, "
            f"for it needs a word besides {PAD_WORD} and {UNKNOWN_WORD}"
        )
    if size > MAXIMUM_SIZE:
        raise ValueError(f"a vocabulary of size {size:,}; expected at most {MAXIMUM_SIZE:,}")


def check_first_lines(lines: list[str]) -> None:
    """Refuses a file that does not begin with the two special entries.

    Raises:
        ValueError: with the number of the line at fault.
    """
    for number, expected in enumerate((PAD_WORD, UNKNOWN_WORD), 1):
        line = lines[number - 1] if number <= len(lines) else ""
        if line != expected:
            raise ValueError(f"line {number}: {line!r}; expected {expected}")


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """The lines of a UTF-8 file, which only \\n parts.

    Raises:
        ValueError: bytes that are not UTF-8; the message says in which line.
    """
    return decode_list(Path(path).read_bytes()).removesuffix("\n").split("\n")


def decode_list(content: bytes) -> str:
    """The text of a list, a line an entry.

    Raises:
        ValueError: bytes that are not UTF-8; the message says in which line.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: not UTF-8; expected a text file in UTF-8") from None


def _index(words: list[str], place: str, first: int) -> dict[str, int]:
    """The number of each word; messages call the places of words `place`, counted from `first`."""
    index_of = {word: index for index, word in enumerate(words)}
    if len(index_of) < len(words):
        seen: set[str] = set()
        for number, word in enumerate(words, first):
            if word in seen:
                raise ValueError(
                    f"{place} {number}: {word!r} a second time; expected each word once"
                )
            seen.add(word)
    everything = "".join(words)
    codes = code_points(everything)
    if (
        "" in index_of
        or "\0" in everything
        or (class_table()[codes] <= LINE_BREAK).any()
        or ((codes >> 11) == 0x1B).any()
    ):
        for number, word in enumerate(words, first):
            if fault := _fault(word):
                raise ValueError(f"{place} {number}: {word!r} {fault}")
    return index_of


def _fault(word: str) -> str:
    """Why a word cannot be a line of a vocabulary's file, or "" where it can."""
    if not word:
        return "is empty; expected a word a line"
    codes = code_points(word)
    if (codes == 0).any():
        return "has a NUL; expected a word without"
    if ((codes >> 11) == 0x1B).any():
        return "has a lone surrogate; expected a word without"
    if (class_table()[codes] <= LINE_BREAK).any():
        return "has white space; expected one word"
    return ""
