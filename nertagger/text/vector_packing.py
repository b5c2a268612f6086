"""Vectors of words in four bits a number.

Each number is one of fifteen steps, -7 to 7, of a size that is the vector's own: its largest entry
over 7. Eight steps share a word of 32 bits, which is the smallest that graphics processors look up
as it is. `benchmarks/vector_size.py` measures what that costs a tagger.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_MOST = 7
_ZERO = 8
_BITS = 4
_STEPS = 8
_ROWS_AT_ONCE = 1 << 14


class PackedVectors(NamedTuple):
    """R vectors of F numbers each.

    Attributes:
        codes: int32 [R, ⌈F/8⌉], eight numbers each, the first in the lowest bits.
        scales: the sizes of the steps, float16 [R, 1].
        dimension: F.
    """

    codes: np.ndarray
    scales: np.ndarray
    dimension: int


def packed_width(dimension: int) -> int:
    """Words of a packed vector of F numbers, without its scale."""
    return -(-dimension // _STEPS)


def pack(vectors: np.ndarray) -> PackedVectors:
    """Packs vectors [R, F]."""
    count, dimension = vectors.shape
    width = packed_width(dimension)
    shifts = np.arange(_STEPS, dtype=np.uint32) * _BITS
    codes = np.empty((count, width), np.int32)
    scales = np.empty((count, 1), np.float16)
    for begin in range(0, count, _ROWS_AT_ONCE):
        rows = np.asarray(vectors[begin : begin + _ROWS_AT_ONCE], np.float32)
        largest = np.minimum(abs(rows).max(axis=1, keepdims=True), np.finfo(np.float16).max)
        scale = (largest / _MOST).astype(np.float16)
        steps = np.zeros((len(rows), width * _STEPS), np.float32)
        np.divide(rows, scale, out=steps[:, :dimension], where=scale > 0)
        steps = np.rint(steps).clip(-_MOST, _MOST) + _ZERO
        parts = steps.astype(np.uint32).reshape(len(rows), width, _STEPS) << shifts
        codes[begin : begin + len(rows)] = np.bitwise_or.reduce(parts, axis=-1).view(np.int32)
        scales[begin : begin + len(rows)] = scale
    return PackedVectors(codes, scales, dimension)


def unpack(xp: Any, codes: Any, scales: Any, dimension: int) -> Any:
    """The vectors float32 [..., F] of codes [..., ⌈F/8⌉] and scales [..., 1].

    Args:
        xp: the array namespace, `keras.ops` or `nertagger.recurrent.numpy_ops`.
        codes, scales: as `pack` made them.
        dimension: F.
    """
    shifts = xp.arange(0, _STEPS * _BITS, _BITS, dtype="int32")
    steps = xp.bitwise_and(xp.right_shift(codes[..., None], shifts), 2**_BITS - 1)
    steps = xp.reshape(steps, (*xp.shape(codes)[:-1], _STEPS * codes.shape[-1]))[..., :dimension]
    return xp.cast(steps - _ZERO, "float32") * xp.cast(scales, "float32")
