"""The trained network in the graph: from the inputs of distinct tokens to what is decoded.

Nothing here names a device, and every operation has a kernel for GPUs too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nertagger.crf.equations import Chain
from nertagger.export.decoding import Decoded, DecodingGraph
from nertagger.models.architecture import Architecture
from nertagger.models.tagger import build
from nertagger.models.tensors import assign_tensors, named_variables

TYPES_AT_ONCE = 8192
SENTENCES_AT_ONCE = 256
"""Bounds of the memory of a request, whatever its size; a sentence has at most 256 tokens."""


class NetworkGraph:
    """Computes what depends on a token alone once for each distinct token, and sentences in blocks
    of similar length.

    Args:
        config: the model's; `architecture` and `temperature` of it.
        tensors: its weights, by name.

    Attributes:
        variables: every weight, to be saved with the graph.
        decoding: how logits are read.
    """

    def __init__(self, config: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
        architecture = Architecture.from_dict(config["architecture"])
        model = build(architecture)
        assign_tensors(model, tensors)
        variables = {name: variable.value for name, variable in named_variables(model)}
        self.variables = list(variables.values())
        chain = None
        if architecture.head == "crf":
            chain = Chain(*(variables[f"crf.{name}"] for name in Chain._fields))
        temperature = config.get("temperature", 1.0)
        self.decoding = DecodingGraph(architecture.head, architecture.tags, chain, temperature)
        # The model is cut in two before its first recurrent layer.
        sequences, mask = model.get_layer("encoder_0").input
        self._features = keras.Model(model.input, sequences)
        self._sentences = keras.Model([sequences, mask], model.output)

    def __call__(
        self,
        inputs: Mapping[str, tf.Tensor],
        type_of: tf.Tensor,
        offsets: tf.Tensor,
        order: tf.Tensor,
    ) -> Decoded:
        """[N] of everything.

        Args:
            inputs: of the distinct tokens, int32 [U] or [U, C], by name.
            type_of: int32 [N], which of them each token is.
            offsets: int32 [S + 1], where each sentence begins, and N.
            order: int32 [S], the sentences, the longest first.
        """
        features = self._features_of_types(inputs)
        count = tf.size(type_of)

        def block(begin: tf.Tensor) -> tuple[tf.Tensor, ...]:
            some = order[begin : begin + SENTENCES_AT_ONCE]
            starts = tf.gather(offsets, some)
            lengths = tf.gather(offsets, some + 1) - starts
            times = tf.range(lengths[0])
            mask = times < lengths[:, None]
            places = tf.minimum(starts[:, None] + times, count - 1)
            sequences = tf.gather(features, tf.gather(type_of, places))
            logits = self._sentences([sequences, mask], training=False)
            decoded = self.decoding(logits, mask)
            return tuple(tf.boolean_mask(part, mask) for part in (places, *decoded))

        dtypes = (tf.int32, tf.int32, tf.float32, tf.float32, tf.float32)
        places, *parts = in_blocks(
            block, tf.size(order), SENTENCES_AT_ONCE, [tf.TensorSpec([None], t) for t in dtypes]
        )
        return Decoded(*(tf.scatter_nd(places[:, None], part, [count]) for part in parts))

    def _features_of_types(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Their features side by side, float32 [U, D]."""

        def block(begin: tf.Tensor) -> tuple[tf.Tensor]:
            rows = slice(begin, begin + TYPES_AT_ONCE)
            some = {name: part[None, rows] for name, part in inputs.items()}
            return (self._features(some, training=False)[0],)

        spec = tf.TensorSpec([None, self._features.output.shape[-1]], tf.float32)
        (features,) = in_blocks(block, tf.shape(inputs["words"])[0], TYPES_AT_ONCE, [spec])
        return features


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
