"""A network that adds, twice: its back-propagation written by hand, and with the Keras layer.

With a cell's output h_t [B, H] (`recurrent/equations.py`), an output unit and the squared error:

    (1)  y_t = σ(v·h_t + b)
    (2)  L = 1/(2B) Σ_B Σ_t (y_t - s_t)²           s_t the bit that is right

and on the way back, δ as in `recurrent/backpropagation.py`, which goes on from δh:

    (2)' δy_t = (y_t - s_t) / B
    (1)' δa_t = δy_t * y_t (1 - y_t);  δv = Σ_B Σ_t h_t δa_t;  δb = Σ_B Σ_t δa_t;  δh_t = δa_t v

Every weight w then moves to w - η δw, which is all there is to the training. Both networks compute
in 64 bits, so that what sets them apart after many steps is the order of their sums alone.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nertagger.recurrent import backpropagation
from nertagger.recurrent.equations import CELLS
from nertagger.recurrent.numpy_ops import sigmoid

Array = NDArray[Any]
Weights = dict[str, Array]

_INPUTS = 2
_CHUNK = 256
_OUTPUT_WEIGHTS = ("output_kernel", "output_bias")


def initial_weights(cell: str, units: int, random: np.random.Generator) -> Weights:
    """Kernels uniform in [-1, 1); biases and peepholes 0, but the forget gate's bias 1."""
    gates = CELLS[cell].gates
    bias = np.zeros((len(gates), units))
    if "forget" in gates:
        bias[gates.index("forget")] = 1
    return {
        "kernel": random.uniform(-1, 1, (_INPUTS, bias.size)),
        "recurrent_kernel": random.uniform(-1, 1, (units, bias.size)),
        "bias": bias.ravel(),
        **{name: np.zeros(units) for name in CELLS[cell].peepholes},
        "output_kernel": random.uniform(-1, 1, (units, 1)),
        "output_bias": np.zeros(1),
    }


class HandWritten:
    """The network in NumPy, trained by the back-propagation through time that is derived by hand.

    Args:
        cell: its name in `CELLS`.
        activation: g.
        weights: as `initial_weights` returns them.
    """

    def __init__(self, cell: str, activation: str, weights: Mapping[str, Array]) -> None:
        self.cell, self.activation = cell, activation
        self._weights = {name: np.array(weight) for name, weight in weights.items()}

    def weights(self) -> Weights:
        """The weights as they are now, by name."""
        return {name: weight.copy() for name, weight in self._weights.items()}

    def outputs(self, inputs: Array) -> Array:
        """y [B, T] for inputs [B, T, 2]."""
        # In chunks: the forward pass keeps every gate for the way back, and products as small as
        # these take longer on two threads than on one.
        return np.concatenate(
            [
                self._forward(inputs[start : start + _CHUNK])[1]
                for start in range(0, len(inputs), _CHUNK)
            ]
        )

    def train(self, inputs: Array, answers: Array, rate: float) -> float:
        """One step of gradient descent; returns L before it."""
        trace, outputs = self._forward(inputs)
        error = outputs - answers
        d_outputs = error / len(inputs)  # (2)'
        d_a = (d_outputs * outputs * (1 - outputs))[..., None]  # (1)'
        d_h = d_a @ self._weights["output_kernel"].T
        gradients = backpropagation.backward(trace, d_h).weights
        gradients["output_kernel"] = np.einsum("bth,bto->ho", trace.outputs, d_a)
        gradients["output_bias"] = d_a.sum(axis=(0, 1))
        for name, weight in self._weights.items():
            weight -= rate * gradients[name]
        return float(np.square(error).sum() / (2 * len(inputs)))  # (2)

    def _forward(self, inputs: Array) -> tuple[backpropagation.Trace, Array]:
        cell_weights = {
            name: weight for name, weight in self._weights.items() if name not in _OUTPUT_WEIGHTS
        }
        trace = backpropagation.forward(self.cell, inputs, cell_weights, self.activation)
        a = trace.outputs @ self._weights["output_kernel"] + self._weights["output_bias"]
        return trace, sigmoid(a)[..., 0]  # (1)


class WithKeras:
    """The same network, of the project's Keras layer and with automatic gradients."""

    def __init__(self, cell: str, activation: str, weights: Mapping[str, Array]) -> None:
        import keras

        from nertagger.recurrent.layers import LAYERS

        units = weights["recurrent_kernel"].shape[0]
        self._layer = LAYERS[cell](
            units, activation=activation, return_sequences=True, dtype="float64"
        )
        head = keras.layers.Dense(1, activation="sigmoid", dtype="float64")
        inputs = keras.Input((None, _INPUTS), dtype="float64")
        self._network = keras.Model(inputs, head(self._layer(inputs)))
        self._variables = {
            name: head.kernel
            if name == "output_kernel"
            else head.bias
            if name == "output_bias"
            else getattr(self._layer.cell, name)
            for name in weights
        }
        for name, variable in self._variables.items():
            variable.assign(weights[name])

    def weights(self) -> Weights:
        """The weights as they are now, by name."""
        return {name: np.array(variable) for name, variable in self._variables.items()}

    def outputs(self, inputs: Array) -> Array:
        """y [B, T] for inputs [B, T, 2]."""
        return np.array(self._network(inputs))[..., 0]

    def train(self, inputs: Array, answers: Array, rate: float) -> float:
        """One step of gradient descent; returns L before it."""
        return float(self._compiled(inputs, answers, np.float64(rate)))

    @functools.cached_property
    def _compiled(self) -> Any:
        import tensorflow as tf

        variables = list(self._variables.values())

        def train(inputs: tf.Tensor, answers: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                outputs = self._network(inputs, training=True)[..., 0]
                errors = tf.reduce_sum(tf.square(outputs - answers), axis=1)
                loss = tf.reduce_mean(errors) / 2
            for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
                variable.assign_sub(rate * gradient)
            return loss

        return tf.function(train, jit_compile=True)


def largest_difference(one: Mapping[str, Array], other: Mapping[str, Array]) -> float:
    """The largest absolute difference between two networks' weights."""
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)
