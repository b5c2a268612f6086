import keras
import numpy as np
import pytest
import recurrent_reference as reference
import tensorflow as tf

from nertagger.recurrent import LAYERS, backpropagation

B, T, D, H = 5, 6, 4, 3
CELLS = list(LAYERS)


class Example:
    """A batch with ragged masks, initial states, and a loss: what comes out, weighted at random."""

    def __init__(self, cell, seed=5, bias=True):
        rng = np.random.default_rng(seed)
        self.cell = cell
        self.weights = reference.random_weights(rng, cell, D, H, bias=bias)
        self.x = rng.normal(size=(B, T, D))
        self.mask = reference.ragged_mask(rng, B, T)
        self.initial = [rng.normal(size=(B, H)) for _ in range(reference.STATES[cell])]
        self.d_outputs = rng.normal(size=(B, T, H))
        self.d_last = [rng.normal(size=(B, H)) for _ in self.initial]

    def trace(self, activation="tanh"):
        return backpropagation.forward(
            self.cell, self.x, self.weights, activation, self.initial, self.mask
        )

    def loss(self, activation):
        trace = self.trace(activation)
        last = [(d * s[:, -1]).sum() for d, s in zip(self.d_last, trace.states, strict=True)]
        return (self.d_outputs * trace.outputs).sum() + sum(last)


def largest_relative_error(actual, expected):
    return np.abs(np.asarray(actual) - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("cell", CELLS)
def test_hand_derived_forward_is_the_printed_equations(cell):
    example = Example(cell)
    trace = example.trace()
    outputs, last = reference.run(
        cell, example.x, example.weights, mask=example.mask, initial_states=example.initial
    )
    real = example.mask
    np.testing.assert_allclose(trace.outputs[real], outputs[real], rtol=1e-12)
    for state, expected in zip(trace.states, last, strict=True):
        np.testing.assert_allclose(state[:, -1], expected, rtol=1e-12)


@pytest.mark.parametrize("activation", backpropagation.ACTIVATIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_hand_derived_gradients_are_finite_differences(cell, activation):
    example = Example(cell)
    gradients = backpropagation.backward(
        example.trace(activation), example.d_outputs, example.d_last
    )
    checked = [(example.x, gradients.inputs)]
    checked += [(weight, gradients.weights[name]) for name, weight in example.weights.items()]
    checked += list(zip(example.initial, gradients.initial_states, strict=True))
    rng, step = np.random.default_rng(7), 1e-6
    for quantity, gradient in checked:
        # Directions at random: each sees every element, which one element at a time would not.
        for _ in range(3):
            direction = rng.normal(size=quantity.shape)
            quantity += step * direction
            above = example.loss(activation)
            quantity -= 2 * step * direction
            below = example.loss(activation)
            quantity += step * direction
            expected = (above - below) / (2 * step)
            assert (gradient * direction).sum() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_gradient_at_a_state_is_what_a_change_of_it_brings(cell):
    """The states' gradients, which show how far back a loss reaches."""
    example = Example(cell)
    example.mask[:] = True
    gradients = backpropagation.backward(example.trace(), example.d_outputs, example.d_last)
    trace = example.trace()
    for t in (0, 3):
        rest = backpropagation.forward(
            cell,
            example.x[:, t + 1 :],
            example.weights,
            initial_states=[state[:, t] for state in trace.states],
        )
        later = backpropagation.backward(rest, example.d_outputs[:, t + 1 :], example.d_last)
        direct = [example.d_outputs[:, t], 0]
        for n, gradient in enumerate(gradients.states):
            np.testing.assert_allclose(
                gradient[:, t], later.initial_states[n] + direct[n], rtol=1e-10, atol=1e-14
            )


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu"])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_layer_gradients_are_those_derived_by_hand(cell, go_backwards, activation):
    example = Example(cell)
    layer = LAYERS[cell](
        H,
        activation=activation,
        return_sequences=True,
        return_state=True,
        zero_output_for_mask=True,
        go_backwards=go_backwards,
        dtype="float64",
    )
    layer.build((B, T, D))
    reference.load_weights(layer.cell, example.weights)
    names = list(example.weights)

    @tf.function(input_signature=[tf.TensorSpec((None, None, D), "float64")])
    def gradients(x):
        initial = [tf.constant(state) for state in example.initial]
        variables = [getattr(layer.cell, name).value for name in names]
        with tf.GradientTape() as tape:
            tape.watch([x, *initial])
            outputs, *states = layer(x, initial_state=initial, mask=tf.constant(example.mask))
            loss = tf.reduce_sum(outputs * example.d_outputs)
            for state, d_state in zip(states, example.d_last, strict=True):
                loss += tf.reduce_sum(state * d_state)
        return tape.gradient(loss, [x, initial, variables])

    d_x, d_initial, d_weights = gradients(tf.constant(example.x))

    if go_backwards:
        example.x, example.mask = example.x[:, ::-1], example.mask[:, ::-1]
    d_outputs = np.where(example.mask[..., None], example.d_outputs, 0)
    expected = backpropagation.backward(example.trace(activation), d_outputs, example.d_last)
    expected_d_x = expected.inputs[:, ::-1] if go_backwards else expected.inputs
    # TensorFlow keeps leaky_relu's slope as a float32.
    bound = 3e-7 if activation == "leaky_relu" else 1e-12
    assert largest_relative_error(d_x, expected_d_x) < bound
    for gradient, by_hand in zip(d_initial, expected.initial_states, strict=True):
        assert largest_relative_error(gradient, by_hand) < bound
    for gradient, name in zip(d_weights, names, strict=True):
        assert largest_relative_error(gradient, expected.weights[name]) < bound, name


def test_one_hot_gradient_is_sparse_and_that_of_the_one_hot_product():
    """Only the rows that were read have a gradient: a large vocabulary must cost nothing more."""
    size, rng = 11, np.random.default_rng(2)
    layer = LAYERS["lstm"](H, one_hot_size=size, return_sequences=True, dtype="float64")
    layer.build((B, T, D))
    weights = reference.random_weights(rng, "lstm", size + D - 1, H)
    reference.load_weights(layer.cell, weights)
    index, rest = rng.integers(size, size=(B, T)), rng.normal(size=(B, T, D - 1))
    d_outputs = rng.normal(size=(B, T, H))

    with tf.GradientTape() as tape:
        outputs = layer(np.concatenate([index[..., None], rest], axis=-1))
        loss = tf.reduce_sum(outputs * d_outputs)
    gradient = tape.gradient(loss, layer.cell.kernel.value)

    assert isinstance(gradient, tf.IndexedSlices)
    one_hot = np.concatenate([np.eye(size)[index], rest], axis=-1)
    expected = backpropagation.backward(
        backpropagation.forward("lstm", one_hot, weights), d_outputs
    )
    dense = tf.convert_to_tensor(gradient)
    assert largest_relative_error(dense, expected.weights["kernel"]) < 1e-10


def test_without_bias_the_hand_derived_gradients_have_none():
    example = Example("gru", bias=False)
    gradients = backpropagation.backward(example.trace(), example.d_outputs)
    assert set(gradients.weights) == {"kernel", "recurrent_kernel"}
    assert keras.tree.map_structure(np.shape, gradients.weights) == keras.tree.map_structure(
        np.shape, example.weights
    )
