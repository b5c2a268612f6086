"""Documents as a page that stands alone, with their entities highlighted."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nertagger.bulk.records import Record

if TYPE_CHECKING:
    from nertagger.text.document import Document, Entity

# What HTML does not allow: C0 and C1 controls but for white space, and half surrogate pairs.
_FORBIDDEN = (*range(9), 11, 12, *range(14, 32), *range(127, 160), *range(0xD800, 0xE000))
_REPLACEMENTS = dict.fromkeys(_FORBIDDEN, "\ufffd")


class HtmlOutput:
    """No script and nothing from elsewhere; the colours follow the reader's light or dark mode.

    Args:
        labels: that there may be; the legend has them all, hues as far apart as can be.
    """

    separator = ""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = list(labels)
        self._hue = {
            label: round(360 * index / max(1, len(labels)) + 210) % 360
            for index, label in enumerate(labels)
        }

    def header(self) -> str:
        style = (Path(__file__).parent / "page.css").read_text("utf-8")
        classes = "".join(
            f".l{index} {{ --hue: {self._hue[label]}; }}\n"
            for index, label in enumerate(self._labels)
        )
        legend = "".join(
            f'<li><mark class="l{index}">{_escape(label)}</mark></li>\n'
            for index, label in enumerate(self._labels)
        )
        return (
            '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>Named entities</title>\n<style>\n{style}{classes}</style>\n</head>\n<body>\n"
            f'<header>\n<h1>Named entities</h1>\n<ul aria-label="Legend">\n{legend}</ul>\n'
            "</header>\n<main>\n"
        )

    def footer(self) -> str:
        return "</main>\n</body>\n</html>\n"

    def documents(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        return map(self._document, documents)

    def _document(self, document: Document) -> str:
        text, parts, end = document.text, [], 0
        for entity in document.entities:
            parts += [_escape(text[end : entity.start]), self._mark(entity)]
            end = entity.end
        parts.append(_escape(text[end:]))
        return f'<p dir="auto">{"".join(parts)}</p>\n'

    def _mark(self, entity: Entity) -> str:
        label = _escape(entity.label)
        return (
            f'<mark class="l{self._labels.index(entity.label)}" '
            f'title="{label}, confidence {100 * entity.score:.1f} %">'
            f"{_escape(entity.text)}<small>{label}</small></mark>"
        )


def _escape(text: str) -> str:
    if not text.isprintable():
        text = text.translate(_REPLACEMENTS)
    return html.escape(text)
