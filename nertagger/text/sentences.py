"""Tokens to sentences.

A line break always ends a sentence. Within a line one ends after . ! ? … (quotation marks and
brackets that follow closely still belong to it) where white space and a token follow that can open
a sentence, unless the period is an abbreviation's; and after 。！？ without further ado. What is
still longer than MAXIMUM_LENGTH tokens is cut. docs/text.md has examples.

As in `boundaries.py`, the rules are operations on whole arrays, here of tokens; what depends on
words is looked up in two lists that are data of this package.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.text import characters as c
from nertagger.text.boundaries import shift
from nertagger.text.tokens import joined_code_points, token_bounds

MAXIMUM_LENGTH = 256
# How many quotation marks and brackets may follow the sign that ends a sentence.
CLOSERS = 3

NO_ABBREVIATION, ABBREVIATION, ABBREVIATION_BEFORE_NUMBER, TITLE = range(4)

_FOLDER = Path(__file__).parent


def split_sentences(text: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Where the sentences of a text begin, in tokens, and the number of tokens at the end.

    Args:
        text: the text.
        starts: of its tokens, int32 [N].
        ends: of its tokens, int32 [N].

    Returns:
        int32 [S + 1]: sentence i has the tokens from `[i]` to `[i + 1]`, at least one and at most
        256. Without tokens there are no sentences: [0].
    """
    return sentence_bounds(c.code_points(text), starts, ends)


