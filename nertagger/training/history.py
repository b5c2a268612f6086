"""What happened in each epoch: a table, and a picture of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from nertagger.writing import atomic_file

COLUMNS = ("epoch", "loss", "dev_precision", "dev_recall", "dev_f1", "learning_rate", "seconds")


def write_history(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Writes one row per epoch as CSV; loss is the mean of a sentence, F1 is of entities."""
    with atomic_file(path) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: row[name] for name in COLUMNS} for row in history)


def draw_learning_curve(path: Path, history: Sequence[Mapping[str, float]], title: str) -> None:
    """Draws loss and dev F1 against epochs, with the best epoch marked, as PNG.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in history]
    scores = [100 * row["dev_f1"] for row in history]
    figure = Figure(figsize=(7, 4), layout="constrained")
    loss_axes = figure.add_subplot()
    loss_axes.plot(
        epochs, [row["loss"] for row in history], color="tab:gray", label="training loss"
    )
    loss_axes.set_xlabel("epoch")
    loss_axes.set_ylabel("training loss per sentence (nats)")
    loss_axes.set_ylim(bottom=0)
    loss_axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    f1_axes = loss_axes.twinx()
    f1_axes.plot(epochs, scores, color="tab:blue", marker=".", label="dev F1")
    best = max(range(len(scores)), key=scores.__getitem__)
    f1_axes.plot(
        epochs[best], scores[best], "o", color="tab:red", label=f"best: {scores[best]:.2f} %"
    )
    f1_axes.set_ylabel("dev F1 of entities (%)", color="tab:blue")
    lines = [*loss_axes.get_lines(), *f1_axes.get_lines()]
    loss_axes.legend(lines, [str(line.get_label()) for line in lines], loc="center right")
    loss_axes.set_title(title)
    with atomic_file(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)
