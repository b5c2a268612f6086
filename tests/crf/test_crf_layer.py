"""The Keras layer: its gradients, its configuration, and that it learns."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from nertagger.crf import equations
from nertagger.crf.equations import FORBIDDEN, Chain
from nertagger.crf.layer import CRF
from nertagger.recurrent import numpy_ops

LENGTHS = (4, 1, 3, 2)
COUNT = 3
ALLOWED = (
    [[True, True, False], [True, True, True], [True, False, True]],
    [True, False, True],
    [True] * 3,
)


@pytest.fixture
def problem():
    random = np.random.default_rng(1)
    layer = CRF(*ALLOWED)
    emissions = random.normal(0, 1, (len(LENGTHS), max(LENGTHS), COUNT)).astype("float32")
    layer.build(emissions.shape)
    for variable in layer.weights:
        variable.assign(random.normal(0, 1, variable.shape))
    mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
    tags = np.array([[0, 1, 2, 0], [2, 1, 1, 1], [0, 1, 1, 0], [2, 2, 0, 0]], "int32")
    return layer, emissions, tags, mask


def _enumerated_log_likelihood(emissions, tags, mask, transitions, start, end):
    """log p(tags) by the sum over all paths, in tensors, so that TensorFlow differentiates it."""
    results = []
    for row, length in enumerate(mask.sum(axis=1)):
        scores = {}
        for path in itertools.product(range(COUNT), repeat=int(length)):
            score = start[path[0]] + end[path[-1]]
            score += tf.add_n([emissions[row, t, tag] for t, tag in enumerate(path)])
            for i, j in itertools.pairwise(path):
                score += transitions[i, j]
            scores[path] = score
        total = tf.reduce_logsumexp(tf.stack(list(scores.values())))
        results.append(scores[tuple(int(tag) for tag in tags[row, :length])] - total)
    return tf.stack(results)


def _enumerated_set_log_likelihood(emissions, allowed, mask, transitions, start, end):
    """log Σ p(y) over the paths through allowed tags, each p(y) by enumeration."""
    results = []
    for row, length in enumerate(mask.sum(axis=1)):
        choices = [np.flatnonzero(allowed[row, t]) for t in range(length)]
        logs = []
        for path in itertools.product(*choices):
            tags = np.array([path], "int32")
            rows = emissions[row : row + 1, :length], tags, np.ones((1, length), bool)
            logs.append(_enumerated_log_likelihood(*rows, transitions, start, end)[0])
        results.append(tf.reduce_logsumexp(tf.stack(logs)))
    return tf.stack(results)


def test_gradients_agree_with_enumeration(problem):
    layer, emissions, tags, mask = problem
    weights = [variable.value for variable in (layer.transitions, layer.start, layer.end)]
    emissions = tf.constant(emissions)
    # Distinct weights a sequence, so that gradients of different rows do not pass for each other.
    factors = tf.constant([0.3, 1.7, -0.6, 1.1])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([emissions, *weights])
        value = layer.log_likelihood(emissions, tags, mask)
        total = tf.reduce_sum(value * factors)
        constrained = equations.constrain(ops, Chain(*weights), Chain(*ALLOWED))
        expected = _enumerated_log_likelihood(emissions, tags, mask, *constrained)
        expected_total = tf.reduce_sum(expected * factors)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    for gradient, truth in zip(
        tape.gradient(total, [emissions, *weights]),
        tape.gradient(expected_total, [emissions, *weights]),
        strict=True,
    ):
        np.testing.assert_allclose(tf.convert_to_tensor(gradient), truth, atol=1e-5)
        assert np.abs(truth).max() > 0.05


def test_the_gradient_is_that_of_the_recurrence(problem):
    layer, emissions, tags, mask = problem
    emissions = tf.constant(emissions)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(emissions)
        one = ops.sum(layer.log_likelihood(emissions, tags, mask))
        other = ops.sum(equations.log_likelihood(ops, emissions, tags, mask, layer.constrained()))
    assert float(one) == pytest.approx(float(other), rel=1e-6)
    np.testing.assert_allclose(
        tape.gradient(one, emissions), tape.gradient(other, emissions), atol=1e-5
    )


@pytest.fixture
def allowed():
    """Of each token one tag, two, or all three; each set holds a path that the scheme allows."""
    random = np.random.default_rng(5)
    allowed = random.random((len(LENGTHS), max(LENGTHS), COUNT)) < 0.4
    allowed[np.arange(len(LENGTHS))[:, None], np.arange(max(LENGTHS)), 0] = True
    allowed[0, 1], allowed[2, 0] = (False, True, True), (True, False, False)
    return allowed


def test_the_probability_of_a_set_of_paths_and_its_gradients(problem, allowed):
    layer, emissions, _, mask = problem
    weights = [variable.value for variable in (layer.transitions, layer.start, layer.end)]
    emissions = tf.constant(emissions)
    factors = tf.constant([0.3, 1.7, -0.6, 1.1])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([emissions, *weights])
        value = layer.set_log_likelihood(emissions, allowed, mask)
        total = tf.reduce_sum(value * factors)
        constrained = equations.constrain(ops, Chain(*weights), Chain(*ALLOWED))
        expected = _enumerated_set_log_likelihood(emissions, allowed, mask, *constrained)
        expected_total = tf.reduce_sum(expected * factors)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    assert np.unique(np.round(expected, 3)).size == len(LENGTHS)
    for gradient, truth in zip(
        tape.gradient(total, [emissions, *weights]),
        tape.gradient(expected_total, [emissions, *weights]),
        strict=True,
    ):
        np.testing.assert_allclose(tf.convert_to_tensor(gradient), truth, atol=1e-5)
        assert np.abs(truth).max() > 0.05


def test_a_set_of_one_path_is_that_path_and_the_set_of_all_is_certain(problem):
    layer, emissions, tags, mask = problem
    one = layer.set_log_likelihood(emissions, np.eye(COUNT)[tags], mask)
    np.testing.assert_allclose(one, layer.log_likelihood(emissions, tags, mask), atol=1e-5)
    everything = layer.set_log_likelihood(emissions, np.ones_like(emissions), mask)
    np.testing.assert_allclose(everything, np.zeros(len(LENGTHS)), atol=1e-5)


def test_agrees_with_numpy_in_a_graph_of_unknown_shape(problem):
    layer, emissions, tags, mask = problem
    chain = Chain(*(np.asarray(part) for part in layer.constrained()))

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, COUNT]),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.bool),
        ]
    )
    def graph(emissions, tags, mask):
        return layer.log_likelihood(emissions, tags, mask), layer.viterbi(emissions, mask)

    for rows, length in ((4, 4), (2, 3), (1, 1)):
        inputs = emissions[:rows, :length], tags[:rows, :length], mask[:rows, :length]
        value, path = graph(*inputs)
        expected = equations.log_likelihood(numpy_ops, *inputs, chain)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
        expected = equations.viterbi(numpy_ops, inputs[0], inputs[2], chain)
        np.testing.assert_array_equal(path, expected)


def test_fit_lowers_the_loss_and_learns_the_transitions():
    keras.utils.set_random_seed(0)
    # The tag repeats the one before it wherever the input is silent: only transitions know.
    random = np.random.default_rng(3)
    tags = np.repeat(random.integers(0, COUNT, (64, 1)), 6, axis=1).astype("int32")
    inputs = np.zeros((64, 6, COUNT), "float32")
    inputs[np.arange(64), 0, tags[:, 0]] = 1
    mask = np.ones((64, 6), bool)
    dense, crf = keras.layers.Dense(COUNT), CRF()
    optimizer = keras.optimizers.Adam(0.1)
    losses = []
    for _ in range(60):
        with tf.GradientTape() as tape:
            emissions = crf(dense(inputs), mask=mask)
            loss = -ops.mean(crf.log_likelihood(emissions, tags, mask))
        weights = dense.trainable_weights + crf.trainable_weights
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 10
    np.testing.assert_array_equal(crf.viterbi(dense(inputs), mask), tags)


def test_a_saved_model_has_the_same_constraints(problem, tmp_path):
    layer, emissions, tags, mask = problem
    inputs = keras.Input((None, COUNT))
    model = keras.Model(inputs, CRF(*ALLOWED, name="crf")(inputs))
    for one, other in zip(model.get_layer("crf").weights, layer.weights, strict=True):
        one.assign(other)
    model.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras").get_layer("crf")
    assert restored.get_config()["allowed_transitions"] == ALLOWED[0]
    assert restored.get_config()["allowed_start"] == ALLOWED[1]
    for one, other in zip(restored.constrained(), layer.constrained(), strict=True):
        np.testing.assert_array_equal(one, other)
    transitions = np.asarray(restored.constrained().transitions)
    np.testing.assert_array_equal(transitions < FORBIDDEN / 2, ~np.array(ALLOWED[0]))
    np.testing.assert_allclose(
        restored.log_likelihood(emissions, tags, mask), layer.log_likelihood(emissions, tags, mask)
    )


def test_mixed_precision_leaves_it_in_float32(problem):
    layer, emissions, tags, mask = problem
    expected = layer.log_likelihood(emissions, tags, mask)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = CRF(*ALLOWED)
        output = mixed(ops.cast(emissions, "float16"), mask=mask)
        for one, other in zip(mixed.weights, layer.weights, strict=True):
            one.assign(other)
        result = mixed.log_likelihood(emissions, tags, mask)
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    assert mixed.transitions.dtype == "float32"
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_constraints_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"allowed_start has shape \(2,\).*expected \(3,\)"):
        CRF(allowed_start=[True, False]).build((None, None, 3))
    with pytest.raises(ValueError, match="last dimension"):
        CRF().build((None, None, None))
