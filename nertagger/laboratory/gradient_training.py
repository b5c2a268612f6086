"""Trains a small tagger and measures the norm of its gradient at every step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nertagger.models.architecture import Architecture
from nertagger.models.tensors import named_tensors, named_variables
from nertagger.training.batches import batches_of
from nertagger.training.dataset import Dataset
from nertagger.training.fit import build_model
from nertagger.training.variation import Variation

Tensors = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Training:
    """How a tagger is trained.

    Attributes:
        steps: batches, each of `batch_size` sentences.
        optimizer: "adam" or "sgd"; the latter is plain stochastic gradient descent.
        learning_rate: the same at every step.
        clip_norm: the threshold θ of the gradient's norm, None for no clipping.
        weight_decay: λ, of the loss λ Σ w² over the weights of every matrix product.
        radius: what the recurrent kernels, orthogonal ones, are multiplied by before it starts.
    """

    steps: int
    optimizer: str = "adam"
    learning_rate: float = 3e-3
    clip_norm: float | None = 5.0
    weight_decay: float = 0.0
    radius: float = 1.0
    batch_size: int = 16


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training brought.

    Attributes:
        before: the weights at the start, by name.
        after: the weights at the end.
        losses: of every step; it ends with the first that is not finite.
        norms: ‖ĝ‖ of every step, before any clipping.
    """

    before: Tensors
    after: Tensors
    losses: list[float]
    norms: list[float]


def train_tagger(
    architecture: Architecture, dataset: Dataset, training: Training, seed: int
) -> Trained:
    """Trains a tagger of an architecture on a dataset.

    The gradient ĝ of all weights together is clipped as Pascanu et al. 2013 (algorithm 1) do it:
    where ‖ĝ‖ exceeds the threshold, ĝ becomes threshold / ‖ĝ‖ · ĝ.
    """
    architecture = dataclasses.replace(architecture, l2=training.weight_decay)
    model = build_model(architecture, dataset, seed)
    for name, variable in named_variables(model):
        if name.endswith("recurrent_kernel"):
            variable.assign(training.radius * variable)
    before = named_tensors(model)
    step = _step(model, _optimizer(training, model))
    losses: list[float] = []
    norms: list[float] = []
    for inputs, tags in _batches(dataset, training, seed):
        loss, norm = (float(value) for value in step(inputs, tags))
        losses.append(loss)
        norms.append(norm)
        if not np.isfinite(loss) or not np.isfinite(norm):
            break
    return Trained(before, named_tensors(model), losses, norms)


def untrained_tensors(architecture: Architecture, dataset: Dataset, seed: int) -> Tensors:
    """The weights, by name, with which a training with this seed starts."""
    return named_tensors(build_model(architecture, dataset, seed))


def _optimizer(training: Training, model: keras.Model) -> keras.optimizers.Optimizer:
    kind = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[training.optimizer]
    optimizer = kind(training.learning_rate, global_clipnorm=training.clip_norm)
    optimizer.build(model.trainable_variables)
    return optimizer


def _step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Callable[..., tuple[Any, Any]]:
    shape = tf.TensorSpec((None, None), "int32")
    inputs = dict.fromkeys(model.input, shape)

    @tf.function(input_signature=[inputs, shape])
    def step(inputs: Any, tags: Any) -> tuple[Any, Any]:
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            loss = model.compute_loss(inputs, tags, model(inputs, training=True))
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        # A look-up's gradient has a row per word read, and a word read twice has two: the norm is
        # that of their sum.
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        optimizer.apply(gradients, variables)
        return loss, tf.linalg.global_norm(gradients)

    return step


def _batches(dataset: Dataset, training: Training, seed: int) -> Iterator[tuple[Any, Any]]:
    variation = Variation(unknown_probability=0.5)
    batches = batches_of(dataset, variation, training.batch_size, seed)
    for number in range(training.steps):
        epoch, index = divmod(number, len(batches))
        if not index:
            batches.start_epoch(epoch)
        yield batches[index]
