"""What a word may be meant for, against every slip written out."""

import random
import string

import numpy as np
import pytest

from nertagger.text.misspellings import CommonWords, letter_codes, of_letters, slips
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import UNKNOWN, Vocabulary
from nertagger.text.word_rows import WordRows

LETTERS = string.ascii_lowercase


def all_slips(word):
    """Everything one slip away, the first letter kept."""
    for i in range(1, len(word) + 1):
        head, tail = word[:i], word[i:]
        yield from (head + letter + tail for letter in LETTERS)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in LETTERS)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def meant(word, common):
    """The number of the commonest of some words that a word may be meant for, or -1."""
    found = [common.index(other) for other in all_slips(word) if other in common]
    return min(found, default=-1)


def test_the_commonest_word_one_slip_away_is_found():
    chance = random.Random(4)
    # Of few letters, so that many words are near others.
    common = ["".join(chance.choices("abc", k=chance.randint(3, 8))) for _ in range(300)]
    common = list(dict.fromkeys(word for word in common if len(word) > 3))
    words = ["".join(chance.choices("abcd", k=chance.randint(5, 9))) for _ in range(300)]
    words = [word for word in words if word not in common]
    found = CommonWords(common).one_slip_away(words)
    assert found.tolist() == [meant(word, common) for word in words]
    assert 20 < (found >= 0).sum() < len(words) - 20


def test_every_slip_of_the_longest_words_is_known():
    for word in ("abcde", "abcdefghijklmnopqrs", "abcdefghijklmnopqrst"):
        hashes, real = slips(np, letter_codes([word]))
        near = sorted({other for other in all_slips(word) if len(other) <= 20})
        wanted = CommonWords(near)
        assert len(wanted.hashes) == len(near)
        assert set(wanted.hashes.tolist()) <= set(hashes[real].tolist())


@pytest.mark.parametrize("word", ["four", "Upper", "ab-cd", "naïve", "words0", "a" * 21, ""])
def test_words_of_other_letters_or_lengths_are_no_misspellings(word):
    assert not of_letters(word)


def test_no_common_words_mean_that_nothing_is_meant():
    assert CommonWords(["<PAD>", "the"]).one_slip_away(["letters"]).tolist() == [-1]


@pytest.fixture
def encoder():
    vectors = WordRows.of(["<PAD>", "london", "potter", "visited"])
    return TokenEncoder(Vocabulary(["potter", "kwyjibo"]), None, 20, vectors, misspellings=True)


def test_an_unknown_word_is_encoded_as_what_it_may_be_meant_for(encoder):
    tokens = ["Potter", "POTTRE", "Londn", "vistied", "Kwyjibo", "kwyjibi", "Pottery", "lndno"]
    inputs = encoder.encode(tokens)
    potter = encoder.vocabulary.lookup("potter")
    kwyjibo = encoder.vocabulary.lookup("kwyjibo")
    # "lndno" is two slips away; a word without a vector is nobody's, but known as it stands.
    words = [potter, potter, UNKNOWN, UNKNOWN, kwyjibo, UNKNOWN, potter, UNKNOWN]
    assert inputs["words"].tolist() == words
    assert inputs["vectors"].tolist() == [2, 2, 1, 3, 0, 0, 2, 0]


def test_without_the_option_a_misspelt_word_is_unknown(encoder):
    plain = TokenEncoder(encoder.vocabulary, None, 20, encoder.vector_rows)
    inputs = plain.encode(["Pottre"])
    assert (inputs["words"].tolist(), inputs["vectors"].tolist()) == ([UNKNOWN], [0])
