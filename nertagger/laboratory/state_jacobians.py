"""How a change of a cell's state fades or grows from step to step: products of Jacobians, exactly.

Notation, beside that of `recurrent/equations.py`
    s_t    the state after step t: h_t, and for the LSTMs h_t and c_t side by side; S numbers
    J_t    [S, S]  ∂s_t/∂s_{t-1}, row a and column b: what s_t[a] owes to s_{t-1}[b]
    ‖·‖    the spectral norm, a matrix's largest singular value
    β_W    ‖recurrent kernel‖;  β_h the steepest slope of the activation, max |g'|

By the chain rule a change of s_k reaches s_t as

    (1)  ∂s_t/∂s_k = J_t · J_{t-1} · … · J_{k+1}

of which ∂h_t/∂h_k and ∂c_t/∂c_k are blocks. For the simple RNN J_t = diag(g'(a_t)) · W_aa, so that

    (2)  ‖∂h_t/∂h_k‖ ≤ (β_W β_h)^(t-k)

Sources: Bengio, Simard & Frasconi 1994, Learning long-term dependencies with gradient descent is
difficult; Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks,
equations 5 to 7. (2) is carried over to the gated cells by `bound_matrix`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nertagger.recurrent import backpropagation, equations, numpy_ops

Array = NDArray[np.float64]

STEEPEST = {
    "tanh": 1.0,
    "sigmoid": 0.25,
    "relu": 1.0,
    "leaky_relu": 1.0,
    "elu": 1.0,
    "linear": 1.0,
}
"""β_h of every activation."""
_GATE_SLOPE = STEEPEST["sigmoid"]


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell with its weights.

    Attributes:
        name: in `equations.CELLS`.
        activation: the name of g.
        weights: "recurrent_kernel" [H, nH] and the peepholes [H], float64. What the kernel and the
            bias make of the input is computed beforehand: `projected` below.
    """

    name: str
    activation: str
    weights: Mapping[str, Array]

    @property
    def units(self) -> int:
        """H."""
        return self.weights["recurrent_kernel"].shape[0]

    @property
    def states(self) -> tuple[str, ...]:
        """("h",) or ("h", "c")."""
        return equations.CELLS[self.name].states

    def gate_kernel(self, gate: str) -> Array:
        """The part [H, H] of the recurrent kernel that belongs to one gate."""
        gates = equations.CELLS[self.name].gates
        return np.split(self.weights["recurrent_kernel"], len(gates), axis=1)[gates.index(gate)]


def run_cell(cell: Cell, projected: Array) -> list[tuple[Array, ...]]:
    """The states before the first step, which are 0, and after every step.

    Args:
        cell: the cell.
        projected: [B, T, nH], what `equations.project` made of the inputs of B sequences.

    Returns:
        T + 1 tuples of [B, H].
    """
    step = equations.CELLS[cell.name].step
    activation = equations.activation(numpy_ops, cell.activation)
    history = [tuple(np.zeros((len(projected), cell.units)) for _ in cell.states)]
    for t in range(projected.shape[1]):
        history.append(step(numpy_ops, projected[:, t], history[-1], cell.weights, activation))
    return history


def state_jacobians(cell: Cell, projected: Array, steps: int) -> Iterator[Array]:
    """∂s_t/∂s_{t-n} for n = 1 … `steps`, where t is the last step; equation (1).

    The S unit vectors are the gradients of S losses, each one number of s_t. The hand-derived
    backward step takes them through one step after another, which multiplies them by J_t, J_{t-1}
    and so on.

    Args:
        cell: the cell.
        projected: [B, T, nH].
        steps: at most T.

    Yields:
        [B, S, S].
    """
    batch, time, _ = projected.shape
    history = run_cell(cell, projected)
    size = cell.units * len(cell.states)
    # A row for every sequence and unit vector.
    sequence = np.repeat(np.eye(batch), size, axis=0)[:, None]
    rows = np.tile(np.eye(size), (batch, 1))
    for t in range(time - 1, time - 1 - steps, -1):
        trace = backpropagation.forward(
            cell.name,
            # One-hot rows: each picks what the input of its own sequence was projected to.
            sequence,
            {**cell.weights, "kernel": projected[:, t]},
            cell.activation,
            [np.repeat(state, size, axis=0) for state in history[t]],
        )
        no_outputs = np.zeros((batch * size, 1, cell.units))
        gradients = backpropagation.backward(
            trace, no_outputs, np.split(rows, len(cell.states), axis=1)
        )
        rows = np.concatenate(gradients.initial_states, axis=1)
        yield rows.reshape(batch, size, size)


def state_norms(cell: Cell, projected: Array, distances: Sequence[int]) -> dict[str, Array]:
    """‖∂h_t/∂h_{t-n}‖, and for the LSTMs ‖∂c_t/∂c_{t-n}‖, by the state's name: [B, distances].

    Args:
        cell: the cell.
        projected: [B, T, nH].
        distances: values of n, rising, none above T.
    """
    norms: dict[str, list[Any]] = {state: [] for state in cell.states}
    for n, jacobian in enumerate(state_jacobians(cell, projected, distances[-1]), 1):
        if n not in distances:
            continue
        for number, state in enumerate(cell.states):
            block = slice(number * cell.units, (number + 1) * cell.units)
            norms[state].append(spectral_norms(jacobian[:, block, block]))
    return {state: np.stack(values, axis=1) for state, values in norms.items()}


