"""The network that predicts the next word: its training and its measure."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from nertagger.laboratory.language_text import Sentences, perplexity
from nertagger.recurrent import numpy_ops
from nertagger.recurrent.layers import LAYERS
from nertagger.text.vocabulary import PAD
from nertagger.training.batches import SentenceBatches
from nertagger.training.variation import Reading

_CLIP_NORM = 5.0
# Sentences that are scored at once.
_SCORED = 64


class FitOptions(NamedTuple):
    """How a model is fitted.

    Attributes:
        epochs: passes over the text.
        batch_size: sentences of a step.
        learning_rate: of Adam, at the start; it falls to nothing along a straight line.
        seed: of the order of the sentences.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


class NextWord(keras.Model):
    """Scores every word of the vocabulary as the next one.

    (1)  x_t = E[w_t]
    (2)  h_t = cell(x_t, h_{t-1})
    (3)  y_t = W h_t + b_y
    (4)  p(w_{t+1} = v | w_1 … w_t) = softmax_v(E y_t + b_v)

    E stands in (1) and (4): words that are alike to read are alike to predict, and a small text
    fits one table better than two (Press & Wolf 2017, Using the output embedding to improve
    language models; Inan et al. 2017).

    Args:
        cell: its name in `equations.CELLS`.
        size: of the vocabulary.
        dimension: of x_t and y_t.
        units: H.
        dropout: of x_t and h_t, in training.
        seed: of the initial weights and of dropout.

    Call: w int [B, T], 0 for padding -> logits float [B, T, vocabulary].
    """

    def __init__(
        self, cell: str, size: int, dimension: int, units: int, dropout: float, seed: int
    ) -> None:
        super().__init__()
        # The initialisers draw from the global seed.
        keras.utils.set_random_seed(seed)
        self.embedding = keras.layers.Embedding(
            size, dimension, embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1)
        )
        self.recurrent = LAYERS[cell](units, return_sequences=True, seed=seed)
        self.projection = keras.layers.Dense(dimension)
        self.input_dropout = keras.layers.Dropout(dropout, seed=seed)
        self.output_dropout = keras.layers.Dropout(dropout, seed=seed + 1)
        self.bias = self.add_weight(shape=(size,), initializer="zeros", name="bias")

    def call(self, words: Any, training: bool = False) -> Any:
        # Padding follows every word that counts, so that the recurrence needs no mask.
        x = self.input_dropout(self.embedding(words), training=training)  # (1)
        h = self.output_dropout(self.recurrent(x, training=training), training=training)  # (2)
        y = self.projection(h)  # (3)
        return ops.matmul(y, ops.transpose(self.embedding.embeddings)) + self.bias  # (4)

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights, by name, as `completion.NetworkReader` wants them."""
        variables = {
            "embedding": self.embedding.embeddings,
            "projection.kernel": self.projection.kernel,
            "projection.bias": self.projection.bias,
            "bias": self.bias,
            **{f"cell.{weight.name}": weight for weight in self.recurrent.cell.weights},
        }
        return {name: ops.convert_to_numpy(variable) for name, variable in variables.items()}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """-log p of the next word, the mean over the words of a batch, in nats."""
        real = ops.cast(ops.not_equal(y, PAD), y_pred.dtype)
        losses = ops.sparse_categorical_crossentropy(y, y_pred, from_logits=True)
        return ops.sum(losses * real) / ops.sum(real)


def train(
    model: NextWord,
    fitting: Sentences,
    tuning: Sentences,
    options: FitOptions,
) -> tuple[list[float], list[float]]:
    """Trains a model and leaves it with the weights of the epoch that was best on `tuning`.

    Returns:
        The perplexity of `fitting` as it was while it was learnt, and of `tuning`, of each epoch.
    """
    optimizer = keras.optimizers.Adam(options.learning_rate, global_clipnorm=_CLIP_NORM)
    model.compile(optimizer=optimizer, jit_compile=False)
    batches = _batches(fitting, options.batch_size, options.seed)
    fitted, tuned = [], []
    best: list[np.ndarray] = []
    for epoch in range(options.epochs):
        batches.start_epoch(epoch)
        optimizer.learning_rate = options.learning_rate * (1 - epoch / options.epochs)
        losses, words = [], []
        for index in range(len(batches)):
            inputs, targets = batches[index]
            logs = model.train_on_batch(inputs["words"], targets, return_dict=True)
            losses.append(float(logs["loss"]))
            words.append(np.count_nonzero(targets))
        fitted.append(float(np.exp(np.average(losses, weights=words))))
        tuned.append(perplexity(log_probabilities(model, tuning)[0]))
        if tuned[-1] == min(tuned):
            best = model.get_weights()
    model.set_weights(best)
    return fitted, tuned


def log_probabilities(model: NextWord, sentences: Sentences) -> tuple[np.ndarray, np.ndarray]:
    """log p of each place's target, [N], and the targets [N], in an order of its own."""
    batches = _batches(sentences, _SCORED, seed=0)
    found, asked = [], []
    for index in range(len(batches)):
        inputs, targets = batches[index]
        logits = model.predict_on_batch(inputs["words"])
        logits -= numpy_ops.logsumexp(logits, axis=-1, keepdims=True)
        real = targets != PAD
        found.append(np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0][real])
        asked.append(targets[real])
    return np.concatenate(found), np.concatenate(asked)


def _batches(sentences: Sentences, batch_size: int, seed: int) -> SentenceBatches:
    corpus = Reading({"words": sentences.inputs}, sentences.targets, sentences.offsets)
    return SentenceBatches(sentences.offsets, lambda _: corpus, batch_size, seed)
