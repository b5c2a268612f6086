"""Products of Jacobians against automatic differentiation, and the bound that they obey."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nertagger.laboratory.state_jacobians import (
    STEEPEST,
    Cell,
    bounds,
    run_cell,
    state_jacobians,
    state_norms,
)
from nertagger.recurrent import LAYERS
from nertagger.recurrent.equations import ACTIVATIONS, CELLS

B, T, D, H = 3, 6, 5, 4
DISTANCES = [1, 2, 3, 4]


def random_cell(name, activation="tanh", seed=3, units=H, scale=0.8):
    rng = np.random.default_rng(seed)
    equations = CELLS[name]
    weights = {"recurrent_kernel": rng.normal(0, scale, (units, len(equations.gates) * units))}
    weights |= {peephole: rng.normal(0, scale, units) for peephole in equations.peepholes}
    return Cell(name, activation, weights)


def jacobians_of_keras_layer(cell, kernel, x, initial_states):
    """∂ last states / ∂ initial states of the Keras layer, by GradientTape: [B, S, S]."""
    layer = LAYERS[cell.name](
        cell.units, activation=cell.activation, use_bias=False, return_state=True, dtype="float64"
    )
    layer.build((None, None, D))
    for name, weight in {**cell.weights, "kernel": kernel}.items():
        getattr(layer.cell, name).assign(weight)
    initial = [tf.constant(state) for state in initial_states]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(initial)
        _, *last = layer(tf.constant(x), initial_state=initial)
        joined = tf.concat(last, axis=1)
    # Row by row, since vectorising takes TensorFlow longer than the rows.
    parts = tape.jacobian(joined, initial, experimental_use_pfor=False)
    rows = np.arange(len(x))
    return np.concatenate([part.numpy()[rows, :, rows] for part in parts], axis=2)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "linear"])
@pytest.mark.parametrize("name", CELLS)
def test_products_of_jacobians_are_those_of_automatic_differentiation(name, activation):
    rng = np.random.default_rng(8)
    cell = random_cell(name, activation)
    x = rng.normal(size=(B, T, D))
    kernel = rng.normal(size=(D, cell.weights["recurrent_kernel"].shape[1]))
    projected = x @ kernel
    before = run_cell(cell, projected)
    products = list(state_jacobians(cell, projected, T))
    for steps in (1, 2, T) if activation == "tanh" else (3,):
        expected = jacobians_of_keras_layer(cell, kernel, x[:, T - steps :], before[T - steps])
        # TensorFlow keeps leaky_relu's slope as a float32.
        np.testing.assert_allclose(products[steps - 1], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", CELLS)
def test_norms_are_the_largest_singular_values_of_the_blocks(name):
    cell = random_cell(name)
    projected = np.random.default_rng(4).normal(
        size=(B, T, cell.weights["recurrent_kernel"].shape[1])
    )
    norms = state_norms(cell, projected, [1, 4])
    (jacobian,) = list(state_jacobians(cell, projected, 4))[3:]
    for number, state in enumerate(CELLS[name].states):
        assert norms[state].shape == (B, 2)
        block = slice(number * H, (number + 1) * H)
        for row in range(B):
            singular = np.linalg.svd(jacobian[row, block, block], compute_uv=False)
            assert norms[state][row, 1] == pytest.approx(singular[0], rel=1e-10)


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("activation", STEEPEST)
@pytest.mark.parametrize("name", CELLS)
def test_norms_never_exceed_the_bound(name, activation, scale):
    for seed in range(4):
        cell = random_cell(name, activation, seed, units=3, scale=scale)
        width = cell.weights["recurrent_kernel"].shape[1]
        projected = np.random.default_rng(seed).normal(0, 0.5, (8, 5, width))
        with np.errstate(over="ignore"):
            norms = state_norms(cell, projected, DISTANCES)
            limits = bounds(cell, projected, DISTANCES)
        for state, values in norms.items():
            assert (values <= limits[state] * (1 + 1e-12)).all()


def test_bound_of_the_simple_rnn_is_reached_where_every_unit_is_on_its_steepest_slope():
    cell = Cell("simple-rnn", "relu", {"recurrent_kernel": 1.1 * np.eye(H)})
    projected = np.ones((1, 50, H))
    norms = state_norms(cell, projected, range(1, 51))
    limits = bounds(cell, projected, range(1, 51))
    np.testing.assert_allclose(norms["h"][0], 1.1 ** np.arange(1, 51))
    np.testing.assert_allclose(limits["h"], 1.1 ** np.arange(1, 51))
