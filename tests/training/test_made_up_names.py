from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from small_corpus import write_corpus

from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import UNKNOWN, Vocabulary
from nertagger.text.word_forms import fold
from nertagger.text.word_rows import WordRows
from nertagger.training.batches import batches_of
from nertagger.training.contexts import Contexts
from nertagger.training.dataset import read_dataset
from nertagger.training.made_up_names import WORDS, MadeUpNames, made_up_names_of
from nertagger.training.options import TrainingOptions
from nertagger.training.sources import Source
from nertagger.training.spellings import Spellings, spellings_of
from nertagger.training.variation import Reading, Variation

SENTENCE = [
    ("Carla", "B-PER"),
    ("de", "I-PER"),
    ("Montini", "I-PER"),
    ("left", "O"),
    ("VERONA", "B-LOC"),
    ("for", "O"),
    ("Modena", "B-LOC"),
    ("with", "O"),
    ("NATO", "B-ORG"),
    ("9th", "B-ORG"),
]
WIDTH = 12
COPIES = 400
REPLACEABLE = [0, 2, 4, 6]


class Corpus:
    """One sentence many times over, in which every word is known."""

    def __init__(self, sentence: list[tuple[str, str]] = SENTENCE) -> None:
        self.tokens = [token for token, _ in sentence] * COPIES
        self.tags = [tag for _, tag in sentence] * COPIES
        self.length = len(sentence)
        words = sorted({fold(token) for token in self.tokens})
        letters = "".join(self.tokens)
        characters = CharacterVocabulary.from_counts(Counter(letters + letters.upper()), 1)
        vectors = WordRows.of(["<PAD>", *words])
        self.encoder = TokenEncoder(Vocabulary(words), characters, WIDTH, vectors)
        self.offsets = np.arange(0, len(self.tokens) + 1, self.length)

    def spellings(self) -> Spellings:
        counts = dict.fromkeys(map(fold, self.tokens), COPIES)
        inside = np.array([tag != "O" for tag in self.tags])
        return spellings_of(self.tokens, inside, counts, self.encoder)

    def made_up(self) -> MadeUpNames:
        return made_up_names_of(self.tokens, self.tags, self.encoder)

    def read(self, seed: int = 0, **how: float) -> Reading:
        tags, random = np.arange(len(self.tokens)), np.random.default_rng(seed)
        return Variation(**how).read(
            self.spellings(), tags, self.offsets, random, made_up_names=self.made_up()
        )

    def renamed(self, reading: Reading) -> np.ndarray:
        """Which tokens are read as others, bool [sentences, tokens]."""
        changed = reading.features["characters"] != self.encoder.encode(self.tokens)["characters"]
        return changed.any(axis=1).reshape(-1, self.length)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus()


def test_a_name_is_renamed_whole_as_often_as_asked(corpus):
    renamed = corpus.renamed(corpus.read(name_variation=0.3))
    assert renamed[:, REPLACEABLE].mean(axis=0) == pytest.approx([0.3] * 4, abs=0.06)
    np.testing.assert_array_equal(renamed[:, 0], renamed[:, 2])
    # Names are drawn each by itself.
    assert (renamed[:, 4] & renamed[:, 6]).mean() == pytest.approx(0.09, abs=0.04)


def test_only_words_that_can_be_made_up_are_renamed(corpus):
    renamed = corpus.renamed(corpus.read(name_variation=1.0))
    assert renamed[:, REPLACEABLE].all()
    assert not np.delete(renamed, REPLACEABLE, axis=1).any()


def test_nobody_knows_a_made_up_name(corpus):
    reading = corpus.read(name_variation=1.0).features
    for name, unknown in (("words", UNKNOWN), ("vectors", 0)):
        values = reading[name].reshape(-1, corpus.length)
        assert (values[:, REPLACEABLE] == unknown).all()
        assert (np.delete(values, REPLACEABLE, axis=1) != unknown).all()


def test_it_is_made_of_two_of_its_label_and_written_as_the_name_was(corpus):
    made = corpus.made_up()
    expected = {0: {"Carini", "Montla"}, 4: {"VERENA", "MODONA"}, 6: {"Verena", "Modona"}}
    for place, words in expected.items():
        first = made.firsts[place]
        rows = made.features["characters"][first : first + WORDS]
        ids = corpus.encoder.encode(sorted(words))["characters"]
        assert {tuple(row) for row in rows} == {tuple(row) for row in ids}


