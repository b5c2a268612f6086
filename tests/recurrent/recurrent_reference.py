"""The cells once more, straight from the printed equations: one example, one gate, one step at a
time, in float64. Slow, plain, and independent of the package.
"""

from __future__ import annotations

import numpy as np

GATES = {
    "simple-rnn": ["a"],
    "lstm": ["i", "f", "C", "o"],
    "peephole-lstm": ["i", "f", "C", "o"],
    "coupled-lstm": ["f", "C", "o"],
    "gru": ["z", "r", "h"],
}
STATES = {"simple-rnn": 1, "lstm": 2, "peephole-lstm": 2, "coupled-lstm": 2, "gru": 1}
PEEPHOLES = ["peephole_input", "peephole_forget", "peephole_output"]

ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "relu": lambda v: np.array([max(e, 0.0) for e in v]),
    "leaky_relu": lambda v: np.array([e if e > 0 else 0.2 * e for e in v]),
    "elu": lambda v: np.array([e if e > 0 else np.exp(e) - 1 for e in v]),
    "linear": lambda v: v,
}


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def random_weights(rng, cell, features, units, bias=True, dtype="float64"):
    """Distinct numbers everywhere, large enough for the gates to leave their linear range."""
    columns = len(GATES[cell]) * units
    weights = {
        "kernel": rng.normal(size=(features, columns)),
        "recurrent_kernel": rng.normal(size=(units, columns)) / np.sqrt(units),
    }
    if bias:
        weights["bias"] = rng.normal(size=columns)
    if cell == "peephole-lstm":
        weights |= {name: rng.normal(size=units) for name in PEEPHOLES}
    return {name: weight.astype(dtype) for name, weight in weights.items()}


def ragged_mask(rng, batch, time):
    """Rows padded on the right, on the left, with gaps, one without any step, one without mask."""
    mask = rng.random((batch, time)) < 0.6
    mask[0] = np.arange(time) < time // 2
    mask[1] = np.arange(time) >= time // 2
    mask[2] = False
    mask[3] = True
    return mask


def step(cell, x, states, weights, activation="tanh"):
    """One step of one example: x [D] and the states, each [H], to the new states."""
    g = ACTIVATIONS[activation]
    h = states[0]
    units = len(h)
    bias = weights.get("bias", np.zeros(weights["kernel"].shape[1]))
    W, b = {}, {}
    for k, gate in enumerate(GATES[cell]):
        columns = slice(k * units, (k + 1) * units)
        halves = weights["recurrent_kernel"][:, columns], weights["kernel"][:, columns]
        W[gate] = np.concatenate(halves).T
        b[gate] = bias[columns]
    h_x = np.concatenate([h, x])

    if cell == "simple-rnn":
        return [g(W["a"] @ h_x + b["a"])]
    if cell == "gru":
        z_t = sigmoid(W["z"] @ h_x + b["z"])
        r_t = sigmoid(W["r"] @ h_x + b["r"])
        candidate = g(W["h"] @ np.concatenate([r_t * h, x]) + b["h"])
        return [(1 - z_t) * h + z_t * candidate]
    c = states[1]
    seen_i = seen_f = seen_o = np.zeros((units, units))
    if cell == "peephole-lstm":
        seen_i, seen_f, seen_o = (np.diag(weights[name]) for name in PEEPHOLES)
    f_t = sigmoid(W["f"] @ h_x + seen_f @ c + b["f"])
    i_t = 1 - f_t if cell == "coupled-lstm" else sigmoid(W["i"] @ h_x + seen_i @ c + b["i"])
    candidate = g(W["C"] @ h_x + b["C"])
    c_t = f_t * c + i_t * candidate
    o_t = sigmoid(W["o"] @ h_x + seen_o @ c_t + b["o"])
    return [o_t * g(c_t), c_t]


def run(
    cell,
    x,
    weights,
    activation="tanh",
    mask=None,
    initial_states=None,
    go_backwards=False,
    zero_output_for_mask=False,
):
    """The outputs [B, T, H] in the order read, and the last states, each [B, H]."""
    batch, time, _ = x.shape
    units = weights["recurrent_kernel"].shape[0]
    outputs = np.zeros((batch, time, units))
    last = [np.zeros((batch, units)) for _ in range(STATES[cell])]
    for b in range(batch):
        states = [np.zeros(units) for _ in last]
        if initial_states is not None:
            states = [np.asarray(s[b], "float64") for s in initial_states]
        output = np.zeros(units)
        for n, t in enumerate(reversed(range(time)) if go_backwards else range(time)):
            if mask is None or mask[b, t]:
                states = step(cell, x[b, t], states, weights, activation)
                output = states[0]
            elif zero_output_for_mask:
                output = np.zeros(units)
            outputs[b, n] = output
        for state, value in zip(last, states, strict=True):
            state[b] = value
    return outputs, last


def load_weights(cell_layer, weights):
    """Gives a built Keras cell these weights."""
    for name, weight in weights.items():
        getattr(cell_layer, name).assign(weight)
