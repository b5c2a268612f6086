"""Vectors in four bits a number."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from nertagger.recurrent import numpy_ops
from nertagger.text.vector_packing import pack, packed_width, unpack


@pytest.mark.parametrize("dimension", [1, 8, 13])
def test_a_number_comes_back_to_half_a_step_of_its_vector(dimension):
    random = np.random.default_rng(dimension)
    vectors = random.normal(size=(20_000, dimension)) * random.uniform(1e-3, 1e3, (20_000, 1))
    vectors[[0, 7]] = 0
    packed = pack(vectors)
    assert packed.codes.shape == (20_000, packed_width(dimension))
    assert packed.codes.dtype == np.int32
    found = unpack(numpy_ops, *packed)
    assert found.dtype == np.float32
    step = abs(vectors).max(axis=1, keepdims=True) / 7
    assert (abs(found - vectors) <= 0.51 * step).all()
    np.testing.assert_array_equal(found[[0, 7]], 0)


def test_what_was_packed_is_packed_again_without_a_change():
    packed = pack(np.random.default_rng(0).normal(size=(5_000, 10)))
    again = pack(unpack(numpy_ops, *packed))
    np.testing.assert_array_equal(again.codes, packed.codes)


def test_the_layer_and_the_runtime_read_the_same_numbers():
    packed = pack(np.random.default_rng(1).normal(size=(50, 5)))
    rows = np.array([[3, 0, 49], [7, 7, 1]])
    there = unpack(ops, ops.take(packed.codes, rows, 0), ops.take(packed.scales, rows, 0), 5)
    here = unpack(numpy_ops, packed.codes[rows], packed.scales[rows], 5)
    np.testing.assert_array_equal(ops.convert_to_numpy(there), here)


def test_numbers_beyond_half_precision_keep_their_signs():
    found = unpack(numpy_ops, *pack(np.array([[1e30, -1e30], [1e-30, 0]])))
    assert found[0, 0] > 0 > found[0, 1]
    assert np.isfinite(found).all()
