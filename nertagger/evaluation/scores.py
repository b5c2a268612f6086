"""Entity precision, recall and F1, by exact match of span and label.

An entity counts as found only if both ends and the label are right (Tjong Kim Sang and De Meulder
2003, section 2.4). With TP found entities, FP wrong predictions and FN missed entities,

    precision = TP / (TP + FP)
    recall = TP / (TP + FN)
    F1 = 2 precision recall / (precision + recall)

and whatever would divide by zero is 0. The numbers equal those of seqeval in its default mode with
`zero_division=0`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

Span = tuple[int, int, str]


def entity_scores(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> dict[str, Any]:
    """The scores of predicted spans.

    Args:
        gold: for each document the spans (start, end, label), in tokens or in characters. A label
            that no prediction has counts as missed, like any other.
        predicted: the same, in the same order.

    Returns:
        A dict of plain, unrounded numbers: `{"micro": {"precision", "recall", "f1", "support"},
        "macro": {…}, "weighted": {…}, "per_type": {"LOC": {…}, …}}`. `micro` counts all entities
        alike, `macro` is the mean of the types, `weighted` their mean by support. The types are all
        labels in gold or predictions, in order; the support is the number of gold entities.

    Raises:
        ValueError: there are more documents on one side than on the other.
    """
    if len(gold) != len(predicted):
        raise ValueError(
            f"{len(gold)} gold documents cannot be scored with {len(predicted)} predicted"
        )
    found: Counter[str] = Counter()
    supports: Counter[str] = Counter()
    predictions: Counter[str] = Counter()
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        gold_set, predicted_set = set(gold_spans), set(predicted_spans)
        supports.update(span[2] for span in gold_set)
        predictions.update(span[2] for span in predicted_set)
        found.update(span[2] for span in gold_set & predicted_set)
    per_type = {
        label: _scores(found[label], predictions[label], supports[label])
        for label in sorted(supports.keys() | predictions.keys())
    }
    return {
        "micro": _scores(found.total(), predictions.total(), supports.total()),
        "macro": _mean(list(per_type.values()), [1] * len(per_type)),
        "weighted": _mean(list(per_type.values()), [row["support"] for row in per_type.values()]),
        "per_type": per_type,
    }


def _scores(found: int, predictions: int, support: int) -> dict[str, Any]:
    precision = found / predictions if predictions else 0.0
    recall = found / support if support else 0.0
    total = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / total if total else 0.0,
        "support": support,
    }


def _mean(rows: list[dict[str, Any]], weights: list[int]) -> dict[str, Any]:
    total = sum(weights)
    mean: dict[str, Any] = {
        name: sum(row[name] * weight for row, weight in zip(rows, weights, strict=True)) / total
        if total
        else 0.0
        for name in ("precision", "recall", "f1")
    }
    mean["support"] = sum(row["support"] for row in rows)
    return mean
