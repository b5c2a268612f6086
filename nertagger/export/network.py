"""The trained network in the graph: from the inputs of distinct tokens to what is decoded.

Nothing here names a device, and every operation has a kernel for GPUs too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nertagger.crf.equations import Chain
from nertagger.export.blocks import in_blocks
from nertagger.export.decoding import Decoded, DecodingGraph
from nertagger.models.architecture import Architecture
from nertagger.models.tagger import build
from nertagger.models.tensors import assign_tensors, named_variables
from nertagger.runtime.document_context import DocumentContext

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
        self._sentences = keras.Model([sequences, mask], model.output)
        self._context = None
        if architecture.context_dimension:
            self._context = DocumentContext(
                keras.ops,
                variables["context.kernel"],
                variables["context.bias"],
                architecture.context_skipped,
            )
            self._vectors = model.get_layer("vector_rows")
            sequences, _ = model.get_layer("with_context").input
        of_tokens = {name: part for name, part in model.input.items() if name != "document"}
        self._features = keras.Model(of_tokens, sequences)

    def __call__(
        self,
        inputs: Mapping[str, tf.Tensor],
        type_of: tf.Tensor,
        offsets: tf.Tensor,
        order: tf.Tensor,
        text_of: tf.Tensor,
        text_count: tf.Tensor,
    ) -> Decoded:
        """[N] of everything.

        Args:
            inputs: of the distinct tokens, int32 [U] or [U, C], by name.
            type_of: int32 [N], which of them each token is.
            offsets: int32 [S + 1], where each sentence begins, and N.
            order: int32 [S], the sentences, the longest first.
            text_of: int32 [N], the number of each token's text.
            text_count: int32, how many texts there are.
        """
        features, *shares = self._features_of_types(inputs)
        count = tf.size(type_of)
        if self._context is not None:
            shares = tf.cast(tf.gather(shares[0], type_of), tf.float64)
            sums = tf.math.unsorted_segment_sum(shares, text_of, text_count)
            contexts = self._context.of_sums(tf.cast(sums, tf.float32))

        def block(begin: tf.Tensor) -> tuple[tf.Tensor, ...]:
            some = order[begin : begin + SENTENCES_AT_ONCE]
            starts = tf.gather(offsets, some)
            lengths = tf.gather(offsets, some + 1) - starts
            times = tf.range(lengths[0])
            mask = times < lengths[:, None]
            places = tf.minimum(starts[:, None] + times, count - 1)
            sequences = tf.gather(features, tf.gather(type_of, places))
            if self._context is not None:
                told = tf.gather(contexts, tf.gather(text_of, starts))[:, None]
                told = tf.repeat(told, tf.size(times), axis=1)
                sequences = tf.concat([sequences, told], axis=2)
            logits = self._sentences([sequences, mask], training=False)
            decoded = self.decoding(logits, mask)
            return tuple(tf.boolean_mask(part, mask) for part in (places, *decoded))

        dtypes = (tf.int32, tf.int32, tf.float32, tf.float32, tf.float32)
        places, *parts = in_blocks(
            block, tf.size(order), SENTENCES_AT_ONCE, [tf.TensorSpec([None], t) for t in dtypes]
        )
        return Decoded(*(tf.scatter_nd(places[:, None], part, [count]) for part in parts))

    def _features_of_types(self, inputs: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """Their features side by side, float32 [U, D], and where there is a context their shares in
        it, [U, C + 1]; see `runtime.document_context`."""

        def block(begin: tf.Tensor) -> tuple[tf.Tensor, ...]:
            rows = slice(begin, begin + TYPES_AT_ONCE)
            some = {name: part[None, rows] for name, part in inputs.items()}
            features = self._features(some, training=False)[0]
            if self._context is None:
                return (features,)
            vectors = self._vectors(some["vectors"])[0]
            return features, self._context.shares(some["vectors"][0], vectors)

        widths = [self._features.output.shape[-1]]
        if self._context is not None:
            widths.append(self._context.dimension + 1)
        specs = [tf.TensorSpec([None, width], tf.float32) for width in widths]
        return in_blocks(block, tf.shape(inputs["words"])[0], TYPES_AT_ONCE, specs)
