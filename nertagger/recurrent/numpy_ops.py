"""NumPy spelt as `keras.ops` spells it: the array namespace of the NumPy runtime.

Only what the equations use is here. Nothing warns of an overflow, and float32 stays float32.

A recurrence over one short sentence makes hundreds of calls on tiny arrays, and of some of NumPy's
functions the wrapper costs more than the work. Those are spelt out here by what lies beneath them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import (
    arange,
    bitwise_and,
    concatenate,
    cumsum,
    exp,
    expm1,
    log,
    logical_and,
    logical_not,
    logical_or,
    matmul,
    maximum,
    minimum,
    right_shift,
    shape,
    tanh,
    where,
)
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "arange",
    "argmax",
    "bitwise_and",
    "cast",
    "concatenate",
    "cumsum",
    "elu",
    "exp",
    "expand_dims",
    "expm1",
    "flip",
    "leaky_relu",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "minimum",
    "relu",
    "reshape",
    "right_shift",
    "scan",
    "shape",
    "sigmoid",
    "softmax",
    "split",
    "squeeze",
    "stack",
    "sum",
    "take",
    "take_along_axis",
    "tanh",
    "transpose",
    "where",
    "zeros_like",
]

Float = NDArray[Any]

_reduce_max: Any = np.maximum.reduce
_reduce_sum: Any = np.add.reduce


# An array of no dimensions enters a small operation faster than a number of Python's, and it leaves
# the type of the other operand as it is.
_HALF = np.array(0.5, np.float32)
_ALL = slice(None)


def sigmoid(x: ArrayLike) -> Float:
    """σ(x) = 1 / (1 + e^-x), as ½ (1 + tanh(x/2)), which cannot overflow."""
    y = np.asarray(np.multiply(x, _HALF))
    np.tanh(y, y)
    np.multiply(y, _HALF, y)
    np.add(y, _HALF, y)
    return y


def relu(x: ArrayLike) -> Float:
    """max(x, 0)."""
    return np.maximum(x, 0)


def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Float:
    """x where x > 0, `negative_slope` · x elsewhere; the default slope is Keras's."""
    x = np.asarray(x)
    return np.where(x > 0, x, x * negative_slope)


def elu(x: ArrayLike, alpha: float = 1.0) -> Float:
    """x where x > 0, `alpha` · (e^x - 1) elsewhere (Clevert et al. 2016, equation 15)."""
    x = np.asarray(x)
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)) * alpha)


def softmax(x: ArrayLike, axis: int = -1) -> Float:
    """e^x / Σ e^x along `axis`."""
    x = np.asarray(x)
    y = np.asarray(x - max(x, axis, True))
    np.exp(y, out=y)
    y /= sum(y, axis, True)
    return y


def logsumexp(
    x: ArrayLike, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Float:
    """log Σ e^x along `axis`; -inf where every x is -inf."""
    x = np.asarray(x)
    highest = np.max(x, axis=axis, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0)
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(x - highest), axis=axis, keepdims=True)) + highest
    return total if keepdims else np.squeeze(total, axis=axis)


