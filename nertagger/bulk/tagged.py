"""What tagging a chunk gives."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """What has been tagged: documents, tokens, entities; sequences that were not UTF-8, and
    sentences that were too long to be read in one piece."""

    documents: int = 0
    tokens: int = 0
    entities: int = 0
    replaced: int = 0
    long: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sums."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


class TaggedChunk(NamedTuple):
    """What is written for a chunk, separators between its documents included, and its counts."""

    output: bytes
    counts: Counts
