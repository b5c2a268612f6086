"""What the sentences of a corpus are told of their documents."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nertagger.recurrent import numpy_ops
from nertagger.runtime.document_context import SCALE, sums_between
from nertagger.text.vector_packing import PackedVectors, unpack

CONTEXT_SKIPPED = 150
"""The commonest words say nothing of what a document is about: see `Architecture`."""


class Contexts(NamedTuple):
    """The means of vectors that `models.inputs.DocumentContext` takes, [S, F] each.

    Attributes:
        of_documents: over each sentence's whole document.
        of_sentences: over each sentence alone.
    """

    of_documents: np.ndarray
    of_sentences: np.ndarray

    def of(self, sentences: np.ndarray) -> Contexts:
        """The same of these sentences, int [S]."""
        return Contexts(self.of_documents[sentences], self.of_sentences[sentences])


def contexts_of(
    rows: np.ndarray, vectors: PackedVectors, offsets: np.ndarray, documents: np.ndarray
) -> Contexts:
    """The contexts of sentences.

    Args:
        rows: of the N tokens in the table of vectors.
        vectors: the table.
        offsets: where each sentence starts, and N: [S + 1].
        documents: the number of each document's first sentence, and S: [D + 1].
    """
    contexts = Contexts(*np.zeros((2, len(offsets) - 1, vectors.dimension), np.float32))
    # A document at a time: all vectors of a corpus would take much memory.
    for first, last in pairwise(documents.tolist()):
        if first == last:
            continue
        places = offsets[first : last + 1]
        part = rows[places[0] : places[-1]]
        counted = part > CONTEXT_SKIPPED
        found = unpack(numpy_ops, vectors.codes[part], vectors.scales[part], vectors.dimension)
        sums = SCALE * sums_between(found * counted[:, None], places - places[0])
        counts = sums_between(counted.astype(np.float32), places - places[0])
        contexts.of_sentences[first:last] = sums / np.maximum(counts, 1)[:, None]
        contexts.of_documents[first:last] = sums.sum(axis=0) / max(counts.sum(), 1)
    return contexts
