"""The form under which a word is looked up in a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from nertagger.text import characters


def fold(token: str) -> str:
    """Lower case, every digit 0, quotation marks, apostrophes and dashes in their plain form.

    Each code point becomes exactly one, so offsets stay what they were.
    """
    return characters.from_code_points(characters.fold(characters.code_points(token)))


def fold_all(tokens: Sequence[str]) -> list[str]:
    """`fold` of each of many tokens, in one pass."""
    folded = fold("".join(tokens))
    ends = list(accumulate(map(len, tokens)))
    return [folded[start:end] for start, end in zip([0, *ends], ends, strict=False)]
