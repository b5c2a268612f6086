"""The temperature that makes a tagger's scores probabilities, found on the dev documents.

A network that has learnt for long is surer than it is right. Dividing its logits, and the chain of
its tags, by one number T changes no tag of a path, only how sure it is (Guo et al. 2017, section
4.2). Here T is what makes the entities that were found, right or wrong, least surprising:

    -Σ_e log(p_e if e is right else 1 - p_e) + (log T)² / (2 σ²)

The second term, a log-normal prior, keeps T near 1 where dev has few entities to learn it from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from nertagger.evaluation.calibration import judge
from nertagger.text.document import Document

LEAST, MOST = 0.5, 4.0
_DEVIATION = 0.5
"""σ: before any entity was seen, T is between 0.6 and 1.6 with two thirds."""
_CERTAIN = 1e-4
_STEPS = 9
"""They narrow the range by 0.618 each: T to within 1 %."""


def fitting_temperature(
    tagged: Callable[[float], Sequence[Document]], gold: Sequence[Document]
) -> float:
    """T, between `LEAST` and `MOST`, to two decimals.

    Args:
        tagged: gold's texts, tagged with a temperature.
        gold: what is right of them.
    """

    def surprise(logarithm: float) -> float:
        scores, right = judge(gold, tagged(math.exp(logarithm)))
        chances = np.where(right, scores, 1 - scores).clip(_CERTAIN, 1)
        return float(-np.log(chances).sum()) + logarithm**2 / (2 * _DEVIATION**2)

    return round(math.exp(_lowest(surprise, math.log(LEAST), math.log(MOST))), 2)


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is lowest, by golden sections (Kiefer 1953)."""
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return left if at_left < at_right else right
