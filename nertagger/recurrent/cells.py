"""The recurrent cells as Keras layers: weights round the equations of `equations.py`.

A cell holds the weights and computes one time step. The loop over time, the mask, the dropout and
the states belong to the layer (`layers.py`), or to a plain `keras.layers.RNN`, in which every cell
works too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import keras
from keras import constraints, initializers, ops, regularizers

from nertagger.recurrent import equations
from nertagger.recurrent.equations import Array, CellEquations, States

_PACKAGE = "nertagger"
# A 16-bit float does not hold every integer above this, so an index would change on its way.
_LARGEST_16_BIT_INDEX = 256


class RecurrentCell(keras.layers.Layer):
    """What every cell shares. Use one of its subclasses.

    Args:
        units: H, the size of the state and of the output.
        activation: g, one of `equations.ACTIVATIONS`.
        use_bias: whether there is a bias.
        kernel_initializer: for `kernel` [D, nH]; drawn for all gates at once, as Keras does.
        recurrent_initializer: for `recurrent_kernel` [H, nH].
        bias_initializer: for `bias` [nH].
        kernel_regularizer: for `kernel`; and so on for the others.
        one_hot_size: V > 0 says that the first input feature is the index of a one-hot vector of
            size V; `kernel` then has V + D - 1 rows, and the product is a look-up.

    Call arguments:
        inputs: x_t [B, D].
        states: h_{t-1} [B, H], and c_{t-1} [B, H] for an LSTM, in a list.

    Returns:
        The output h_t [B, H] and the list of new states.

    Raises:
        ValueError: a size is not positive, the activation is unknown, or a 16-bit compute dtype
            cannot hold the indices of the one-hot vector.
    """

    cell_name: ClassVar[str]
    """The cell's name in `equations.CELLS`, on the command line and in configurations."""

    option_names: ClassVar[tuple[str, ...]] = (
        "activation",
        "use_bias",
        "kernel_initializer",
        "recurrent_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "recurrent_regularizer",
        "bias_regularizer",
        "kernel_constraint",
        "recurrent_constraint",
        "bias_constraint",
        "one_hot_size",
    )
    """The constructor's arguments beside `units` and Keras's own, which a layer passes on."""

    def __init__(
        self,
        units: int,
        activation: str = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        one_hot_size: int = 0,
        **kwargs: Any,
    ) -> None:
        if units <= 0:
            raise ValueError(f"units is {units}; it must be a positive integer")
        if one_hot_size < 0:
            raise ValueError(f"one_hot_size is {one_hot_size}; it must be 0 (none) or a size")
        super().__init__(**kwargs)
        self.units = units
        self.activation = activation
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.one_hot_size = one_hot_size
        self.equations: CellEquations = equations.CELLS[self.cell_name]
        self.activation_function = equations.activation(ops, activation)
        self.state_size = [units] * len(self.equations.states)
        self.output_size = units
        if one_hot_size > _LARGEST_16_BIT_INDEX and self.compute_dtype in ("float16", "bfloat16"):
            raise ValueError(
                f"one_hot_size is {one_hot_size} and the layer computes in {self.compute_dtype}, "
                f"which rounds indices above {_LARGEST_16_BIT_INDEX}; give this layer "
                'dtype="float32"'
            )

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Makes the weights for inputs of shape [B, D]."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"the input's shape is {tuple(input_shape)}; its last axis must be known"
            )
        if self.one_hot_size:
            features += self.one_hot_size - 1
        columns = len(self.equations.gates) * self.units
        self.kernel = self.add_weight(
            shape=(features, columns),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, columns),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(columns,),
                name="bias",
                initializer=self._initial_bias(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def project(self, x: Array, one_hot_value: Array | None = None) -> Array:
        """What the gates owe to the input: [..., D] to [..., nH], for any number of steps at once.

        `one_hot_value` [...] is what the one-hot vector holds at its index where that is not 1.
        """
        return equations.project(
            ops,
            x,
            ops.convert_to_tensor(self.kernel),
            None if self.bias is None else ops.convert_to_tensor(self.bias),
            self.one_hot_size,
            one_hot_value,
        )

    def recurrent_weights(self) -> Mapping[str, Array]:
        """The weights that a step needs, read and prepared once, for all the steps of a loop."""
        names = ("recurrent_kernel", *self.equations.peepholes)
        weights = {name: ops.convert_to_tensor(getattr(self, name)) for name in names}
        return self.equations.prepare(ops, weights)

    def step(
        self,
        projected_t: Array,
        states: Sequence[Array],
        recurrent_mask: Array | None = None,
        weights: Mapping[str, Array] | None = None,
    ) -> States:
        """The recurrence: projected_t [B, nH] and the old states to the new states.

        Args:
            projected_t: what `project` made of x_t.
            states: each [B, H].
            recurrent_mask: [B, H], multiplies h_{t-1} where it enters the gates' products.
            weights: what `recurrent_weights` returned; read anew where it is None.
        """
        return self.equations.step(
            ops,
            projected_t,
            tuple(states),
            self.recurrent_weights() if weights is None else weights,
            self.activation_function,
            recurrent_mask,
        )

    def call(self, inputs: Array, states: Any) -> tuple[Array, list[Array]]:
        states = list(states) if isinstance(states, list | tuple) else [states]
        new_states = self.step(self.project(inputs), states)
        return new_states[0], list(new_states)

    def get_initial_state(self, batch_size: Any = None) -> list[Array]:
        """Zeros [B, H] for each state."""
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in self.state_size]

    def compute_output_shape(self, input_shape: Any, states_shape: Any = None) -> Any:
        shape = (input_shape[0], self.units)
        return shape, [shape] * len(self.state_size)

    def get_config(self) -> dict[str, Any]:
        config = {"units": self.units}
        for name in self.option_names:
            value = getattr(self, name)
            if name.endswith("_initializer"):
                value = initializers.serialize(value)
            elif name.endswith("_regularizer"):
                value = regularizers.serialize(value)
            elif name.endswith("_constraint"):
                value = constraints.serialize(value)
            config[name] = value
        return {**super().get_config(), **config}

    def _initial_bias(self) -> Callable[..., Array]:
        return self.bias_initializer