def max(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The largest along `axis`, or of all."""
    x = np.asarray(x)
    if axis in (-1, x.ndim - 1) and x.ndim > 1 and x.shape[-1] < 64 and x.size >= 4096:
        # NumPy walks many short rows one by one, but the columns of their transpose side by side.
        highest = _reduce_max(np.ascontiguousarray(x.reshape(-1, x.shape[-1]).T), 0)
        return highest.reshape(*x.shape[:-1], 1) if keepdims else highest.reshape(x.shape[:-1])
    return _reduce_max(x, axis, None, None, keepdims)


def sum(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The sum along `axis`, or of all."""
    return _reduce_sum(x, axis, None, None, keepdims)


def argmax(x: ArrayLike, axis: int | None = None) -> Any:
    """Where the largest along `axis` is; the first of equals."""
    return np.asarray(x).argmax(axis)


def take(x: ArrayLike, indices: Any, axis: int | None = None) -> Any:
    """The entries of x at `indices` along `axis`, or of all its entries in a row."""
    return np.asarray(x).take(indices, axis)


def take_along_axis(x: ArrayLike, indices: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """Of each row of x along `axis` the entries at the same row of `indices`."""
    x, indices = np.asarray(x), np.asarray(indices)
    if axis not in (-1, x.ndim - 1) or x.shape[:-1] != indices.shape[:-1]:
        return np.take_along_axis(x, indices, axis)
    width = x.shape[-1]
    # A negative index counts from the end of its own row, here as in NumPy.
    rows = np.arange(0, x.size, width).reshape(*x.shape[:-1], 1)
    return x.reshape(-1).take(rows + indices % width)


def flip(x: ArrayLike, axis: int | None = None) -> NDArray[Any]:
    """x backwards along `axis`, or along all; a view."""
    x = np.asarray(x)
    return x[::-1] if axis == 0 else np.flip(x, axis)


def stack(x: Sequence[Any], axis: int = 0) -> NDArray[Any]:
    """Arrays of one shape side by side along a new dimension."""
    return np.concatenate([expand_dims(part, axis) for part in x], axis)


def zeros_like(x: ArrayLike) -> NDArray[Any]:
    """Zeros in the shape and of the type of x."""
    x = np.asarray(x)
    return np.zeros(x.shape, x.dtype)


def expand_dims(x: ArrayLike, axis: int) -> NDArray[Any]:
    """x with a new dimension of size 1 at `axis`."""
    x = np.asarray(x)
    return x[(_ALL,) * (axis if axis >= 0 else axis + x.ndim + 1) + (None,)]


def reshape(x: ArrayLike, newshape: Any) -> NDArray[Any]:
    """The entries of x, in their order, in another shape."""
    return np.asarray(x).reshape(newshape)


def squeeze(x: ArrayLike, axis: int | None = None) -> NDArray[Any]:
    """x without the dimension `axis`, which has size 1, or without all of size 1."""
    return np.asarray(x).squeeze(axis)


def transpose(x: ArrayLike, axes: Any = None) -> NDArray[Any]:
    """x with its dimensions in the order of `axes`, or in the opposite order."""
    return np.asarray(x).transpose(axes)


def split(x: ArrayLike, indices_or_sections: Any, axis: int = 0) -> list[NDArray[Any]]:
    """x in equal parts along `axis`, or parted at the indices; views of x."""
    x = np.asarray(x)
    if not isinstance(indices_or_sections, int) or axis not in (-1, x.ndim - 1):
        return np.split(x, indices_or_sections, axis)
    size, rest = divmod(x.shape[-1], indices_or_sections)
    if rest:
        raise ValueError(f"{x.shape[-1]} does not split into {indices_or_sections} equal parts")
    return [x[..., part * size : (part + 1) * size] for part in range(indices_or_sections)]


def cast(x: ArrayLike, dtype: DTypeLike) -> NDArray[Any]:
    """x as an array of another type; x itself where it is of that type already."""
    return np.asarray(x).astype(dtype, copy=False)


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: ArrayLike, reverse: bool = False
) -> tuple[Any, NDArray[Any]]:
    """Walks `xs` along its first axis: `carry, y = f(carry, x)`, from `init` on.

    Returns:
        The last carry, and the y, stacked in the order of `xs` even when it is walked backwards.
    """
    xs = np.asarray(xs)
    # Arrays are indexed by a number of Python's faster than by one of NumPy's.
    values = xs.tolist() if xs.ndim == 1 and xs.dtype.kind == "i" else xs
    carry, ys = init, np.zeros(0)
    for t in range(len(xs) - 1, -1, -1) if reverse else range(len(xs)):
        carry, y = f(carry, values[t])
        if not len(ys):
            ys = np.empty((len(xs), *y.shape), y.dtype)
        ys[t] = y
    return carry, ys
