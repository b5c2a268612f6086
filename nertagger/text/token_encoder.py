"""From tokens to the numbers that a model reads."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nertagger.text.case_features import CASE_COUNT, case_features
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.misspellings import CommonWords, of_letters
from nertagger.text.vocabulary import UNKNOWN, Vocabulary
from nertagger.text.word_forms import fold_all
from nertagger.text.word_rows import WordRows

_REMEMBERED = 1 << 14
"""Tokens of which the rows of their vectors are remembered; finding them in a list takes longer."""


def are_unknown(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which tokens are neither in the vocabulary nor among the vectors, bool [N].

    Args:
        inputs: of the tokens, as `TokenEncoder.encode` gives them.
    """
    unknown = inputs["words"] == UNKNOWN
    return unknown & (inputs["vectors"] == 0) if "vectors" in inputs else unknown


class TokenEncoder:
    """Turns tokens into a model's inputs; the same in training, in tagging and in the export.

    Args:
        vocabulary: of folded words.
        characters: of code points as they stand in the text; None for none.
        characters_per_token: C; longer tokens keep their beginning and end.
        vector_rows: of words in the table of pretrained vectors, in which row 0, `<PAD>`, is that
            of words without one; None for no table.
        case: whether there is a case feature.
        misspellings: whether a word that has neither a number nor a vector gets those of the common
            word that is one slip of typing away, if there is one; see `text.misspellings`. Needs
            `vector_rows`.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        characters: CharacterVocabulary | None = None,
        characters_per_token: int = 20,
        vector_rows: WordRows | None = None,
        case: bool = True,
        misspellings: bool = False,
    ) -> None:
        self.vocabulary = vocabulary
        self.characters = characters
        self.characters_per_token = characters_per_token
        self.vector_rows = vector_rows
        self.case = case
        self.misspellings = misspellings and vector_rows is not None
        self._common = [] if vector_rows is None else vector_rows.common
        self._row_of_token: dict[str, int] = {}

    @property
    def case_count(self) -> int:
        """Categories of the case feature, with padding; 0 where there is none."""
        return CASE_COUNT if self.case else 0

    def encode(self, tokens: Sequence[str]) -> dict[str, np.ndarray]:
        """The inputs by name, a row a token.

        Returns:
            `words` int32 [N]; `characters` int32 [N, C], `vectors` int32 [N] and `case` int32 [N]
            where there are such inputs.
        """
        folded = fold_all(tokens)
        inputs = {"words": self.vocabulary.lookup_all(folded)}
        if self.characters is not None:
            inputs["characters"] = self.characters.character_ids(tokens, self.characters_per_token)
        if self.vector_rows is not None:
            inputs["vectors"] = np.array(self._vector_rows(tokens, folded), np.int32)
        if self.misspellings:
            self._correct(folded, inputs)
        if self.case:
            inputs["case"] = case_features(tokens)
        return inputs

    def _vector_rows(self, tokens: Sequence[str], folded: Sequence[str]) -> list[int]:
        """The rows of the vectors of tokens, of which those last asked for are remembered."""
        known = self._row_of_token
        if len(known) > _REMEMBERED:
            known = self._row_of_token = {}
        rows: list[int] = []
        for token, form in zip(tokens, folded, strict=True):
            row = known.get(token)
            if row is None:
                row = known[token] = self.vector_row(token, form)
            rows.append(row)
        return rows

    def _correct(self, folded: Sequence[str], inputs: Mapping[str, np.ndarray]) -> None:
        """Gives words that are not known the numbers and rows of what they may be meant for."""
        unknown = are_unknown(inputs).nonzero()[0].tolist()
        places = [place for place in unknown if of_letters(folded[place])]
        if not places:
            return
        meant = self.common_words.one_slip_away([folded[place] for place in places])
        for place, row in zip(places, meant.tolist(), strict=True):
            if row >= 0:
                inputs["words"][place] = self.numbers_of_common[row]
                inputs["vectors"][place] = row

    @functools.cached_property
    def common_words(self) -> CommonWords:
        """Those that others may be meant for, numbered as the rows of their vectors."""
        return CommonWords(self._common)

    @functools.cached_property
    def numbers_of_common(self) -> np.ndarray:
        """The number in the vocabulary of each of the words with the first vectors, int32."""
        return self.vocabulary.lookup_all(self._common)

    def vector_row(self, token: str, folded: str) -> int:
        """The row of a token's vector: of it as it stands, else folded, else without periods."""
        if self.vector_rows is None:
            return 0
        row_of = self.vector_rows.get
        return (
            row_of(token)
            or row_of(folded)
            or ("." in folded and row_of(folded.replace(".", "")))
            or 0
        )

    def write(self, directory: Path) -> None:
        """Writes vocabulary.txt, and characters.txt and vectors.txt where there are such inputs."""
        self.vocabulary.write(directory / "vocabulary.txt")
        if self.characters is not None:
            self.characters.write(directory / "characters.txt")
        if self.vector_rows is not None:
            (directory / "vectors.txt").write_bytes(self.vector_rows.lines)
