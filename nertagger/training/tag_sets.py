"""Numbers of tags, and of the sets of tags that stand where nobody knows the tag itself.

A corpus that does not annotate TIME leaves a clock time O: there O stands for O or any tag of TIME.
A span that is a LOC or a FAC stands for the tags of both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nertagger.text.tags import NAME, OUTSIDE, split_tag, to_scheme
from nertagger.training.sources import LabelledCorpus


class TagNumbers:
    """Numbers the tags of corpora: below K the model's tags, from K on sets of them.

    Args:
        tags: the K tags of the model, in their order.
        labels: the labels of these tags.
        scheme: of these tags.
    """

    def __init__(self, tags: Sequence[str], labels: Collection[str], scheme: str) -> None:
        self.tags = list(tags)
        self.labels = sorted(labels)
        self.scheme = scheme
        self._tag_numbers = {tag: number for number, tag in enumerate(tags)}
        self._sets: dict[frozenset[int], int] = {}

    def of_corpus(self, source: LabelledCorpus, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """The numbers of a corpus's tokens, int32 [N].

        Args:
            source: whose labels they are.
            sentences: the BIO tags of its sentences.
        """
        if self.tags == [NAME]:
            flags = [tag != OUTSIDE for tags in sentences for tag in tags]
            return np.array(flags, np.int32)
        known: dict[str, int] = {}
        numbers = []
        for sentence in sentences:
            for tag in to_scheme(sentence, self.scheme):
                if tag not in known:
                    known[tag] = self._number(self._meant(tag, source))
                numbers.append(known[tag])
        return np.array(numbers, np.int32)

    def table(self) -> np.ndarray | None:
        """Which tags each number stands for, bool [K + M, K]; None where each is a tag itself."""
        if not self._sets:
            return None
        count = len(self.tags)
        table = np.eye(count + len(self._sets), count, dtype=bool)
        for members, number in self._sets.items():
            table[number, list(members)] = True
        return table

    def _meant(self, tag: str, source: LabelledCorpus) -> frozenset[int]:
        prefix, label = split_tag(tag)
        if tag != OUTSIDE:
            meant = [f"{prefix}-{one}" for one in source.labels_of(label)]
            return frozenset(self._tag_numbers[one] for one in meant)
        unknown = [label for label in self.labels if label not in source.annotated]
        return frozenset(
            number
            for other, number in self._tag_numbers.items()
            if other == OUTSIDE or split_tag(other)[1] in unknown
        )

    def _number(self, members: frozenset[int]) -> int:
        if len(members) == 1:
            return next(iter(members))
        return self._sets.setdefault(members, len(self.tags) + len(self._sets))
