"""The LSTM's own steps against its equations."""

import numpy as np
import pytest

from nertagger.recurrent import equations, numpy_ops
from nertagger.runtime.steps import (
    EquationSteps,
    LSTMSteps,
    gate_kernels,
    gate_rows,
    halves_for_sigmoids,
)

UNITS = 6


@pytest.mark.parametrize("shifted", [False, True])
def test_an_lstms_own_steps_are_its_equations(shifted):
    random = np.random.default_rng(3)
    kernel = random.normal(size=(UNITS, 4 * UNITS)).astype(np.float32)
    table = random.normal(0, 2, (30, 4 * UNITS)).astype(np.float32)
    unchanged = table.copy()
    counts = [5, 5, 4, 2, 2, 1]
    visits = [random.integers(0, len(table), count) for count in counts]
    halves = halves_for_sigmoids(UNITS)
    shift = random.normal(size=(5, 4 * UNITS)).astype(np.float32) if shifted else None
    halved = None if shift is None else shift * halves
    own = LSTMSteps(gate_kernels(kernel * halves), (5, UNITS), halved)
    cell = equations.CELLS["lstm"]
    plain = EquationSteps(cell, {"recurrent_kernel": kernel}, numpy_ops.tanh, (5, UNITS), shift)
    outputs = np.full((2, sum(counts), UNITS), np.nan, np.float32)
    begin = 0
    for rows in visits:
        end = begin + len(rows)
        own(*gate_rows(table * halves, rows), outputs[0, begin:end])
        plain(table, rows, outputs[1, begin:end])
        begin = end
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(table, unchanged)
