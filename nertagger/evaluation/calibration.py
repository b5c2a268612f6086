"""Whether the scores of entities are probabilities: of those with 0.8, 80 in a hundred are right.

An entity is right as `evaluation.scores` has it: both ends and the label. The scores fall into bins
of equal width, and the expected calibration error is the mean distance between what a bin says and
what is right of it, each bin weighing as many entities as it has (Guo et al. 2017, equation 3;
Naeini et al. 2015):

    ECE = Σ_m |B_m|/n · |precision(B_m) - confidence(B_m)|
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nertagger.text.document import Document

BINS = 10


def judge(gold: Iterable[Document], predicted: Iterable[Document]) -> tuple[np.ndarray, np.ndarray]:
    """The score of each predicted entity, and whether it is right: float64 [E] and bool [E].

    Args:
        gold: what is right.
        predicted: the same texts, in the same order, tagged.
    """
    scores: list[float] = []
    right: list[bool] = []
    for expected, received in zip(gold, predicted, strict=True):
        spans = {(entity.start, entity.end, entity.label) for entity in expected.entities}
        for entity in received.entities:
            scores.append(entity.score)
            right.append((entity.start, entity.end, entity.label) in spans)
    return np.array(scores, np.float64), np.array(right, bool)


def calibration(scores: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """The expected calibration error, and the bins that it is the mean of.

    Args:
        scores: of entities, from 0 to 1, [E].
        right: which of them are right, [E].

    Returns:
        Plain numbers: `error`, from 0 to 1, 0 where there is no entity; and `bins`, those that hold
        entities: `from` and `to`, `entities`, and of these the mean score, `confidence`, and the
        share that is right, `precision`.
    """
    places = np.minimum((scores * BINS).astype(np.intp), BINS - 1)
    bins = []
    error = 0.0
    for place in range(BINS):
        inside = places == place
        count = int(inside.sum())
        if count:
            confidence, precision = float(scores[inside].mean()), float(right[inside].mean())
            error += count / len(scores) * abs(precision - confidence)
            bins.append(
                {
                    "from": place / BINS,
                    "to": (place + 1) / BINS,
                    "entities": count,
                    "confidence": confidence,
                    "precision": precision,
                }
            )
    return {"error": error, "bins": bins}
