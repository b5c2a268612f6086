"""Cells of equal size: what it takes to compare them fairly."""

from __future__ import annotations

from collections.abc import Callable

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
    return nearest_units(lambda units: cell_parameters(cell, inputs, units), parameters)


def nearest_units(parameters_of: Callable[[int], int], parameters: int) -> int:
    """The units with which a network comes nearest to so many parameters; at least 1.

    Args:
        parameters_of: from units to how many parameters the whole network then has; rising.
        parameters: how many are wanted.
    """
    above = 1
    while parameters_of(above) < parameters:
        above *= 2
    below = above // 2
    while above - below > 1:
        middle = (below + above) // 2
        if parameters_of(middle) < parameters:
            below = middle
        else:
            above = middle
    if below and parameters - parameters_of(below) <= parameters_of(above) - parameters:
        return below
    return above
