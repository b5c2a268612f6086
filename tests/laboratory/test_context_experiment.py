"""`lab context`: what each tagger can see, learn and not learn."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from nertagger import cli
from nertagger.errors import InputError
from nertagger.laboratory import context_measures as measures
from nertagger.laboratory import context_tasks as tasks
from nertagger.laboratory.context import run, same_until_the_word
from nertagger.laboratory.context_taggers import (
    NETWORKS,
    TAGGERS,
    HiddenMarkovModel,
    MostFrequentTag,
    Numbering,
    weight_count,
)
from nertagger.laboratory.context_tasks import Sentence, kind_of
from nertagger.laboratory.workbench import Workbench

SMALL = measures.QUICK._replace(order_pairs=150, order_epochs=5)


@pytest.fixture(scope="module")
def found():
    """By task, what the taggers that the findings are about have learnt."""
    return {
        "forward": measures.orders("forward", "lstm", SMALL, 1),
        "bidirectional": measures.orders("bidirectional", "lstm", SMALL, 1),
        "padded at": measures.positions("padded sentence", "lstm", SMALL, 1, others=True),
        "bidirectional at": measures.positions("bidirectional", "lstm", SMALL, 1, others=True),
    }


def test_bidirectional_gets_pairs_right_that_forward_cannot(found):
    assert found["forward"]["after"] == found["forward"]["inside"] == 0
    assert found["bidirectional"]["after"] > 0.8
    assert found["bidirectional"]["inside"] > 0.8
    # Where the word is in front, reading from the left is as good.
    assert found["forward"]["before"] > 0.6
    assert found["bidirectional"]["before"] > 0.8


def test_a_feed_forward_network_cannot_move_what_it_learnt_at_a_position(found):
    assert found["padded at"][0] > 0.9
    assert max(found["padded at"][1:]) < 0.3
    assert min(found["bidirectional at"]) > 0.9


@pytest.mark.slow
def test_the_quick_run_shows_every_finding(tmp_path):
    with Workbench("context", tmp_path, quick=True) as workbench:
        result = run(workbench)
    means = result.numbers["means"]
    assert set(means) == set(TAGGERS)
    for name in ("most frequent tag", "word alone"):
        assert [means[name][key] for key in (*tasks.ORDERS, "pairs")] == [0, 0, 0, 0]
    assert means["hidden Markov model"]["after"] == means["hidden Markov model"]["before"] == 0
    assert means["hidden Markov model"]["inside"] > 0.3
    assert means["forward"]["after"] == means["backward"]["before"] == 0
    assert min(means["bidirectional"][order] for order in tasks.ORDERS) > 0.9
    blind = [n for n, pair in enumerate(result.numbers["pairs"]) if pair["same_until_the_word"]]
    right = {
        name: [all(result.numbers["runs"][name][0]["pairs"]["right"][n]) for n in blind]
        for name in ("forward", "bidirectional")
    }
    assert sum(right["forward"]) == 0
    assert sum(right["bidirectional"]) >= 4
    assert means["padded sentence"]["position 5"] < 0.3 < means["forward"]["position 5"]
    wrong = result.numbers["runs"]["most frequent tag"][0]["pairs"]["mistakes"]
    assert set(wrong[0]) == {"word", "sentence", "said", "right"}
    assert len(wrong) >= 60
    json.dumps(result.numbers, allow_nan=False)
    assert set(result.pictures) == {
        f"context-{x}" for x in ("orders", "position", "words", "corpus")
    }


def test_pairs_of_data_are_one_word_as_two_things():
    pairs = tasks.bundled_pairs()
    assert len(pairs) >= 60
    for first, second in pairs:
        assert first.sentence.words[first.at] == second.sentence.words[second.at]
        assert kind_of(first.sentence.tags[first.at]) != kind_of(second.sentence.tags[second.at])
    (apple, company), (bears, roosevelt) = pairs[:2]
    assert kind_of(company.sentence.tags[company.at]) == "ORG"
    assert roosevelt.sentence.tags[:3] == ("B-PER", "I-PER", "O")
    assert {tag for use in (apple, bears) for tag in use.sentence.tags} == {"O"}
    assert 1 in same_until_the_word(pairs)
    assert 0 not in same_until_the_word(pairs)


@pytest.mark.parametrize("order", tasks.ORDERS)
def test_one_word_alone_tells_an_order_s_pair_apart(order):
    for named, plain in tasks.order_pairs(50, 3)[order]:
        differing = [
            at
            for at, words in enumerate(zip(named.sentence.words, plain.sentence.words, strict=True))
            if words[0] != words[1]
        ]
        assert len(differing) == 1
        assert (differing[0] < named.at) == (order == "before")
        assert named.at == plain.at
        assert kind_of(named.sentence.tags[named.at]) == "PER"
        assert set(plain.sentence.tags) == {"O"}
        assert (named.sentence.tags[differing[0]] == "I-PER") == (order == "inside")


def test_training_has_its_names_at_the_first_position_alone():
    asked = {use.sentence.words[use.at] for use in tasks.position_uses(5, 50, 1)}
    for others in (True, False):
        elsewhere = 0
        for sentence in tasks.position_sentences(200, 1, others):
            assert not asked & set(sentence.words[1:])
            elsewhere += any(tag != "O" for tag in sentence.tags[1:])
        assert bool(elsewhere) == others


SENTENCES = [
    Sentence(("will", "mark", "left"), ("B-PER", "I-PER", "O")),
    Sentence(("mark", "will", "go"), ("B-PER", "O", "O")),
    Sentence(("will", "will", "go"), ("B-PER", "O", "O")),
    Sentence(("the", "mark", "will", "will"), ("O", "O", "O", "O")),
    Sentence(("mark", "will", "mark", "it"), ("B-PER", "O", "O", "O")),
]


def test_the_most_frequent_tag_sees_no_context():
    tagger = MostFrequentTag(Numbering(SENTENCES))
    tagger.learn(SENTENCES)
    # "mark" has O and B-PER twice each, and then O is said.
    assert tagger.tag([["mark", "will", "unseen"]]) == [["O", "O", "O"]]


def test_the_hidden_markov_model_finds_the_most_probable_tags():
    numbering = Numbering(SENTENCES)
    tagger = HiddenMarkovModel(numbering)
    tagger.learn(SENTENCES)
    tags, added = ("O", "B-PER", "I-PER"), 0.1
    counts = {"emitted": {}, "followed": {}, "first": {}, "last": {}}
    for sentence in SENTENCES:
        for word, tag in zip(*sentence, strict=True):
            counts["emitted"][tag, word] = counts["emitted"].get((tag, word), 0) + 1
        for pair in itertools.pairwise(sentence.tags):
            counts["followed"][pair] = counts["followed"].get(pair, 0) + 1
        for name, tag in (("first", sentence.tags[0]), ("last", sentence.tags[-1])):
            counts[name][tag] = counts[name].get(tag, 0) + 1

    def smoothed(name, key, among):
        numbers = {other: counts[name].get(other, 0) + added for other in among}
        return numbers[key] / sum(numbers.values())

    def leaving(tag, after):
        numbers = {other: counts["followed"].get((tag, other), 0) + added for other in tags}
        numbers["end"] = counts["last"].get(tag, 0) + added
        return numbers[after] / sum(numbers.values())

    words = numbering.vocabulary.words

    def probability(path, sentence):
        value = smoothed("first", path[0], tags) * leaving(path[-1], "end")
        for tag, word in zip(path, sentence, strict=True):
            value *= smoothed("emitted", (tag, word), [(tag, other) for other in words])
        for before, after in itertools.pairwise(path):
            value *= leaving(before, after)
        return value

    asked = [["will", "mark", "will"], ["mark", "mark", "left", "go"], ["the", "will"]]
    for sentence, said in zip(asked, tagger.tag(asked), strict=True):
        paths = itertools.product(tags, repeat=len(sentence))
        assert tuple(said) == max(paths, key=lambda path: probability(path, sentence))


@pytest.mark.parametrize("cell", ["simple-rnn", "peephole-lstm", "gru"])
@pytest.mark.parametrize("tagger", NETWORKS)
def test_weights_are_those_of_the_network(tagger, cell):
    from nertagger.laboratory.context_networks import network

    model = network(tagger, words=11, tags=5, positions=7, units=6, cell=cell, seed=1)
    assert weight_count(tagger, 11, 5, 7, 6, cell) == model.count_params()


def test_weights_grow_with_every_position_of_the_padded_sentence_alone():
    wide, wider = (
        {name: weight_count(name, 10_000, 23, positions, 64) for name in TAGGERS}
        for positions in (20, 40)
    )
    assert wider.pop("padded sentence") > 1.9 * wide.pop("padded sentence")
    assert wider == wide


@pytest.mark.parametrize("tagger", NETWORKS)
def test_what_each_network_sees(tagger):
    from nertagger.laboratory.context_networks import network

    model = network(tagger, words=11, tags=3, positions=6, units=8, cell="gru", seed=2)
    ids = np.array([[4, 7, 2, 9, 5, 0]], np.int32)
    before = np.asarray(model(ids))[0]
    changed = np.array([[4, 7, 3, 9, 5, 0]], np.int32)
    differs = np.abs(np.asarray(model(changed))[0] - before).max(axis=1) > 1e-6
    expected = {
        "word alone": [False, False, True, False, False],
        "padded sentence": [True] * 5,
        "forward": [False, False, True, True, True],
        "backward": [True, True, True, False, False],
        "bidirectional": [True] * 5,
    }
    assert differs[:5].tolist() == expected[tagger]


@pytest.mark.parametrize("tagger", ["forward", "backward", "bidirectional"])
def test_padding_changes_nothing(tagger):
    from nertagger.laboratory.context_networks import network

    model = network(tagger, words=11, tags=3, positions=0, units=8, cell="lstm", seed=3)
    rows = [[4, 7, 2], [9, 5, 3, 2, 8]]
    padded = np.array([row + [0] * (7 - len(row)) for row in rows], np.int32)
    together = np.asarray(model(padded))
    for row, logits in zip(rows, together, strict=True):
        alone = np.asarray(model(np.array([row], np.int32)))[0]
        np.testing.assert_allclose(logits[: len(row)], alone, atol=1e-6)


def test_the_padded_sentence_is_one_long_one_hot_vector():
    from nertagger.laboratory.context_networks import OneHotDense

    layer = OneHotDense(5, size=9, positions=4)
    ids = np.array([[3, 8, 1, 0], [2, 2, 0, 0]], np.int32)
    hidden = np.asarray(layer(ids))
    one_hot = np.eye(9)[ids] * (ids != 0)[..., None]
    expected = np.tanh(one_hot.reshape(2, 36) @ np.asarray(layer.kernel) + np.asarray(layer.bias))
    np.testing.assert_allclose(hidden, expected, atol=1e-6)


def test_words_are_ambiguous_if_they_often_are_two_things():
    sentence = Sentence(
        ("rose",) * 10 + ("may",) * 4, ("B-PER",) * 9 + ("O",) + ("O", "B-DATE") * 2
    )
    assert tasks.ambiguous_words([sentence]) == {"may"}
    assert tasks.ambiguous_words([sentence], least=1, share=0.1) == {"may", "rose"}


def test_a_corpus_of_one_s_own(tmp_path):
    lines = [f"{word}\t{tag}" for word, tag in [("May", "B-PER"), ("left", "O")]]
    other = [f"{word}\t{tag}" for word, tag in [("It", "O"), ("may", "O"), ("rain", "O")]]
    text = "\n\n".join(["\n".join(lines), "\n".join(other)] * 10)
    path = tmp_path / "own.conll"
    path.write_text(text + "\n")
    corpus = measures.read_real_corpus(str(path), None, 100, 1)
    assert (corpus.name, len(corpus.train), len(corpus.dev)) == ("own", 18, 2)
    scores = measures.corpus_scores("most frequent tag", "lstm", SMALL, 1, corpus)
    # Of "may" training has ten of twenty as no entity; the two asked are both names.
    assert scores["ambiguous_uses"] == 2
    assert scores["ambiguous"] == 0
    assert scores["mistakes"][0] == {
        "word": "may",
        "sentence": "may left",
        "said": "no entity",
        "right": "PER",
    }
    assert len(measures.read_real_corpus(str(path), str(path), 5, 1).train) == 5
    with pytest.raises(InputError, match="--train"):
        measures.read_real_corpus(None, str(path), 100, 1)


def test_bad_input_is_one_line(tmp_path, capsys):
    for arguments in (["--cell", "alchemy"], ["--train", str(tmp_path / "none.conll")]):
        with pytest.raises(SystemExit) as left:
            cli.main(["lab", "context", "--output", str(tmp_path / "out"), *arguments])
        assert left.value.code == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert arguments[1] in error
