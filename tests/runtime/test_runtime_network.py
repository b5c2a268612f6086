"""The network against a plain one that knows one token of one sentence at a time."""

import gc
import itertools
import weakref

import numpy as np
import plain_network
import pytest
import tiny_models

from nertagger.runtime.network import Network, Schedule
from nertagger.runtime.token_features import CharacterConvolution

VARIANTS = [
    *({"cell": cell} for cell in ("simple-rnn", "lstm", "peephole-lstm", "coupled-lstm", "gru")),
    *({"activation": name} for name in plain_network.ACTIVATIONS),
    *({"cell": "simple-rnn", "activation": name} for name in ("relu", "leaky_relu", "elu")),
    *({"head": head} for head in ("softmax", "sigmoid")),
    {"layers": 3, "cell": "gru"},
    {"word_encoding": "one-hot"},
    {"word_encoding": "one-hot", "layers": 2, "cell": "peephole-lstm"},
    {"character_encoding": "none"},
    {"character_width": 4, "characters_per_token": 5},
    {"character_width": 1},
    {"vector_count": 0, "vector_dimension": 0},
    {"case_count": 0},
    {"context_dimension": 0, "context_skipped": 0},
    {"cell": "gru", "layers": 2, "word_encoding": "one-hot", "context_skipped": 3},
    {
        "character_encoding": "none",
        "vector_count": 0,
        "vector_dimension": 0,
        "case_count": 0,
        "word_encoding": "one-hot",
    },
]


def _sentences(lengths, seed=1):
    random = np.random.default_rng(seed)
    return [[str(w) for w in random.choice(tiny_models.WORDS, length)] for length in lengths]


def _flat(sentences):
    offsets = np.cumsum([0, *map(len, sentences)])
    return [token for sentence in sentences for token in sentence], offsets


@pytest.mark.parametrize("changes", VARIANTS, ids=lambda c: ",".join(map(str, c.values())))
def test_agrees_with_one_token_at_a_time(changes):
    config, encoder, tensors = tiny_models.make(**changes)
    network = Network(config["architecture"], tensors, encoder)
    # Ragged, unsorted, with equal lengths and single tokens; an empty document among three.
    sentences = _sentences([4, 1, 9, 4, 2, 7, 1])
    tokens, offsets = _flat(sentences)
    firsts = [0, 3, 3, 4, 7]
    result = network.logits(tokens, offsets, offsets[firsts])
    expected = []
    for first, last in itertools.pairwise(firsts):
        document = [token for sentence in sentences[first:last] for token in sentence]
        expected += [
            plain_network.logits(sentence, config["architecture"], tensors, encoder, document)
            for sentence in sentences[first:last]
        ]
    expected = np.concatenate(expected)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(expected).max() > 0.1


def test_a_sentence_does_not_feel_its_neighbours():
    config, encoder, tensors = tiny_models.make(cell="gru", layers=2)
    network = Network(config["architecture"], tensors, encoder)
    # More than are computed together.
    sentences = _sentences(np.random.default_rng(3).integers(1, 8, 600))
    tokens, offsets = _flat(sentences)
    together = network.logits(tokens, offsets, offsets)
    for number in (0, 17, 299, 599):
        alone = network.logits(*_flat(sentences[number : number + 1]))
        part = slice(offsets[number], offsets[number + 1])
        np.testing.assert_allclose(together[part], alone, atol=1e-5)


def test_no_sentences_give_no_logits():
    config, encoder, tensors = tiny_models.make()
    network = Network(config["architecture"], tensors, encoder)
    assert network.logits([], np.zeros(1, int)).shape == (0, len(config["tags"]))


def test_tokens_without_characters_have_features_of_zero():
    random = np.random.default_rng(2)
    convolution = CharacterConvolution(
        *(random.normal(size=shape).astype(np.float32) for shape in ((9, 4), (3, 4, 5), (5,)))
    )
    ids = np.array([[0, 0, 0, 0], [3, 0, 0, 0], [0, 0, 0, 0], [2, 8, 5, 0], [7, 1, 0, 0]])
    features = convolution(ids)
    assert (features[[0, 2]] == 0).all()
    assert (features[[1, 3, 4]] != 0).all()
    np.testing.assert_allclose(features[3:4], convolution(ids[3:4]), rtol=1e-6)
    assert convolution(ids[:1]).tolist() == [[0.0] * 5]
    assert convolution(ids[:0]).shape == (0, 5)


def test_a_small_cache_changes_no_logit():
    config, encoder, tensors = tiny_models.make()
    roomy = Network(config["architecture"], tensors, encoder)
    narrow = Network(config["architecture"], tensors, encoder, cache_bytes=0)
    narrow.cache.capacity = 10
    for seed in range(5):
        tokens, offsets = _flat(_sentences([3, 5, 8], seed))
        # A product of other rows may be rounded otherwise.
        np.testing.assert_allclose(
            narrow.logits(tokens, offsets), roomy.logits(tokens, offsets), atol=1e-5
        )
        assert len(narrow.cache) <= 10


def test_a_schedule_visits_every_token_once_in_each_direction():
    lengths = np.array([5, 5, 3, 1])
    schedule = Schedule(lengths)
    begins = np.array([10, 0, 20, 40])
    places = schedule.places(begins)
    forward, backward = [], []
    begin = 0
    for count in schedule.counts:
        for order, visits in zip((forward, backward), schedule.visits, strict=True):
            order.append(places[visits[begin : begin + count]].tolist())
        begin += count
    assert forward == [[10, 0, 20, 40], [11, 1, 21], [12, 2, 22], [13, 3], [14, 4]]
    assert backward == [[14, 4, 22, 40], [13, 3, 21], [12, 2, 20], [11, 1], [10, 0]]
    assert (np.sort(schedule.visits) == np.arange(14)).all()


def test_a_network_that_nobody_holds_is_gone_at_once():
    config, encoder, tensors = tiny_models.make()
    network = Network(config["architecture"], tensors, encoder)
    network.logits(["Ada", "met"], np.array([0, 2]))
    gone = weakref.ref(network.cache)
    gc.disable()
    try:
        del network
        assert gone() is None
    finally:
        gc.enable()
