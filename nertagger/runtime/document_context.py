"""What a document is about, told to every sentence of it."""

from __future__ import annotations

from typing import Any

import numpy as np

SCALE = 3
"""Means of many vectors are alike: from one document to another they deviate by 0.1 to 0.2."""


class DocumentContext:
    """c = tanh(Wᵀm + b), where m is SCALE times the mean of the vectors of a document's words.

    Words without a vector do not count, nor do the commonest, which say little.

    Args:
        xp: the array namespace, `recurrent.numpy_ops` or `keras.ops`.
        kernel: W [F, C].
        bias: b [C].
        skipped: the rows of the commonest words' vectors are 1 to this one.

    Attributes:
        dimension: C.
    """

    def __init__(self, xp: Any, kernel: Any, bias: Any, skipped: int) -> None:
        self._xp, self._kernel, self._bias, self._skipped = xp, kernel, bias, skipped
        self.dimension: int = bias.shape[0]

    def shares(self, rows: Any, vectors: Any) -> Any:
        """What each token adds to the sums that `of_sums` takes, float32 [N, C + 1].

        Args:
            rows: of the tokens in the table of vectors, int [N].
            vectors: of the tokens, [N, F].
        """
        counts = self._xp.cast(rows > self._skipped, "float32")[:, None]
        projected = self._xp.matmul(vectors, self._kernel)
        return self._xp.concatenate([projected * counts, counts], axis=1)

    def of_sums(self, sums: Any) -> Any:
        """[D, C], from the sums of the shares of each document's tokens, [D, C + 1]."""
        means = SCALE * sums[:, :-1] / self._xp.maximum(sums[:, -1:], 1.0)
        return self._xp.tanh(means + self._bias)


def sums_between(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The sums of the rows from each of `offsets` [D + 1] to the next, [D, …]; of none 0."""
    sums = np.zeros((len(offsets) - 1, *values.shape[1:]), np.float32)
    filled = offsets[1:] > offsets[:-1]
    if filled.any():
        # Of a long document float32 would lose digits, and others than the exported graph.
        sums[filled] = np.add.reduceat(values, offsets[:-1][filled], dtype=np.float64)
    return sums
