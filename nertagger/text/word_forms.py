"""The form under which a word is looked up in a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable

from nertagger.text import characters


def fold(token: str) -> str:
    """Lower case, every digit 0, quotation marks, apostrophes and dashes in their plain form.

    Each code point becomes exactly one, so offsets stay what they were.
    """
    return characters.from_code_points(characters.fold_table()[characters.code_points(token)])


def fold_all(tokens: Iterable[str]) -> list[str]:
    """`fold` of each of many tokens without white space, in one pass."""
    return fold("\n".join(tokens)).split("\n")
