"""A moving average of the weights while they are trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class WeightAverage:
    """An exponential moving average of variables, in NumPy.

    After step n every average a becomes a + (1 - d_n)(w - a), with
    d_n = min(decay, (n + 1) / (n + 10)), so that the first, random weights are soon forgotten.
    Source: Polyak and Juditsky (1992); the warm-up of the decay is that of TensorFlow's
    `ExponentialMovingAverage`.

    Args:
        variables: what is averaged.
        decay: of each step; 0 for no average: `values` is then empty.
    """

    def __init__(self, variables: Sequence[Any], decay: float) -> None:
        self.variables = list(variables)
        self.decay = decay
        self.steps = 0
        self.averages = [np.array(variable, np.float32) for variable in variables] if decay else []

    def update(self) -> None:
        """Takes one more step of training in."""
        self.steps += 1
        rate = 1 - min(self.decay, (self.steps + 1) / (self.steps + 10))
        for average, variable in zip(self.averages, self.variables, strict=False):
            average += rate * (np.asarray(variable) - average)

    def restore(self, averages: Sequence[np.ndarray], steps: int) -> None:
        """Goes on from a checkpoint."""
        self.averages = [np.array(average) for average in averages]
        self.steps = steps

    def values(self) -> dict[int, np.ndarray]:
        """The average of each variable, by the variable's id()."""
        return {
            id(variable): average
            for variable, average in zip(self.variables, self.averages, strict=False)
        }
