import re
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import recurrent_reference as reference

import nertagger.recurrent
from nertagger.recurrent import equations, numpy_ops

CELLS = list(equations.CELLS)
ARRAY_NAMESPACES = {"numpy": numpy_ops, "keras": keras.ops}


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("activation", equations.ACTIVATIONS)
@pytest.mark.parametrize("namespace", ARRAY_NAMESPACES)
@pytest.mark.parametrize("cell", CELLS)
def test_a_step_is_the_printed_equations(rng, cell, namespace, activation):
    xp = ARRAY_NAMESPACES[namespace]
    weights = reference.random_weights(rng, cell, features=4, units=3)
    x = rng.normal(size=(5, 4))
    states = [rng.normal(size=(5, 3)) for _ in equations.CELLS[cell].states]

    projected = equations.project(xp, x, weights["kernel"], weights["bias"])
    tensors = [xp.cast(state, "float64") for state in states]
    recurrent = {k: v for k, v in weights.items() if k not in ("kernel", "bias")}
    function = equations.activation(xp, activation)
    new = equations.CELLS[cell].step(xp, projected, tensors, recurrent, function)

    expected = [
        reference.step(cell, x[b], [s[b] for s in states], weights, activation) for b in range(5)
    ]
    for state, rows in zip(new, zip(*expected, strict=True), strict=True):
        # TensorFlow keeps leaky_relu's slope as a float32.
        rtol = 1e-6 if activation == "leaky_relu" else 1e-12
        np.testing.assert_allclose(np.asarray(state), np.stack(rows), rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_the_layout_that_is_declared_is_the_one_that_is_printed(cell):
    declared = equations.CELLS[cell]
    letters = {"input": "i", "forget": "f", "output": "o", "update": "z", "reset": "r"}
    candidate = {"simple-rnn": "a", "gru": "h"}.get(cell, "C")
    assert [letters.get(gate, candidate) for gate in declared.gates] == reference.GATES[cell]
    assert len(declared.states) == reference.STATES[cell]
    assert list(declared.peepholes) == (reference.PEEPHOLES if cell == "peephole-lstm" else [])


@pytest.mark.parametrize("cell", CELLS)
def test_a_recurrent_mask_hides_units_from_the_products_alone(rng, cell):
    """Hiding a unit of h is as good as a row of zeros in the recurrent kernel."""
    weights = reference.random_weights(rng, cell, features=4, units=3)
    states = [rng.normal(size=(2, 3)) for _ in equations.CELLS[cell].states]
    projected = equations.project(numpy_ops, rng.normal(size=(2, 4)), weights["kernel"], None)

    def step(weights, mask):
        return equations.CELLS[cell].step(
            numpy_ops, projected, states, weights, np.tanh, recurrent_mask=mask
        )

    hidden = np.array([[1.0, 0.0, 2.0]] * 2)
    scaled = weights | {"recurrent_kernel": hidden[0][:, None] * weights["recurrent_kernel"]}
    for masked, expected in zip(step(weights, hidden), step(scaled, None), strict=True):
        np.testing.assert_allclose(masked, expected, rtol=1e-12)


@pytest.mark.parametrize("namespace", ARRAY_NAMESPACES)
@pytest.mark.parametrize("features", [1, 3])
def test_a_one_hot_index_is_worth_its_one_hot_vector(rng, namespace, features):
    xp = ARRAY_NAMESPACES[namespace]
    size = 7
    kernel, bias = rng.normal(size=(size + features - 1, 6)), rng.normal(size=6)
    index = rng.integers(size, size=(2, 5))
    rest = rng.normal(size=(2, 5, features - 1))
    value = rng.normal(size=(2, 5))

    x = np.concatenate([index[..., None], rest], axis=-1)
    one_hot = np.eye(size)[index]
    for given, vector in ((None, one_hot), (value, one_hot * value[..., None])):
        projected = equations.project(xp, x, kernel, bias, one_hot_size=size, one_hot_value=given)
        expected = np.concatenate([vector, rest], axis=-1) @ kernel + bias
        np.testing.assert_allclose(np.asarray(projected), expected, rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_numpy_inference_stays_in_float32_and_leaves_its_arguments_alone(rng, cell):
    weights = reference.random_weights(rng, cell, features=4, units=3, dtype="float32")
    states = [rng.normal(size=(2, 3)).astype("float32") for _ in equations.CELLS[cell].states]
    x = rng.normal(size=(2, 4)).astype("float32")
    arguments = [x, *states, *weights.values()]
    before = [array.copy() for array in arguments]

    projected = equations.project(numpy_ops, x, weights["kernel"], weights["bias"])
    kept = projected.copy()
    for activation in equations.ACTIVATIONS:
        new = equations.CELLS[cell].step(
            numpy_ops, projected, states, weights, equations.activation(numpy_ops, activation)
        )
        assert {array.dtype for array in new} == {np.dtype("float32")}
    np.testing.assert_array_equal(projected, kept)
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_an_unknown_activation_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'swish' is unknown; use one of tanh, sigmoid"):
        equations.activation(numpy_ops, "swish")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softmax", "logsumexp", "expm1"]
)
def test_numpy_functions_are_those_of_keras(rng, name, dtype):
    x = np.concatenate([rng.normal(scale=5, size=2000), [0, -0.0, 90, -90, 800, -800]])
    x = x.astype(dtype).reshape(2, -1)
    if name == "expm1":
        x = np.minimum(x, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = getattr(numpy_ops, name)(x)
    assert y.dtype == dtype
    expected = np.asarray(getattr(keras.ops, name)(keras.ops.convert_to_tensor(x)))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_reduces_as_keras_does(rng, axis, keepdims):
    x = rng.normal(size=(3, 4, 2))
    x[1] = -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = numpy_ops.logsumexp(x, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(
        y, np.asarray(keras.ops.logsumexp(x, axis=axis, keepdims=keepdims)), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, {"axis": axis}) for name in ("max", "sum", "argmax") for axis in (None, 0, 1, -1)),
        *((name, {"axis": 1, "keepdims": True}) for name in ("max", "sum")),
        *(("take", {"indices": [[1, 0], [2, 2]], "axis": axis}) for axis in (None, 0, 1)),
        *(("expand_dims", {"axis": axis}) for axis in (0, 1, 3, -1, -2)),
        ("transpose", {}),
        ("transpose", {"axes": (1, 2, 0)}),
        *(("split", {"indices_or_sections": n, "axis": -1}) for n in (1, 3, [1, 4])),
        ("split", {"indices_or_sections": 2, "axis": 1}),
        *(("flip", {"axis": axis}) for axis in (0, 1, -1, None)),
        ("reshape", {"newshape": (2, -1)}),
        ("zeros_like", {}),
        *(("take_along_axis", {"indices": [[[1, -2]] * 4] * 3, "axis": axis}) for axis in (2, -1)),
        ("take_along_axis", {"indices": [[[1] * 6]] * 3, "axis": 1}),
    ],
)
def test_numpy_rearranges_and_reduces_as_keras_does(rng, name, arguments):
    x = rng.permutation(3 * 4 * 6).reshape(3, 4, 6).astype("float32")
    actual = getattr(numpy_ops, name)(x, **arguments)
    expected = getattr(keras.ops, name)(x, **arguments)
    if name != "split":
        actual, expected = [actual], [expected]
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))
        assert np.shape(one) == tuple(other.shape)


