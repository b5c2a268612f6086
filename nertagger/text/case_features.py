"""How a token is written: one of a few cases, by the classes of its characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nertagger.text import characters as c

CASES = (
    "padding",
    "lower",  # house, 's
    "title",  # House
    "capital",  # A, J.
    "capitals",  # NATO, U.S.
    "mixed",  # McDonald, iPhone
    "digits",  # 1996, 3.5
    "with digits",  # A4, 3rd
    "ideograph",  # 東
    "caseless",  # letters of scripts without cases
    "punctuation",
    "symbol",
)
CASE_COUNT = len(CASES)
(
    PADDING,
    ALL_LOWER,
    TITLE,
    CAPITAL,
    CAPITALS,
    MIXED,
    DIGITS,
    WITH_DIGITS,
    OF_IDEOGRAPHS,
    CASELESS,
    OF_PUNCTUATION,
    OF_SYMBOLS,
) = range(CASE_COUNT)


def case_features(tokens: Sequence[str]) -> np.ndarray:
    """The case of each token, int32 [N]; 0, which stands for padding, for empty ones."""
    classes = c.class_table()[c.code_points("".join(tokens))]
    ends = np.cumsum(np.fromiter(map(len, tokens), np.int64, len(tokens)))
    starts = np.append(0, ends)[:-1]
    sums = np.zeros(len(classes) + 1, np.int32)

    def count(chosen: np.ndarray) -> np.ndarray:
        np.cumsum(chosen, dtype=np.int32, out=sums[1:])
        return sums[ends] - sums[starts]

    first = np.append(classes, np.uint8(c.SPACE))[starts]
    return case_of_counts(
        np,
        first=np.where(ends > starts, first, np.uint8(c.SPACE)),
        upper=count(classes == c.UPPER),
        lower=count(classes == c.LOWER),
        letters=count(classes >= c.LETTER),
        digits=count((classes == c.NUMBER) | (classes == c.DIGIT)),
    ).astype(np.int32)


def case_of_counts(xp: Any, first: Any, upper: Any, lower: Any, letters: Any, digits: Any) -> Any:
    """The cases of tokens by what they consist of; the first that fits.

    Args:
        xp: the array namespace; only `where` is asked of it.
        first: the class of each token's first character, 0 for a token without any, [N].
        upper: how many characters of it are upper case, [N].
        lower: lower case, [N].
        letters: letters of any kind, [N].
        digits: digits and other numbers, [N].
    """
    case = xp.where(first <= c.SYMBOL, OF_SYMBOLS, OF_PUNCTUATION)
    case = xp.where(letters > 0, CASELESS, case)
    case = xp.where(first == c.IDEOGRAPH, OF_IDEOGRAPHS, case)
    case = xp.where(upper + lower > 0, MIXED, case)
    case = xp.where((lower > 0) & (upper == 0), ALL_LOWER, case)
    case = xp.where((upper > 1) & (lower == 0), CAPITALS, case)
    case = xp.where((upper == 1) & (first == c.UPPER) & (lower > 0), TITLE, case)
    case = xp.where((upper == 1) & (letters == 1), CAPITAL, case)
    case = xp.where(digits > 0, xp.where(letters > 0, WITH_DIGITS, DIGITS), case)
    return xp.where(first == c.SPACE, PADDING, case)
