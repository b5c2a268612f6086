"""Batches of sentences of about the same length, in an order that a seed and an epoch fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from nertagger.training.dataset import Dataset
from nertagger.training.variation import Reading, Variation


class SentenceBatches(keras.utils.PyDataset):
    """Padded batches of (inputs, tags) for `fit`.

    Sentences are shuffled, sorted by length within stretches of fifty batches, cut into batches,
    and the batches shuffled: padding stays small and no two epochs are alike.

    Args:
        offsets: where each sentence of the corpus starts, and N: [S + 1].
        read: what an epoch reads of it: the S sentences, none longer than it is there.
        batch_size: sentences.
        seed: of the order and of what `read` draws.
    """

    # Tokens of one training step, so that a few very long sentences do not fill the memory.
    TOKENS = 8_192

    def __init__(
        self,
        offsets: np.ndarray,
        read: Callable[[np.random.Generator], Reading],
        batch_size: int,
        seed: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.offsets = offsets
        self.read = read
        self.batch_size = batch_size
        self.seed = seed
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Fixes the order of an epoch and what it reads, counted from 0."""
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
        self.reading = self.read(random)

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
        sentences, contexts = self.batches[index], self.reading.contexts
        inputs, tags = pad_sentences(*self.reading[:3], sentences)
        if contexts is not None:
            inputs["document"] = contexts[sentences]
        return inputs, tags


def batches_of(
    dataset: Dataset, variation: Variation, batch_size: int, seed: int
) -> SentenceBatches:
    """The batches of a dataset, varied anew in each epoch."""
    read = partial(
        variation.read,
        dataset.spellings,
        dataset.tag_numbers,
        dataset.offsets,
        contexts=dataset.contexts,
        made_up_names=dataset.made_up_names,
    )
    return SentenceBatches(dataset.offsets, read, batch_size, seed)


def pad_sentences(
    features: Mapping[str, np.ndarray],
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
