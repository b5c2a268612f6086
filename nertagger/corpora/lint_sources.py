"""What the linter reads, a document and its line at a time, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nertagger.corpora.corpus import PARTS
from nertagger.corpora.json_lines import json_lines_documents
from nertagger.corpora.reading import FORMATS, read_corpus
from nertagger.errors import InputError
from nertagger.text.document import Document, Entity
from nertagger.text.tokens import tokenize

_TRAINING = ("train", "training")


class Problem(NamedTuple):
    """Something wrong in a corpus; as a string, `file:line: message`. Line 0 is the whole file."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.message}"


class Sentence(NamedTuple):
    """A line of a document's text: where it is, and which tokens and entities it has.

    Attributes:
        path, line: of the document in its file.
        text: of the sentence.
        tokens: with their kinds, which are the label of the entity that covers a token, or "".
        skeleton: the sentence with a label for each entity.
    """

    path: Path
    line: int
    text: str
    tokens: list[tuple[str, str]]
    skeleton: str


class LintedFile(NamedTuple):
    """A corpus file that can be read, at least in part.

    Attributes:
        path: of the file.
        documents: (line, document), the line being 0 where the format does not tell it.
    """

    path: Path
    documents: list[tuple[int, Document]]

    @property
    def is_training(self) -> bool:
        """Whether the file's name says that it is the part of a corpus to learn from."""
        return self.path.stem.lower() in _TRAINING

    @property
    def is_held_out(self) -> bool:
        """Whether the file's name says that it is another part, such as dev or test."""
        return self.path.stem.lower() in PARTS and not self.is_training

    def sentences(self) -> Iterator[Sentence]:
        """The sentences of all documents: the lines of their texts."""
        for line, document in self.documents:
            offset = 0
            for text in document.text.split("\n"):
                end = offset + len(text)
                entities = [entity for entity in document.entities if offset <= entity.start < end]
                if text.strip():
                    yield _sentence(self.path, line, text, offset, entities)
                offset = end + 1


def read_file(path: Path) -> tuple[LintedFile, list[Problem]]:
    """Reads a corpus file and goes on after a document that cannot be read, where lines are known.

    Raises:
        InputError: nothing of the file can be read.
    """
    problems: list[Problem] = []
    documents: list[tuple[int, Document]] = []
    if path.suffix.lower() in FORMATS["jsonl"].extensions:
        for line, item in json_lines_documents(path):
            if isinstance(item, InputError):
                problems.append(Problem(path, line, item.message))
            else:
                documents.append((line, item))
    else:
        documents = [(0, document) for document in read_corpus(path).documents]
    return LintedFile(path, documents), problems


def _sentence(path: Path, line: int, text: str, offset: int, entities: list[Entity]) -> Sentence:
    starts, ends = tokenize(text)
    kinds = [""] * len(starts)
    skeleton, position = "", 0
    for entity in entities:
        start, end = entity.start - offset, entity.end - offset
        skeleton += text[position:start] + entity.label
        position = end
        for index in range(len(kinds)):
            if starts[index] < end and ends[index] > start:
                kinds[index] = entity.label
    spans = zip(starts.tolist(), ends.tolist(), kinds, strict=True)
    tokens = [(text[start:end], kind) for start, end, kind in spans]
    return Sentence(path, line, text, tokens, skeleton + text[position:])
