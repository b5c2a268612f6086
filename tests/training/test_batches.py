from __future__ import annotations

import itertools

import numpy as np
import pytest

from nertagger.training.batches import SentenceBatches

LENGTHS = [3, 1, 7, 2, 2, 9, 4, 1, 5, 6, 3]


def batches(**changes) -> SentenceBatches:
    offsets = np.append(0, np.cumsum(LENGTHS))
    count = offsets[-1]
    options = {
        "features": {
            "words": np.arange(2, 2 + count, dtype=np.int32),
            "characters": np.arange(1, 1 + 3 * count, dtype=np.int32).reshape(count, 3),
        },
        "tags": np.arange(1, 1 + count, dtype=np.int32),
        "offsets": offsets,
        "batch_size": 4,
        "rarity": np.zeros(2 + count),
        "unknown_probability": 0.5,
        "unknown": 1,
        "seed": 3,
    }
    return SentenceBatches(**{**options, **changes})


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
    offsets = np.append(0, np.cumsum(lengths))
    words = np.full(offsets[-1], 2, np.int32)
    data = batches(features={"words": words}, tags=words, offsets=offsets, batch_size=16)
    padded = sum(data[index][1].size for index in range(len(data)))
    assert padded < 1.1 * len(words)


def test_the_rarer_a_word_the_more_often_it_becomes_unknown():
    words = np.tile(np.array([2, 3, 4], np.int32), 5_000)
    rarity = np.array([0, 0, 0, 1, 1 / 3])
    offsets = np.arange(0, len(words) + 1, 10)
    data = batches(
        features={"words": words},
        tags=words,
        offsets=offsets,
        rarity=rarity,
        unknown_probability=0.3,
    )
    seen = np.concatenate([data[index][0]["words"].ravel() for index in range(len(data))])
    assert (seen == 2).sum() == 5_000
    assert (seen == 3).sum() == pytest.approx(3_500, abs=150)
    assert (seen == 4).sum() == pytest.approx(4_500, abs=100)
    assert (seen == 1).sum() == 15_000 - sum((seen == word).sum() for word in (2, 3, 4))
    assert (words == 3).sum() == 5_000, "the corpus itself stays as it is"


def test_a_sentence_is_read_whole_in_one_spelling():
    offsets = np.arange(0, 4_001, 4)
    words = np.full(offsets[-1], 2, np.int32)
    plain, lower, upper = ({"words": words, "case": words + n} for n in (0, 10, 20))
    data = batches(
        features=plain,
        tags=words,
        offsets=offsets,
        variants=[lower, upper],
        variant_probability=0.4,
        rarity=np.zeros(3),
    )
    seen = np.concatenate([data[index][0]["case"] for index in range(len(data))])
    assert (seen == seen[:, :1]).all()
    counts = [(seen[:, 0] == 2 + n).sum() for n in (0, 10, 20)]
    assert counts == pytest.approx([600, 200, 200], abs=50)
    first = seen
    data.start_epoch(1)
    second = np.concatenate([data[index][0]["case"] for index in range(len(data))])
    assert not np.array_equal(first, second)
    assert (plain["case"] == 2).all(), "the corpus itself stays as it is"


def test_long_sentences_make_smaller_batches():
    offsets = np.arange(0, 41) * 256
    words = np.full(offsets[-1], 2, np.int32)
    data = batches(features={"words": words}, tags=words, offsets=offsets, batch_size=100)
    assert max(data.sizes()) * 256 <= SentenceBatches.TOKENS
    assert sum(data.sizes()) == 40
