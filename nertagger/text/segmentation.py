"""Texts to sentences and tokens in one pass, as tagging wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nertagger.text.characters import code_points
from nertagger.text.sentences import sentence_bounds
from nertagger.text.tokens import text_bounds, token_bounds


class Segmentation(NamedTuple):
    """Texts laid one after another, cut into sentences and tokens.

    Attributes:
        joined: the texts, with line breaks between, across which no rule reaches.
        text_starts: where each text starts in `joined`, and where another would, int32
            [len(texts) + 1].
        starts: of the tokens, in `joined`, int32 [N].
        ends: of the tokens, in `joined`, int32 [N].
        text_offsets: how many tokens come before each text, and N, int32 [len(texts) + 1].
        sentence_offsets: where the sentences begin, in tokens, and N, int32 [S + 1].
    """

    joined: str
    text_starts: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    text_offsets: np.ndarray
    sentence_offsets: np.ndarray

    def tokens(self) -> list[str]:
        """The tokens of all texts."""
        joined = self.joined
        spans = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [joined[start:end] for start, end in spans]


def segment(texts: Sequence[str]) -> Segmentation:
    """What `tokenize_batch` and then `split_sentences_batch` find, with the texts read once."""
    text_starts = text_bounds(texts)
    joined = "\n".join(texts)
    codes = code_points(joined)
    starts, ends = token_bounds(codes)
    return Segmentation(
        joined,
        text_starts,
        starts,
        ends,
        starts.searchsorted(text_starts).astype(np.int32),
        sentence_bounds(codes, starts, ends),
    )
