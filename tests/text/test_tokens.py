"""Tokens: the golden strings, and what holds for any string whatever."""

import numpy as np
import pytest
from hard_strings import GOLDEN, STRINGS
from hypothesis import given, settings
from hypothesis import strategies as st

from nertagger.text.characters import LINE_BREAK, class_table, code_points
from nertagger.text.sentences import split_sentences
from nertagger.text.tokens import tokenize, tokenize_batch


def words(text):
    return [text[start:end] for start, end in zip(*tokenize(text), strict=True)]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: ascii(case["text"])[:40])
def test_golden(case):
    starts, ends = tokenize(case["text"])
    assert words(case["text"]) == case["tokens"]
    assert split_sentences(case["text"], starts, ends).tolist() == case["sentences"]


def test_golden_strings_in_one_batch():
    """A text's tokens do not depend on its neighbours."""
    texts = [case["text"] for case in GOLDEN]
    starts, ends, offsets = tokenize_batch(texts)
    for index, (text, case) in enumerate(zip(texts, GOLDEN, strict=True)):
        spans = slice(offsets[index], offsets[index + 1])
        found = [text[s:e] for s, e in zip(starts[spans], ends[spans], strict=True)]
        assert found == case["tokens"]


@given(STRINGS)
def test_tokens_are_all_that_is_not_white_space(text):
    starts, ends = tokenize(text)
    assert starts.dtype == ends.dtype == np.int32
    assert (starts < ends).all()
    assert (ends[:-1] <= starts[1:]).all()
    inside = np.zeros(len(text), bool)
    for start, end in zip(starts, ends, strict=True):
        inside[start:end] = True
    assert inside.tolist() == (class_table()[code_points(text)] > LINE_BREAK).tolist()


@settings(max_examples=300)
@given(STRINGS)
def test_a_token_alone_is_one_token(text):
    """So tokens that a corpus joins by spaces come out as they went in, or finer."""
    tokens = words(text)
    assert words(" ".join(tokens)) == tokens


@given(STRINGS, STRINGS)
def test_white_space_always_parts(left, right):
    assert words(f"{left} {right}") == words(left) + words(right)


@given(st.lists(STRINGS, max_size=6))
def test_batch_is_one_by_one(texts):
    starts, ends, offsets = tokenize_batch(texts)
    assert starts.dtype == ends.dtype == offsets.dtype == np.int32
    assert len(offsets) == len(texts) + 1
    for index, text in enumerate(texts):
        expected = tokenize(text)
        spans = slice(offsets[index], offsets[index + 1])
        np.testing.assert_array_equal(starts[spans], expected[0])
        np.testing.assert_array_equal(ends[spans], expected[1])
    assert offsets[-1] == len(starts)


def test_no_texts():
    starts, ends, offsets = tokenize_batch([])
    assert (len(starts), len(ends), offsets.tolist()) == (0, 0, [0])


def test_a_line_of_a_megabyte():
    line = "U.S. " * 100_000 + "a" * 500_000
    starts, ends = tokenize(line)
    assert len(starts) == 100_001
    assert (starts[-1], ends[-1]) == (500_000, 1_000_000)


def test_a_word_of_combining_marks():
    text = "e" + "\u0301" * 1000 + " x"
    assert words(text) == [text[:1001], "x"]
