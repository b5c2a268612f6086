"""The equations of the recurrent cells, each written once, over an array namespace `xp`.

`xp` is `keras.ops` in the Keras cells and `nertagger.recurrent.numpy_ops` in the NumPy runtime, so
the model that was trained is the model that runs.

Notation
    B batch, T time, D input features, H units, n gates.
    x_t    [B, D]     input at time t
    h_t    [B, H]     hidden state, which is also the cell's output (Elman's a_t)
    c_t    [B, H]     memory of an LSTM; c̃_t and h̃_t are the candidates for c_t and h_t
    W·[h_{t-1}, x_t]  = h_{t-1} · recurrent_kernel + x_t · kernel, for the gate's own columns:
                      W is one matrix [H + D, H] a gate, kept as two halves for all gates together,
                      recurrent_kernel [H, nH] and kernel [D, nH]
    b      [nH]       bias; x_t · kernel + b is "projected" and needs no recurrence
    p_…    [H]        peephole weights, the diagonal of a matrix
    g                 the activation, tanh unless another is asked for
    σ                 the logistic sigmoid
    *                 the element-wise product
    Where there is a recurrent_mask m [B, H] (dropout, Gal & Ghahramani 2016), m * h_{t-1} stands
    for the h_{t-1} in every W·[…].

The gates lie side by side along nH in the order that `CellEquations.gates` names.

Sums are gathered by `+=`, which needs no room of its own where the arrays are NumPy's and binds a
new tensor elsewhere; what a caller has passed in is never changed.

Sources
    Elman 1990, Finding structure in time.
    Hochreiter & Schmidhuber 1997, Long short-term memory.
    Gers, Schmidhuber & Cummins 2000, Learning to forget: the forget gate.
    Gers & Schmidhuber 2000, Recurrent nets that time and count: peepholes.
    Greff et al. 2017, LSTM: a search space odyssey, section III: coupled gates (CIFG).
    Cho et al. 2014, Learning phrase representations using RNN encoder–decoder: the GRU, equations
    5 to 8; its z is turned round here, so that z = 1 takes the candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Array = Any  # a NumPy array or a tensor of the Keras backend
Activation = Callable[[Array], Array]
States = tuple[Array, ...]

ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky_relu", "elu", "linear")


def _as_they_are(xp: Any, weights: Mapping[str, Array]) -> Mapping[str, Array]:
    return weights


@dataclass(frozen=True)
class CellEquations:
    """One cell: how its weights are laid out, and its step.

    Attributes:
        gates: the gates' names in their order along nH; n is their number.
        states: `("h",)` or `("h", "c")`.
        peepholes: names of the diagonal weights, none mostly.
        step: `step(xp, projected_t, states, weights, activation, recurrent_mask=None)`, the new
            states from the old; see `CELLS`.
        prepare: `prepare(xp, weights)`, the weights as a loop should pass them to every step: what
            is the same at all of them is done beforehand. A step takes them unprepared too.
    """

    gates: tuple[str, ...]
    states: tuple[str, ...]
    peepholes: tuple[str, ...]
    step: Callable[..., States]
    prepare: Callable[[Any, Mapping[str, Array]], Mapping[str, Array]] = _as_they_are


def activation(xp: Any, name: str) -> Activation:
    """The activation function called `name` (one of `ACTIVATIONS`) of the namespace `xp`.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation {name!r} is unknown; use one of {', '.join(ACTIVATIONS)}")
    return _identity if name == "linear" else getattr(xp, name)


def project(
    xp: Any,
    x: Array,
    kernel: Array,
    bias: Array | None,
    one_hot_size: int = 0,
    one_hot_value: Array | None = None,
) -> Array:
    """What the gates owe to the input alone: x · kernel + bias, for any number of time steps.

    Args:
        x: [..., D].
        kernel: [D, nH]; with `one_hot_size`, [one_hot_size + D - 1, nH].
        bias: [nH], or None.
        one_hot_size: V > 0 says that x[..., 0] is the index of a one-hot vector of size V, to which
            the first V rows of the kernel belong. Its product is a look-up of one row.
        one_hot_value: [...], what the one-hot vector holds at its index where that is not 1.

    Returns:
        [..., nH].
    """
    if not one_hot_size:
        projected = xp.matmul(x, kernel)
    else:
        projected = xp.take(kernel, xp.cast(x[..., 0], "int32"), axis=0)
        if one_hot_value is not None:
            projected = projected * one_hot_value[..., None]
        if x.shape[-1] > 1:
            # A look-up, not a slice: its gradient, like that of the line above, is the rows
            # that were read, and stays sparse when the vocabulary is large.
            rows = xp.arange(one_hot_size, one_hot_size + x.shape[-1] - 1, dtype="int32")
            projected += xp.matmul(x[..., 1:], xp.take(kernel, rows, axis=0))
    if bias is not None:
        projected += bias
    return projected