def spectral_norms(matrices: Array) -> Array:
    """The largest singular value of each matrix of [..., S, S]; NaN where one is not finite."""
    usable = np.isfinite(matrices).all(axis=(-2, -1))
    norms = np.full(matrices.shape[:-2], np.nan)
    norms[usable] = np.linalg.norm(matrices[usable], 2, axis=(-2, -1))
    return norms


def bounds(cell: Cell, projected: Array, distances: Sequence[int]) -> dict[str, Array]:
    """What the norms of `state_norms` can never exceed, by the state's name: [distances].

    (2) with the matrix N of `bound_matrix` in the place of β_W β_h: the n-th power of N, and of
    that the entry of h and h, or of c and c.
    """
    matrix = bound_matrix(cell, largest_values(cell, projected))
    powers = [np.linalg.matrix_power(matrix, n) for n in distances]
    return {
        state: np.array([power[number, number] for power in powers])
        for number, state in enumerate(cell.states)
    }


def largest_values(cell: Cell, projected: Array) -> dict[str, float]:
    """The largest magnitudes that the cell meets in these sequences [B, T, nH].

    "h" and "c" of the old states, "candidate", "shown" (g(c_t)) and "change", which is the
    candidate's difference from what it replaces: h̃_t - h_{t-1}, or c̃_t - c_{t-1}.
    """
    identity = np.eye(projected.shape[2])
    trace = backpropagation.forward(
        cell.name, projected, {**cell.weights, "kernel": identity}, cell.activation
    )
    largest: dict[str, float] = {}
    for kept in trace.kept:
        values = {"h": kept["before"], "candidate": kept.get("candidate", kept["before"])}
        replaced = kept.get("c_before", kept["before"])
        values["change"] = values["candidate"] - replaced
        if "c_before" in kept:
            values |= {"c": kept["c_before"], "shown": kept["shown"]}
        for name, value in values.items():
            largest[name] = max(largest.get(name, 0.0), float(np.abs(value).max()))
    return largest


def bound_matrix(cell: Cell, largest: Mapping[str, float]) -> Array:
    """N: row y, column x bounds ‖∂y_t/∂x_{t-1}‖, for the states x and y; [1, 1] or [2, 2].

    Each bound is the triangle inequality on the derivative of a line of `equations.py`: of a
    product the norms' product, of a gate its steepest slope ¼ and its largest value 1, of the
    activation its steepest slope β_h, of a quantity without a bound of its own the largest that was
    met. U_f is the recurrent kernel's part for the forget gate, and so on.

        simple RNN    N = β_h ‖W_aa‖
        GRU           N = 1 + ¼ max|h̃ - h| ‖U_z‖ + β_h ‖U_h‖ (1 + ¼ max|h| ‖U_r‖)
        LSTMs         F = 1 + ¼ max|c| max|p_f| + ¼ max|c̃| max|p_i|           ∂c_t/∂c_{t-1}
                      A = ¼ max|c| ‖U_f‖ + ¼ max|c̃| ‖U_i‖ + β_h ‖U_C‖         ∂c_t/∂h_{t-1}
                      G = β_h + ¼ max|g(c)| max|p_o|                          ∂h_t/∂c_t
                      N = [[G A + ¼ max|g(c)| ‖U_o‖, G F], [A, F]]
                      without peepholes p = 0; coupled: A = ¼ max|c̃ - c| ‖U_f‖ + β_h ‖U_C‖

    Since N has no negative entries, the blocks of a product of n Jacobians are bounded by the
    entries of the n-th power of N.
    """
    slope = STEEPEST[cell.activation]

    def size(gate: str) -> float:
        return float(spectral_norms(cell.gate_kernel(gate)))

    if cell.name == "simple-rnn":
        return np.array([[slope * size("candidate")]])
    if cell.name == "gru":
        through_candidate = size("candidate") * (1 + _GATE_SLOPE * largest["h"] * size("reset"))
        through_update = _GATE_SLOPE * largest["change"] * size("update")
        return np.array([[1 + through_update + slope * through_candidate]])

    def peephole(gate: str) -> float:
        return float(np.abs(cell.weights.get(f"peephole_{gate}", np.zeros(1))).max())

    if cell.name == "coupled-lstm":
        through_gates = _GATE_SLOPE * largest["change"] * size("forget")
    else:
        through_gates = _GATE_SLOPE * (
            largest["c"] * size("forget") + largest["candidate"] * size("input")
        )
    f = 1 + _GATE_SLOPE * (
        largest["c"] * peephole("forget") + largest["candidate"] * peephole("input")
    )
    a = through_gates + slope * size("candidate")
    g = slope + _GATE_SLOPE * largest["shown"] * peephole("output")
    return np.array([[g * a + _GATE_SLOPE * largest["shown"] * size("output"), g * f], [a, f]])