@pytest.mark.parametrize("keepdims", [False, True])
def test_the_largest_of_many_short_rows(rng, keepdims):
    x = rng.normal(size=(50, 20, 17)).astype("float32")
    actual = numpy_ops.max(x, axis=-1, keepdims=keepdims)
    np.testing.assert_array_equal(actual, x.max(axis=-1, keepdims=keepdims))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_numpy_stacks_as_keras_does(rng, axis):
    parts = [rng.normal(size=(3, 4)) for _ in range(2)]
    expected = np.asarray(keras.ops.stack(parts, axis=axis))
    np.testing.assert_allclose(numpy_ops.stack(parts, axis=axis), expected)


def test_unequal_parts_are_refused(rng):
    with pytest.raises(ValueError, match="7 does not split into 3 equal parts"):
        numpy_ops.split(rng.normal(size=(2, 7)), 3, axis=-1)


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_walks_as_keras_does(rng, reverse):
    xs = rng.normal(size=(6, 3))

    def step(carry, x):
        return 0.5 * carry + x, carry * x

    carry, ys = numpy_ops.scan(step, np.ones(3), xs, reverse=reverse)
    start = keras.ops.ones(3, "float64")
    expected = keras.ops.scan(step, start, keras.ops.convert_to_tensor(xs), reverse=reverse)
    np.testing.assert_allclose(carry, np.asarray(expected[0]), rtol=1e-12)
    np.testing.assert_allclose(ys, np.asarray(expected[1]), rtol=1e-12)


def test_the_equations_use_nothing_that_a_namespace_lacks():
    package = Path(nertagger.recurrent.__file__).parent.parent
    sources = [package / "recurrent" / "equations.py", package / "crf" / "equations.py"]
    used = {
        name
        for source in sources
        for name in re.findall(r"\bxp\.([a-z]\w*)", source.read_text(encoding="utf-8"))
    }
    assert used - set(numpy_ops.__all__) == set()
    assert {name for name in numpy_ops.__all__ if not hasattr(keras.ops, name)} == set()


def test_the_equations_need_no_keras():
    code = (
        "import sys; from nertagger.recurrent import backpropagation, equations, numpy_ops; "
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_offers_what_it_names():
    assert nertagger.recurrent.LAYERS["gru"] is nertagger.recurrent.GRU
    assert set(nertagger.recurrent.__all__) <= set(dir(nertagger.recurrent))
    with pytest.raises(AttributeError, match="no attribute 'QRNN'"):
        nertagger.recurrent.QRNN  # noqa: B018
