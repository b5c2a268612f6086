"""Cells of equal size: what it takes to compare them fairly."""

from __future__ import annotations

from nertagger.recurrent.equations import CELLS


def cell_parameters(cell: str, inputs: int, units: int) -> int:
    """The weights of one cell: kernel [D, nH], recurrent kernel [H, nH], bias [nH], peepholes [H].

    Args:
        cell: its name in `recurrent.equations.CELLS`.
        inputs: D.
        units: H.
    """
    equations = CELLS[cell]
    return len(equations.gates) * units * (inputs + units + 1) + len(equations.peepholes) * units


def units_for(cell: str, inputs: int, parameters: int) -> int:
    """The units whose cell comes nearest to so many parameters; at least 1."""
    units = 1
    while cell_parameters(cell, inputs, units + 1) <= parameters:
        units += 1
    below = parameters - cell_parameters(cell, inputs, units)
    above = cell_parameters(cell, inputs, units + 1) - parameters
    return units + 1 if above < below else units
