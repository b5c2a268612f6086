"""What tagging a chunk gives."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """What has been tagged: documents, tokens, entities, and sequences that were not UTF-8."""

    documents: int = 0
    tokens: int = 0
    entities: int = 0
    replaced: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sums."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


class TaggedChunk(NamedTuple):
    """What is written for a chunk, separators between its documents included, and its counts."""

    output: bytes
    counts: Counts
