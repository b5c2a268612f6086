"""What every layer of the package must be able to do in Keras, asked of each in one call."""

import keras
import numpy as np
import pytest
import recurrent_reference as reference

from nertagger.recurrent import LAYERS

B, T, D, H = 5, 6, 4, 3
CELLS = list(LAYERS)


def run_layer_test(make_layer, weight_shapes, tmp_path):
    """Configuration, weights, shapes, a training step, mixed precision, saving and loading."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(B, T, D)).astype("float32")
    x[~reference.ragged_mask(rng, B, T)] = 0  # Masking takes these for masked.

    layer = make_layer()
    config = layer.get_config()
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    registered = keras.saving.serialize_keras_object(layer)
    assert registered["registered_name"] == f"nertagger>{type(layer).__name__}"
    keras.saving.deserialize_keras_object(registered)

    for one in (layer, copy):
        one.build((None, None, D))
    shapes = {weight.name: tuple(weight.shape) for weight in layer.cell.weights}
    assert shapes == weight_shapes
    assert {weight.name: tuple(weight.shape) for weight in copy.cell.weights} == shapes
    copy.cell.set_weights(layer.cell.get_weights())
    np.testing.assert_array_equal(copy(x), layer(x))

    for options, shape in (
        ({"return_sequences": True}, (T, H)),
        ({"return_sequences": False}, (H,)),
    ):
        one = make_layer(**options)
        symbolic = one(keras.Input((None, D)))
        assert symbolic.shape == (None, *(None if n == T else n for n in shape))
        assert one.compute_output_shape((B, T, D)) == one(x).shape == (B, *shape)

    inputs = keras.Input((None, D))
    hidden = keras.layers.Bidirectional(make_layer(return_sequences=True))(
        keras.layers.Masking()(inputs)
    )
    model = keras.Model(inputs, hidden)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x, np.ones((B, T, 2 * H)), verbose=0)
    moved = [np.abs(a - b).max() for a, b in zip(before, model.get_weights(), strict=True)]
    assert min(m for m, w in zip(moved, model.weights, strict=True) if w.trainable) > 0

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)

    for policy, tolerance in (("mixed_float16", 0.01), ("mixed_bfloat16", 0.06)):
        mixed = make_layer(dtype=policy)
        mixed.build((B, T, D))
        mixed.cell.set_weights(layer.cell.get_weights())
        assert {weight.dtype for weight in mixed.cell.weights} == {"float32"}
        output = mixed(x)
        assert keras.backend.standardize_dtype(output.dtype) == policy.removeprefix("mixed_")
        rounded = keras.ops.convert_to_numpy(keras.ops.cast(output, "float32"))
        np.testing.assert_allclose(rounded, layer(x), atol=tolerance)


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_is_at_home_in_keras(cell, tmp_path):
    columns = len(reference.GATES[cell]) * H
    weight_shapes = {
        "kernel": (D, columns),
        "recurrent_kernel": (H, columns),
        "bias": (columns,),
    }
    if cell == "peephole-lstm":
        weight_shapes |= dict.fromkeys(reference.PEEPHOLES, (H,))

    def make_layer(**options):
        return LAYERS[cell](H, **options)

    run_layer_test(make_layer, weight_shapes, tmp_path)


OPTIONS = {
    "activation": "relu",
    "use_bias": True,
    "kernel_initializer": keras.initializers.HeNormal(seed=1),
    "recurrent_initializer": keras.initializers.GlorotNormal(seed=2),
    "bias_initializer": keras.initializers.RandomNormal(seed=3),
    "kernel_regularizer": keras.regularizers.L2(0.5),
    "recurrent_regularizer": keras.regularizers.L1(0.25),
    "bias_regularizer": keras.regularizers.L2(0.125),
    "kernel_constraint": keras.constraints.MaxNorm(1.5),
    "recurrent_constraint": keras.constraints.NonNeg(),
    "bias_constraint": keras.constraints.MaxNorm(2.5),
    "activity_regularizer": keras.regularizers.L2(0.75),
    "one_hot_size": 9,
    "dropout": 0.2,
    "recurrent_dropout": 0.3,
    "seed": 4,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "zero_output_for_mask": True,
    "name": "named",
    "dtype": "float64",
    "trainable": False,
}


@pytest.mark.parametrize("cell", CELLS)
def test_every_option_survives_the_round_trip(cell):
    options = dict(OPTIONS)
    if "lstm" in cell:
        options["unit_forget_bias"] = False
    if cell == "peephole-lstm":
        options["peephole_initializer"] = keras.initializers.RandomNormal(seed=5)
        options["peephole_regularizer"] = keras.regularizers.L2(0.0625)
        options["peephole_constraint"] = keras.constraints.MaxNorm(3.5)
    layer = LAYERS[cell](H, **options)
    serialized = keras.saving.serialize_keras_object(layer)
    assert set(options) <= set(serialized["config"])
    copy = keras.saving.deserialize_keras_object(serialized)
    assert keras.saving.serialize_keras_object(copy) == serialized
    for name, value in layer.cell.get_config().items():
        assert copy.cell.get_config()[name] == value, name
    assert not copy.trainable
    assert not copy.cell.trainable


@pytest.mark.parametrize("cell", CELLS)
def test_regularizers_and_constraints_act_on_the_weights_they_name(cell):
    names = ["kernel", "recurrent", "bias"]
    if cell == "peephole-lstm":
        names.append("peephole")
    for name in names:
        layer = LAYERS[cell](H, **{f"{name}_regularizer": keras.regularizers.L1(1.0)})
        layer.build((None, None, D))
        rng = np.random.default_rng(6)
        weights = reference.random_weights(rng, cell, D, H, dtype="float32")
        reference.load_weights(layer.cell, weights)
        full = {"recurrent": "recurrent_kernel"}.get(name, name)
        chosen = [w for key, w in weights.items() if key == full or key.startswith(f"{full}_")]
        assert float(sum(layer.losses)) == pytest.approx(
            sum(np.abs(w).sum() for w in chosen), rel=1e-5
        )
        constrained = LAYERS[cell](H, **{f"{name}_constraint": "non_neg"})
        constrained.build((None, None, D))
        found = {w.name for w in constrained.cell.weights if w.constraint is not None}
        assert found == {key for key in weights if key == full or key.startswith(f"{full}_")}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_alone_survives_the_round_trip_inside_a_plain_rnn(cell, tmp_path):
    x = np.random.default_rng(2).normal(size=(B, T, D)).astype("float32")
    inputs = keras.Input((None, D))
    outputs = keras.layers.RNN(LAYERS[cell].cell_class(H), return_sequences=True)(inputs)
    model = keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
