"""Back-propagation through time, derived by hand for every cell, in NumPy.

It is what the automatic gradients of the Keras layers are tested against, and what shows how a
gradient fades or grows on its way back through the time steps.

The notation is that of `equations.py`, and the lines of each cell bear the numbers that they have
there; line (4)' is what line (4) becomes on the way back. Besides:
    δy       dL/dy, the loss's gradient with respect to any quantity y
    a_f      [B, H] what the forget gate's sigmoid is applied to; likewise for the other gates
    g'(a)    the derivative of the activation at a; σ'(a) = y (1 - y) where y = σ(a)
    +=       where a quantity is used in several lines, its gradient is the sum of what they give
    Σ_B      the sum over the batch

Source of the method: Werbos 1990, Backpropagation through time: what it does and how to do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nertagger.recurrent import equations, numpy_ops
from nertagger.recurrent.numpy_ops import sigmoid

Array = NDArray[Any]
Weights = Mapping[str, Array]
Kept = dict[str, Array]


@dataclass(frozen=True)
class Activation:
    """g, and its derivative, which may use what is known already.

    Attributes:
        function: a to y = g(a).
        derivative: a and y to g'(a).
    """

    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


ACTIVATIONS: dict[str, Activation] = {
    name: Activation(equations.activation(numpy_ops, name), derivative)
    for name, derivative in {
        "tanh": lambda a, y: 1 - y * y,
        "sigmoid": lambda a, y: y * (1 - y),
        "relu": lambda a, y: np.where(a > 0, 1.0, 0.0),
        "leaky_relu": lambda a, y: np.where(a > 0, 1.0, 0.2),
        "elu": lambda a, y: np.where(a > 0, 1.0, y + 1),
        "linear": lambda a, y: np.ones_like(a),
    }.items()
}
"""By the names of `equations.ACTIVATIONS`."""


@dataclass(frozen=True)
class Trace:
    """A forward pass, with all that the way back needs.

    Attributes:
        cell: its name in `equations.CELLS`.
        inputs: x [B, T, D].
        mask: bool [B, T].
        weights: "kernel" [D, nH], "recurrent_kernel" [H, nH], the peepholes [H], and "bias" [nH]
            where there is one.
        activation: the name of g.
        initial_states: each [B, H].
        states: each [B, T, H], after every step; a masked step leaves them as they were.
        kept: the gates and their like at every step, by name, each [B, H].
    """

    cell: str
    inputs: Array
    mask: Array
    weights: Weights
    activation: str
    initial_states: tuple[Array, ...]
    states: tuple[Array, ...]
    kept: tuple[Kept, ...]

    @property
    def outputs(self) -> Array:
        """h at every step, [B, T, H]."""
        return self.states[0]


@dataclass(frozen=True)
class Gradients:
    """The gradients of a loss, each of its quantity's shape.

    Attributes:
        inputs: δx [B, T, D].
        weights: of every weight, by name.
        initial_states: each [B, H].
        states: each [B, T, H]: what reaches the state after step t by way of every later step and
            of the output at t.
    """

    inputs: Array
    weights: dict[str, Array]
    initial_states: tuple[Array, ...]
    states: tuple[Array, ...]


def forward(
    cell: str,
    inputs: Array,
    weights: Weights,
    activation: str = "tanh",
    initial_states: Sequence[Array] | None = None,
    mask: Array | None = None,
) -> Trace:
    """Runs a cell over a batch of sequences and keeps what `backward` needs; see `Trace`.

    Without initial states they are 0; without a mask every step counts.
    """
    batch, time, _ = inputs.shape
    units = weights["recurrent_kernel"].shape[0]
    count = len(equations.CELLS[cell].states)
    if initial_states is None:
        initial_states = [np.zeros((batch, units), inputs.dtype)] * count
    if mask is None:
        mask = np.ones((batch, time), bool)
    step = _STEPS[cell][0]
    projected = equations.project(numpy_ops, inputs, weights["kernel"], weights.get("bias"))
    states = tuple(initial_states)
    history, kept = [], []
    for t in range(time):
        new, kept_t = step(projected[:, t], states, weights, ACTIVATIONS[activation].function)
        states = tuple(
            np.where(mask[:, t, None], after, before)
            for after, before in zip(new, states, strict=True)
        )
        history.append(states)
        kept.append(kept_t)
    return Trace(
        cell=cell,
        inputs=inputs,
        mask=mask,
        weights=weights,
        activation=activation,
        initial_states=tuple(initial_states),
        states=tuple(np.stack(state, axis=1) for state in zip(*history, strict=True)),
        kept=tuple(kept),
    )


def backward(
    trace: Trace, d_outputs: Array, d_last_states: Sequence[Array] | None = None
) -> Gradients:
    """The gradients of a loss that depends on the outputs, and perhaps on the last states too.

    Args:
        trace: what `forward` returned.
        d_outputs: dL/d outputs [B, T, H].
        d_last_states: dL/d the states after the last step, each [B, H].
    """
    step_back = _STEPS[trace.cell][1]
    derivative = ACTIVATIONS[trace.activation].derivative
    weights = {name: np.zeros_like(weight) for name, weight in trace.weights.items()}
    d_projected = np.zeros((*trace.mask.shape, weights["kernel"].shape[1]), trace.inputs.dtype)
    d_states = tuple(d_last_states or [np.zeros_like(s) for s in trace.initial_states])
    history = []
    for t in reversed(range(trace.inputs.shape[1])):
        d_states = (d_states[0] + d_outputs[:, t], *d_states[1:])
        history.append(d_states)
        real = trace.mask[:, t, None]
        # A masked step hands its gradient on to the step before it and to nothing else.
        d_new = tuple(np.where(real, d_state, 0) for d_state in d_states)
        d_projected[:, t], d_before, d_weights = step_back(
            trace.kept[t], d_new, trace.weights, derivative
        )
        d_states = tuple(
            np.where(real, before, d_state)
            for before, d_state in zip(d_before, d_states, strict=True)
        )
        for name, gradient in d_weights.items():
            weights[name] += gradient
    weights["kernel"] += np.einsum("btd,btn->dn", trace.inputs, d_projected)
    if "bias" in weights:
        weights["bias"] += d_projected.sum(axis=(0, 1))
    return Gradients(
        inputs=d_projected @ trace.weights["kernel"].T,
        weights=weights,
        initial_states=d_states,
        states=tuple(np.stack(state[::-1], axis=1) for state in zip(*history, strict=True)),
    )


def _simple_rnn(projected_t, states, weights, g):
    (before,) = states
    a = projected_t + before @ weights["recurrent_kernel"]
    h = g(a)  # (1)
    return (h,), {"a": a, "h": h, "before": before}


def _simple_rnn_back(kept, d_states, weights, derivative):
    """The way back through `equations.simple_rnn_step`.

    (1)'  δa = δh_t * g'(a)
          δh_{t-1} = δa · W_aaᵀ;  δW_aa = h_{t-1}ᵀ · δa
    """
    (d_h,) = d_states
    d_a = d_h * derivative(kept["a"], kept["h"])  # (1)'
    d_before = d_a @ weights["recurrent_kernel"].T
    return d_a, (d_before,), {"recurrent_kernel": kept["before"].T @ d_a}


def _peephole_lstm(projected_t, states, weights, g):
    before, c_before = states
    a = projected_t + before @ weights["recurrent_kernel"]
    a_i, a_f, a_c, a_o = np.split(a, 4, axis=-1)
    f = sigmoid(a_f + weights["peephole_forget"] * c_before)  # (1)
    i = sigmoid(a_i + weights["peephole_input"] * c_before)  # (2)
    candidate = g(a_c)  # (3)
    c = f * c_before + i * candidate  # (4)
    o = sigmoid(a_o + weights["peephole_output"] * c)  # (5)
    shown = g(c)
    kept = {"f": f, "i": i, "a_c": a_c, "candidate": candidate, "c": c, "o": o, "shown": shown}
    return (o * shown, c), {**kept, "before": before, "c_before": c_before}  # (6)


def _peephole_lstm_back(kept, d_states, weights, derivative):
    """The way back through `equations.peephole_lstm_step`.

    (6)'  δo = δh_t * g(c_t);  δc_t += δh_t * o_t * g'(c_t)
    (5)'  δa_o = δo * o_t (1 - o_t);  δc_t += δa_o * p_o;  δp_o = Σ_B δa_o * c_t
    (4)'  δf = δc_t * c_{t-1};  δi = δc_t * c̃_t;  δc̃ = δc_t * i_t;  δc_{t-1} = δc_t * f_t
    (3)'  δa_c = δc̃ * g'(a_c)
    (2)'  δa_i = δi * i_t (1 - i_t);  δc_{t-1} += δa_i * p_i;  δp_i = Σ_B δa_i * c_{t-1}
    (1)'  δa_f = δf * f_t (1 - f_t);  δc_{t-1} += δa_f * p_f;  δp_f = Σ_B δa_f * c_{t-1}
          with δa the four side by side:  δh_{t-1} = δa · Uᵀ;  δU = h_{t-1}ᵀ · δa, U the
          recurrent kernel
    """
    d_h, d_c = d_states
    f, i, o, candidate = kept["f"], kept["i"], kept["o"], kept["candidate"]
    c_before = kept["c_before"]
    d_o = d_h * kept["shown"]  # (6)'
    d_c = d_c + d_h * o * derivative(kept["c"], kept["shown"])
    d_a_o = d_o * o * (1 - o)  # (5)'
    d_c = d_c + d_a_o * weights["peephole_output"]
    d_f = d_c * c_before  # (4)'
    d_i = d_c * candidate
    d_candidate = d_c * i
    d_c_before = d_c * f
    d_a_c = d_candidate * derivative(kept["a_c"], candidate)  # (3)'
    d_a_i = d_i * i * (1 - i)  # (2)'
    d_c_before = d_c_before + d_a_i * weights["peephole_input"]
    d_a_f = d_f * f * (1 - f)  # (1)'
    d_c_before = d_c_before + d_a_f * weights["peephole_forget"]
    d_a = np.concatenate([d_a_i, d_a_f, d_a_c, d_a_o], axis=-1)
    d_weights = {
        "recurrent_kernel": kept["before"].T @ d_a,
        "peephole_input": (d_a_i * c_before).sum(axis=0),
        "peephole_forget": (d_a_f * c_before).sum(axis=0),
        "peephole_output": (d_a_o * kept["c"]).sum(axis=0),
    }
    return d_a, (d_a @ weights["recurrent_kernel"].T, d_c_before), d_weights


def _lstm(projected_t, states, weights, g):
    before, c_before = states
    a = projected_t + before @ weights["recurrent_kernel"]
    a_i, a_f, a_c, a_o = np.split(a, 4, axis=-1)
    f, i, candidate, o = sigmoid(a_f), sigmoid(a_i), g(a_c), sigmoid(a_o)  # (1) (2) (3) (5)
    c = f * c_before + i * candidate  # (4)
    shown = g(c)
    kept = {"f": f, "i": i, "a_c": a_c, "candidate": candidate, "c": c, "o": o, "shown": shown}
    return (o * shown, c), {**kept, "before": before, "c_before": c_before}  # (6)


def _lstm_back(kept, d_states, weights, derivative):
    """The way back through `equations.lstm_step`.

    (6)'  δo = δh_t * g(c_t);  δc_t += δh_t * o_t * g'(c_t)
    (5)'  δa_o = δo * o_t (1 - o_t)
    (4)'  δf = δc_t * c_{t-1};  δi = δc_t * c̃_t;  δc̃ = δc_t * i_t;  δc_{t-1} = δc_t * f_t
    (3)'  δa_c = δc̃ * g'(a_c)
    (2)'  δa_i = δi * i_t (1 - i_t)
    (1)'  δa_f = δf * f_t (1 - f_t)
          with δa the four side by side:  δh_{t-1} = δa · Uᵀ;  δU = h_{t-1}ᵀ · δa, U the
          recurrent kernel
    """
    d_h, d_c = d_states
    f, i, o, candidate = kept["f"], kept["i"], kept["o"], kept["candidate"]
    d_o = d_h * kept["shown"]  # (6)'
    d_c = d_c + d_h * o * derivative(kept["c"], kept["shown"])
    d_a_o = d_o * o * (1 - o)  # (5)'
    d_f = d_c * kept["c_before"]  # (4)'
    d_i = d_c * candidate
    d_candidate = d_c * i
    d_c_before = d_c * f
    d_a_c = d_candidate * derivative(kept["a_c"], candidate)  # (3)'
    d_a_i = d_i * i * (1 - i)  # (2)'
    d_a_f = d_f * f * (1 - f)  # (1)'
    d_a = np.concatenate([d_a_i, d_a_f, d_a_c, d_a_o], axis=-1)
    d_before = d_a @ weights["recurrent_kernel"].T
    return d_a, (d_before, d_c_before), {"recurrent_kernel": kept["before"].T @ d_a}


def _coupled_lstm(projected_t, states, weights, g):
    before, c_before = states
    a = projected_t + before @ weights["recurrent_kernel"]
    a_f, a_c, a_o = np.split(a, 3, axis=-1)
    f, candidate, o = sigmoid(a_f), g(a_c), sigmoid(a_o)  # (1) (2) (4)
    c = f * c_before + (1 - f) * candidate  # (3)
    shown = g(c)
    kept = {"f": f, "a_c": a_c, "candidate": candidate, "c": c, "o": o, "shown": shown}
    return (o * shown, c), {**kept, "before": before, "c_before": c_before}  # (5)


def _coupled_lstm_back(kept, d_states, weights, derivative):
    """The way back through `equations.coupled_lstm_step`.

    (5)'  δo = δh_t * g(c_t);  δc_t += δh_t * o_t * g'(c_t)
    (4)'  δa_o = δo * o_t (1 - o_t)
    (3)'  δf = δc_t * (c_{t-1} - c̃_t);  δc̃ = δc_t * (1 - f_t);  δc_{t-1} = δc_t * f_t
    (2)'  δa_c = δc̃ * g'(a_c)
    (1)'  δa_f = δf * f_t (1 - f_t)
          with δa the three side by side:  δh_{t-1} = δa · Uᵀ;  δU = h_{t-1}ᵀ · δa, U the
          recurrent kernel
    """
    d_h, d_c = d_states
    f, o, candidate = kept["f"], kept["o"], kept["candidate"]
    d_o = d_h * kept["shown"]  # (5)'
    d_c = d_c + d_h * o * derivative(kept["c"], kept["shown"])
    d_a_o = d_o * o * (1 - o)  # (4)'
    d_f = d_c * (kept["c_before"] - candidate)  # (3)'
    d_candidate = d_c * (1 - f)
    d_c_before = d_c * f
    d_a_c = d_candidate * derivative(kept["a_c"], candidate)  # (2)'
    d_a_f = d_f * f * (1 - f)  # (1)'
    d_a = np.concatenate([d_a_f, d_a_c, d_a_o], axis=-1)
    d_before = d_a @ weights["recurrent_kernel"].T
    return d_a, (d_before, d_c_before), {"recurrent_kernel": kept["before"].T @ d_a}


def _gru(projected_t, states, weights, g):
    (before,) = states
    u_z, u_r, u_h = np.split(weights["recurrent_kernel"], 3, axis=-1)
    x_z, x_r, x_h = np.split(projected_t, 3, axis=-1)
    z = sigmoid(x_z + before @ u_z)  # (1)
    r = sigmoid(x_r + before @ u_r)  # (2)
    a_h = x_h + (r * before) @ u_h
    candidate = g(a_h)  # (3)
    h = (1 - z) * before + z * candidate  # (4)
    return (h,), {"z": z, "r": r, "a_h": a_h, "candidate": candidate, "before": before}


def _gru_back(kept, d_states, weights, derivative):
    """The way back through `equations.gru_step`.

    U_z, U_r, U_h are the recurrent kernel's parts.

    (4)'  δz = δh_t * (h̃_t - h_{t-1});  δh̃ = δh_t * z_t;  δh_{t-1} = δh_t * (1 - z_t)
    (3)'  δa_h = δh̃ * g'(a_h);  δs = δa_h · U_hᵀ, where s = r_t * h_{t-1}
          δr = δs * h_{t-1};  δh_{t-1} += δs * r_t;  δU_h = sᵀ · δa_h
    (2)'  δa_r = δr * r_t (1 - r_t);  δh_{t-1} += δa_r · U_rᵀ;  δU_r = h_{t-1}ᵀ · δa_r
    (1)'  δa_z = δz * z_t (1 - z_t);  δh_{t-1} += δa_z · U_zᵀ;  δU_z = h_{t-1}ᵀ · δa_z
    """
    (d_h,) = d_states
    u_z, u_r, u_h = np.split(weights["recurrent_kernel"], 3, axis=-1)
    z, r, candidate, before = kept["z"], kept["r"], kept["candidate"], kept["before"]
    d_z = d_h * (candidate - before)  # (4)'
    d_candidate = d_h * z
    d_before = d_h * (1 - z)
    d_a_h = d_candidate * derivative(kept["a_h"], candidate)  # (3)'
    d_s = d_a_h @ u_h.T
    d_r = d_s * before
    d_before = d_before + d_s * r
    d_a_r = d_r * r * (1 - r)  # (2)'
    d_before = d_before + d_a_r @ u_r.T
    d_a_z = d_z * z * (1 - z)  # (1)'
    d_before = d_before + d_a_z @ u_z.T
    d_kernel = [before.T @ d_a_z, before.T @ d_a_r, (r * before).T @ d_a_h]
    d_a = np.concatenate([d_a_z, d_a_r, d_a_h], axis=-1)
    return d_a, (d_before,), {"recurrent_kernel": np.concatenate(d_kernel, axis=-1)}


# Each cell's step, which returns the new states and what it keeps; and its step back, from what was
# kept and the new states' gradients to those of projected_t, of the old states and of the weights.
_STEPS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "simple-rnn": (_simple_rnn, _simple_rnn_back),
    "lstm": (_lstm, _lstm_back),
    "peephole-lstm": (_peephole_lstm, _peephole_lstm_back),
    "coupled-lstm": (_coupled_lstm, _coupled_lstm_back),
    "gru": (_gru, _gru_back),
}
