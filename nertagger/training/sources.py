"""The corpora that a training reads, and what is made of their labels."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nertagger.corpora.bundled import bundled_corpus, data_directory
from nertagger.corpora.corpus import Corpus
from nertagger.corpora.lines import read_lines
from nertagger.corpora.reading import read_corpus
from nertagger.errors import InputError
from nertagger.evaluation.label_map import map_labels, parse_label_map
from nertagger.text.document import Document
from nertagger.text.word_forms import fold

BUNDLED = "bundled"
EITHER = "|"


@dataclasses.dataclass(frozen=True)
class Source:
    """A corpus to learn from, and how its labels are to be understood.

    Attributes:
        path: of the file; "bundled" is the corpus that comes with nertagger.
        relabel: {"list": file, "from": label, "to": label}: spans of one label whose text is in a
            list get another, such as countries among the places. The file is of the data that
            comes with nertagger where the path leads nowhere else.
        map: labels to rename, after that, as `evaluate --map` has them. On the right may stand
            several with | between: the span has one of them, nobody knows which.
        labels: what the corpus annotates, after that; None for the labels that it uses. A word
            that it leaves untagged may be part of an entity of any other label.
        repeat: how often a pass over the training data passes over this corpus; None for once, or,
            where it is small beside corpora with heads of their own, as often as makes it and its
            like a fifth of the pass.
        documents: only the first so many, as to see what more of them bring; None for all.
        own_head: its labels mean what its annotators meant by them, and are learnt by an output
            layer of their own, over the same encoder; the model keeps only that of the others.
    """

    path: str
    relabel: Mapping[str, str] | None = None
    map: str = ""
    labels: tuple[str, ...] | None = None
    repeat: int | None = None
    documents: int | None = None
    own_head: bool = False

    @classmethod
    def from_value(cls, value: Any) -> Source:
        """A source as TOML has it: a path, or a table of the attributes.

        Raises:
            ValueError: it is neither.
        """
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, Mapping):
            raise ValueError(f"train is {value!r}; expected a path, a table, or a list of them")
        for key, item in value.items():
            if key not in _EXPECTED:
                raise ValueError(f"train has {key!r}; known: {', '.join(_EXPECTED)}")
            expected, right = _EXPECTED[key]
            if not right(item):
                raise ValueError(f"{key} of train is {item!r}; expected {expected}")
        if "path" not in value:
            raise ValueError("a table of train has no path; expected the file of a corpus")
        labels = value.get("labels")
        return cls(**{**value, "labels": None if labels is None else tuple(labels)})

    def to_value(self) -> Any:
        """The inverse of `from_value`, of plain values."""
        values = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }
        if self.labels is not None:
            values["labels"] = list(self.labels)
        return self.path if set(values) == {"path"} else values


_EXPECTED: dict[str, tuple[str, Any]] = {
    "path": ("a string", lambda item: isinstance(item, str)),
    "relabel": (
        'a table such as {list = "countries.txt", from = "LOC", to = "COUNTRY"}',
        lambda item: (
            isinstance(item, Mapping)
            and set(item) == {"list", "from", "to"}
            and all(isinstance(part, str) for part in item.values())
        ),
    ),
    "map": ("a string such as FROM=TO,FROM=O", lambda item: isinstance(item, str)),
    "labels": (
        "a list of strings",
        lambda item: isinstance(item, list) and all(isinstance(part, str) for part in item),
    ),
    "repeat": ("a whole number from 1", lambda item: type(item) is int and item >= 1),
    "documents": ("a whole number from 1", lambda item: type(item) is int and item >= 1),
    "own_head": ("true or false", lambda item: isinstance(item, bool)),
}


@dataclasses.dataclass(frozen=True)
class LabelledCorpus:
    """A corpus whose labels have become the model's.

    Attributes:
        corpus: with its spans relabelled and renamed.
        annotated: the labels that it annotates, sorted.
        alternatives: for a label of a span that is one of several, which: "LOC|FAC" -> (LOC, FAC).
        repeat, own_head: see `Source`.
    """

    corpus: Corpus
    annotated: tuple[str, ...]
    alternatives: dict[str, tuple[str, ...]]
    repeat: int | None = None
    own_head: bool = False

    def labels_of(self, label: str) -> tuple[str, ...]:
        """The labels that a span of `label` may have."""
        return self.alternatives.get(label, (label,))


def read_source(source: Source) -> LabelledCorpus:
    """Reads a corpus and understands its labels.

    Raises:
        InputError: a file cannot be used, or the corpus has no label that is to be renamed.
    """
    corpus = bundled("train") if source.path == BUNDLED else read_corpus(source.path)
    used, documents = corpus.labels, corpus.documents[: source.documents]
    if source.relabel is not None:
        origin, target = source.relabel["from"], source.relabel["to"]
        if origin not in used:
            raise InputError(f"has no {origin} to relabel; it has {', '.join(used)}", corpus.path)
        documents = relabel_listed(documents, read_list(source.relabel["list"]), origin, target)
        used = (*used, target)
    mapping = parse_label_map(source.map)
    for label in mapping:
        if label not in used:
            raise InputError(f"has no {label} to map; it has {', '.join(used)}", corpus.path)
    documents = map_labels(documents, mapping)
    alternatives = {
        target: tuple(target.split(EITHER)) for target in mapping.values() if EITHER in target
    }
    for target, labels in alternatives.items():
        if not all(labels):
            raise InputError(f"map: {target!r} has an empty label; expected such as LOC{EITHER}FAC")
    if not mapping and source.relabel is None:
        renamed: tuple[str, ...] = used
    else:
        present = {entity.label for document in documents for entity in document.entities}
        renamed = tuple(
            sorted({part for label in present for part in alternatives.get(label, (label,))})
        )
    return LabelledCorpus(
        dataclasses.replace(corpus, documents=documents, labels=renamed),
        renamed if source.labels is None else tuple(sorted(set(source.labels))),
        alternatives,
        source.repeat,
        source.own_head,
    )


def bundled(part: str) -> Corpus:
    """A part of the corpus that comes with nertagger."""
    # Under its own name, so that a training of it never goes among the shipped model's versions.
    return dataclasses.replace(bundled_corpus(part), name=BUNDLED)


def relabel_listed(
    documents: list[Document], listed: set[str], origin: str, target: str
) -> list[Document]:
    """The documents with each span of the label `origin` that is in the list labelled `target`."""
    return [
        Document(
            document.text,
            [
                entity._replace(label=target)
                if entity.label == origin and plain_name(entity.text) in listed
                else entity
                for entity in document.entities
            ],
        )
        for document in documents
    ]


def read_list(path: str) -> set[str]:
    """The names in a file, a name a line, as `plain_name` has them; # begins a comment.

    Raises:
        InputError: there is no such file, here or in the data that comes with nertagger.
    """
    place = Path(path)
    if not place.exists() and (data_directory() / path).is_file():
        place = data_directory() / path
    names = (line.partition("#")[0].strip() for line in read_lines(place))
    return {plain_name(name) for name in names if name}


def plain_name(text: str) -> str:
    """A name without what spellings of it differ in: case, spaces, punctuation, a leading the."""
    return _BETWEEN.sub("", fold(text).removeprefix("the "))


_BETWEEN = re.compile(r"[\s.,'-]+")
