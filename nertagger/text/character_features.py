"""The characters of tokens, numbered: what a model reads of words that it does not know."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from nertagger.text.characters import CODE_POINTS, code_points
from nertagger.text.vocabulary import PAD, UNKNOWN, check_first_lines, read_lines

NAMES = ("<PAD>", "<UNK>")


class CharacterVocabulary:
    """Numbers from 2 upwards for characters; 0 is padding, 1 every other character.

    Args:
        characters: code points in the order of their numbers, each once.

    Raises:
        ValueError: one that occurs twice or is none of Unicode's.
    """

    def __init__(self, characters: Iterable[int]) -> None:
        self.characters = np.array([*characters], np.int64)
        wrong = self.characters[(self.characters < 0) | (self.characters >= CODE_POINTS)]
        if wrong.size:
            raise ValueError(f"{wrong[0]:#x} is no code point; expected 0 to {CODE_POINTS - 1:#x}")
        numbers = np.arange(len(self.characters)) + len(NAMES)
        # One entry past Unicode's last code point, for padding. Most pages of zeros are never
        # written to, and so take no memory.
        self._above_unknown = np.zeros(
            CODE_POINTS + 1, np.min_scalar_type(-len(NAMES) - len(numbers))
        )
        self._above_unknown[self.characters] = numbers - UNKNOWN
        self._above_unknown[CODE_POINTS] = PAD - UNKNOWN
        first = np.unique(self.characters, return_index=True)[1]
        if len(first) < len(numbers):
            index = np.setdiff1d(np.arange(len(numbers)), first)[0]
            raise ValueError(
                f"line {index + len(NAMES) + 1}: {self.characters[index]:04X} a second time; "
                "expected each code point once"
            )

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], minimum: int = 1) -> CharacterVocabulary:
        """The characters that occur `minimum` times or more, the most frequent first, those of
        equal frequency in the order of their code points.

        Args:
            counts: how often each character occurs.
            minimum: of occurrences.
        """
        kept = (character for character in counts if counts[character] >= minimum)
        return cls(map(ord, sorted(kept, key=lambda character: (-counts[character], character))))

    @property
    def size(self) -> int:
        """How many numbers there are, padding and unknown among them."""
        return len(self.characters) + len(NAMES)

    def __len__(self) -> int:
        return self.size

    def lookup(self, character: str) -> int:
        """The number of a character, 1 where it has none."""
        return UNKNOWN + int(self._above_unknown[ord(character)])

    def character_ids(self, tokens: Sequence[str], width: int) -> np.ndarray:
        """The characters of tokens, each in a row.

        A token longer than `width` keeps its first ceil(width / 2) and its last floor(width / 2)
        characters: beginnings and endings tell most.

        Args:
            tokens: N of them.
            width: of the result; at least 1.

        Returns:
            int32 [N, width], 0 after a token's end.
        """
        return UNKNOWN + self._above_unknown[token_characters(tokens, width)].astype(np.int32)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes `<PAD>`, `<UNK>` and then a code point a line, in hexadecimal."""
        lines = [*NAMES, *(f"{code:04X}" for code in self.characters.tolist()), ""]
        Path(path).write_bytes("\n".join(lines).encode())

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> CharacterVocabulary:
        """Reads what `write` wrote.

        Raises:
            ValueError: it is something else; the message says in which line.
        """
        return cls.from_lines(read_lines(path))

    @classmethod
    def from_lines(cls, lines: list[str]) -> CharacterVocabulary:
        """A vocabulary of the lines of its file, with the same errors as `read`."""
        check_first_lines(lines)
        return cls(_code_point(line, number) for number, line in enumerate(lines[2:], 3))


def token_characters(tokens: Sequence[str], width: int) -> np.ndarray:
    """The code points of tokens, int32 [N, width]; 0x110000 after a token's end.

    Raises:
        ValueError: `width` is less than 1.
    """
    if width < 1:
        raise ValueError(f"{width} characters a token; expected at least 1")
    codes = np.append(code_points("".join(tokens)), np.int32(CODE_POINTS))
    lengths = np.fromiter(map(len, tokens), np.int32, len(tokens))[:, None]
    starts = np.cumsum(lengths, dtype=np.int32)[:, None] - lengths
    column = np.arange(width, dtype=np.int32)
    skipped = np.where(column >= (width + 1) // 2, np.maximum(lengths - width, 0), 0)
    return codes[np.where(column < lengths, starts + column + skipped, -1)]


def _code_point(line: str, number: int) -> int:
    if not 4 <= len(line) <= 6 or line.strip("0123456789ABCDEF") or int(line, 16) >= CODE_POINTS:
        raise ValueError(f"line {number}: {line!r}; expected a code point in hexadecimal, as 0041")
    return int(line, 16)
