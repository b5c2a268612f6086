"""What a document is about, told to every sentence of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nertagger.recurrent import numpy_ops

SCALE = 3
"""Means of many vectors are alike: from document to document their numbers differ by a fifth or so
of what those of words do, which is too little to learn from."""


class DocumentContext:
    """c = tanh(Wᵀm + b), where m is SCALE times the mean of the vectors of a document's words.

    Words without a vector do not count, nor do the commonest, which say little.

    Args:
        tensors: `context.kernel`, W [F, C], and `context.bias`, b [C].
        skipped: the rows of the commonest words' vectors are 1 to this one.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray], skipped: int) -> None:
        self._skipped = skipped
        self._kernel = tensors["context.kernel"]
        self._bias = tensors["context.bias"]

    @property
    def dimension(self) -> int:
        """C."""
        return len(self._bias)

    def shares(self, rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """What each token adds to the sums that `of_sums` takes, float32 [N, C + 1].

        Args:
            rows: of the tokens in the table of vectors, int [N].
            vectors: of the tokens, [N, F].
        """
        counts = (rows > self._skipped)[:, None]
        shares = np.empty((len(rows), self.dimension + 1), np.float32)
        shares[:, :-1] = numpy_ops.matmul(vectors, self._kernel) * counts
        shares[:, -1:] = counts
        return shares

    def of_sums(self, sums: np.ndarray) -> np.ndarray:
        """[D, C], from the sums of the shares of each document's tokens, [D, C + 1]."""
        means = SCALE * sums[:, :-1] / np.maximum(sums[:, -1:], 1)
        return np.tanh(means + self._bias)


def sums_between(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The sums of the rows from each of `offsets` [D + 1] to the next, [D, …]; of none 0."""
    sums = np.zeros((len(offsets) - 1, *values.shape[1:]), np.float32)
    filled = offsets[1:] > offsets[:-1]
    if filled.any():
        # Of a long document float32 would lose digits, and others than the exported graph.
        sums[filled] = np.add.reduceat(values, offsets[:-1][filled], dtype=np.float64)
    return sums
