"""From tokens to the numbers that a model reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nertagger.text.case_features import case_features
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.vocabulary import Vocabulary
from nertagger.text.word_forms import fold


class TokenEncoder:
    """Turns tokens into a model's inputs; the same in training, in tagging and in the export.

    Args:
        vocabulary: of folded words.
        characters: of code points as they stand in the text; None for none.
        characters_per_token: C; longer tokens keep their beginning and end.
        vector_words: the words of the table of pretrained vectors, whose row 0 is of words without
            one; empty for none.
        case: whether there is a case feature.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        characters: CharacterVocabulary | None = None,
        characters_per_token: int = 20,
        vector_words: Sequence[str] = (),
        case: bool = True,
    ) -> None:
        self.vocabulary = vocabulary
        self.characters = characters
        self.characters_per_token = characters_per_token
        self.vector_words = vector_words
        self.vector_rows: Mapping[str, int] = {word: row for row, word in enumerate(vector_words) if row}
        self.case = case

    def encode(self, tokens: Sequence[str]) -> dict[str, np.ndarray]:
        """The inputs by name, a row a token: `words` [N], `characters` [N, C], `vectors` [N], `case` [N]."""
        folded = [fold(token) for token in tokens]
        inputs = {"words": _indices(map(self.vocabulary.lookup, folded), len(tokens))}
        if self.characters is not None:
            inputs["characters"] = self.characters.character_ids(tokens, self.characters_per_token)
        if self.vector_rows:
            inputs["vectors"] = _indices(map(self.vector_row, tokens, folded), len(tokens))
        if self.case:
            inputs["case"] = case_features(tokens)
        return inputs

    def vector_row(self, token: str, folded: str) -> int:
        """The row of a token's vector: of the token as it stands, else folded, else without full stops."""
        rows = self.vector_rows
        return (
            rows.get(token)
            or rows.get(folded)
            or ("." in folded and rows.get(folded.replace(".", "")))
            or 0
        )


def _indices(values: Iterable[int], count: int) -> np.ndarray:
    return np.fromiter(values, np.int32, count)
