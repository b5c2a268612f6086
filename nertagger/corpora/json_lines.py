"""JSON, a document a line: text with character spans. Offsets count code points, ends exclusive.

Three shapes are read, and may be mixed:

    {"text": …, "entities": [{"label": …, "start": …, "end": …}, …]}     ours; more keys may follow
    {"text": …, "label": [[start, end, label], …]}                       doccano's; also "labels"
    [text, {"entities": [[start, end, label], …]}]                       spaCy's

The elements of the list may be written in either way under each of the three keys. A file that is
one JSON list of such documents, as `tag --format json` prints it, is read as well.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nertagger.corpora.corpus import Corpus, corpus_name, labels_of
from nertagger.corpora.lines import read_lines
from nertagger.errors import InputError
from nertagger.text.document import Document, Entity
from nertagger.writing import atomic_file

_SPAN_KEYS = ("entities", "label", "labels")
_SHAPES = (
    '{"text": …, "entities": [{"label", "start", "end"}, …]}, '
    '{"text": …, "label": [[start, end, label], …]} or '
    '[text, {"entities": [[start, end, label], …]}]'
)


def read_json_lines(path: str | os.PathLike[str]) -> Corpus:
    """Reads a corpus of JSON documents. Blank lines are skipped.

    Raises:
        InputError: the file cannot be read or has no document; a line is not JSON or none of the
            shapes; or a span is empty, does not fit the text, has white space at an end, or
            overlaps another.
    """
    path = Path(path)
    documents = []
    for _, document in json_lines_documents(path):
        if isinstance(document, InputError):
            raise document
        documents.append(document)
    if not documents:
        raise InputError(f"has no document; on each line is expected {_SHAPES}", path)
    return Corpus(corpus_name(path), documents, labels_of(documents), "spans", path)


def json_lines_documents(
    path: str | os.PathLike[str],
) -> Iterator[tuple[int, Document | InputError]]:
    """The documents of a file with their lines; in place of one that cannot be read, its error.

    Raises:
        InputError: the file cannot be read.
    """
    path = Path(path)
    for line, value in _values(path):
        if isinstance(value, InputError):
            yield line, value
            continue
        try:
            yield line, _document(value)
        except ValueError as error:
            yield line, InputError(str(error), path, line)


def write_json_lines(path: str | os.PathLike[str], documents: Iterable[Document]) -> None:
    """Writes each document as a line of JSON, in our own shape.

    Raises:
        OSError: the file cannot be written.
    """
    with atomic_file(path) as file:
        for document in documents:
            file.write(json.dumps(document.to_dict(), ensure_ascii=False) + "\n")


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    """The JSON values of the file and their lines: one a line, or the elements of one list.

    In place of a line that is not JSON comes its error.
    """
    lines = list(read_lines(path))
    if _is_one_list(lines):
        yield from _elements("\n".join(lines), path)
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, InputError(f"is not JSON: {_reason(error)}", path, number)


def _is_one_list(lines: list[str]) -> bool:
    """Whether the file is a list of documents: spaCy's shape, a list too, begins with a string."""
    first = next((line.strip() for line in lines if line.strip()), "")
    following = first[1:].lstrip()
    return first.startswith("[") and not following.startswith('"')


def _elements(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder()
    position = _skip_white_space(text, text.index("[") + 1)
    line, counted = 1, 0
    while text[position : position + 1] != "]":
        line += text.count("\n", counted, position)
        counted = position
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            place = getattr(error, "lineno", line)
            raise InputError(f"is not JSON: {_reason(error)}", path, place) from None
        yield line, value
        position = _skip_white_space(text, position)
        comma = text[position : position + 1] == ","
        position = _skip_white_space(text, position + comma)
        if comma == (text[position : position + 1] in ("]", "")):
            place = text.count("\n", 0, position) + 1
            raise InputError("is not JSON: the list does not end as it should", path, place)
    position = _skip_white_space(text, position + 1)
    if position < len(text):
        place = text.count("\n", 0, position) + 1
        raise InputError("is not JSON: text follows the end of the list", path, place)


def _skip_white_space(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\n", "\r", "\t"):
        position += 1
    return position


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _document(value: Any) -> Document:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):
        value = {"text": value[0], **value[1]}
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise ValueError(f"is no document; expected is {_SHAPES}")
    text = value["text"]
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("the text has half of a surrogate pair, which is no character")
    keys = [key for key in _SPAN_KEYS if key in value]
    if len(keys) != 1:
        found = " and ".join(keys) or "none of them"
        raise ValueError(f'spans are expected under one of "entities", "label", "labels": {found}')
    items = value[keys[0]]
    if not isinstance(items, list):
        raise ValueError(f'"{keys[0]}" must be a list of spans, not {json.dumps(items)[:40]}')
    entities = sorted((_entity(text, item) for item in items), key=lambda entity: entity.start)
    for before, after in itertools.pairwise(entities):
        if after.start < before.end:
            raise ValueError(
                f"span {after.start}-{after.end} {after.text!r:.60} overlaps {before.start}-"
                f"{before.end} {before.text!r:.60}; a character can be in one entity only"
            )
    return Document(text, entities)


def _entity(text: str, item: Any) -> Entity:
    if isinstance(item, dict):
        start, end, label = item.get("start"), item.get("end"), item.get("label")
    elif isinstance(item, list) and len(item) == 3:
        start, end, label = item
    else:
        raise ValueError(f"a span is [start, end, label], not {json.dumps(item)[:60]}")
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise ValueError(
            "a span has two integers and a label, not "
            f"{json.dumps(start)[:20]}, {json.dumps(end)[:20]}, {json.dumps(label)[:20]}"
        )
    if not label or label != label.strip():
        raise ValueError(f"the label of span {start}-{end} is {label!r:.60}, blank at an end")
    if not 0 <= start <= end <= len(text):
        raise ValueError(
            f"span {start}-{end} does not fit the text, which has {len(text)} characters"
        )
    span = text[start:end]
    if not span:
        raise ValueError(f"span {start}-{end} is empty; its end is the character after its last")
    if span != span.strip():
        raise ValueError(
            f"span {start}-{end} {span!r:.60} has white space at an end; leave it out of the span"
        )
    if isinstance(item, dict) and item.get("text", span) != span:
        raise ValueError(
            f'span {start}-{end} is {span!r:.60} in the text, but its "text" is '
            f"{json.dumps(item['text'], ensure_ascii=False)[:60]}; offsets must count code points"
        )
    return Entity(span, label, start, end)