def test_a_word_has_one_made_up_name_in_a_sentence_and_others_in_others():
    names = [("Modena", "B-LOC"), ("or", "O"), ("Modena", "B-LOC"), ("Verona", "B-LOC")]
    reading = Corpus(names).read(name_variation=1.0)
    characters = reading.features["characters"].reshape(COPIES, len(names), WIDTH)
    np.testing.assert_array_equal(characters[:, 0], characters[:, 2])
    assert len(np.unique(characters[:, 0], axis=0)) > 1


def test_a_sentence_in_another_case_keeps_its_names(corpus):
    plain = corpus.read(case_variation=1.0).features
    both = corpus.read(case_variation=1.0, name_variation=1.0).features
    for name, values in plain.items():
        np.testing.assert_array_equal(both[name], values)


def test_every_reading_of_a_repeated_corpus_draws_for_itself(corpus):
    twice = np.tile(np.arange(len(corpus.tokens)), 2)
    reading = Variation(name_variation=0.5).read(
        corpus.spellings().repeated(twice),
        twice,
        np.append(corpus.offsets, corpus.offsets[1:] + len(corpus.tokens)),
        np.random.default_rng(0),
        made_up_names=corpus.made_up().of(twice),
    )
    first, second = np.split(reading.features["words"] == UNKNOWN, 2)
    assert 0.1 < (first & ~second).sum() / first.sum() < 0.9


def test_the_other_variations_are_not_disturbed(corpus):
    contexts = Contexts(*np.random.default_rng(1).random((2, COPIES, 3)))
    others = Variation(unknown_probability=0.9, case_variation=0.3, context_variation=0.3)
    readings = [
        others._replace(name_variation=share).read(
            corpus.spellings(),
            np.arange(len(corpus.tokens)),
            corpus.offsets,
            np.random.default_rng(3),
            contexts,
            corpus.made_up(),
        )
        for share in (0.0, 0.4)
    ]
    without, renamed = readings
    np.testing.assert_array_equal(without.contexts, renamed.contexts)
    kept = ~(without.features["characters"] != renamed.features["characters"]).any(axis=1)
    assert 0.5 < kept.mean() < 1
    for name, values in without.features.items():
        np.testing.assert_array_equal(values[kept], renamed.features[name][kept])


def test_a_corpus_without_names_to_rename_stays_as_it_is():
    corpus = Corpus([("he", "O"), ("joined", "O"), ("NATO", "B-ORG")])
    reading = corpus.read(name_variation=1.0)
    assert not corpus.renamed(reading).any()


def test_a_label_whose_halves_are_all_words_keeps_its_names():
    corpus = Corpus([("Lulu", "B-PER"), ("of", "O"), ("Modena", "B-LOC"), ("Verona", "B-LOC")])
    renamed = corpus.renamed(corpus.read(name_variation=1.0))
    assert renamed.all(axis=0).tolist() == [False, False, True, True]


def test_a_training_renames_in_every_corpus_and_every_pass(tmp_path):
    first = write_corpus(tmp_path / "first.jsonl", 40)
    second = write_corpus(tmp_path / "second.jsonl", 30, 1, {"PER": "person", "LOC": "place"})
    options = TrainingOptions(
        train=(Source(str(first), repeat=2), Source(str(second), own_head=True)),
        dev=str(first),
        name_variation=1.0,
    )
    dataset = read_dataset(options, lambda line: None)
    tokens, plain = dataset.spellings.rows, dataset.spellings.features
    read = batches_of(dataset, Variation(name_variation=1.0), 8, 0).reading.features
    changed = (read["characters"] != plain["characters"][tokens]).any(axis=1)
    tags = [tag for head in dataset.heads for tag in head]
    named = np.array([tags[number] != "O" for number in dataset.tag_numbers])
    np.testing.assert_array_equal(changed, named)
    np.testing.assert_array_equal(read["words"] == UNKNOWN, named)
    without = dataclasses.replace(options, name_variation=0.0)
    assert read_dataset(without, lambda line: None).made_up_names is None
    # Both are small, so that by default every name of theirs is needed.
    by_default = dataclasses.replace(options, name_variation=None)
    made_up = read_dataset(by_default, lambda line: None).made_up_names
    assert made_up is not None
    assert (made_up.firsts < 0).all()
