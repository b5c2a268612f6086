"""From an architecture to a `keras.Model`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from nertagger.crf import equations
from nertagger.crf.layer import CRF
from nertagger.models.architecture import Architecture
from nertagger.models.heads import head_of
from nertagger.models.inputs import (
    CaseFeatures,
    CharacterConvolution,
    DocumentContext,
    FrozenVectors,
    PaddingMask,
    WordIndex,
)
from nertagger.recurrent.layers import LAYERS
from nertagger.text.vector_packing import PackedVectors


class TaggerModel(keras.Model):
    """A functional model whose loss is its head's negative log-likelihood, a sentence's mean.

    `fit` takes batches of (inputs, tags): the inputs that `build` names, and int tags [B, T].

    Attributes:
        architecture: what it was built from.
        tag_sets: which tags each number of `tags` stands for, bool [K + M, K]; None where there are
            numbers of tags alone. See `models.heads`.
        head_tags: which tags each number leaves possible at all, bool [K + M, K]: those that one
            corpus has, where each has tags of its own; None where all are.
    """

    architecture: Architecture
    tag_sets: np.ndarray | None = None
    head_tags: np.ndarray | None = None

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        mask = ops.not_equal(x["words"], 0)
        sets = None if self.tag_sets is None else ops.cast(self.tag_sets, "float32")
        if self.head_tags is not None:
            possible = ops.take(ops.cast(self.head_tags, "float32"), y, axis=0)
            y_pred = equations.restrict(ops, y_pred, possible)
        losses = head_of(self.architecture, self).loss(y_pred, y, mask, sets)
        loss = ops.mean(losses)
        for extra in self.losses:
            loss = loss + ops.cast(extra, loss.dtype)
        return loss


def build(
    architecture: Architecture,
    constraints: tuple[Any, Any, Any] | None = None,
    vectors: PackedVectors | None = None,
    words: Any = None,
    seed: int | None = None,
) -> TaggerModel:
    """The model of an architecture, with random weights.

    Args:
        architecture: the shape.
        constraints: for the CRF, what the tag scheme allows: bool [K, K] from tag to tag, bool [K]
            first, bool [K] last; None allows everything.
        vectors: the frozen ones.
        words: what the embeddings of words start from, [V, E]; a row of zeros starts at random.
        seed: of the initial weights and of dropout.

    Returns:
        A model from a dict of inputs (`words` int [B, T]; `characters` int [B, T, C], `vectors`
        int [B, T], `case` int [B, T] and `document` float [B, F], see `runtime.document_context`,
        where the architecture has them; 0 is padding) to logits [B, T, K].
    """
    a = architecture
    seeds = np.random.default_rng(seed)

    def next_seed() -> int:
        return int(seeds.integers(2**31))

    if seed is not None:
        # Layers that take no seed of their own initialise from the global one.
        keras.utils.set_random_seed(seed)
    word_ids = keras.Input((None,), dtype="int32", name="words")
    inputs = {"words": word_ids}
    features = []
    mask = PaddingMask(name="mask")(word_ids)
    if a.word_encoding == "one-hot":
        features.append(WordIndex(name="word_index", dtype="float32")(word_ids))
    else:
        features.append(
            keras.layers.Embedding(a.vocabulary_size, a.word_dimension, name="word")(word_ids)
        )
    if a.character_encoding == "convolution":
        inputs["characters"] = keras.Input(
            (None, a.characters_per_token), dtype="int32", name="characters"
        )
        features.append(
            CharacterConvolution(
                a.character_count,
                a.character_dimension,
                a.character_filters,
                a.character_width,
                name="character",
            )(inputs["characters"])
        )
    if a.vector_count:
        inputs["vectors"] = keras.Input((None,), dtype="int32", name="vectors")
        features.append(
            FrozenVectors(a.vector_count, a.vector_dimension, name="vector_rows")(inputs["vectors"])
        )
    if a.case_count:
        inputs["case"] = keras.Input((None,), dtype="int32", name="case")
        features.append(CaseFeatures(a.case_count, name="case_one_hot")(inputs["case"]))

    one_hot_size = a.vocabulary_size if a.word_encoding == "one-hot" else 0
    # A word's index does not survive half precision, nor dropout.
    input_dtype = "float32" if one_hot_size else None
    if one_hot_size and a.dropout:
        dense = features[1:]
        if dense:
            dense = [_join(dense, input_dtype)]
            dense = [keras.layers.Dropout(a.dropout, seed=next_seed(), dtype=input_dtype)(dense[0])]
        encoded = _join(features[:1] + dense, input_dtype)
    else:
        encoded = _join(features, input_dtype)
        if a.dropout:
            encoded = keras.layers.Dropout(a.dropout, seed=next_seed())(encoded)
    if a.context_dimension:
        means = inputs["document"] = keras.Input((a.vector_dimension,), name="document")
        if a.dropout:
            means = keras.layers.Dropout(a.dropout, seed=next_seed())(means)
        told = DocumentContext(a.context_dimension, name="context")(means, word_ids)
        if a.dropout:
            told = keras.layers.Dropout(a.dropout, seed=next_seed())(told)
        encoded = keras.layers.Concatenate(name="with_context", dtype=input_dtype)([encoded, told])
    regularizer = keras.regularizers.L2(a.l2) if a.l2 else None
    for number in range(a.layers):
        first_one_hot = one_hot_size if number == 0 else 0
        layer = LAYERS[a.cell](
            a.units,
            activation=a.activation,
            return_sequences=True,
            recurrent_dropout=a.recurrent_dropout,
            kernel_regularizer=regularizer,
            recurrent_regularizer=regularizer,
            one_hot_size=first_one_hot,
            seed=next_seed(),
            dtype="float32" if first_one_hot else None,
        )
        encoded = keras.layers.Bidirectional(
            layer, name=f"encoder_{number}", dtype="float32" if first_one_hot else None
        )(encoded, mask=mask)
        if a.dropout:
            encoded = keras.layers.Dropout(a.dropout, seed=next_seed())(encoded)
    logits = keras.layers.Dense(
        len(a.tags), kernel_regularizer=regularizer, dtype="float32", name="head"
    )(encoded)
    if a.head == "crf":
        count = len(a.tags)
        allowed = constraints or (
            np.ones((count, count), bool),
            np.ones(count, bool),
            np.ones(count, bool),
        )
        logits = CRF(*(np.asarray(part).tolist() for part in allowed), name="crf")(
            logits, mask=mask
        )
    model = TaggerModel(inputs=inputs, outputs=logits, name="tagger")
    model.architecture = architecture
    if a.vector_count and vectors is not None:
        model.get_layer("vector_rows").assign(vectors)
    if words is not None:
        embeddings = model.get_layer("word").embeddings
        embeddings.assign(ops.where(ops.any(words != 0, axis=1, keepdims=True), words, embeddings))
    return model


def _join(features: list[Any], dtype: str | None) -> Any:
    return features[0] if len(features) == 1 else keras.layers.Concatenate(dtype=dtype)(features)
