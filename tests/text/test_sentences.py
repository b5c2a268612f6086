"""Sentences: what holds for any text; where long ones are cut. The golden file has the rules."""

from itertools import pairwise

import numpy as np
import pytest
from hard_strings import GOLDEN, STRINGS
from hypothesis import given
from hypothesis import strategies as st

from nertagger.text.characters import LINE_BREAK, class_table, code_points
from nertagger.text.sentences import (
    abbreviations,
    count_long_sentences,
    count_tokens_and_long_sentences,
    sentence_openers,
    split_sentences,
    split_sentences_batch,
)
from nertagger.text.tokens import tokenize, tokenize_batch
from nertagger.text.word_forms import fold


def sentences(text):
    starts, ends = tokenize(text)
    offsets = split_sentences(text, starts, ends)
    return [
        " ".join(text[s:e] for s, e in zip(starts[i:j], ends[i:j], strict=True))
        for i, j in pairwise(offsets)
    ]


@given(STRINGS)
def test_sentences_partition_the_tokens(text):
    starts, ends = tokenize(text)
    offsets = split_sentences(text, starts, ends)
    assert offsets.dtype == np.int32
    assert offsets[0] == 0
    assert offsets[-1] == len(starts)
    assert (np.diff(offsets) > 0).all()


@given(STRINGS)
def test_a_line_break_ends_a_sentence_and_stands_in_none(text):
    starts, ends = tokenize(text)
    offsets = split_sentences(text, starts, ends)
    breaks = class_table()[code_points(text)] == LINE_BREAK
    for first, after in pairwise(offsets):
        assert not breaks[starts[first] : ends[after - 1]].any()


@given(STRINGS, STRINGS)
def test_lines_do_not_see_each_other(left, right):
    assert sentences(f"{left}\n{right}") == sentences(left) + sentences(right)


@given(st.lists(STRINGS, max_size=6) | st.just([case["text"] for case in GOLDEN]))
def test_batch_is_one_by_one(texts):
    starts, ends, text_offsets = tokenize_batch(texts)
    offsets, text_sentences = split_sentences_batch(texts, starts, ends, text_offsets)
    assert offsets.dtype == text_sentences.dtype == np.int32
    assert len(text_sentences) == len(texts) + 1
    for index, text in enumerate(texts):
        own = offsets[text_sentences[index] : text_sentences[index + 1] + 1] - text_offsets[index]
        np.testing.assert_array_equal(own, split_sentences(text, *tokenize(text)))


@pytest.mark.parametrize("length", [1, 255, 256, 257, 511, 512, 513, 20_000])
def test_cut_without_punctuation(length):
    text = "word " * length
    offsets = split_sentences(text, *tokenize(text))
    assert offsets.tolist() == [*range(0, length, 256), length]


def test_cut_after_the_last_punctuation_of_the_first_256():
    lengths = [100, 250, 6, 300, 256, 257, 90]
    tokens = [token for length in lengths for token in ["word"] * (length - 1) + [","]]
    starts, ends = tokenize(" ".join(tokens))
    # 100 | 250 + 6 | 256 without a comma | 44 | 256 | 256 without | 1 + 90
    expected = np.cumsum([0, 100, 256, 256, 44, 256, 256, 91])
    assert split_sentences(" ".join(tokens), starts, ends).tolist() == expected.tolist()


def test_cut_is_not_after_what_opens_or_hyphenates():
    for sign in "-—(\"'“":
        text = " ".join(["word"] * 100 + [sign] + ["word"] * 200)
        assert split_sentences(text, *tokenize(text)).tolist() == [0, 256, 301]
    for sign in ",;:)/”":
        text = " ".join(["word"] * 100 + [sign] + ["word"] * 200)
        assert split_sentences(text, *tokenize(text)).tolist() == [0, 101, 301]


def test_only_the_long_sentence_is_cut():
    text = "One. " + "Two " + "word " * 300 + "three. Four."
    assert [len(sentence.split()) for sentence in sentences(text)] == [2, 256, 47, 2]


def test_twenty_thousand_tokens_of_sentences():
    text = "The cat sat on Tom 's mat. " * 2500
    starts, ends = tokenize(text)
    assert split_sentences(text, starts, ends).tolist() == [*range(0, 20_000, 8), 20_000]


@pytest.mark.parametrize("word", sorted(abbreviations()))
def test_abbreviation(word):
    kind = abbreviations()[word]
    assert len(sentences(f"He met {word}. 7 there.")) == 1
    assert (len(sentences(f"He met {word}. Xyz there.")) == 1) is (kind != 2)
    assert (len(sentences(f"He met {word.upper()}. The end.")) == 1) is (kind == 3)


def test_look_up_lists_hold_folded_words():
    for word in [*abbreviations(), *sentence_openers()]:
        assert word == fold(word)
        assert (class_table()[code_points(word)] > LINE_BREAK).all()
        assert len(word) > 1 or word == "a"


def test_sentences_that_are_cut_are_counted():
    word, line = "and ", "He left. She stayed. "
    assert count_long_sentences("") == 0
    assert count_long_sentences(line * 200) == 0
    assert count_long_sentences(word * 256) == 0
    assert count_long_sentences(word * 257 + "\n" + line * 99 + "\n" + word * 2_000) == 2
    texts = [line * 200, "", word * 257, word * 2_000 + "\n" + line, "x" * 70_000, "The end."]
    tokens = sum(len(tokenize(text)[0]) for text in texts)
    assert count_tokens_and_long_sentences(texts) == (tokens, 2)
    assert count_tokens_and_long_sentences([]) == (0, 0)
