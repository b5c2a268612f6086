"""Documents as JSON: one a line, or a list of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nertagger.bulk.records import Record

if TYPE_CHECKING:
    from nertagger.text.document import Document


class JsonLinesOutput:
    """{"text": …, "entities": […], and what else the input said}, one a line."""

    separator = ""

    def __init__(self, labels: Sequence[str]) -> None:
        self._encode = json.JSONEncoder(ensure_ascii=False).encode

    def header(self) -> str:
        return ""

    def footer(self) -> str:
        return ""

    def documents(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        for line in self._lines(records, documents):
            yield line + "\n"

    def _lines(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        for record, document in zip(records, documents, strict=True):
            value = document.to_dict()
            if record.extra:
                value |= record.extra
            line = self._encode(value)
            try:
                line.encode()
            except UnicodeEncodeError:
                # Half a surrogate pair, in what is carried through; escaped it stays what it was.
                line = json.dumps(value)
            yield line


class JsonListOutput(JsonLinesOutput):
    """One list, written as it grows."""

    separator = ",\n"

    def header(self) -> str:
        return "[\n"

    def footer(self) -> str:
        return "\n]\n"

    def documents(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        return self._lines(records, documents)
