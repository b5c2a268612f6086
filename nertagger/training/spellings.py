"""The tokens of a corpus in numbers, as they are and as they could be written as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.word_forms import fold_all

CASES = (str, str.lower, str.upper)
"""How a token is written: as it is, and in two other ways."""


@dataclasses.dataclass(frozen=True)
class Spellings:
    """The tokens of a corpus, of which D are distinct, and how else they could be written.

    Attributes:
        features: per input name, a row for each distinct token in each of `CASES`, case by case:
            [3D] or [3D, C].
        rows: the row of each token as it is, below D: int [N].
        rarity: one over how often the corpus has each token's word, float [N].
        marks: which tokens are punctuation outside of names, bool [N].
    """

    features: Mapping[str, np.ndarray]
    rows: np.ndarray
    rarity: np.ndarray
    marks: np.ndarray

    @property
    def distinct(self) -> int:
        """D."""
        return len(self.features["words"]) // len(CASES)

    def repeated(self, tokens: np.ndarray) -> Spellings:
        """The same of these tokens, int [N]."""
        return dataclasses.replace(
            self, rows=self.rows[tokens], rarity=self.rarity[tokens], marks=self.marks[tokens]
        )


def spellings_of(
    tokens: Sequence[str], inside: np.ndarray, counts: Mapping[str, int], encoder: TokenEncoder
) -> Spellings:
    """The spellings of a corpus.

    Args:
        tokens: of the corpus, in order.
        inside: which of them are in a name, bool [N].
        counts: how often the corpus has each word, folded.
        encoder: from tokens to numbers.
    """
    number_of: dict[str, int] = {}
    rows = np.array([number_of.setdefault(token, len(number_of)) for token in tokens], np.intp)
    distinct = list(number_of)
    rarity = np.array([1 / counts[word] for word in fold_all(distinct)], np.float32)
    is_mark = np.array([not any(map(str.isalnum, token)) for token in distinct])
    return Spellings(
        features=encoder.encode([write(token) for write in CASES for token in distinct]),
        rows=rows,
        rarity=rarity[rows],
        marks=is_mark[rows] & ~inside,
    )
