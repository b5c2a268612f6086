from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import Vocabulary
from nertagger.text.word_forms import fold
from nertagger.text.word_rows import WordRows
from nertagger.training.contexts import Contexts
from nertagger.training.spellings import Spellings, spellings_of
from nertagger.training.variation import Reading, Variation

WORDS = ["Carla", "Bergson", "visited", "the", "river", "Ostrava", "again", ",", "LONDON", "."]
NAMES = {"Carla", "Bergson", "Ostrava", "LONDON"}


def encoder() -> TokenEncoder:
    known = sorted(word.lower() for word in WORDS)
    return TokenEncoder(Vocabulary(known), None, 20, WordRows.of(["<PAD>", *known]))


def spellings(tokens: list[str], inside: np.ndarray | None = None) -> Spellings:
    if inside is None:
        inside = np.isin(tokens, sorted(NAMES))
    return spellings_of(tokens, inside, Counter(map(fold, tokens)), encoder())


def varied(tokens: list[str], length: int, seed: int = 0, **how: float) -> Reading:
    """Sentences of one length."""
    offsets = np.arange(0, len(tokens) + 1, length)
    random = np.random.default_rng(seed)
    return Variation(**how).read(spellings(tokens), np.arange(len(tokens)), offsets, random)


def test_without_variation_it_is_the_text_that_is_read():
    seen = varied(WORDS * 3, 5)
    for name, values in encoder().encode(WORDS * 3).items():
        np.testing.assert_array_equal(seen.features[name], values)
    np.testing.assert_array_equal(seen.tags, np.arange(30))


def test_the_rarer_a_word_the_more_often_it_becomes_unknown():
    tokens = ["river"] * 3_000 + ["again"] * 3
    unknown = np.zeros(len(tokens))
    for seed in range(300):
        unknown += varied(tokens, 3, seed, unknown_probability=0.9).features["words"] == 1
    assert unknown[:3_000].mean() / 300 == pytest.approx(0.9 / 3_000, rel=0.2)
    assert unknown[3_000:].mean() / 300 == pytest.approx(0.3, abs=0.06)


def test_a_word_that_loses_its_vector_becomes_unknown_too():
    seen = varied(WORDS, 5, unknown_probability=0.3, lost_vector_probability=0.5).features
    lost = seen["vectors"] == 0
    assert 0 < lost.sum() < len(WORDS)
    assert (seen["words"][lost] == 1).all()
    everything = varied(WORDS, 5, lost_vector_probability=1.0).features
    assert not everything["vectors"].any()
    assert (everything["words"] == 1).all()


def test_a_sentence_is_read_whole_in_one_case():
    seen = varied(["Carla"] * 4_000, 4, case_variation=0.4).features["case"].reshape(-1, 4)
    assert (seen == seen[:, :1]).all()
    plain, lower, upper = encoder().encode(["Carla", "carla", "CARLA"])["case"]
    counts = [(seen[:, 0] == case).sum() for case in (plain, lower, upper)]
    assert counts == pytest.approx([600, 200, 200], abs=50)
    again = varied(["Carla"] * 4_000, 4, 1, case_variation=0.4).features["case"].reshape(-1, 4)
    assert not np.array_equal(seen, again)


def test_a_sentence_loses_all_of_its_punctuation_or_none_and_is_never_empty():
    random = np.random.default_rng(2)
    lengths = random.integers(1, 6, 2_000)
    offsets = np.append(0, np.cumsum(lengths))
    tokens = random.choice(["river", "again", ",", "."], offsets[-1], p=[0.3, 0.3, 0.2, 0.2])
    marks = np.isin(tokens, [",", "."])
    places = np.arange(offsets[-1])
    found = spellings(tokens.tolist())
    seen = Variation(punctuation_variation=0.3).read(found, places, offsets, random)
    plain = encoder().encode(tokens.tolist())["words"]
    assert len(seen.offsets) == len(offsets)
    assert (np.diff(seen.offsets) > 0).all()
    bare = could = 0
    for number in range(len(lengths)):
        before = places[offsets[number] : offsets[number + 1]]
        after = slice(seen.offsets[number], seen.offsets[number + 1])
        np.testing.assert_array_equal(seen.features["words"][after], plain[seen.tags[after]])
        if len(seen.tags[after]) < len(before):
            np.testing.assert_array_equal(seen.tags[after], before[~marks[before]])
            bare += 1
        else:
            np.testing.assert_array_equal(seen.tags[after], before)
        could += marks[before].any() and not marks[before].all()
    assert bare == pytest.approx(0.3 * could, rel=0.15)


def test_the_corpus_itself_stays_as_it_is():
    found, fresh = spellings(WORDS), spellings(WORDS)
    everything = Variation(1.0, 1.0, 1.0, 1.0)
    everything.read(found, np.arange(10), np.array([0, 4, 10]), np.random.default_rng(0))
    for name, values in fresh.features.items():
        np.testing.assert_array_equal(found.features[name], values)
    np.testing.assert_array_equal(found.rows, fresh.rows)


def test_punctuation_in_names_stays():
    tokens = ["Carla", ",", "LONDON", "."] * 20
    inside = np.tile([True, True, True, False], 20)
    found = spellings(tokens, inside)
    assert found.marks.tolist() == [False, False, False, True] * 20


def test_a_repeated_corpus_is_the_same_tokens_again():
    once = spellings(WORDS)
    twice = once.repeated(np.tile(np.arange(len(WORDS)), 2))
    for name in ("rows", "rarity", "marks"):
        np.testing.assert_array_equal(getattr(twice, name), np.tile(getattr(once, name), 2))
    assert twice.distinct == once.distinct


def test_a_sentence_is_told_of_its_document_or_of_itself_alone():
    contexts = Contexts(np.ones((400, 3)), -np.arange(1200.0).reshape(400, 3))
    offsets = np.arange(0, 801, 2)
    found = spellings(["river", "again"] * 400)
    seen = Variation(context_variation=0.3).read(
        found, np.arange(800), offsets, np.random.default_rng(1), contexts
    )
    assert seen.contexts is not None
    alone = (seen.contexts != 1).any(axis=1)
    assert 80 < alone.sum() < 160
    np.testing.assert_array_equal(seen.contexts[alone], contexts.of_sentences[alone])
    without = Variation().read(found, np.arange(800), offsets, np.random.default_rng(1), contexts)
    np.testing.assert_array_equal(without.contexts, contexts.of_documents)
