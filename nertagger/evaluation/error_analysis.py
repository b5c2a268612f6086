"""Where the predictions differ from gold: which mistakes are the commonest, and where they are.

Each gold entity that was not found and each prediction that is wrong takes part in one error:

    label                the span is right, its label is not
    boundary             the spans overlap and the label is right
    label and boundary   the spans overlap, the labels differ
    missed               a gold entity that no wrong prediction is paired with
    spurious             a prediction that no missed gold entity is paired with

Equal spans are paired first, then overlapping ones, the longest overlap first.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nertagger.text.document import Document, Entity

KINDS = ("label", "boundary", "label and boundary", "missed", "spurious")


class EntityError(NamedTuple):
    """An error in the document of that index; a side that has no entity is None."""

    kind: str
    document: int
    gold: Entity | None
    predicted: Entity | None

    @property
    def start(self) -> int:
        """Where it begins in the document."""
        return min(entity.start for entity in (self.gold, self.predicted) if entity is not None)


def find_errors(gold: Sequence[Document], predicted: Sequence[Document]) -> list[EntityError]:
    """All errors, in the order of the documents and of their starts."""
    errors: list[EntityError] = []
    for index, (gold_document, predicted_document) in enumerate(zip(gold, predicted, strict=True)):
        gold_spans = _by_span(gold_document.entities)
        predicted_spans = _by_span(predicted_document.entities)
        if gold_spans.keys() != predicted_spans.keys():
            wrong = [predicted_spans[key] for key in predicted_spans.keys() - gold_spans.keys()]
            lost = [gold_spans[key] for key in gold_spans.keys() - predicted_spans.keys()]
            pairs = _paired(sorted(lost, key=_place), sorted(wrong, key=_place))
            found = [EntityError(_kind(*pair), index, *pair) for pair in pairs]
            errors.extend(sorted(found, key=lambda error: error.start))
    return errors


def analyse(
    gold: Sequence[Document], predicted: Sequence[Document], confusions: int = 20, worst: int = 10
) -> dict[str, Any]:
    """The errors, counted and with examples.

    Args:
        gold: gold documents.
        predicted: the same texts, tagged.
        confusions: how many of the commonest confusions to give.
        worst: how many of the lines of text with the most errors to give.

    Returns:
        {"errors": {kind: count}, "confusions": [{"kind", "gold", "predicted", "count",
        "examples"}], "worst": [{"document", "start", "text", "errors", "expected", "received"}]}.
        `gold` and `predicted` are labels, None on the side that has no entity; `examples` are the
        commonest texts. `start` is where the line begins in the document; the spans that were
        expected and received are relative to it.
    """
    errors = find_errors(gold, predicted)
    counts = Counter(error.kind for error in errors)
    return {
        "errors": {kind: counts[kind] for kind in KINDS},
        "confusions": _confusions(errors, confusions),
        "worst": _worst_lines(errors, gold, predicted, worst),
    }


def _by_span(entities: Iterable[Entity]) -> dict[tuple[int, int, str], Entity]:
    return {(entity.start, entity.end, entity.label): entity for entity in entities}


def _place(entity: Entity) -> tuple[int, int, str]:
    return entity.start, entity.end, entity.label


def _kind(gold: Entity | None, predicted: Entity | None) -> str:
    if gold is None:
        return "spurious"
    if predicted is None:
        return "missed"
    if (gold.start, gold.end) == (predicted.start, predicted.end):
        return "label"
    return "boundary" if gold.label == predicted.label else "label and boundary"


def _paired(lost: list[Entity], wrong: list[Entity]) -> list[tuple[Entity | None, Entity | None]]:
    """Each lost gold entity and each wrong prediction once; both lists are ordered by start."""
    starts = [entity.start for entity in wrong]
    longest = max((entity.end - entity.start for entity in wrong), default=0)
    candidates = []
    for row, gold in enumerate(lost):
        # A prediction that begins further back than the longest one's length cannot reach `gold`.
        for column in range(bisect.bisect_left(starts, gold.start - longest), len(wrong)):
            predicted = wrong[column]
            if predicted.start >= gold.end:
                break
            overlap = min(gold.end, predicted.end) - max(gold.start, predicted.start)
            if overlap > 0:
                same_span = gold[2:4] == predicted[2:4]
                same_label = gold.label == predicted.label
                candidates.append((not same_span, -overlap, not same_label, row, column))
    rows: set[int] = set()
    columns: set[int] = set()
    pairs: list[tuple[Entity | None, Entity | None]] = []
    for *_, row, column in sorted(candidates):
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append((lost[row], wrong[column]))
    pairs.extend((entity, None) for row, entity in enumerate(lost) if row not in rows)
    pairs.extend((None, entity) for column, entity in enumerate(wrong) if column not in columns)
    return pairs


def _confusions(errors: Iterable[EntityError], limit: int) -> list[dict[str, Any]]:
    examples: dict[tuple[str, str | None, str | None], Counter[str]] = defaultdict(Counter)
    for kind, _, gold, predicted in errors:
        key = (kind, gold and gold.label, predicted and predicted.label)
        if gold and predicted and gold.text != predicted.text:
            example = f"{gold.text} → {predicted.text}"
        else:
            example = (gold or predicted or Entity("", "", 0, 0)).text
        examples[key][example] += 1
    ordered = sorted(examples.items(), key=lambda item: -item[1].total())[:limit]
    return [
        {
            "kind": kind,
            "gold": gold_label,
            "predicted": predicted_label,
            "count": texts.total(),
            "examples": [text for text, _ in texts.most_common(3)],
        }
        for (kind, gold_label, predicted_label), texts in ordered
    ]


def _worst_lines(
    errors: Iterable[EntityError],
    gold: Sequence[Document],
    predicted: Sequence[Document],
    limit: int,
) -> list[dict[str, Any]]:
    lines: Counter[tuple[int, int]] = Counter()
    starts: dict[int, list[int]] = {}
    for error in errors:
        # Found once for each document: one may be a line of a megabyte with as many errors.
        if error.document not in starts:
            text = gold[error.document].text
            starts[error.document] = [0, *(match.end() for match in re.finditer("\n", text))]
        document_starts = starts[error.document]
        line = bisect.bisect_right(document_starts, error.start) - 1
        lines[error.document, document_starts[line]] += 1
    worst = []
    for (index, start), count in lines.most_common(limit):
        text = gold[index].text
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        worst.append(
            {
                "document": index,
                "start": start,
                "text": text[start:end],
                "errors": count,
                "expected": _spans_within(gold[index], start, end),
                "received": _spans_within(predicted[index], start, end),
            }
        )
    return worst


def _spans_within(document: Document, start: int, end: int) -> list[dict[str, Any]]:
    return [
        {
            "text": entity.text,
            "label": entity.label,
            "start": int(entity.start) - start,
            "end": int(entity.end) - start,
        }
        for entity in document.entities
        if start <= entity.start < end
    ]
