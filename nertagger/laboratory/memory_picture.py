"""The picture of `lab memory`: a score against the distance, one panel a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nertagger.laboratory.result import CELL_STYLES, Picture, new_figure
from nertagger.laboratory.sequence_tasks import TASKS


def draw_memory(
    runs: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
    conditions: Mapping[str, Any],
    seeds: int,
    parameters: int,
) -> Picture:
    """Draws the mean of the seeds as a line and their range as a band.

    Args:
        runs: rows with "distance" and "scores", by condition and cell.
        conditions: with `title` and `task`, by the same names.
        seeds: how many there were.
        parameters: of each cell.
    """
    figure = new_figure(9, 7.2)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for panel, (name, condition) in zip(panels.flat, conditions.items(), strict=True):
        adding = condition.task == "adding"
        for order, (cell, rows) in enumerate(runs[name].items()):
            # Each a little smaller than the one before it, which it may cover.
            style = {**CELL_STYLES[cell], "markersize": 9 - 1.2 * order}
            distances = [row["distance"] for row in rows]
            scores = [row["scores"] for row in rows]
            panel.plot(distances, [sum(s) / len(s) for s in scores], label=cell, **style)
            panel.fill_between(
                distances,
                [min(s) for s in scores],
                [max(s) for s in scores],
                color=style["color"],
                alpha=0.15,
                linewidth=0,
            )
        guessing = TASKS[condition.task].guessing
        panel.axhline(guessing, color="0.5", linestyle=":", linewidth=1)
        panel.annotate(
            "guessing",
            (0, guessing),
            xycoords=("axes fraction", "data"),
            xytext=(3, 3),
            textcoords="offset points",
            color="0.4",
            fontsize=8,
        )
        panel.set_title(condition.title, fontsize=10)
        panel.set_ylabel("variance explained" if adding else "accuracy")
        panel.set_xscale("log", base=2)
        panel.set_ylim(-0.05, 1.05)
        panel.grid(alpha=0.3)
    ticks = sorted({row["distance"] for rows in runs["remember"].values() for row in rows})
    for panel in panels.flat:
        panel.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
        panel.xaxis.set_minor_locator(_no_ticks())
    for panel in panels[1]:
        panel.set_xlabel("distance, steps")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    many = f"the mean of {seeds} trainings, band: the worst to the best" if seeds > 1 else "one run"
    return Picture(
        figure,
        f"Cells of {parameters:,} parameters ({many}). Above: the simple RNN fails after "
        "some tens of steps where the gated cells go on. Below left: with no example nearer "
        "than the test, most cells whose gates start half open fail as well; below right: those "
        "that start open for as long as the distance do not. A line ends where a cell had failed "
        "twice.",
    )


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()
