"""CoNLL columns: a token a line, its tag in the last column, a blank line after each sentence.

Two columns or more, their number the same on every line; the first is the token, the last the tag
(Tjong Kim Sang and De Meulder 2003 have four: token, part of speech, chunk, entity). A line that
has a TAB is split there, so that its token may hold spaces; other lines are split at spaces. A line
whose token is `-DOCSTART-` begins a document, however many columns it has. In a file without one
nothing is known of documents, and each sentence is a document of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from nertagger.corpora.alignment import labelled_documents
from nertagger.corpora.corpus import Corpus, corpus_name, labels_of
from nertagger.corpora.lines import read_lines
from nertagger.errors import InputError
from nertagger.text.document import Document, Entity
from nertagger.text.tags import TagError, detect_scheme, spans_from_tags
from nertagger.writing import atomic_file

DOCUMENT_START = "-DOCSTART-"
_SPACES = re.compile(" +")


class _Sentence(NamedTuple):
    tokens: list[str]
    tags: list[str]
    lines: list[int]


def read_conll(path: str | os.PathLike[str]) -> Corpus:
    """Reads a corpus in columns.

    The text of a document is its tokens, joined by one space within a sentence and by a line feed
    between sentences. The tags may be in IOB1, BIO or BIOES; `Corpus.scheme` says which.

    Raises:
        InputError: the file cannot be read or has no sentence; a row has no tag or another number
            of columns than the first; or a tag is in no known scheme.
    """
    path = Path(path)
    documents = _read_sentences(path)
    sentences = [sentence for document in documents for sentence in document]
    if not sentences:
        raise InputError(
            "has no sentence; a token, a TAB and a tag are expected on each line", path
        )
    try:
        scheme = detect_scheme(sentence.tags for sentence in sentences)
    except TagError as error:
        line = sentences[error.sequence].lines[error.position]
        raise InputError(f"the last column is no tag: {error}", path, line) from None
    gold = [_document(document) for document in documents]
    return Corpus(corpus_name(path), gold, labels_of(gold), scheme, path)


def write_conll(path: str | os.PathLike[str], documents: Iterable[Document]) -> None:
    """Writes documents as two columns, token TAB BIO tag, with `-DOCSTART-` before each document.

    The tokens and sentences are the tokenizer's, so the text's own spacing is not kept. A span that
    does not fit the tokens is fitted to them, with a `MisalignedSpanWarning`.

    Raises:
        OSError: the file cannot be written.
    """
    documents = list(documents)
    with atomic_file(path) as file:
        for document, sentences in zip(documents, labelled_documents(documents), strict=True):
            file.write(f"{DOCUMENT_START}\tO\n\n")
            for sentence in sentences:
                spans = zip(sentence.starts.tolist(), sentence.ends.tolist(), strict=True)
                for (start, end), tag in zip(spans, sentence.tags, strict=True):
                    file.write(f"{document.text[start:end]}\t{tag}\n")
                file.write("\n")


def _read_sentences(path: Path) -> list[list[_Sentence]]:
    documents: list[list[_Sentence]] = [[]]
    knows_documents = False
    sentence = _Sentence([], [], [])
    width, first_row = 0, 0
    for number, line in enumerate(read_lines(path), 1):
        columns = line.split("\t") if "\t" in line else _SPACES.split(line.strip(" "))
        token = columns[0].strip(" ")
        if not token and not any(column.strip() for column in columns):
            if sentence.tokens:
                documents[-1].append(sentence)
                sentence = _Sentence([], [], [])
            continue
        if token == DOCUMENT_START:
            if sentence.tokens:
                documents[-1].append(sentence)
                sentence = _Sentence([], [], [])
            documents.append([])
            knows_documents = True
            continue
        if not token.strip():
            raise InputError("the first column, the token, is blank", path, number)
        if len(columns) < 2:
            raise InputError(
                f"has one column, {line!r:.60}; a token, a TAB and a tag are expected", path, number
            )
        if not width:
            width, first_row = len(columns), number
        if len(columns) != width:
            raise InputError(
                f"has {len(columns)} columns, where line {first_row} has {width}; "
                "every row needs as many",
                path,
                number,
            )
        sentence.tokens.append(token)
        sentence.tags.append(columns[-1].strip(" "))
        sentence.lines.append(number)
    if sentence.tokens:
        documents[-1].append(sentence)
    if not knows_documents:
        return [[sentence] for sentence in documents[0]]
    return [document for document in documents if document]


def _document(sentences: list[_Sentence]) -> Document:
    texts, entities, offset = [], [], 0
    for sentence in sentences:
        starts, ends = [], []
        position = offset
        for token in sentence.tokens:
            # White space other than a space may surround a token; a span never begins with any.
            starts.append(position + len(token) - len(token.lstrip()))
            ends.append(position + len(token.rstrip()))
            position += len(token) + 1
        text = " ".join(sentence.tokens)
        for first, last, label in spans_from_tags(sentence.tags):
            start, end = starts[first], ends[last - 1]
            entities.append(Entity(text[start - offset : end - offset], label, start, end))
        texts.append(text)
        offset += len(text) + 1
    return Document("\n".join(texts), entities)
