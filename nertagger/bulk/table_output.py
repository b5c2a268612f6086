"""Documents for people to read on a terminal: each text, and its entities in columns."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nertagger.bulk.records import Record

if TYPE_CHECKING:
    from nertagger.text.document import Document

_COLORS = (36, 33, 32, 35, 34, 31)
_WIDEST = 60


class TableOutput:
    """A light table of its own: importing a library for it takes longer than tagging a sentence.

    Args:
        labels: that there may be; each has a colour where stdout is a terminal.
    """

    separator = "\n"

    def __init__(self, labels: Sequence[str]) -> None:
        self._width = max(map(len, labels), default=0)
        colored = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._color = {
            label: _COLORS[index % len(_COLORS)] for index, label in enumerate(labels) if colored
        }

    def header(self) -> str:
        return ""

    def footer(self) -> str:
        return ""

    def documents(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        return map(self._document, documents)

    def _document(self, document: Document) -> str:
        rows = [f"{_printable(document.text)}\n"]
        texts = [_printable(entity.text) for entity in document.entities]
        widest = min(_WIDEST, max(map(_columns, texts), default=0))
        for entity, text in zip(document.entities, texts, strict=True):
            label = entity.label.ljust(self._width)
            if entity.label in self._color:
                label = f"\033[1;{self._color[entity.label]}m{label}\033[0m"
            padding = " " * (widest - _columns(text))
            place = f"{entity.start}–{entity.end}"
            rows.append(f"  {label}  {text}{padding}  {place:>9}  {entity.score:.3f}\n")
        if not rows[1:]:
            rows.append("  no entities\n")
        return "".join(rows)


def _printable(text: str) -> str:
    """Without what would move the cursor or give the terminal orders, of the same length."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        else " "
        if character.isspace()
        else "\ufffd"
        for character in text
    )


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