class _ForgettingCell(RecurrentCell):
    """What the LSTMs share.

    Args:
        unit_forget_bias: starts the forget gate's bias at 1, so that a new cell remembers
            (Gers et al. 2000; Jozefowicz et al. 2015, section 3). The rest of the bias starts as
            `bias_initializer` says.
        **options: those of every cell, see `RecurrentCell`.
    """

    option_names = (*RecurrentCell.option_names, "unit_forget_bias")

    def __init__(self, units: int, unit_forget_bias: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        self.unit_forget_bias = unit_forget_bias

    def _initial_bias(self) -> Callable[..., Array]:
        if not self.unit_forget_bias:
            return self.bias_initializer
        forget = self.equations.gates.index("forget")

        def initial_bias(shape: Any, dtype: Any = None) -> Array:
            gate = ops.arange(shape[0]) // self.units
            bias = self.bias_initializer(shape, dtype=dtype)
            return ops.where(gate == forget, ops.ones_like(bias), bias)

        return initial_bias


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SimpleRNNCell(RecurrentCell):
    """Elman's simple recurrent cell; `equations.simple_rnn_step`, arguments of `RecurrentCell`."""

    cell_name = "simple-rnn"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class LSTMCell(_ForgettingCell):
    """Long short-term memory; `equations.lstm_step`, arguments of `RecurrentCell`.

    Args:
        unit_forget_bias: starts the forget gate's bias at 1.
    """

    cell_name = "lstm"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class PeepholeLSTMCell(_ForgettingCell):
    """LSTM with peepholes; `equations.peephole_lstm_step`, arguments of `RecurrentCell`.

    Args:
        unit_forget_bias: starts the forget gate's bias at 1.
        peephole_initializer: for `peephole_input`, `peephole_forget`, `peephole_output`, each [H].
        peephole_regularizer: for the same three.
        peephole_constraint: for the same three.
    """

    cell_name = "peephole-lstm"
    option_names = (
        *_ForgettingCell.option_names,
        "peephole_initializer",
        "peephole_regularizer",
        "peephole_constraint",
    )

    def __init__(
        self,
        units: int,
        peephole_initializer: Any = "zeros",
        peephole_regularizer: Any = None,
        peephole_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(units, **options)
        self.peephole_initializer = initializers.get(peephole_initializer)
        self.peephole_regularizer = regularizers.get(peephole_regularizer)
        self.peephole_constraint = constraints.get(peephole_constraint)

    def build(self, input_shape: Sequence[int | None]) -> None:
        super().build(input_shape)
        for name in self.equations.peepholes:
            weight = self.add_weight(
                shape=(self.units,),
                name=name,
                initializer=self.peephole_initializer,
                regularizer=self.peephole_regularizer,
                constraint=self.peephole_constraint,
            )
            setattr(self, name, weight)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class CoupledLSTMCell(_ForgettingCell):
    """LSTM with coupled gates; `equations.coupled_lstm_step`, arguments of `RecurrentCell`.

    Args:
        unit_forget_bias: starts the forget gate's bias at 1.
    """

    cell_name = "coupled-lstm"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class GRUCell(RecurrentCell):
    """Gated recurrent unit; `equations.gru_step`, arguments of `RecurrentCell`."""

    cell_name = "gru"
