"""Work in blocks in the graph, so that a request's memory does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


def in_blocks(
    compute: Callable[[tf.Tensor], Sequence[tf.Tensor]],
    count: tf.Tensor,
    size: int,
    specs: Sequence[tf.TensorSpec],
) -> list[tf.Tensor]:
    """Computes in blocks, one after another, and puts the results together.

    Args:
        compute: from where a block begins to its results, of which each has any number of rows.
        count: of everything; int32.
        size: of a block.
        specs: of the results.

    Returns:
        Each result's rows, those of all blocks; none where `count` is 0.
    """
    options = {"dynamic_size": True, "infer_shape": False}
    arrays = [tf.TensorArray(s.dtype, 0, element_shape=s.shape, **options) for s in specs]

    def goes_on(number: tf.Tensor, arrays: Sequence[tf.TensorArray]) -> tf.Tensor:
        return number * size < count

    def step(number: tf.Tensor, arrays: Sequence[tf.TensorArray]) -> tuple[Any, ...]:
        results = compute(number * size)
        return number + 1, [
            array.write(number, result) for array, result in zip(arrays, results, strict=True)
        ]

    # Blocks beside each other would take the memory that blocks are there to save.
    _, arrays = tf.while_loop(goes_on, step, (tf.constant(0), arrays), parallel_iterations=1)
    return [array.concat() for array in arrays]
