"""NumPy spelt as `keras.ops` spells it: the array namespace of the NumPy runtime.

Only what the equations use is here. Nothing warns of an overflow, and float32 stays float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import (
    arange,
    argmax,
    concatenate,
    cumsum,
    exp,
    expand_dims,
    expm1,
    log,
    logical_and,
    logical_not,
    logical_or,
    matmul,
    max,
    maximum,
    minimum,
    reshape,
    shape,
    split,
    squeeze,
    stack,
    sum,
    take,
    take_along_axis,
    tanh,
    transpose,
    where,
    zeros_like,
)
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "arange",
    "argmax",
    "cast",
    "concatenate",
    "cumsum",
    "elu",
    "exp",
    "expand_dims",
    "expm1",
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


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: ArrayLike, reverse: bool = False
) -> tuple[Any, NDArray[Any]]:
    """Walks `xs` along its first axis: `carry, y = f(carry, x)`, from `init` on.

    Returns:
        The last carry, and the y, stacked in the order of `xs` even when it is walked backwards.
    """
    xs = np.asarray(xs)
    carry, ys = init, []
    for x in xs[::-1] if reverse else xs:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, np.stack(ys[::-1] if reverse else ys)
