"""The neural taggers of `lab context`, in Keras on the project's own recurrent layers.

Importing this module imports Keras.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from nertagger.laboratory.context_taggers import Numbering
from nertagger.laboratory.context_tasks import Sentence
from nertagger.models.inputs import PaddingMask, WordIndex
from nertagger.recurrent.equations import project
from nertagger.recurrent.layers import LAYERS

_POOL = 20
"""Batches whose sentences are sorted by length together."""
_ROUNDED_TO = 16
"""Lengths of batches are multiples of it."""
_TAGGED_TOGETHER = 256
"""Sentences of a call when tagging, whose cost is the calls."""


@keras.saving.register_keras_serializable(package="nertagger")
class OneHotDense(keras.layers.Layer):
    """tanh(W x + b) of one-hot words: each word's own, or the whole sentence's at once.

    Args:
        units: H.
        size: V, of a one-hot vector.
        positions: T, of sentences whose one-hot vectors are laid end to end: one vector of T·V,
            zero where there is padding. 0 for each word by itself.

    Call: ids int [B, T], 0 for padding -> float [B, T, H], or [B, H] of whole sentences.
    """

    def __init__(self, units: int, size: int, positions: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.size = size
        self.positions = positions

    def build(self, input_shape: Any) -> None:
        rows = self.size * max(self.positions, 1)
        # Of an input with so many zeros only the ones count for the size of the sum.
        scale = keras.initializers.RandomUniform(-0.1, 0.1)
        self.kernel = self.add_weight(shape=(rows, self.units), name="kernel", initializer=scale)
        self.bias = self.add_weight(shape=(self.units,), name="bias", initializer="zeros")

    def call(self, ids: Any) -> Any:
        if not self.positions:
            rows = project(ops, ids[..., None], self.kernel, self.bias, one_hot_size=self.size)
            return ops.tanh(rows)
        offsets = self.size * ops.arange(self.positions, dtype="int32")
        rows = ops.take(self.kernel, ids + offsets, axis=0)
        real = ops.cast(ids != 0, rows.dtype)[..., None]
        return ops.tanh(ops.sum(rows * real, axis=1) + self.bias)

    def compute_output_spec(self, ids: Any) -> keras.KerasTensor:
        length = () if self.positions else (ids.shape[1],)
        return keras.KerasTensor((ids.shape[0], *length, self.units), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"units": self.units, "size": self.size, "positions": self.positions}
        return {**super().get_config(), **own}


def network(
    tagger: str, words: int, tags: int, positions: int, units: int, cell: str, seed: int
) -> keras.Model:
    """A model from word numbers int [B, T] to logits [B, T, K].

    Args:
        tagger: one of `context_taggers.NETWORKS`.
        words: V.
        tags: K.
        positions: T of the padded sentence, which takes no other; the rest take any.
        units: H, of both directions together where there are two.
        cell: of the recurrent ones.
        seed: of the initial weights.
    """
    keras.utils.set_random_seed(seed)
    padded = tagger == "padded sentence"
    ids = keras.Input((positions if padded else None,), dtype="int32", name="words")
    if tagger == "word alone":
        hidden = OneHotDense(units, words)(ids)
    elif padded:
        hidden = OneHotDense(units, words, positions)(ids)
    else:
        both = tagger == "bidirectional"
        layer = LAYERS[cell](
            units // 2 if both else units,
            return_sequences=True,
            one_hot_size=words,
            go_backwards=tagger == "backward",
        )
        if both:
            layer = keras.layers.Bidirectional(layer)
        hidden = layer(WordIndex(dtype="float32")(ids), mask=PaddingMask()(ids))
        if tagger == "backward":
            # Read from the right, the outputs are in that order too.
            hidden = ops.flip(hidden, axis=1)
    if padded:
        logits = keras.layers.Dense(positions * tags)(hidden)
        logits = keras.layers.Reshape((positions, tags))(logits)
    else:
        logits = keras.layers.Dense(tags)(hidden)
    return keras.Model(ids, logits)


class NetworkTagger:
    """Learns by Adam on the cross-entropy of every tag, the same for all networks.

    Args:
        tagger: one of `context_taggers.NETWORKS`.
        numbering: of words and tags.
        positions: T of the padded sentence; longer sentences are read in pieces of so many words.
        units: H, of both directions together.
        cell: of the recurrent ones.
        epochs: passes over the sentences.
        batch_size: sentences of a step.
        learning_rate: of Adam.
        seed: of the weights and of the order.
    """

    def __init__(
        self,
        tagger: str,
        numbering: Numbering,
        positions: int,
        units: int,
        cell: str,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        seed: int,
    ) -> None:
        self._numbering = numbering
        self._positions = positions
        self._fixed = tagger == "padded sentence"
        self._epochs = epochs
        self._batch_size = batch_size
        self._random = np.random.default_rng(seed)
        self.model = network(
            tagger,
            numbering.vocabulary.size,
            len(numbering.tags),
            positions,
            units,
            cell,
            seed,
        )
        self.model.compile(
            keras.optimizers.Adam(learning_rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        # Variables made in the first training step would have TensorFlow trace it twice.
        self.model.optimizer.build(self.model.trainable_variables)

    def learn(self, sentences: Sequence[Sentence]) -> None:
        """Learns from tagged sentences."""
        words = [self._numbering.word_numbers(sentence.words) for sentence in sentences]
        tags = [self._numbering.tag_numbers(sentence.tags) for sentence in sentences]
        for _ in range(self._epochs):
            for some in self._batches([len(sentence) for sentence in words]):
                ids = self._pad([words[i] for i in some], self._batch_size)
                right = self._pad([tags[i] for i in some], self._batch_size)
                self.model.train_on_batch(ids, right, sample_weight=(ids != 0).astype("float32"))

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of sentences of words."""
        tagged = []
        for begin in range(0, len(sentences), _TAGGED_TOGETHER):
            some = sentences[begin : begin + _TAGGED_TOGETHER]
            numbers = [self._numbering.word_numbers(words) for words in some]
            for numbered, logits in zip(numbers, self._logits(numbers), strict=True):
                chosen = logits[: len(numbered)].argmax(axis=1).tolist()
                tagged.append([self._numbering.tags[tag] for tag in chosen])
        return tagged

    def _logits(self, numbers: list[np.ndarray]) -> np.ndarray:
        ids = self._pad(numbers)
        width = self._positions if self._fixed else ids.shape[1]
        pieces = [ids[:, at : at + width] for at in range(0, ids.shape[1], width)]
        # Called as it is: for a few batches a compiled function would take longer to make.
        logits = [ops.convert_to_numpy(self.model(piece, training=False)) for piece in pieces]
        return np.concatenate(logits, axis=1)

    def _pad(self, rows: list[np.ndarray], count: int = 0) -> np.ndarray:
        """int32 [B, T], 0 behind the end of a row, and in the rows that are added up to `count`."""
        # Few shapes: TensorFlow makes the training step anew for each of the first ones.
        multiple = self._positions if self._fixed else _ROUNDED_TO
        longest = -(-max(len(row) for row in rows) // multiple) * multiple
        padded = np.zeros((max(len(rows), count), longest), np.int32)
        for row, into in zip(rows, padded, strict=False):
            into[: len(row)] = row
        return padded

    def _batches(self, lengths: list[int]) -> Iterator[np.ndarray]:
        order = self._random.permutation(len(lengths))
        pool = _POOL * self._batch_size
        batches = []
        for begin in range(0, len(order), pool):
            some = sorted(order[begin : begin + pool], key=lambda i: lengths[i])
            cuts = range(0, len(some), self._batch_size)
            batches += [np.array(some[at : at + self._batch_size]) for at in cuts]
        for number in self._random.permutation(len(batches)):
            yield batches[number]
