"""Numbers of tags, and of the sets of tags that stand where nobody knows the tag itself.

A corpus that does not annotate TIME leaves a clock time O: there O stands for O or any tag of TIME.
A span that is a LOC or a FAC stands for the tags of both. A corpus with a head of its own has tags
of its own, after the model's, and its tokens are never of another's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate

import numpy as np

from nertagger.text.tags import NAME, OUTSIDE, split_tag, tags_of_labels, to_scheme
from nertagger.training.sources import LabelledCorpus


class TagNumbers:
    """Numbers the tags of corpora: below K the tags of all heads, from K on sets of them.

    Args:
        tags: of the model, in their order; numbered first.
        scheme: of these tags.
        own_labels: the labels of each further head.

    Attributes:
        heads: the tags of each head, the model's first.
    """

    def __init__(
        self,
        tags: Sequence[str],
        scheme: str,
        own_labels: Sequence[Collection[str]] = (),
    ) -> None:
        own = [tuple(tags_of_labels(sorted(one), scheme)) for one in own_labels]
        self.heads = (tuple(tags), *own)
        self.scheme = scheme
        *firsts, self._count = accumulate(map(len, self.heads), initial=0)
        self._tag_numbers = [
            {tag: number for number, tag in enumerate(head, first)}
            for head, first in zip(self.heads, firsts, strict=True)
        ]
        self._sets: dict[frozenset[int], int] = {}

    def of_corpus(
        self, source: LabelledCorpus, sentences: Sequence[Sequence[str]], head: int = 0
    ) -> np.ndarray:
        """The numbers of a corpus's tokens, int32 [N].

        Args:
            source: whose labels they are.
            sentences: the BIO tags of its sentences.
            head: which of `heads` learns them.
        """
        if self.heads[head] == (NAME,):
            flags = [tag != OUTSIDE for tags in sentences for tag in tags]
            return np.array(flags, np.int32)
        known: dict[str, int] = {}
        numbers = []
        for sentence in sentences:
            for tag in to_scheme(sentence, self.scheme):
                if tag not in known:
                    known[tag] = self._number(self._meant(tag, source, head))
                numbers.append(known[tag])
        return np.array(numbers, np.int32)

    def table(self) -> np.ndarray | None:
        """Which tags each number stands for, bool [K + M, K]; None where each is a tag itself."""
        return self._table() if self._sets else None

    def head_table(self) -> np.ndarray | None:
        """Which tags are of the same head as each number, bool [K + M, K]; None with one head."""
        if len(self.heads) == 1:
            return None
        of_tag = np.repeat(np.arange(len(self.heads)), [len(head) for head in self.heads])
        # Any tag that a number stands for tells its head.
        return of_tag[self._table().argmax(axis=1)][:, None] == of_tag

    def _table(self) -> np.ndarray:
        table = np.eye(self._count + len(self._sets), self._count, dtype=bool)
        for members, number in self._sets.items():
            table[number, list(members)] = True
        return table

    def _meant(self, tag: str, source: LabelledCorpus, head: int) -> frozenset[int]:
        prefix, label = split_tag(tag)
        if tag != OUTSIDE:
            meant = [f"{prefix}-{one}" for one in source.labels_of(label)]
            return frozenset(self._tag_numbers[head][one] for one in meant)
        return frozenset(
            number
            for other, number in self._tag_numbers[head].items()
            if other == OUTSIDE or split_tag(other)[1] not in source.annotated
        )

    def _number(self, members: frozenset[int]) -> int:
        if len(members) == 1:
            return next(iter(members))
        return self._sets.setdefault(members, self._count + len(self._sets))