def simple_rnn_step(
    xp: Any,
    projected_t: Array,
    states: Sequence[Array],
    weights: Mapping[str, Array],
    activation: Activation,
    recurrent_mask: Array | None = None,
) -> States:
    """Elman's simple recurrent network (Elman 1990).

    (1)  a_t = g(W_aa a_{t-1} + W_ax x_t + b_a)
    """
    (h,) = states
    return (activation(_preactivations(xp, projected_t, h, weights, recurrent_mask)),)  # (1)


def lstm_step(
    xp: Any,
    projected_t: Array,
    states: Sequence[Array],
    weights: Mapping[str, Array],
    activation: Activation,
    recurrent_mask: Array | None = None,
) -> States:
    """Long short-term memory with a forget gate (Gers, Schmidhuber & Cummins 2000).

    (1)  f_t = σ(W_f·[h_{t-1}, x_t] + b_f)      forget gate
    (2)  i_t = σ(W_i·[h_{t-1}, x_t] + b_i)      input gate
    (3)  c̃_t = g(W_C·[h_{t-1}, x_t] + b_C)      candidate
    (4)  c_t = f_t * c_{t-1} + i_t * c̃_t
    (5)  o_t = σ(W_o·[h_{t-1}, x_t] + b_o)      output gate
    (6)  h_t = o_t * g(c_t)
    """
    h, c = states
    a = _preactivations(xp, projected_t, h, weights, recurrent_mask)
    a_i, a_f, a_c, a_o = xp.split(a, 4, axis=-1)
    f = xp.sigmoid(a_f)  # (1)
    i = xp.sigmoid(a_i)  # (2)
    candidate = activation(a_c)  # (3)
    c = f * c  # (4)
    c += i * candidate
    o = xp.sigmoid(a_o)  # (5)
    return o * activation(c), c  # (6)


def peephole_lstm_step(
    xp: Any,
    projected_t: Array,
    states: Sequence[Array],
    weights: Mapping[str, Array],
    activation: Activation,
    recurrent_mask: Array | None = None,
) -> States:
    """LSTM whose gates see the memory (Gers & Schmidhuber 2000).

    (1)  f_t = σ(W_f·[h_{t-1}, x_t] + p_f * c_{t-1} + b_f)
    (2)  i_t = σ(W_i·[h_{t-1}, x_t] + p_i * c_{t-1} + b_i)
    (3)  c̃_t = g(W_C·[h_{t-1}, x_t] + b_C)
    (4)  c_t = f_t * c_{t-1} + i_t * c̃_t
    (5)  o_t = σ(W_o·[h_{t-1}, x_t] + p_o * c_t + b_o)
    (6)  h_t = o_t * g(c_t)
    """
    h, c = states
    a = _preactivations(xp, projected_t, h, weights, recurrent_mask)
    a_i, a_f, a_c, a_o = xp.split(a, 4, axis=-1)
    f = xp.sigmoid(a_f + weights["peephole_forget"] * c)  # (1)
    i = xp.sigmoid(a_i + weights["peephole_input"] * c)  # (2)
    candidate = activation(a_c)  # (3)
    c = f * c  # (4)
    c += i * candidate
    o = xp.sigmoid(a_o + weights["peephole_output"] * c)  # (5)
    return o * activation(c), c  # (6)


