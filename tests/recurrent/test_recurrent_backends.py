"""The layers on Keras's other backends, where one is installed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import keras, numpy as np
import recurrent_reference as reference
from nertagger.recurrent import LAYERS, backpropagation

B, T, D, H = 5, 6, 4, 3
rng = np.random.default_rng(1)
for cell, layer_class in LAYERS.items():
    weights = reference.random_weights(rng, cell, D, H, dtype="float32")
    x = rng.normal(size=(B, T, D)).astype("float32")
    mask = reference.ragged_mask(rng, B, T)
    initial = [rng.normal(size=(B, H)).astype("float32") for _ in range(reference.STATES[cell])]
    for go_backwards in (False, True):
        for zero_output_for_mask in (False, True):
            for unroll in (False, True):
                options = dict(go_backwards=go_backwards, zero_output_for_mask=zero_output_for_mask)
                layer = layer_class(H, return_sequences=True, unroll=unroll, **options)
                layer.build((B, T, D))
                reference.load_weights(layer.cell, weights)
                expected, _ = reference.run(
                    cell, x, weights, mask=mask, initial_states=initial, **options
                )
                states = [keras.ops.convert_to_tensor(state) for state in initial]
                actual = layer(x, initial_state=states, mask=keras.ops.convert_to_tensor(mask))
                actual = keras.ops.convert_to_numpy(actual)
                np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)

    # One step of plain gradient descent moves every weight by its gradient.
    inputs = keras.Input((T, D))
    kept = keras.Input((T,), dtype="bool")
    layer = layer_class(H, return_sequences=True, zero_output_for_mask=True, dropout=0.0)
    model = keras.Model([inputs, kept], layer(inputs, mask=kept))
    reference.load_weights(layer.cell, weights)
    target = rng.normal(size=(B, T, H)).astype("float32")
    model.compile(keras.optimizers.SGD(1.0), loss="mean_squared_error")
    model.fit([x, mask], target, batch_size=B, verbose=0)
    trace = backpropagation.forward(cell, x.astype("float64"), weights, mask=mask)
    error = np.where(mask[..., None], trace.outputs, 0) - target
    d_outputs = np.where(mask[..., None], 2 * error / (mask.sum() * H), 0)  # Keras masks the mean.
    for name, gradient in backpropagation.backward(trace, d_outputs).weights.items():
        moved = weights[name] - keras.ops.convert_to_numpy(getattr(layer.cell, name))
        np.testing.assert_allclose(moved, gradient, rtol=1e-3, atol=1e-6)

    one_hot = layer_class(H, one_hot_size=9, dropout=0.5, recurrent_dropout=0.5, seed=1)
    index = np.concatenate([rng.integers(9, size=(B, T, 1)), x[..., 1:]], axis=-1)
    assert np.isfinite(keras.ops.convert_to_numpy(one_hot(index, training=True))).all()
print(keras.backend.backend())
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_layers_are_the_printed_equations_on_other_backends(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; it is no dependency of the package")
    environment = {**os.environ, "KERAS_BACKEND": backend}
    folder = str(Path(__file__).parent)
    environment["PYTHONPATH"] = os.pathsep.join(
        [folder, str(Path(folder).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.split() == [backend]
