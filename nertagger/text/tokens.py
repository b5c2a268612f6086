"""Text to tokens: where each starts and ends, in code points of the text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nertagger.text import characters
from nertagger.text.boundaries import begins_token, is_attached

_MOST_CHARACTERS = np.iinfo(np.int32).max


def tokenize(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Cuts a text into tokens.

    Every character that is not white space is in exactly one token, and `text[start:end]` is the
    token, for any `str` whatever.

    Returns:
        (starts, ends), int32 [N] each, rising.
    """
    return token_bounds(characters.code_points(text))


def tokenize_batch(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cuts many texts into tokens at once, which for short ones is many times as fast.

    Returns:
        (starts, ends, text_offsets): the tokens of `texts[i]` are those from `text_offsets[i]` to
        `text_offsets[i + 1]`; starts and ends count from the beginning of their own text. int32
        [N], [N], [len(texts) + 1].
    """
    codes, text_starts = joined_code_points(texts)
    starts, ends = token_bounds(codes)
    text_offsets = np.searchsorted(starts, text_starts).astype(np.int32)
    shifts = np.repeat(text_starts[:-1], np.diff(text_offsets))
    return starts - shifts, ends - shifts, text_offsets


def joined_code_points(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Puts texts after each other, with line breaks between, across which no rule reaches.

    Returns:
        (codes, text_starts): the code points; and where each text starts among them, int32
        [len(texts) + 1], the last being where another would.
    """
    text_starts = text_bounds(texts)
    return characters.code_points("\n".join(texts)), text_starts


def text_bounds(texts: Sequence[str]) -> np.ndarray:
    """The `text_starts` of `joined_code_points`.

    Raises:
        ValueError: these are 2**31 characters or more.
    """
    text_starts = np.zeros(len(texts) + 1, np.int64)
    text_starts[1:] = [len(text) + 1 for text in texts]
    text_starts = text_starts.cumsum()
    if text_starts[-1] > _MOST_CHARACTERS:
        raise ValueError(
            f"{text_starts[-1]:,} characters at once; expected less than 2**31: pass fewer texts"
        )
    return text_starts.astype(np.int32)


def token_bounds(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(starts, ends) of the tokens of an array of code points, int32 [N] each."""
    classes = characters.class_table()[codes]
    size = len(codes)
    places = None
    attached = is_attached(np, classes)
    if attached.any():
        places = np.flatnonzero(~attached)
        codes, classes = codes[places], classes[places]
    begins = begins_token(np, codes, characters.fold(codes), classes)
    inside = classes > characters.LINE_BREAK
    is_last = inside.copy()
    is_last[:-1] &= begins[1:] | ~inside[1:]
    starts, ends = begins.nonzero()[0], is_last.nonzero()[0] + 1
    if places is not None:
        starts, ends = places[starts], np.append(places, size)[ends]
    return starts.astype(np.int32), ends.astype(np.int32)
