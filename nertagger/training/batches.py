"""Batches of sentences of about the same length, in an order that a seed and an epoch fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np


class SentenceBatches(keras.utils.PyDataset):
    """Padded batches of (inputs, tags) for `fit`.

    Sentences are shuffled, sorted by length within stretches of fifty batches, cut into batches,
    and the batches shuffled: padding stays small and no two epochs are alike. Rare words
    become `<UNK>` with a probability, so that `<UNK>` is learnt.

    Args:
        features: per input name, an array of one row per token of the corpus: [N] or [N, C].
        tags: tag numbers, [N].
        offsets: where each sentence starts, and N: [S + 1].
        batch_size: sentences.
        rarity: float [vocabulary], one over how often training has each word.
        unknown_probability: with which a word seen once becomes `<UNK>`; one seen n times does with
            an n-th of it.
        unknown: the index of `<UNK>`.
        seed: of the order and of the replacement.
        variants: the same features of other spellings of the tokens.
        variant_probability: with which a sentence is read in one of these, each as likely.
    """

    # Tokens of one training step, so that a few very long sentences do not fill the memory.
    TOKENS = 8_192

    def __init__(
        self,
        features: dict[str, np.ndarray],
        tags: np.ndarray,
        offsets: np.ndarray,
        batch_size: int,
        rarity: np.ndarray,
        unknown_probability: float,
        unknown: int,
        seed: int,
        variants: Sequence[dict[str, np.ndarray]] = (),
        variant_probability: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.features = features
        self.tags = tags
        self.offsets = offsets
        self.batch_size = batch_size
        self.rarity = rarity
        self.unknown_probability = unknown_probability
        self.unknown = unknown
        self.seed = seed
        self.variants = variants
        self.variant_probability = variant_probability
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Fixes the order, the unknown words and the variants of an epoch, counted from 0."""
        random = np.random.default_rng((self.seed, epoch))
        lengths = np.diff(self.offsets)
        order = random.permutation(len(lengths))
        stretch = 50 * self.batch_size
        batches: list[np.ndarray] = []
        for first in range(0, len(order), stretch):
            part = order[first : first + stretch]
            part = part[np.argsort(lengths[part], kind="stable")]
            batches += self._cut(part, lengths)
        self.batches = [batches[index] for index in random.permutation(len(batches))]
        drawn = random.random(self.offsets[-1])
        self.read = self._variant(random, lengths) if self.variants else self.features
        words = self.read["words"]
        replaced = drawn < self.rarity[words] * self.unknown_probability
        self.words = np.where(replaced, self.unknown, words).astype("int32")

    def _variant(self, random: np.random.Generator, lengths: np.ndarray) -> dict[str, np.ndarray]:
        varied = random.random(len(lengths)) < self.variant_probability
        which = np.where(varied, random.integers(1, len(self.variants) + 1, len(lengths)), 0)
        by_token = np.repeat(which, lengths)
        features = {name: values.copy() for name, values in self.features.items()}
        for number, variant in enumerate(self.variants, 1):
            chosen = by_token == number
            for name, values in variant.items():
                features[name][chosen] = values[chosen]
        return features

    def _cut(self, sentences: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
        batches, first = [], 0
        for index in range(1, len(sentences) + 1):
            size = index - first
            # Sorted by length: the next sentence would be the longest.
            if (
                index == len(sentences)
                or size == self.batch_size
                or lengths[sentences[index]] * (size + 1) > self.TOKENS
            ):
                batches.append(sentences[first:index])
                first = index
        return batches

    def sizes(self) -> list[int]:
        """How many sentences each batch of the epoch has."""
        return [len(batch) for batch in self.batches]

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        features = {**self.read, "words": self.words}
        return pad_sentences(features, self.tags, self.offsets, self.batches[index])


def pad_sentences(
    features: dict[str, np.ndarray],
    tags: np.ndarray,
    offsets: np.ndarray,
    sentences: Sequence[int] | np.ndarray,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The inputs [B, T, …] and the tags [B, T] of some sentences, padded with 0 to the longest."""
    starts = offsets[:-1][sentences]
    lengths = offsets[1:][sentences] - starts
    positions = np.arange(lengths.max())
    real = positions < lengths[:, None]
    rows = np.where(real, starts[:, None] + positions, 0)

    def padded(values: np.ndarray) -> np.ndarray:
        result = values[rows]
        result[~real] = 0
        return result

    return {name: padded(values) for name, values in features.items()}, padded(tags)
