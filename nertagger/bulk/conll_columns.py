"""CoNLL columns to be tagged: a token a line, in the first column; the others are ignored.

Documents and their texts are as `corpora.conll` reads them, with two differences that streaming and
its purpose ask for: one column is enough, and only sentences after the first `-DOCSTART-` are
gathered into documents; each before it is one of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from nertagger.bulk.chunks import BYTE_ORDER_MARK, Chunk, ChunkBuilder, Place, lines_of
from nertagger.bulk.records import Record, Records, decode_counting
from nertagger.corpora.conll import DOCUMENT_START
from nertagger.errors import InputError


class ConllColumns:
    """The first column of rows that are split at TABs or else at spaces; blank rows end
    sentences."""

    def __init__(self, path: str | os.PathLike[str], column: str | None = None) -> None:
        self.path = path

    def begin(self, file: BinaryIO) -> Place:
        return Place()

    def options(self) -> dict[str, Any]:
        return {}

    def cut(self, file: BinaryIO, place: Place, eager: bool) -> Iterator[Chunk]:
        builder = ChunkBuilder(place, self.path)
        knows_documents = False
        marker = DOCUMENT_START.encode()
        for line in lines_of(file):
            starts = marker in line and _starts_document(line)
            if starts and (builder.is_full or not knows_documents):
                yield from builder.cut()
            knows_documents |= starts
            builder.add(line)
            if not knows_documents and builder.is_full and not line.strip():
                yield from builder.cut()
        yield from builder.cut()

    def read(self, chunk: Chunk) -> Records:
        content, replaced = decode_counting(chunk.data)
        records: list[Record] = []
        document: list[list[str]] | None = None
        sentence: list[str] = []
        for number, line in enumerate(content.split("\n"), chunk.line):
            token = _token(line)
            if token and token != DOCUMENT_START:
                if not token.strip():
                    raise InputError(
                        "the first column, the token, is blank; expected a token, or a line that "
                        "is blank as a whole",
                        self.path,
                        number,
                    )
                sentence.append(token)
                continue
            if sentence and document is None:
                records.append(_record([sentence], False))
            elif sentence and document is not None:
                document.append(sentence)
            sentence = []
            if token:
                if document:
                    records.append(_record(document, True))
                document = []
        if sentence and document is None:
            records.append(_record([sentence], False))
        elif sentence and document is not None:
            document.append(sentence)
        if document:
            records.append(_record(document, True))
        return Records(records, replaced)


def _starts_document(line: bytes) -> bool:
    return _token(line.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace")) == DOCUMENT_START


def _token(line: str) -> str:
    """The first column; "" for a line that is blank as a whole, " " for a blank token."""
    line = line.rstrip("\r\n")
    if not line or line.isspace():
        return ""
    if "\t" in line:
        return line.partition("\t")[0].strip(" ") or " "
    return line.strip(" ").partition(" ")[0]


def _record(sentences: list[list[str]], begins_document: bool) -> Record:
    text = "\n".join(" ".join(sentence) for sentence in sentences)
    return Record(text, sentences=sentences, begins_document=begins_document)
