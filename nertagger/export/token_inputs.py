"""Distinct tokens to the network's inputs in the graph, as `TokenEncoder.encode` makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from nertagger.export.lookup import BLOCK, CodePointTable, line_table, word_numbers
from nertagger.export.misspellings import MisspellingsGraph
from nertagger.export.text_graph import ArrayNames, Characters, Types
from nertagger.text import characters as c
from nertagger.text.case_features import case_of_counts
from nertagger.text.character_features import NAMES
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import PAD, UNKNOWN

_NO_CODE = c.CODE_POINTS


class TokenInputs:
    """Encodes tokens.

    Args:
        encoder: what it is to do in NumPy.
        folder: for the originals of the assets; needed until the SavedModel is written.
    """

    def __init__(self, encoder: TokenEncoder, folder: Path) -> None:
        self.words = line_table(encoder.vocabulary.words, folder / "vocabulary.txt", UNKNOWN)
        self.vectors = None
        if encoder.vector_rows is not None:
            self.vectors = line_table(encoder.vector_rows.words(), folder / "vectors.txt", PAD)
        self._number_of = None
        if encoder.characters is not None:
            characters = encoder.characters.characters
            number_of = np.full(_NO_CODE + BLOCK, UNKNOWN, np.int32)
            number_of[characters] = np.arange(len(characters)) + len(NAMES)
            number_of[_NO_CODE] = PAD
            self._number_of = CodePointTable(number_of)
        self._misspellings = MisspellingsGraph(encoder) if encoder.misspellings else None
        self._width = encoder.characters_per_token
        self._case = encoder.case

    def encode(self, characters: Characters, types: Types) -> dict[str, tf.Tensor]:
        """The inputs by name, int32 [U] or [U, C]."""
        inputs = {"words": word_numbers(self.words, types.folded)}
        if self._number_of is not None:
            codes = _codes_of_tokens(characters, types, self._width)
            inputs["characters"] = self._number_of(codes)
        if self.vectors is not None:
            inputs["vectors"] = self._vectors(types)
        if self._misspellings is not None:
            inputs |= self._misspellings(characters, types, inputs["words"], inputs["vectors"])
        if self._case:
            inputs["case"] = _case(characters, types)
        return inputs

    def _vectors(self, types: Types) -> tf.Tensor:
        plain = tf.strings.regex_replace(types.folded, r"\.", "")
        rows = word_numbers(self.vectors, plain)
        for form in (types.folded, types.strings):
            row = word_numbers(self.vectors, form)
            rows = tf.where(row > 0, row, rows)
        return rows


def _codes_of_tokens(characters: Characters, types: Types, width: int) -> tf.Tensor:
    """As `nertagger.text.character_features.token_characters`: int32 [U, width]."""
    lengths = (types.ends - types.starts)[:, None]
    column = tf.range(width)
    skipped = tf.where(column >= (width + 1) // 2, tf.maximum(lengths - width, 0), 0)
    places = types.starts[:, None] + column + skipped
    real = column < lengths
    return tf.where(real, tf.gather(characters.codes, tf.where(real, places, 0)), _NO_CODE)


def _case(characters: Characters, types: Types) -> tf.Tensor:
    classes = characters.classes

    def count(chosen: tf.Tensor) -> tf.Tensor:
        sums = tf.concat([[0], tf.cumsum(tf.cast(chosen, tf.int32))], axis=0)
        return tf.gather(sums, types.ends) - tf.gather(sums, types.starts)

    return case_of_counts(
        ArrayNames,
        first=tf.gather(classes, types.starts),
        upper=count(classes == c.UPPER),
        lower=count(classes == c.LOWER),
        letters=count(classes >= c.LETTER),
        digits=count((classes == c.NUMBER) | (classes == c.DIGIT)),
    )
