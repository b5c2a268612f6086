"""A corpus: documents with text and character spans, and the labels it annotates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nertagger.text.document import Document

# A file of this name holds a part of a corpus, which has the name of the folder.
PARTS = ("train", "training", "dev", "valid", "validation", "development", "test", "testa", "testb")


@dataclass(frozen=True)
class Corpus:
    """Documents whose entities are known.

    Attributes:
        name: what the corpus is called, see `corpus_name`.
        documents: gold documents; every entity's score is 1.0.
        labels: the labels that the corpus annotates, in order.
        scheme: how the file wrote its entities: "IOB1", "BIO", "BIOES", or "spans" for offsets.
        path: the file it was read from.
    """

    name: str
    documents: list[Document]
    labels: tuple[str, ...]
    scheme: str
    path: Path

    @property
    def entity_count(self) -> int:
        """How many entities there are in all documents together."""
        return sum(len(document.entities) for document in self.documents)


def corpus_name(path: Path) -> str:
    """The name of the corpus that a file holds: the file's, or its folder's if it is a part.

    `reviews.conll` is the corpus `reviews`; `conll2003/train.conll` is the corpus `conll2003`.
    """
    path = path.absolute()
    if path.stem.lower() in PARTS and path.parent.name:
        return path.parent.name
    return path.stem


def labels_of(documents: list[Document]) -> tuple[str, ...]:
    """The labels of the documents' entities, each once, by code point."""
    return tuple(sorted({entity.label for document in documents for entity in document.entities}))
