"""Documents as CoNLL columns: token TAB tag, and a blank line after each sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from nertagger.bulk.records import Record
from nertagger.corpora.conll import DOCUMENT_START
from nertagger.text.document import Document, Token
from nertagger.text.sentences import split_sentences_batch
from nertagger.text.tags import to_scheme
from nertagger.text.tokens import tokenize_batch

_AT_ONCE = 256


class ConllOutput:
    """The tokens are the tokenizer's, unless the input has its own: then these and its sentences
    and document markers are kept, and each of its tokens has the tag of its first piece."""

    separator = ""

    def __init__(self, labels: Sequence[str]) -> None:
        pass

    def header(self) -> str:
        return ""

    def footer(self) -> str:
        return ""

    def documents(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        tagged = iter(documents)
        for begin in range(0, len(records), _AT_ONCE):
            some = records[begin : begin + _AT_ONCE]
            texts = [record.text for record in some]
            starts, ends, text_offsets = tokenize_batch(texts)
            offsets, text_sentences = split_sentences_batch(texts, starts, ends, text_offsets)
            for number, (record, document) in enumerate(zip(some, tagged, strict=False)):
                if record.sentences:
                    yield _own_rows(record, document.tokens)
                    continue
                first = int(text_offsets[number])
                sentences = offsets[text_sentences[number] : text_sentences[number + 1] + 1]
                yield _rows(document.tokens, (sentences - first).tolist())


def _rows(tokens: Sequence[Token], offsets: Sequence[int]) -> str:
    return "".join(
        "".join(f"{token.text}\t{token.tag}\n" for token in tokens[begin:end]) + "\n"
        for begin, end in itertools.pairwise(offsets)
    )


def _own_rows(record: Record, pieces: Sequence[Token]) -> str:
    rows = [f"{DOCUMENT_START}\tO\n\n"] if record.begins_document else []
    begin = piece = 0
    for sentence in record.sentences:
        tags = []
        for token in sentence:
            while piece < len(pieces) and pieces[piece].start < begin:
                piece += 1
            inside = piece < len(pieces) and pieces[piece].start < begin + len(token)
            tags.append(pieces[piece].tag if inside else "O")
            begin += len(token) + 1
        # The first piece of a token may be outside an entity that a later piece begins.
        rows += [f"{token}\t{tag}\n" for token, tag in zip(sentence, to_scheme(tags), strict=True)]
        rows.append("\n")
    return "".join(rows)
