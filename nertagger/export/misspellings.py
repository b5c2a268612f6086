"""Unknown words and what they may be meant for in the graph, as `TokenEncoder` reads them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from nertagger.export.blocks import in_blocks
from nertagger.export.text_graph import ArrayNames, Characters, Types, indices
from nertagger.text.misspellings import LONGEST, SHORTEST, slips
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import UNKNOWN

WORDS_AT_ONCE = 256
"""Bounds of the memory of a request, whatever its words."""

_NONE = np.iinfo(np.int32).max


class MisspellingsGraph:
    """Gives words of which nothing is known what is known of the words that they may be meant for.

    Args:
        encoder: what it is to do in NumPy.
    """

    def __init__(self, encoder: TokenEncoder) -> None:
        self._hashes = encoder.common_words.hashes
        self._rows = encoder.common_words.numbers
        self._numbers = encoder.numbers_of_common

    def __call__(
        self, characters: Characters, types: Types, words: tf.Tensor, vectors: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """`words` and `vectors`, int32 [U], anew."""
        if not len(self._hashes):
            return {}
        lengths = types.ends - types.starts
        unknown = (words == UNKNOWN) & (vectors == 0) & (lengths >= SHORTEST) & (lengths <= LONGEST)
        which = indices(unknown)
        column = tf.range(LONGEST)
        real = column < tf.gather(lengths, which)[:, None]
        places = tf.gather(types.starts, which)[:, None] + column
        codes = tf.gather(characters.folded, tf.where(real, places, 0))
        of_letters = tf.reduce_all(~real | ((codes >= ord("a")) & (codes <= ord("z"))), axis=1)
        which = tf.boolean_mask(which, of_letters)
        codes = tf.boolean_mask(tf.where(real, codes, 0), of_letters)

        def block(begin: tf.Tensor) -> tuple[tf.Tensor]:
            return (self._meant(tf.cast(codes[begin : begin + WORDS_AT_ONCE], tf.int64)),)

        spec = tf.TensorSpec([None], tf.int32)
        (meant,) = in_blocks(block, tf.size(which), WORDS_AT_ONCE, [spec])
        found = meant != _NONE
        which, meant = tf.boolean_mask(which, found)[:, None], tf.boolean_mask(meant, found)
        numbers = tf.gather(self._numbers, meant)
        return {
            "words": tf.tensor_scatter_nd_update(words, which, numbers),
            "vectors": tf.tensor_scatter_nd_update(vectors, which, meant),
        }

    def _meant(self, codes: tf.Tensor) -> tf.Tensor:
        """The row of the commonest word that each word may be meant for, or _NONE."""
        hashes, real = slips(ArrayNames, codes)
        # Once in the graph, for both that ask for it.
        known = tf.constant(self._hashes)
        places = tf.searchsorted(known, tf.reshape(hashes, [-1]))
        places = tf.reshape(tf.minimum(places, len(self._hashes) - 1), tf.shape(hashes))
        found = real & (tf.gather(known, places) == hashes)
        return tf.reduce_min(tf.where(found, tf.gather(self._rows, places), _NONE), axis=1)
