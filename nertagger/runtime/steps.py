"""The steps of a recurrence in NumPy: one time after another, for sentences that end one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nertagger.recurrent import equations, numpy_ops

_HALF = np.array(0.5, np.float32)
_ONE = np.array(1, np.float32)
_SIGMOIDS_FIRST = np.array([0, 1, 3, 2])
"""The gates of `equations.lstm_step`, the candidate last."""


class EquationSteps:
    """Any cell, by its equations.

    A walk is one or two recurrences side by side, of shape [] or [2]. Sentences that have ended are
    the last ones, so that those that have not are a view of what there was.

    Args:
        cell: its equations.
        weights: what its step needs, of shape [H, …] for one recurrence and [2, H, …] for two.
        activation: the cell's.
        shape: of the states, [B, H] or [2, B, H].
        shift: what is added to every projected input of a sentence, [B, nH] or [2, B, nH].
    """

    def __init__(
        self,
        cell: equations.CellEquations,
        weights: Mapping[str, np.ndarray],
        activation: equations.Activation,
        shape: Sequence[int],
        shift: np.ndarray | None = None,
    ) -> None:
        self._shift = shift
        self._step, self._weights, self._activation = cell.step, weights, activation
        self._states = tuple(np.zeros(shape, np.float32) for _ in cell.states)

    def __call__(self, table: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
        """One step of the first b sentences.

        Args:
            table: of projected inputs, [R, nH].
            rows: which of them are read, [b] or [2, b]; b falls from step to step.
            out: for the outputs, [b, H] or [2, b, H].
        """
        count = rows.shape[-1]
        states = tuple(state[..., :count, :] for state in self._states)
        projected = table.take(rows, 0)
        if self._shift is not None:
            projected += self._shift[..., :count, :]
        self._states = self._step(numpy_ops, projected, states, self._weights, self._activation)
        out[...] = self._states[0]


class LSTMSteps:
    """`equations.lstm_step` with tanh, in room of its own and gate after gate.

    NumPy runs through memory once for each operation, so there are few of them: the logistic
    function is sigmoid(x) = (1 + tanh(x/2))/2, and where the weights of the sigmoid gates come
    halved one tanh serves all four gates. Halving a number loses nothing of it.

    Args:
        kernels: the recurrent kernel of each gate, those of the sigmoid gates halved: [4, H, H] for
            one recurrence, [4, 2, H, H] for two; see `gate_kernels` and `halves_for_sigmoids`.
        shape: of the states, [B, H] or [2, B, H].
        shift: what is added to every projected input of a sentence, that of the sigmoid gates
            halved: [B, 4H] or [2, B, 4H].
    """

    def __init__(
        self, kernels: np.ndarray, shape: Sequence[int], shift: np.ndarray | None = None
    ) -> None:
        self._kernels = kernels
        self._shift = None if shift is None else gate_kernels(shift)
        self._h, self._c = np.zeros((2, *shape), np.float32)
        size = len(kernels) * self._h.size
        self._room = np.empty((2, size), np.float32)
        self._count = -1

    def __call__(self, table: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
        """One step of the first b sentences.

        Args:
            table: of projected inputs, those of the sigmoid gates halved, a gate a row: [4R, H].
            rows: which of them are read, [4, b] or [4, 2, b]; see `gate_rows`.
            out: for the outputs, [b, H] or [2, b, H].
        """
        count = rows.shape[-1]
        if count != self._count:
            self._use(count)
        table.take(rows, 0, self._projected, "clip")
        numpy_ops.matmul(self._h, self._kernels, self._gates)
        self._gates += self._projected
        if self._shift is not None:
            self._gates += self._shift[..., :count, :]
        # (1), (2), (3) and (5); the half of a sigmoid comes with what it multiplies.
        np.tanh(self._gates, self._gates)
        self._sigmoids += _ONE
        i, f, o, candidate = self._each
        # (4)
        c = self._c
        c *= f
        i *= candidate
        c += i
        c *= _HALF
        # (6)
        np.tanh(c, candidate)
        np.multiply(o, candidate, out)
        out *= _HALF
        self._h = out

    def _use(self, count: int) -> None:
        """Takes of all that there is what `count` sentences need."""
        self._count = count
        self._h, self._c = self._h[..., :count, :], self._c[..., :count, :]
        shape = self._h.shape
        room = self._room[:, : len(self._kernels) * self._h.size]
        self._gates, self._projected = room.reshape(2, len(self._kernels), *shape)
        self._each, self._sigmoids = tuple(self._gates), self._gates[:3]


def halves_for_sigmoids(units: int) -> np.ndarray:
    """What the weights of an LSTM's gates are multiplied by for `LSTMSteps`, [4H]."""
    return np.array([0.5, 0.5, 1, 0.5], np.float32).repeat(units)


def gate_kernels(kernel: np.ndarray) -> np.ndarray:
    """The recurrent kernel of an LSTM, […, H, 4H], to [4, …, H, H], or any array of its gates,
    […, any, 4H], to [4, …, any, H]: each gate's in one piece and the candidate's last."""
    *rest, rows, width = kernel.shape
    gates = kernel.reshape(*rest, rows, 4, width // 4)
    return np.ascontiguousarray(np.moveaxis(gates, -2, 0)[_SIGMOIDS_FIRST])


def gate_rows(table: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A table of projected inputs, [R, 4H], as one of gates, [4R, H], and where in it the gates of
    `rows` are, the candidate last: [4, …]."""
    gates = _SIGMOIDS_FIRST.reshape(-1, *[1] * rows.ndim)
    return table.reshape(4 * len(table), -1), 4 * rows + gates
