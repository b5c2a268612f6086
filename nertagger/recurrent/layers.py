"""The recurrent layers: a cell, its loop over time, mask, dropout and states.

They behave as Keras's own (`keras.layers.LSTM` and its like) and go wherever those go, into
`keras.layers.Bidirectional` for one. The input's projection runs once, for the whole sequence,
outside the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from nertagger.recurrent import cells, loop
from nertagger.recurrent.equations import Array

_PACKAGE = "nertagger"


class RecurrentLayer(keras.layers.RNN):
    """What every recurrent layer shares. Use one of its subclasses.

    Args:
        units: H, the size of the state and of the output.
        dropout: the share of the input features that is dropped in training, the same ones at every
            time step of a sequence (Gal & Ghahramani 2016). With `one_hot_size` that drops
            words: all occurrences of a word in the sequence, or none.
        recurrent_dropout: the share of h_{t-1} that is hidden from the gates in training, the same
            units at every time step.
        seed: of the dropout, an integer.
        return_sequences: whether to return h_t for every t, or for the last alone.
        return_state: whether to return the last states too.
        go_backwards: whether to read the sequence from its end; the output is in the order read.
        stateful: whether a batch starts from the states in which the last one ended.
        unroll: whether to write the loop out; for short sequences of known length.
        zero_output_for_mask: whether the output at a masked step is 0 and not the one before it.
        **options: those of its cell (`RecurrentCell`), and Keras's own (`name`, `dtype`, …).

    Call arguments:
        sequences: [B, T, D].
        initial_state: a list of [B, H], one for each state.
        mask: bool [B, T], of any pattern; a masked step leaves the states as they are.
        training: whether to apply dropout.

    Returns:
        [B, T, H], or [B, H] without `return_sequences`; then the states, with `return_state`.

    Raises:
        ValueError: an argument is out of range; see `RecurrentCell`.
    """

    cell_class: ClassVar[type[cells.RecurrentCell]]

    def __init__(
        self,
        units: int,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **options: Any,
    ) -> None:
        for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"{name} is {rate}; it must be at least 0 and less than 1")
        cell_options = {
            name: options.pop(name) for name in self.cell_class.option_names if name in options
        }
        cell = self.cell_class(
            units,
            **cell_options,
            name="cell",
            dtype=options.get("dtype"),
            trainable=options.get("trainable", True),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
            **options,
        )
        self.units = units
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.input_spec = [keras.layers.InputSpec(ndim=3)]

    def inner_loop(
        self,
        sequences: Array,
        initial_state: Sequence[Array],
        mask: Array | None,
        training: bool = False,
    ) -> Any:
        """The outputs and the last states; `keras.layers.RNN` casts, checks and keeps them."""
        cell = self.cell
        one_hot_value = recurrent_mask = None
        if training and self.dropout:
            sequences, one_hot_value = self._drop_inputs(sequences)
        if training and self.recurrent_dropout:
            recurrent_mask = self._dropout_mask(initial_state[0], self.recurrent_dropout)
        weights = cell.recurrent_weights()
        # Turned before it is projected: the projection is n H wide, the input is not.
        sequences = loop.time_major(sequences, self.go_backwards)
        return loop.run(
            lambda projected_t, states: cell.step(projected_t, states, recurrent_mask, weights),
            cell.project(sequences, one_hot_value),
            initial_state,
            mask=None if mask is None else loop.time_major(mask, self.go_backwards),
            zero_output_for_mask=self.zero_output_for_mask,
            unroll=self.unroll,
            return_all_outputs=self.return_sequences,
        )

    def _drop_inputs(self, sequences: Array) -> tuple[Array, Array | None]:
        """The inputs with features dropped; and with `one_hot_size`, time first, what is left of
        the ones in the one-hot vectors."""
        size = self.cell.one_hot_size
        if not size:
            kept = self._dropout_mask(sequences[:, :1], self.dropout)
            return ops.multiply(sequences, kept), None
        index, features = sequences[:, :, :1], sequences[:, :, 1:]
        features = ops.multiply(features, self._dropout_mask(features[:, :1], self.dropout))
        vocabulary = ops.broadcast_to(index[:, 0], (ops.shape(index)[0], size))
        words = self._dropout_mask(vocabulary, self.dropout)
        one_hot_value = ops.take_along_axis(words, ops.cast(index[:, :, 0], "int32"), axis=1)
        return (
            ops.concatenate([index, features], axis=-1),
            loop.time_major(one_hot_value, self.go_backwards),
        )

    def _dropout_mask(self, like: Array, rate: float) -> Array:
        """0 or 1 / (1 - rate) for every element of an array of this shape."""
        ones = ops.ones_like(like, dtype=self.compute_dtype)
        return keras.random.dropout(ones, rate, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        cell_config = self.cell.get_config()
        for name in ("units", *self.cell.option_names):
            config[name] = cell_config[name]
        config["dropout"] = self.dropout
        config["recurrent_dropout"] = self.recurrent_dropout
        config["seed"] = self.seed
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RecurrentLayer:
        return cls(**config)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SimpleRNN(RecurrentLayer):
    """Elman's simple recurrent layer (Elman 1990); arguments of `RecurrentLayer`."""

    cell_class = cells.SimpleRNNCell


@keras.saving.register_keras_serializable(package=_PACKAGE)
class LSTM(RecurrentLayer):
    """Long short-term memory (Gers et al. 2000); arguments of `RecurrentLayer`, `LSTMCell`."""

    cell_class = cells.LSTMCell


@keras.saving.register_keras_serializable(package=_PACKAGE)
class PeepholeLSTM(RecurrentLayer):
    """LSTM with peepholes (Gers & Schmidhuber 2000); see `RecurrentLayer`, `PeepholeLSTMCell`."""

    cell_class = cells.PeepholeLSTMCell


@keras.saving.register_keras_serializable(package=_PACKAGE)
class CoupledLSTM(RecurrentLayer):
    """LSTM with coupled gates (Greff et al. 2017); see `RecurrentLayer`, `CoupledLSTMCell`."""

    cell_class = cells.CoupledLSTMCell


@keras.saving.register_keras_serializable(package=_PACKAGE)
class GRU(RecurrentLayer):
    """Gated recurrent unit (Cho et al. 2014); arguments of `RecurrentLayer`."""

    cell_class = cells.GRUCell


LAYERS: dict[str, type[RecurrentLayer]] = {
    layer.cell_class.cell_name: layer for layer in (SimpleRNN, LSTM, PeepholeLSTM, CoupledLSTM, GRU)
}
"""Every layer by the name of its cell."""
