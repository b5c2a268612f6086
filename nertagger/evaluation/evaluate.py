"""A tagger's documents against gold ones, as a dict of plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nertagger.errors import InputError
from nertagger.evaluation.calibration import calibration, judge
from nertagger.evaluation.error_analysis import analyse
from nertagger.evaluation.label_map import map_labels
from nertagger.evaluation.scores import entity_scores
from nertagger.text.document import Document


def evaluate(
    gold_documents: Iterable[Document],
    predicted_documents: Iterable[Document],
    label_map: Mapping[str, str] | None = None,
    confusions: int = 20,
    worst: int = 10,
) -> dict[str, Any]:
    """Scores by exact match of characters and label, with an analysis of the errors.

    Args:
        gold_documents: what is right.
        predicted_documents: the same texts, in the same order, tagged.
        label_map: labels to rename on both sides before anything is compared, `O` to drop their
            entities; see `parse_label_map`. Gold labels that the tagger does not know and that are
            not mapped count as missed.
        confusions, worst: how many to give, see `analyse`.

    Returns:
        What `entity_scores` and `analyse` return, in one dict, with `documents`, their number, and
        `calibration`. Nothing is rounded; it is JSON as it is.

    Raises:
        InputError: the two sides are not the same texts.
    """
    gold = map_labels(gold_documents, label_map or {})
    predicted = map_labels(predicted_documents, label_map or {})
    if len(gold) != len(predicted):
        raise InputError(
            f"{len(gold)} gold documents cannot be scored with {len(predicted)} predicted ones"
        )
    for index, (expected, received) in enumerate(zip(gold, predicted, strict=True)):
        if expected.text != received.text:
            raise InputError(
                f"document {index + 1} is not the same text on both sides: "
                f"{expected.text[:40]!r} in gold, {received.text[:40]!r} predicted"
            )
    scores = entity_scores(spans_of(gold), spans_of(predicted))
    return {
        **scores,
        "documents": len(gold),
        "calibration": calibration(*judge(gold, predicted)),
        **analyse(gold, predicted, confusions, worst),
    }


def spans_of(documents: Iterable[Document]) -> list[list[tuple[int, int, str]]]:
    """The entities of each document as (start, end, label), for `entity_scores`."""
    return [
        [(entity.start, entity.end, entity.label) for entity in document.entities]
        for document in documents
    ]