def coupled_lstm_step(
    xp: Any,
    projected_t: Array,
    states: Sequence[Array],
    weights: Mapping[str, Array],
    activation: Activation,
    recurrent_mask: Array | None = None,
) -> States:
    """LSTM that forgets just as much as it takes in, i_t = 1 - f_t (Greff et al. 2017, CIFG).

    (1)  f_t = σ(W_f·[h_{t-1}, x_t] + b_f)
    (2)  c̃_t = g(W_C·[h_{t-1}, x_t] + b_C)
    (3)  c_t = f_t * c_{t-1} + (1 - f_t) * c̃_t
    (4)  o_t = σ(W_o·[h_{t-1}, x_t] + b_o)
    (5)  h_t = o_t * g(c_t)
    """
    h, c = states
    a = _preactivations(xp, projected_t, h, weights, recurrent_mask)
    a_f, a_c, a_o = xp.split(a, 3, axis=-1)
    f = xp.sigmoid(a_f)  # (1)
    candidate = activation(a_c)  # (2)
    c = candidate + f * (c - candidate)  # (3), with one product fewer
    o = xp.sigmoid(a_o)  # (4)
    return o * activation(c), c  # (5)


def gru_step(
    xp: Any,
    projected_t: Array,
    states: Sequence[Array],
    weights: Mapping[str, Array],
    activation: Activation,
    recurrent_mask: Array | None = None,
) -> States:
    """Gated recurrent unit, its reset gate applied before the matrix product (Cho et al. 2014).

    (1)  z_t = σ(W_z·[h_{t-1}, x_t] + b_z)            update gate
    (2)  r_t = σ(W_r·[h_{t-1}, x_t] + b_r)            reset gate
    (3)  h̃_t = g(W·[r_t * h_{t-1}, x_t] + b)          candidate
    (4)  h_t = (1 - z_t) * h_{t-1} + z_t * h̃_t
    """
    (h,) = states
    if "gates_kernel" not in weights:
        weights = gru_prepare(xp, weights)
    seen = h if recurrent_mask is None else h * recurrent_mask
    x_z, x_r, x_h = xp.split(projected_t, 3, axis=-1)
    h_z, h_r = xp.split(xp.matmul(seen, weights["gates_kernel"]), 2, axis=-1)
    z = xp.sigmoid(x_z + h_z)  # (1)
    r = xp.sigmoid(x_r + h_r)  # (2)
    candidate = activation(x_h + xp.matmul(r * seen, weights["candidate_kernel"]))  # (3)
    return (h + z * (candidate - h),)  # (4), with one product fewer


def gru_prepare(xp: Any, weights: Mapping[str, Array]) -> Mapping[str, Array]:
    """Parts the recurrent kernel [H, 3H] into the two gates' [H, 2H] and the candidate's [H, H]."""
    kernel = weights["recurrent_kernel"]
    units = kernel.shape[0]
    return {"gates_kernel": kernel[:, : 2 * units], "candidate_kernel": kernel[:, 2 * units :]}


CELLS: dict[str, CellEquations] = {
    "simple-rnn": CellEquations(("candidate",), ("h",), (), simple_rnn_step),
    "lstm": CellEquations(("input", "forget", "candidate", "output"), ("h", "c"), (), lstm_step),
    "peephole-lstm": CellEquations(
        ("input", "forget", "candidate", "output"),
        ("h", "c"),
        ("peephole_input", "peephole_forget", "peephole_output"),
        peephole_lstm_step,
    ),
    "coupled-lstm": CellEquations(
        ("forget", "candidate", "output"), ("h", "c"), (), coupled_lstm_step
    ),
    "gru": CellEquations(("update", "reset", "candidate"), ("h",), (), gru_step, gru_prepare),
}
"""Every cell by the name that commands and configurations use.

The arguments of each `step`:
    xp: the array namespace.
    projected_t: [B, nH], what `project` made of x_t.
    states: h_{t-1}, and c_{t-1} for an LSTM, each [B, H]; the cell's output is the first.
    weights: "recurrent_kernel" [H, nH], and the cell's peepholes, each [H].
    activation: g, a function of one array.
    recurrent_mask: [B, H] or None; multiplies h_{t-1} where it enters the gates' products.
"""


def _preactivations(
    xp: Any,
    projected_t: Array,
    h: Array,
    weights: Mapping[str, Array],
    recurrent_mask: Array | None,
) -> Array:
    """h_{t-1} · recurrent_kernel + projected_t [B, nH], the product of all gates at once."""
    seen = h if recurrent_mask is None else h * recurrent_mask
    a = xp.matmul(seen, weights["recurrent_kernel"])
    a += projected_t
    return a


def _identity(x: Array) -> Array:
    return x
