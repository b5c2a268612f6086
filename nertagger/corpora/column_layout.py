"""Published columns, whatever their order, rewritten as the two that this project writes.

Out come a token, a TAB and a BIO tag on each line, a blank line after each sentence, and a
`-DOCSTART-` before each document where documents are known.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nertagger.corpora.conll import DOCUMENT_START
from nertagger.corpora.lines import decode_lines
from nertagger.errors import InputError
from nertagger.text.tags import OUTSIDE, TagError, spans_from_tags, split_tag, tags_from_spans

_ADDRESSES = ("http://", "https://")


@dataclass(frozen=True)
class ColumnLayout:
    """Where in TAB-separated columns the tokens and the tags are, and what else there is.

    Attributes:
        token: the token's column, counted from 0.
        tag: the tag's column; any of the schemes IOB1, BIO and BIOES.
        comment: what a line that is no row begins with, if there are such lines.
        document: what a comment that begins a document begins with, if there are such comments.
        labels: published labels to rename; `O` takes their tags away.
        address_first: a first sentence that begins with an address on the web and has no entity
            goes.
    """

    token: int
    tag: int
    comment: str = ""
    document: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address_first: bool = False


def rewrite_columns(
    data: bytes, layout: ColumnLayout, path: str, is_document: bool = False
) -> Iterator[str]:
    """The lines of a published file in this project's columns, each with its line feed.

    Rows whose token is blank are left out. A tag that continues no entity begins one.

    Args:
        data: the file.
        layout: of its columns.
        path: what to call it in an error.
        is_document: the file is one document.

    Raises:
        InputError: a row has too few columns, or a tag of no known scheme; or it is no text.
    """
    begins_document = is_document
    for index, sentence in enumerate(_sentences(data, layout, path)):
        begins_document |= sentence.begins_document
        if layout.address_first and index == 0 and _is_address(sentence):
            continue
        if not sentence.tokens:
            continue
        if begins_document:
            yield f"{DOCUMENT_START}\t{OUTSIDE}\n"
            yield "\n"
            begins_document = False
        tags = tags_from_spans(spans_from_tags(sentence.tags), len(sentence.tags))
        for token, tag in zip(sentence.tokens, tags, strict=True):
            yield f"{token}\t{tag}\n"
        yield "\n"


@dataclass
class _Sentence:
    begins_document: bool = False
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def _sentences(data: bytes, layout: ColumnLayout, path: str) -> Iterator[_Sentence]:
    sentence = _Sentence()
    for number, line in enumerate(decode_lines(io.BytesIO(data), path), 1):
        if layout.comment and line.startswith(layout.comment):
            if layout.document and line.startswith(layout.document):
                yield sentence
                sentence = _Sentence(begins_document=True)
        elif not line.strip():
            yield sentence
            sentence = _Sentence()
        else:
            token, tag = _row(line, layout, path, number)
            if token:
                sentence.tokens.append(token)
                sentence.tags.append(tag)
    yield sentence


def _row(line: str, layout: ColumnLayout, path: str, number: int) -> tuple[str, str]:
    columns = line.split("\t")
    needed = max(layout.token, layout.tag) + 1
    if len(columns) < needed:
        raise InputError(
            f"has {len(columns)} columns, where the published format has {needed} or more",
            path,
            number,
        )
    tag = columns[layout.tag].strip()
    if tag != OUTSIDE:
        try:
            prefix, label = split_tag(tag)
        except TagError as error:
            raise InputError(f"column {layout.tag + 1} is no tag: {error}", path, number) from None
        label = layout.labels.get(label, label)
        tag = OUTSIDE if label == OUTSIDE else f"{prefix}-{label}"
    return columns[layout.token].strip(), tag


def _is_address(sentence: _Sentence) -> bool:
    # Tokenized, an address with a query may be several tokens.
    begins_so = bool(sentence.tokens) and sentence.tokens[0].startswith(_ADDRESSES)
    return begins_so and set(sentence.tags) == {OUTSIDE}
