"""How many units make networks of different cells equally large."""

from __future__ import annotations

from collections.abc import Callable


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
