"""NumPy spelt as `keras.ops` spells it: the array namespace of the NumPy runtime.

Only what the equations use is here. Nothing warns of an overflow, and float32 stays float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import (
    abs,
    all,
    any,
    arange,
    argmax,
    argsort,
    broadcast_to,
    concatenate,
    cumsum,
    exp,
    expand_dims,
    expm1,
    flip,
    log,
    logical_and,
    logical_not,
    logical_or,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    multiply,
    not_equal,
    ones_like,
    repeat,
    reshape,
    shape,
    split,
    sqrt,
    square,
    squeeze,
    stack,
    sum,
    swapaxes,
    take,
    take_along_axis,
    tanh,
    tile,
    transpose,
    where,
    zeros_like,
)
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "abs",
    "all",
    "any",
    "arange",
    "argmax",
    "argsort",
    "broadcast_to",
    "cast",
    "concatenate",
    "convert_to_tensor",
    "cumsum",
    "elu",
    "exp",
    "expand_dims",
    "expm1",
    "flip",
    "full",
    "leaky_relu",
    "log",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "relu",
    "repeat",
    "reshape",
    "scan",
    "shape",
    "sigmoid",
    "softmax",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tanh",
    "tile",
    "transpose",
    "where",
    "zeros",
    "zeros_like",
]

Float = NDArray[Any]


def sigmoid(x: ArrayLike) -> Float:
    """σ(x) = 1 / (1 + e^-x), as ½ (1 + tanh(x/2)), which cannot overflow."""
    y = np.asarray(np.multiply(x, 0.5))
    np.tanh(y, out=y)
    y *= 0.5
    y += 0.5
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
    y = np.exp(x - np.max(x, axis=axis, keepdims=True))
    y /= np.sum(y, axis=axis, keepdims=True)
    return y


def log_softmax(x: ArrayLike, axis: int = -1) -> Float:
    """log(softmax(x)) along `axis`."""
    x = np.asarray(x)
    return x - logsumexp(x, axis=axis, keepdims=True)


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


def cast(x: ArrayLike, dtype: DTypeLike) -> NDArray[Any]:
    """x as an array of another type; x itself where it is of that type already."""
    return np.asarray(x).astype(dtype, copy=False)


def convert_to_tensor(x: ArrayLike, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """x as an array."""
    return np.asarray(x, dtype=dtype)


def one_hot(x: ArrayLike, num_classes: int, dtype: DTypeLike = "float32") -> NDArray[Any]:
    """[..., num_classes]: 1 at each index of x and 0 elsewhere; all 0 where the index is outside.

    Along the last axis, as `keras.ops.one_hot` does by default.
    """
    return (np.asarray(x)[..., None] == np.arange(num_classes)).astype(dtype)


def zeros(shape: Any, dtype: DTypeLike = "float32") -> NDArray[Any]:
    """An array of zeros, float32 unless told otherwise."""
    return np.zeros(shape, dtype)


def ones(shape: Any, dtype: DTypeLike = "float32") -> NDArray[Any]:
    """An array of ones, float32 unless told otherwise."""
    return np.ones(shape, dtype)


def full(shape: Any, fill_value: ArrayLike, dtype: DTypeLike = "float32") -> NDArray[Any]:
    """An array that holds `fill_value` everywhere, float32 unless told otherwise."""
    return np.full(shape, fill_value, dtype)


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, reverse: bool = False
) -> tuple[Any, Any]:
    """Walks `carry, y = f(carry, x)` along the first axis of the array `xs`.

    As `keras.ops.scan`, where each y is of the shape and the type of the carry, here one array.

    Returns:
        The last carry, and the y's stacked, in the order of `xs` in either direction.
    """
    length = len(xs)
    ys = np.empty((length, *np.shape(init)), np.asarray(init).dtype)
    carry = init
    for step in range(length - 1, -1, -1) if reverse else range(length):
        carry, ys[step] = f(carry, xs[step])
    return carry, ys
