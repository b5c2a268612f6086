"""One pass over texts finds what tokenising and then splitting them finds."""

import numpy as np
import pytest
from hard_strings import GOLDEN

from nertagger.text.segmentation import segment
from nertagger.text.sentences import split_sentences_batch
from nertagger.text.tokens import tokenize_batch

TEXTS = [
    "",
    "Mr. Babbage left. He (Ada) did not.\nNo.",
    " ",
    *(row["text"] for row in GOLDEN),
    "long " * 700,
]


@pytest.mark.parametrize("texts", [[], TEXTS, *([text] for text in TEXTS[:9])])
def test_segments_are_the_tokens_and_sentences(texts):
    starts, ends, text_offsets = tokenize_batch(texts)
    sentence_offsets, _ = split_sentences_batch(texts, starts, ends, text_offsets)
    found = segment(texts)
    np.testing.assert_array_equal(found.text_offsets, text_offsets)
    np.testing.assert_array_equal(found.sentence_offsets, sentence_offsets)
    shifts = np.repeat(found.text_starts[:-1], np.diff(text_offsets))
    np.testing.assert_array_equal(found.starts - shifts, starts)
    np.testing.assert_array_equal(found.ends - shifts, ends)
    texts_of_tokens = np.repeat(np.arange(len(texts)), np.diff(text_offsets))
    assert found.tokens() == [
        texts[text][start:end]
        for text, start, end in zip(texts_of_tokens, starts, ends, strict=True)
    ]