def split_sentences_batch(
    texts: Sequence[str], starts: np.ndarray, ends: np.ndarray, text_offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Splits many texts at once, from what `tokenize_batch` returned.

    Returns:
        (sentence_offsets, text_sentences): as above, counted through the tokens of all texts, int32
        [S + 1]; and where each text's sentences begin among them, int32 [len(texts) + 1].
    """
    codes, text_starts = joined_code_points(texts)
    shifts = np.repeat(text_starts[:-1], np.diff(text_offsets))
    offsets = sentence_bounds(codes, starts + shifts, ends + shifts)
    return offsets, np.searchsorted(offsets, text_offsets).astype(np.int32)


def count_long_sentences(text: str) -> int:
    """How many sentences of a text are longer than MAXIMUM_LENGTH tokens, and so are cut."""
    return count_tokens_and_long_sentences([text])[1] if len(text) > MAXIMUM_LENGTH else 0


def count_tokens_and_long_sentences(texts: Sequence[str]) -> tuple[int, int]:
    """How many tokens texts have, and how many sentences that are cut; some texts at a time, which
    is many times as fast as one at a time."""
    tokens = long = 0
    group: list[str] = []
    size = 0
    for number, text in enumerate(texts, 1):
        group.append(text)
        size += len(text)
        if size < _CHARACTERS_AT_ONCE and number < len(texts):
            continue
        codes, _ = joined_code_points(group)
        starts, ends = token_bounds(codes)
        tokens += len(starts)
        if len(starts) > MAXIMUM_LENGTH:
            offsets = _uncut_bounds(codes, starts, ends, c.class_table()[codes])
            long += int((offsets[1:] - offsets[:-1] > MAXIMUM_LENGTH).sum())
        group, size = [], 0
    return tokens, long


def long_sentences_note(count: int) -> str:
    """What a user is told of `count` sentences that were cut."""
    return (
        f"{count:,} sentence{'s' * (count > 1)} longer than {MAXIMUM_LENGTH} tokens "
        f"{'were' if count > 1 else 'was'} cut into parts, each read by itself"
    )


def sentence_bounds(codes: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """`split_sentences` of code points, which may be of many texts with line breaks between."""
    if not len(starts):
        return np.zeros(1, np.int32)
    classes = c.class_table()[codes]
    offsets = _uncut_bounds(codes, starts, ends, classes)
    return cut_long(offsets, cuts_after(classes[starts])).astype(np.int32)


def _uncut_bounds(
    codes: np.ndarray, starts: np.ndarray, ends: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """Sentences as the rules have them, of any length."""
    count = len(starts)
    breaks = np.zeros(len(codes) + 1, np.int32)
    (classes == c.LINE_BREAK).cumsum(dtype=np.int32, out=breaks[1:])
    next_starts = shift(np, starts, 1)
    next_starts[-1] = len(codes)
    line_ends = breaks[next_starts] > breaks[ends]
    line_ends[-1] = True
    first, last = classes[starts], codes[ends - 1]

    # Look-ups are few: words before a period, and what follows an abbreviation.
    kind = np.zeros(count, np.uint8)
    opener = np.zeros(count, bool)
    before_period = shift(np, (first == c.SENTENCE_END) & (last == _PERIOD), 1)
    places = (before_period & (first >= c.LETTER)).nonzero()[0]
    if len(places):
        kinds = abbreviations()
        words = _folded(codes, starts[places], ends[places])
        kind[places] = [kinds.get(word, NO_ABBREVIATION) for word in words]
    after_period = shift(np, last == _PERIOD, -1)
    places = (after_period & (first == c.UPPER)).nonzero()[0]
    if len(places):
        openers = sentence_openers()
        opener[places] = [word in openers for word in _folded(codes, starts[places], ends[places])]

    # Most short texts have nothing that closes anything, which saves half of the work.
    may_close = ((first >= c.OPENING_QUOTE) & (first <= c.CLOSE)).any()
    is_last = ends_sentence(
        np,
        first,
        last,
        ends - starts,
        next_starts > ends,
        line_ends,
        kind,
        opener,
        CLOSERS if may_close else 0,
    )
    return np.concatenate([_FIRST, is_last.nonzero()[0] + 1])


def ends_sentence(
    xp: Any,
    first: Any,
    last: Any,
    lengths: Any,
    space_follows: Any,
    line_ends: Any,
    kind: Any,
    opener: Any,
    closers: int = CLOSERS,
) -> Any:
    """Whether a sentence ends with a token, its length apart.

    Args:
        xp: the array namespace: `concatenate` and `zeros_like`.
        first: the class of each token's first character, uint8 [N].
        last: its last code point, int32 [N].
        lengths: in code points, int32 [N].
        space_follows: whether white space follows the token, bool [N].
        line_ends: whether a line break does, or nothing more, bool [N].
        kind: of the token, folded, in `abbreviations`, integers [N]; asked only before a period.
        opener: whether the token, folded, is one of `sentence_openers`, bool [N]; asked only of
            tokens that begin with a capital and follow a period.
        closers: how many quotation marks and brackets to look for after the sign that ends a
            sentence: CLOSERS, or 0 where the caller knows that there are none at all.

    Returns:
        bool [N].
    """

    def before(values: Any) -> Any:
        return shift(xp, values, -1)

    def following(values: Any) -> Any:
        return shift(xp, values, 1)

    close = ~before(space_follows)
    bracket = first == c.CLOSE
    closer = (first >= c.QUOTE) & (first <= c.CLOSE)
    any_closer = closer | (first == c.OPENING_QUOTE)

    period = (first == c.SENTENCE_END) & (last == _PERIOD) & (lengths == 1)
    initial = (first >= c.LETTER) & (lengths == 1)
    dotted = (first >= c.LETTER) & (last == _PERIOD)
    opener_follows = following(opener & (first == c.UPPER))
    held = before((kind == ABBREVIATION) | initial) & ~opener_follows
    held |= before(kind == ABBREVIATION_BEFORE_NUMBER) & (following(first) == c.DIGIT)
    held |= before(kind == TITLE)
    # "1. Item": the number that begins a line counts what follows.
    line_begins = before(line_ends) | (before(first) == 0)
    held |= before(line_begins & (first == c.DIGIT))
    same_line = ~before(line_ends)
    held &= same_line

    tail = (first == c.SENTENCE_END) & ~(period & held)
    tail |= dotted & opener_follows
    cjk_tail = first == c.CJK_SENTENCE_END
    # Closing what is closed already by the end of the line opens no sentence.
    closes_line = closer & line_ends
    for _ in range(closers):
        tail |= ((any_closer & close) | bracket) & before(tail) & same_line
        cjk_tail |= closer & close & before(cjk_tail)
        closes_line |= closer & following(closes_line)

    opens = (first >= c.SYMBOL) & (first <= c.APOSTROPHE)
    opens |= (first >= c.IDEOGRAPH) & (first <= c.UPPER)
    opens &= ~closes_line
    goes_on = closer | (first == c.SENTENCE_END) | (first == c.CJK_SENTENCE_END)
    cjk_end = cjk_tail & (space_follows | ~following(goes_on))
    return line_ends | (tail & space_follows & following(opens)) | cjk_end


def cuts_after(first: Any) -> Any:
    """Whether a long sentence may be cut after a token: after punctuation that is no dash, and
    neither opens nor may open anything."""
    return (first == c.CLOSE) | ((first >= c.PUNCTUATION) & (first <= c.CJK_SENTENCE_END))


def cut_long(offsets: np.ndarray, may_cut_after: np.ndarray) -> np.ndarray:
    """Cuts what is longer than MAXIMUM_LENGTH tokens, as often as needed.

    A cut is made after the last of the first MAXIMUM_LENGTH tokens after which there may be one,
    and after all of them where there is none.

    Args:
        offsets: of sentences, integers [S + 1].
        may_cut_after: a token, bool [N].

    Returns:
        The offsets with those of the cuts, integers [S' + 1].
    """
    cuts = []
    for sentence in (offsets[1:] - offsets[:-1] > MAXIMUM_LENGTH).nonzero()[0]:
        start, end = int(offsets[sentence]), int(offsets[sentence + 1])
        while end - start > MAXIMUM_LENGTH:
            places = np.flatnonzero(may_cut_after[start : start + MAXIMUM_LENGTH])
            start += int(places[-1]) + 1 if len(places) else MAXIMUM_LENGTH
            cuts.append(start)
    return np.sort(np.append(offsets, np.array(cuts, offsets.dtype))) if cuts else offsets


@functools.cache
def abbreviations() -> dict[str, int]:
    """Folded words whose period is theirs, with the kind of each."""
    kind_of = {"": ABBREVIATION, "number": ABBREVIATION_BEFORE_NUMBER, "title": TITLE}
    parts = (line.partition(" ") for line in _lines("abbreviations.txt"))
    return {word: kind_of[condition] for word, _, condition in parts}


@functools.cache
def sentence_openers() -> frozenset[str]:
    """Folded words that, with a capital, open a sentence even after an abbreviation."""
    return frozenset(_lines("sentence_openers.txt"))


def _lines(name: str) -> list[str]:
    lines = (_FOLDER / name).read_text("ascii").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def _folded(codes: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> list[str]:
    """The folded strings of some spans of code points."""
    folded = c.from_code_points(c.fold(codes))
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return [folded[start:end] for start, end in spans]


_CHARACTERS_AT_ONCE = 1 << 16
_PERIOD = ord(".")
_FIRST = np.zeros(1, np.intp)
