"""What becomes of a token: the layers between its ids and the encoder."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from nertagger.text.vector_packing import PackedVectors, packed_width, unpack


@keras.saving.register_keras_serializable(package="nertagger")
class CharacterConvolution(keras.layers.Layer):
    """A token's characters, convolved and pooled: tanh(max_j (E[c] * K + b)_j).

    Source: Ma and Hovy (2016), section 2.1; dos Santos and Zadrozny (2014), equation 2.
    The maximum is over the positions of real characters, so that padding never wins.

    Args:
        character_count: rows of the embedding; row 0 is padding and stays out of every sum.
        dimension: e, length of a character's embedding.
        filters: F, outputs.
        width: characters that a filter spans; odd.
        dropout: rate on the embedded characters, in training.

    Call: ids int [B, T, C], 0 where there is no character -> float [B, T, F].
    """

    def __init__(
        self,
        character_count: int,
        dimension: int,
        filters: int,
        width: int = 3,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.character_count = character_count
        self.dimension = dimension
        self.filters = filters
        self.width = width
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout) if dropout else None

    def build(self, input_shape: Any) -> None:
        self.embedding = self.add_weight(
            shape=(self.character_count, self.dimension),
            initializer=keras.initializers.RandomUniform(
                -np.sqrt(3 / self.dimension), np.sqrt(3 / self.dimension)
            ),
            name="embedding",
        )
        self.kernel = self.add_weight(
            shape=(self.width, self.dimension, self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, ids: Any, training: bool = False) -> Any:
        shape = ops.shape(ids)
        ids = ops.reshape(ids, (-1, shape[2]))
        real = ops.cast(ops.not_equal(ids, 0), self.compute_dtype)[:, :, None]
        embedded = ops.take(self.embedding, ids, axis=0) * real
        if self.drop is not None:
            embedded = self.drop(embedded, training=training)
        convolved = ops.conv(embedded, self.kernel, padding="same")
        # tanh rises and the bias is the same everywhere: both may wait until after the maximum.
        pooled = ops.max(convolved + (real - 1) * 1e4, axis=1)
        # A row of padding alone has no maximum worth keeping.
        features = ops.tanh(pooled + self.bias) * ops.max(real, axis=1)
        return ops.reshape(features, (shape[0], shape[1], self.filters))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape[:2], self.filters)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "character_count": self.character_count,
            "dimension": self.dimension,
            "filters": self.filters,
            "width": self.width,
            "dropout": self.dropout,
        }


@keras.saving.register_keras_serializable(package="nertagger")
class FrozenVectors(keras.layers.Layer):
    """Pretrained vectors, looked up and never trained; stored in four bits a number.

    Args:
        count: R, rows; row 0, of words without a vector, should be zeros.
        dimension: F.

    Call: rows int [B, T] -> float [B, T, F].
    """

    def __init__(self, count: int, dimension: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count
        self.dimension = dimension

    def build(self, input_shape: Any) -> None:
        self.codes = self._frozen("codes", packed_width(self.dimension), "int32")
        self.scales = self._frozen("scales", 1, "float16")

    def _frozen(self, name: str, width: int, dtype: str) -> Any:
        return self.add_weight(
            shape=(self.count, width),
            initializer="zeros",
            dtype=dtype,
            autocast=False,
            trainable=False,
            name=name,
        )

    def assign(self, vectors: PackedVectors) -> None:
        """Sets all vectors."""
        self.codes.assign(vectors.codes)
        self.scales.assign(vectors.scales)

    def call(self, rows: Any) -> Any:
        codes, scales = ops.take(self.codes, rows, axis=0), ops.take(self.scales, rows, axis=0)
        return ops.cast(unpack(ops, codes, scales, self.dimension), self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape, self.dimension)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"count": self.count, "dimension": self.dimension}


@keras.saving.register_keras_serializable(package="nertagger")
class CaseFeatures(keras.layers.Layer):
    """The case of a token as a one-hot vector; padding is all zeros.

    Args:
        count: categories, with padding as number 0.

    Call: categories int [B, T] -> float [B, T, count - 1].
    """

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count

    def call(self, categories: Any) -> Any:
        return ops.one_hot(categories - 1, self.count - 1, dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape, self.count - 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"count": self.count}


@keras.saving.register_keras_serializable(package="nertagger")
class DocumentContext(keras.layers.Layer):
    """What every token is told of its document: tanh(Wᵀm + b).

    Args:
        dimension: C, length of what is told.

    Call: m float [B, F], of each sentence's document, see `runtime.document_context`, and anything
    [B, T, …] -> float [B, T, C].
    """

    def __init__(self, dimension: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dimension = dimension

    def build(self, means_shape: Any, tokens_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=(means_shape[-1], self.dimension), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.dimension,), initializer="zeros", name="bias")

    def call(self, means: Any, tokens: Any) -> Any:
        context = ops.tanh(ops.matmul(means, self.kernel) + self.bias)[:, None]
        return ops.broadcast_to(context, (*ops.shape(tokens)[:2], self.dimension))

    def compute_output_shape(self, means_shape: Any, tokens_shape: Any) -> tuple[Any, ...]:
        return (*tokens_shape[:2], self.dimension)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"dimension": self.dimension}


@keras.saving.register_keras_serializable(package="nertagger")
class WordIndex(keras.layers.Layer):
    """The word's index as the first of an encoder's features, for its `one_hot_size`.

    Call: ids int [B, T] -> float [B, T, 1].
    """

    def call(self, ids: Any) -> Any:
        return ops.cast(ids[:, :, None], self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape, 1)


@keras.saving.register_keras_serializable(package="nertagger")
class PaddingMask(keras.layers.Layer):
    """True where there is a token.

    Call: ids int [B, T], 0 for padding -> bool [B, T].
    """

    def call(self, ids: Any) -> Any:
        return ops.not_equal(ids, 0)

    def compute_output_spec(self, ids: Any) -> keras.KerasTensor:
        return keras.KerasTensor(ids.shape, dtype="bool")
