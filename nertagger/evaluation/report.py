"""Scores as tables to be read, rounded; the dict that they come from stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_AVERAGES = ("micro", "macro", "weighted")


def score_table(result: Mapping[str, Any]) -> Table:
    """Precision, recall and F1 in percent, per type and in the mean, from `evaluate`'s result."""
    table = Table(title="Entities, by exact match (percent)")
    table.add_column("type")
    for name in ("precision", "recall", "F1", "support"):
        table.add_column(name, justify="right")
    rows = list(result["per_type"].items())
    for index, (label, row) in enumerate(rows):
        table.add_row(*_score_row(label, row), end_section=index == len(rows) - 1)
    for name in _AVERAGES:
        style = "bold" if name == "micro" else None
        table.add_row(*_score_row(name, result[name]), style=style)
    return table


def calibration_table(result: Mapping[str, Any]) -> Table:
    """What the scores of the found entities say, and how many of them are right."""
    table = Table(title="Scores as probabilities")
    table.add_column("score")
    for name in ("entities", "mean score", "right"):
        table.add_column(name, justify="right")
    for row in result["calibration"]["bins"]:
        table.add_row(
            f"{row['from']:.1f} to {row['to']:.1f}",
            f"{row['entities']:,}",
            f"{100 * row['confidence']:.1f} %",
            f"{100 * row['precision']:.1f} %",
        )
    return table


def confusion_table(result: Mapping[str, Any]) -> Table:
    """The commonest errors; a dash where a side has no entity."""
    table = Table(title="Commonest errors")
    table.add_column("count", justify="right")
    for name in ("kind", "gold", "predicted", "examples"):
        table.add_column(name)
    for row in result["confusions"]:
        examples = Text(", ".join(row["examples"]))
        table.add_row(
            str(row["count"]),
            row["kind"],
            Text(row["gold"] or "–"),
            Text(row["predicted"] or "–"),
            examples,
        )
    return table


def worst_table(result: Mapping[str, Any]) -> Table:
    """The lines of text with the most errors: what was expected, and what came."""
    table = Table(title="Where the most errors are", show_lines=True)
    table.add_column("errors", justify="right")
    for name in ("text", "expected", "received"):
        table.add_column(name)
    for row in result["worst"]:
        table.add_row(
            str(row["errors"]),
            Text(row["text"]),
            _entity_lines(row["expected"]),
            _entity_lines(row["received"]),
        )
    return table


def print_report(
    result: Mapping[str, Any], console: Console | None = None, errors: bool = True
) -> None:
    """Prints precision, recall and F1 and, unless `errors` is False, what the entities' own scores
    are worth and the analysis of the errors."""
    console = console or Console()
    console.print(score_table(result))
    if errors and result["calibration"]["bins"]:
        console.print(calibration_table(result))
        error = 100 * result["calibration"]["error"]
        console.print(f"Expected calibration error: {error:.2f} %", highlight=False)
    if errors and any(result["errors"].values()):
        counts = ", ".join(f"{count} {kind}" for kind, count in result["errors"].items() if count)
        console.print(Text(f"Errors: {counts}"))
        console.print(confusion_table(result))
        console.print(worst_table(result))


def _score_row(name: str, row: Mapping[str, Any]) -> tuple[Text, str, str, str, str]:
    percentages = [f"{100 * row[key]:.2f}" for key in ("precision", "recall", "f1")]
    # Text, not str: a label with square brackets must not be taken for rich's markup.
    return Text(name), percentages[0], percentages[1], percentages[2], f"{row['support']:,}"


def _entity_lines(entities: list[Mapping[str, Any]]) -> Text:
    return Text("\n".join(f"{entity['label']} {entity['text']}" for entity in entities) or "–")
