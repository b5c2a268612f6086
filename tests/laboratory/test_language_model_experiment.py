"""`lab language-model`: the next word, counted and learnt."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from nertagger import cli
from nertagger.errors import InputError
from nertagger.laboratory.completion import CountReader, NetworkReader, complete, greedy, sampled
from nertagger.laboratory.language_model import QUICK, Setting, language_model, units_of
from nertagger.laboratory.language_text import (
    BOUNDARY,
    LanguageText,
    numbered,
    perplexity,
    read_language_text,
    words_of,
)
from nertagger.laboratory.ngrams import fit_interpolation
from nertagger.laboratory.parameters import cell_parameters
from nertagger.laboratory.workbench import Workbench
from nertagger.recurrent.equations import CELLS
from nertagger.text.vocabulary import PAD, UNKNOWN, Vocabulary


@pytest.fixture(scope="module")
def bundled_text():
    return read_language_text(None, seed=1)


@pytest.fixture(scope="module")
def small_run(bundled_text, tmp_path_factory):
    setting = Setting(cells=("gru",), seeds=2, epochs=2, dimension=48, units=48)
    with Workbench("language-model", tmp_path_factory.mktemp("lab")) as workbench:
        return language_model(workbench, bundled_text, "The minister said", setting)


def a_small_text(seed=3) -> LanguageText:
    """Sentences of a random chain over a few words, some of them unknown."""
    random = np.random.default_rng(seed)
    chain = random.dirichlet(np.full(7, 0.4), size=7)
    names = ["<S>", "ash", "birch", "cedar", "elm", "fir", "odd"]

    def sentence():
        words, at = [], 0
        while True:
            at = int(random.choice(7, p=chain[at]))
            if at == 0 and words:
                return words
            if at:
                words.append(names[at])

    vocabulary = Vocabulary(names[:-1])
    parts = [numbered([sentence() for _ in range(n)], vocabulary) for n in (80, 40, 40)]
    return LanguageText("a chain", vocabulary, *parts)


def test_a_place_asks_for_the_word_that_follows():
    vocabulary = Vocabulary(["<S>", "one", "two"])
    numbers = numbered([["one", "two"], ["three"]], vocabulary)
    assert numbers.inputs.tolist() == [2, 3, 4, 2, UNKNOWN]
    assert numbers.targets.tolist() == [3, 4, 2, UNKNOWN, 2]
    assert numbers.offsets.tolist() == [0, 3, 5]


def test_the_parts_of_a_text_share_no_sentence_and_its_vocabulary_is_of_one_of_them(tmp_path):
    path = tmp_path / "own.txt"
    lines = [f"Number {'x' * n} is seen often, {'y' * n} again." for n in range(1, 201)]
    path.write_text("\n".join(lines), encoding="utf-8")
    text = read_language_text(str(path), seed=5)
    assert [len(part.offsets) - 1 for part in text[2:]] == [162, 18, 20]
    assert " ".join(sorted(text.vocabulary.words[3:])) == ", . again is number often seen"
    assert text.vocabulary.lookup("<S>") == BOUNDARY
    # Each line's two long words are its own, so every part asks for two unknown words a sentence.
    for part in text[2:]:
        assert np.sum(part.targets == UNKNOWN) == 2 * (len(part.offsets) - 1)


def test_a_corpus_is_read_as_one(tmp_path):
    path = tmp_path / "own.jsonl"
    documents = [{"text": f"Line {n} of it.\nAnd a second one.", "entities": []} for n in range(60)]
    path.write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    text = read_language_text(str(path), seed=1)
    assert sum(len(part.offsets) - 1 for part in text[2:]) == 120
    assert "entities" not in text.vocabulary


@pytest.mark.parametrize("order", [1, 2])
def test_frequencies_are_those_of_the_text_and_their_mixture_sums_to_one(order):
    text = a_small_text()
    counts = fit_interpolation(order, text)
    pairs = Counter(zip(text.fitting.inputs.tolist(), text.fitting.targets.tolist(), strict=True))
    before = Counter(text.fitting.inputs.tolist())
    words = Counter(text.fitting.targets.tolist())
    for v in range(BOUNDARY, text.vocabulary.size):
        found = counts.next_word(v)
        assert found.sum() == pytest.approx(1)
        assert found[PAD] == 0
        kind = int(np.log2(1 + before[v])) if order == 2 else 0
        for w in range(1, text.vocabulary.size):
            terms = [1 / (text.vocabulary.size - 1), words[w] / words.total()]
            terms += [pairs[v, w] / before[v]] * (order == 2)
            assert found[w] == pytest.approx(np.dot(counts.weights[kind], terms))


@pytest.mark.parametrize("order", [1, 2])
def test_no_other_weights_suit_the_tuning_text_better(order):
    text = a_small_text()
    counts = fit_interpolation(order, text)
    best = perplexity(np.log(counts.probabilities(text.tuning)))
    random = np.random.default_rng(4)
    for _ in range(50):
        mixed = 0.8 * counts.weights + 0.2 * random.dirichlet(
            np.ones(order + 1), size=len(counts.weights)
        )
        other = counts._replace(weights=mixed)
        assert perplexity(np.log(other.probabilities(text.tuning))) >= best * (1 - 1e-3)


def test_perplexity_is_the_number_of_equally_likely_words():
    assert perplexity(np.log(np.full(9, 1 / 13))) == pytest.approx(13)
    assert perplexity(np.log([1 / 4, 1 / 9])) == pytest.approx(6)


@pytest.mark.parametrize("cell", CELLS)
def test_units_make_every_cell_as_large(cell):
    setting = Setting()

    def size(cell, units):
        return cell_parameters(cell, setting.dimension, units) + units * setting.dimension

    assert size(cell, units_of(cell, setting)) == pytest.approx(
        size("lstm", setting.units), rel=0.01
    )


@pytest.mark.parametrize("cell", CELLS)
def test_reading_in_numpy_gives_the_probabilities_of_the_network(cell):
    import keras

    from nertagger.laboratory.next_word import NextWord, log_probabilities

    text = a_small_text()
    model = NextWord(cell, text.vocabulary.size, dimension=5, units=6, dropout=0.5, seed=1)
    model(np.array([[2, 3]]))
    random = np.random.default_rng(2)
    model.set_weights([random.normal(0, 0.7, weight.shape) for weight in model.get_weights()])
    weights = model.arrays()
    assert sum(weight.size for weight in weights.values()) == model.count_params()

    sentence = text.held_out.inputs[: text.held_out.offsets[1]]
    logits = keras.ops.convert_to_numpy(model(sentence[None]))[0]
    reader = NetworkReader(cell, weights)
    for word, row in zip(sentence.tolist(), logits, strict=True):
        expected = np.exp(row - row.max())
        np.testing.assert_allclose(reader.read(word), expected / expected.sum(), atol=1e-5)

    # In batches that are padded, over all sentences.
    model.compile(jit_compile=False)
    alone = []
    for begin, end in pairwise(text.tuning.offsets):
        reader = NetworkReader(cell, weights)
        places = zip(text.tuning.inputs[begin:end], text.tuning.targets[begin:end], strict=True)
        alone += [np.log(reader.read(word)[target]) for word, target in places]
    found, asked = log_probabilities(model, text.tuning)
    np.testing.assert_allclose(np.sort(found), np.sort(alone), atol=1e-4)
    assert Counter(asked.tolist()) == Counter(text.tuning.targets.tolist())


class _Repeating:
    """Expects what follows the last word in a fixed order, or else something unknown."""

    def __init__(self, size):
        self.size = size

    def read(self, word):
        probabilities = np.full(self.size, 0.01)
        probabilities[UNKNOWN] = 0.9
        probabilities[2 + (word - 1) % (self.size - 2)] = 0.2
        return probabilities / probabilities.sum()


def test_a_completion_goes_on_from_the_prompt_to_the_end_of_the_sentence():
    vocabulary = Vocabulary(["<S>", "one", "two", "three", "four"])
    words = complete(_Repeating(7), ["one", "two"], vocabulary, greedy)
    assert words == "three four"
    assert complete(_Repeating(7), [], vocabulary, greedy) == "one two three four"
    drawn = [complete(_Repeating(7), ["one"], vocabulary, sampled(seed)) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert not any("UNK" in text or "PAD" in text for text in drawn)


def test_a_completion_that_does_not_end_says_so():
    text = a_small_text()
    counts = fit_interpolation(1, text)
    # The likeliest word by itself, which is the same for ever, unless it is the end.
    counts.word_counts[3] = 10 * counts.word_counts.max()
    words = complete(CountReader(counts), [], text.vocabulary, greedy).split()
    assert words == ["ash"] * 12 + ["…"]


def test_a_cell_learns_more_than_how_often_words_occur(small_run):
    rows = {row["model"]: row for row in small_run.table}
    assert rows["bigram"]["perplexity"] < 0.65 * rows["unigram"]["perplexity"]
    assert rows["gru"]["perplexity"] < 0.85 * rows["unigram"]["perplexity"]
    # <UNK> is a sixth of all places and easy to guess.
    assert rows["gru"]["known words"] > 1.3 * rows["gru"]["perplexity"]
    runs = small_run.numbers["cells"]["gru"]
    assert rows["gru"]["perplexity"] == pytest.approx(np.mean([r["perplexity"] for r in runs]))
    assert rows["gru"]["±"] == pytest.approx(np.std([r["perplexity"] for r in runs], ddof=1))
    assert all(run["tuned"][1] < run["tuned"][0] for run in runs)
    assert runs[0]["perplexity"] != runs[1]["perplexity"]


def test_the_prompt_is_completed_by_counts_and_cells(small_run):
    assert [row["model"] for row in small_run.table] == ["unigram", "bigram", "gru"]
    assert all(row["greedy"] and row["sampled"] for row in small_run.table)
    assert small_run.numbers["prompt"] == "The minister said"
    assert words_of("The minister said") == ["the", "minister", "said"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gated_cells_know_more_than_the_last_word_and_the_simple_one_less_than_they(tmp_path, seed):
    with Workbench("language-model", tmp_path, seed=seed, quick=True) as workbench:
        result = language_model(workbench, read_language_text(None, seed), "The", QUICK)
    found = {row["model"]: row["perplexity"] for row in result.table}
    for cell in ("lstm", "gru"):
        assert found[cell] < 0.97 * found["bigram"]
        assert found[cell] < 0.96 * found["simple-rnn"]
    assert found["simple-rnn"] < 0.75 * found["unigram"]


def test_text_that_cannot_be_used_is_one_line(tmp_path, capsys):
    few = tmp_path / "few.txt"
    few.write_text("One sentence.\nAnd another one.\n", encoding="utf-8")
    with pytest.raises(InputError, match="has 2 sentences; expected at least 50"):
        read_language_text(str(few), seed=1)
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    output = str(tmp_path / "lab")
    for path, said in ((empty, "is empty"), (tmp_path / "none.txt", "there is no such file")):
        with pytest.raises(SystemExit) as left:
            cli.main(["lab", "language-model", "--text", str(path), "--output", output])
        assert left.value.code == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert said in error
