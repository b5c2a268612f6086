from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from nertagger.training.batches import SentenceBatches
from nertagger.training.variation import Reading

LENGTHS = [3, 1, 7, 2, 2, 9, 4, 1, 5, 6, 3]


def corpus(lengths: Sequence[int]) -> Reading:
    offsets = np.append(0, np.cumsum(lengths))
    count = offsets[-1]
    features = {
        "words": np.arange(2, 2 + count, dtype=np.int32),
        "characters": np.arange(1, 1 + 3 * count, dtype=np.int32).reshape(count, 3),
    }
    return Reading(features, np.arange(1, 1 + count, dtype=np.int32), offsets)


def batches(lengths: Sequence[int] = LENGTHS, batch_size: int = 4, seed: int = 3):
    whole = corpus(lengths)
    return SentenceBatches(whole.offsets, lambda _: whole, batch_size, seed)


def sentences_of(data: SentenceBatches) -> list[tuple[int, ...]]:
    found = []
    for index in range(len(data)):
        inputs, tags = data[index]
        for row in range(len(tags)):
            length = int((inputs["words"][row] != 0).sum())
            assert (inputs["words"][row, length:] == 0).all()
            assert (inputs["characters"][row, length:] == 0).all()
            assert (tags[row, length:] == 0).all()
            np.testing.assert_array_equal(
                inputs["characters"][row, :length, 0], 3 * (tags[row, :length] - 1) + 1
            )
            found.append(tuple(tags[row, :length].tolist()))
    return found


def test_every_epoch_has_each_sentence_whole_and_once():
    data = batches()
    offsets = np.append(0, np.cumsum(LENGTHS))
    expected = sorted(
        tuple(range(1 + start, 1 + end)) for start, end in itertools.pairwise(offsets)
    )
    orders = []
    for epoch in range(3):
        data.start_epoch(epoch)
        orders.append(sentences_of(data))
        assert sorted(orders[-1]) == expected
    assert orders[0] != orders[1] != orders[2]


def test_seed_and_epoch_fix_the_batches():
    first, second, other = batches(), batches(), batches(seed=4)
    for data in (first, second, other):
        data.start_epoch(5)
    assert sentences_of(first) == sentences_of(second) != sentences_of(other)


def test_padding_stays_small_because_lengths_are_sorted():
    lengths = np.random.default_rng(0).integers(1, 50, 2_000)
    data = batches(lengths, batch_size=16)
    padded = sum(data[index][1].size for index in range(len(data)))
    assert padded < 1.1 * lengths.sum()


def test_long_sentences_make_smaller_batches():
    data = batches([256] * 40, batch_size=100)
    assert max(data.sizes()) * 256 <= SentenceBatches.TOKENS
    assert sum(data.sizes()) == 40


def test_each_epoch_is_read_anew():
    whole = corpus(LENGTHS)

    def read(random: np.random.Generator) -> Reading:
        """Drops the last token of half of the sentences."""
        starts, lengths = whole.offsets[:-1], np.diff(whole.offsets)
        kept = np.ones(len(whole.tags), bool)
        kept[(starts + lengths - 1)[(random.random(len(lengths)) < 0.5) & (lengths > 1)]] = False
        features = {name: values[kept] for name, values in whole.features.items()}
        return Reading(
            features, whole.tags[kept], np.append(0, np.cumsum(np.add.reduceat(kept, starts)))
        )

    data = SentenceBatches(whole.offsets, read, 4, 3)
    seen = []
    for epoch in range(3):
        data.start_epoch(epoch)
        # By their first token, which none has lost.
        seen.append({sentence[0]: sentence for sentence in sentences_of(data)})
    assert seen[0] != seen[1] != seen[2]
    assert all(sorted(sentences) == sorted(seen[0]) for sentences in seen)
