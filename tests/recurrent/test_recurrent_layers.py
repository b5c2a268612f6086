import keras
import numpy as np
import pytest
import recurrent_reference as reference
from keras import ops

from nertagger.recurrent import LAYERS, cells, loop

B, T, D, H = 5, 7, 4, 3
CELLS = list(LAYERS)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def make(cell, weights=None, units=H, features=D, **options):
    """A built layer in float64, and its weights."""
    layer = LAYERS[cell](units, **{"dtype": "float64", **options})
    layer.build((B, T, features))
    if weights is not None:
        reference.load_weights(layer.cell, weights)
    return layer


@pytest.mark.parametrize("zero_output_for_mask", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_is_the_printed_equations(rng, cell, masked, go_backwards, zero_output_for_mask):
    weights = reference.random_weights(rng, cell, D, H)
    x = rng.normal(size=(B, T, D))
    mask = reference.ragged_mask(rng, B, T) if masked else None
    initial = [rng.normal(size=(B, H)) for _ in range(reference.STATES[cell])]
    options = {"go_backwards": go_backwards, "zero_output_for_mask": zero_output_for_mask}
    layer = make(cell, weights, return_sequences=True, return_state=True, **options)
    outputs, *states = layer(x, initial_state=initial, mask=mask)
    expected, last = reference.run(cell, x, weights, mask=mask, initial_states=initial, **options)
    np.testing.assert_allclose(outputs, expected, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(states, last, rtol=1e-11, atol=1e-13)

    of_the_last = make(cell, weights, **options)(x, initial_state=initial, mask=mask)
    np.testing.assert_allclose(of_the_last, expected[:, -1], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_an_unrolled_layer_without_bias_is_the_same(rng, cell):
    weights = reference.random_weights(rng, cell, D, H, bias=False)
    x, mask = rng.normal(size=(B, T, D)), reference.ragged_mask(rng, B, T)
    layer = make(cell, weights, unroll=True, use_bias=False, return_sequences=True)
    expected, _ = reference.run(cell, x, weights, mask=mask)
    np.testing.assert_allclose(layer(x, mask=mask), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_works_in_a_plain_rnn_layer(rng, cell):
    weights = reference.random_weights(rng, cell, D, H)
    x, mask = rng.normal(size=(B, T, D)), reference.ragged_mask(rng, B, T)
    layer = make(cell, weights, return_sequences=True)
    plain = keras.layers.RNN(
        type(layer.cell)(H, dtype="float64"), return_sequences=True, dtype="float64"
    )
    plain.build((B, T, D))
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(plain(x, mask=mask), layer(x, mask=mask), rtol=1e-12)


def keras_counterpart(cell, weights, **options):
    """Keras's own layer and the weights with which it is the same."""
    if cell == "gru":
        layer = keras.layers.GRU(H, reset_after=False, **options)
        # Keras's z is 1 where the old state is kept: σ(-a) = 1 - σ(a) turns it round.
        sign = np.repeat([-1.0, 1.0, 1.0], H)
        weights = {name: weights[name] * sign for name in ("kernel", "recurrent_kernel", "bias")}
    else:
        own = {"lstm": keras.layers.LSTM, "simple-rnn": keras.layers.SimpleRNN}[cell]
        layer = own(H, **options)
    return layer, [weights[name] for name in ("kernel", "recurrent_kernel", "bias")]


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", ["simple-rnn", "lstm", "gru"])
def test_a_layer_is_keras_own(rng, cell, go_backwards, return_sequences):
    weights = reference.random_weights(rng, cell, D, H)
    x, mask = rng.normal(size=(B, T, D)), reference.ragged_mask(rng, B, T)
    for zero_output_for_mask in (False, True):
        options = {
            "go_backwards": go_backwards,
            "return_sequences": return_sequences,
            "zero_output_for_mask": zero_output_for_mask,
            "return_state": True,
            "dtype": "float64",
        }
        theirs, their_weights = keras_counterpart(cell, weights, **options)
        theirs.build((B, T, D))
        theirs.set_weights(their_weights)
        ours = make(cell, weights, **options)
        for a, b in zip(ours(x, mask=mask), theirs(x, mask=mask), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("merge_mode", ["concat", "sum", None])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("cell", ["simple-rnn", "lstm", "gru"])
def test_bidirectional_layers_are_keras_own(rng, cell, return_sequences, merge_mode):
    x, mask = rng.normal(size=(B, T, D)), reference.ragged_mask(rng, B, T)
    weights = [reference.random_weights(rng, cell, D, H) for _ in range(2)]
    options = {"return_sequences": return_sequences, "dtype": "float64"}
    pairs = [keras_counterpart(cell, w, **options) for w in weights]
    theirs = keras.layers.Bidirectional(pairs[0][0], merge_mode=merge_mode, dtype="float64")
    theirs.build((B, T, D))
    theirs.set_weights([*pairs[0][1], *pairs[1][1]])
    ours = keras.layers.Bidirectional(
        LAYERS[cell](H, **options), merge_mode=merge_mode, dtype="float64"
    )
    ours.build((B, T, D))
    for layer, direction in zip((ours.forward_layer, ours.backward_layer), weights, strict=True):
        reference.load_weights(layer.cell, direction)
    actual, expected = ours(x, mask=mask), theirs(x, mask=mask)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_masked_steps_change_no_other_output(rng, cell):
    mask = reference.ragged_mask(rng, B, T)
    x = rng.normal(size=(B, T, D))
    other = np.where(mask[..., None], x, 1e3 * rng.normal(size=(B, T, D)))
    layer = keras.layers.Bidirectional(LAYERS[cell](H, return_sequences=True, dtype="float64"))
    layer.build((B, T, D))
    before, after = np.asarray(layer(x, mask=mask)), np.asarray(layer(other, mask=mask))
    np.testing.assert_array_equal(before[mask], after[mask])
    assert not before[~mask].any()

    # Nor do steps that are not there at all.
    longer = np.concatenate([other, rng.normal(size=(B, 3, D))], axis=1)
    longer_mask = np.concatenate([mask, np.zeros((B, 3), bool)], axis=1)
    padded = np.asarray(layer(longer, mask=longer_mask))
    np.testing.assert_allclose(padded[longer_mask], before[mask], rtol=1e-12)


def test_peepholes_of_zero_leave_an_lstm_and_others_do_not(rng):
    weights = reference.random_weights(rng, "lstm", D, H)
    x = rng.normal(size=(B, T, D))
    lstm = np.asarray(make("lstm", weights)(x))
    with_peepholes = make("peephole-lstm", weights)
    np.testing.assert_allclose(with_peepholes(x), lstm, rtol=1e-12)
    seen = set()
    for name in reference.PEEPHOLES:
        getattr(with_peepholes.cell, name).assign(rng.normal(size=H))
        output = np.asarray(with_peepholes(x))
        assert np.abs(output - lstm).max() > 1e-3
        seen.add(output.tobytes())
        getattr(with_peepholes.cell, name).assign(np.zeros(H))
    assert len(seen) == 3


def test_coupled_gates_are_an_lstm_whose_input_gate_mirrors_its_forget_gate(rng):
    """i = σ(-a_f) = 1 - f, so an LSTM can be given the coupling by its weights."""
    coupled = reference.random_weights(rng, "coupled-lstm", D, H)
    lstm = {
        name: np.concatenate([-weight[..., :H], weight], axis=-1)
        for name, weight in coupled.items()
    }
    x, mask = rng.normal(size=(B, T, D)), reference.ragged_mask(rng, B, T)
    expected = make("lstm", lstm, return_sequences=True)(x, mask=mask)
    actual = make("coupled-lstm", coupled, return_sequences=True)(x, mask=mask)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("features", [1, D])
@pytest.mark.parametrize("cell", CELLS)
def test_one_hot_indices_are_their_one_hot_vectors(rng, cell, features):
    size = 300
    weights = reference.random_weights(rng, cell, size + features - 1, H)
    index = rng.integers(size, size=(B, T))
    rest = rng.normal(size=(B, T, features - 1))
    mask = reference.ragged_mask(rng, B, T)
    options = {"return_sequences": True, "go_backwards": True}
    looked_up = make(cell, weights, features=features, one_hot_size=size, **options)
    multiplied = make(cell, weights, features=size + features - 1, **options)
    actual = looked_up(np.concatenate([index[..., None], rest], axis=-1), mask=mask)
    expected = multiplied(np.concatenate([np.eye(size)[index], rest], axis=-1), mask=mask)
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
def test_indices_that_16_bits_cannot_hold_are_refused(dtype):
    with pytest.raises(ValueError, match=r"one_hot_size is 257 .* give this layer dtype=.float32"):
        LAYERS["lstm"](H, one_hot_size=257, dtype=dtype)
    # TensorFlow has no QR decomposition in bfloat16, which the default initializer would need.
    layer = LAYERS["lstm"](H, one_hot_size=256, dtype=dtype, recurrent_initializer="zeros")
    index = np.array([[[254.0], [255.0]]])
    kernel = np.random.default_rng(0).normal(size=(256, 4 * H))
    layer.build((1, 2, 1))
    layer.cell.kernel.assign(kernel)
    projected = ops.convert_to_numpy(ops.cast(layer.cell.project(index), "float32"))
    np.testing.assert_allclose(projected[0], kernel[254:] + np.asarray(layer.cell.bias), atol=0.03)


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_acts_in_training_alone(rng, cell):
    x = rng.normal(size=(B, T, D))
    for name in ("dropout", "recurrent_dropout"):
        layer = make(cell, seed=1, return_sequences=True, **{name: 0.5})
        reference.load_weights(layer.cell, reference.random_weights(rng, cell, D, H))
        still = np.asarray(layer(x, training=False))
        np.testing.assert_array_equal(layer(x), still)
        first, second = (np.asarray(layer(x, training=True)) for _ in range(2))
        assert np.abs(first - still).max() > 1e-3
        assert np.abs(first - second).max() > 1e-3
        again = make(cell, seed=1, return_sequences=True, **{name: 0.5})
        again.cell.set_weights(layer.cell.get_weights())
        np.testing.assert_array_equal(again(x, training=True), first)


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_drops_the_same_at_every_step(rng, cell):
    """With one and the same mask over time, each sequence has a thinner set of weights."""
    weights = reference.random_weights(rng, cell, D, H)
    x, mask = rng.normal(size=(1, T, D)), np.arange(T)[None] < 5
    kept = (0.0, 2.0)
    thinned = []
    for pattern in np.ndindex(*[2] * D):
        features = np.array([kept[p] for p in pattern])
        outputs, _ = reference.run(cell, x * features, weights, mask=mask)
        thinned.append(outputs)
    layer = make(cell, weights, dropout=0.5, seed=3, return_sequences=True)
    seen = set()
    for _ in range(6):
        outputs = np.asarray(layer(x, mask=mask, training=True))
        distances = [np.abs(outputs - candidate).max() for candidate in thinned]
        assert min(distances) < 1e-12
        seen.add(int(np.argmin(distances)))
    assert len(seen) > 1


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_dropout_hides_the_same_units_at_every_step(rng, cell):
    weights = reference.random_weights(rng, cell, D, H)
    x = rng.normal(size=(1, T, D))
    thinned = []
    for pattern in np.ndindex(*[2] * H):
        scale = 2.0 * np.array(pattern)[:, None]
        hidden = weights | {"recurrent_kernel": scale * weights["recurrent_kernel"]}
        thinned.append(reference.run(cell, x, hidden)[0])
    layer = make(cell, weights, recurrent_dropout=0.5, seed=3, return_sequences=True)
    seen = set()
    for _ in range(6):
        outputs = np.asarray(layer(x, training=True))
        distances = [np.abs(outputs - candidate).max() for candidate in thinned]
        assert min(distances) < 1e-12
        seen.add(int(np.argmin(distances)))
    assert len(seen) > 1


def test_dropout_of_one_hot_words_drops_all_occurrences_of_a_word_or_none(rng):
    size = 6
    weights = reference.random_weights(rng, "simple-rnn", size, H, bias=False)
    weights["recurrent_kernel"] *= 0
    index = np.array([[2, 5, 2, 4, 5, 2, 2]])
    layer = make(
        "simple-rnn",
        weights,
        features=1,
        one_hot_size=size,
        use_bias=False,
        activation="linear",
        dropout=0.5,
        seed=4,
        return_sequences=True,
        go_backwards=True,
    )
    dropped = 0
    for _ in range(6):
        outputs = np.asarray(layer(index[..., None], training=True))[0, ::-1]
        scale = outputs[:, 0] / weights["kernel"][index[0], 0]
        for word in (2, 4, 5):
            of_the_word = scale[index[0] == word]
            np.testing.assert_allclose(of_the_word, of_the_word[0], rtol=1e-12)
            assert of_the_word[0] == pytest.approx(0) or of_the_word[0] == pytest.approx(2)
            dropped += of_the_word[0] < 1
    assert 0 < dropped < 18


@pytest.mark.parametrize("cell", CELLS)
def test_a_stateful_layer_goes_on_where_it_stopped(rng, cell):
    x, mask = rng.normal(size=(B, T, D)), reference.ragged_mask(rng, B, T)
    layer = make(cell, stateful=True)
    for _ in range(2):
        layer(x[:, :3], mask=mask[:, :3])
        last = layer(x[:, 3:], mask=mask[:, 3:])
        plain = make(cell)
        plain.cell.set_weights(layer.cell.get_weights())
        halves = plain(x, mask=mask)
        unmasked = mask[:, 3:].any(axis=1)
        np.testing.assert_allclose(last[unmasked], halves[unmasked], rtol=1e-10)
        layer.reset_state()


@pytest.mark.parametrize("masked", [False, True])
def test_a_known_batch_size_does_not_cut_a_sequence_of_unknown_length(rng, masked):
    """The backend's loop takes its length from the second axis, which here is the batch."""
    inputs = keras.Input(batch_shape=(2, None, D), dtype="float64")
    layer = LAYERS["gru"](H, stateful=True, return_sequences=True, dtype="float64")
    hidden = keras.layers.Masking(dtype="float64")(inputs) if masked else inputs
    model = keras.Model(inputs, layer(hidden))
    weights = reference.random_weights(rng, "gru", D, H)
    reference.load_weights(layer.cell, weights)
    x = rng.normal(size=(2, T, D))
    expected, _ = reference.run("gru", x, weights)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)


def test_the_loop_reads_in_the_order_asked_for(rng):
    x = rng.normal(size=(2, 3, 4))
    np.testing.assert_array_equal(loop.time_major(x), x.transpose(1, 0, 2))
    np.testing.assert_array_equal(loop.time_major(x, go_backwards=True), x.transpose(1, 0, 2)[::-1])


@pytest.mark.parametrize("cell", ["lstm", "peephole-lstm", "coupled-lstm"])
def test_the_forget_gate_alone_starts_open(cell):
    for open_gate in (True, False):
        layer = make(cell, unit_forget_bias=open_gate, bias_initializer="random_normal")
        gates = np.asarray(layer.cell.bias).reshape(-1, H)
        is_one = (gates == 1).all(axis=1)
        expected = [open_gate and gate == "f" for gate in reference.GATES[cell]]
        assert is_one.tolist() == expected
        assert np.unique(gates[~is_one]).size == gates[~is_one].size


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "units is 0; it must be a positive integer"),
        ({"units": 3, "activation": "swish"}, "activation 'swish' is unknown; use one of tanh"),
        ({"units": 3, "dropout": 1.0}, "dropout is 1.0; it must be at least 0 and less than 1"),
        ({"units": 3, "recurrent_dropout": -0.1}, "recurrent_dropout is -0.1"),
        ({"units": 3, "one_hot_size": -1}, "one_hot_size is -1"),
        ({"units": 3, "unit_forget_bias": True}, "unit_forget_bias"),
        ({"units": 3, "kernal_initializer": "zeros"}, "kernal_initializer"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LAYERS["gru"](**options)


def test_inputs_without_a_known_number_of_features_are_refused():
    with pytest.raises(ValueError, match="its last axis must be known"):
        cells.GRUCell(3).build((None, None))
