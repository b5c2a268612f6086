"""The reliability diagram: what scores say, and what is right of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nertagger.writing import atomic_file


def draw_reliability_diagram(path: Path, calibration: Mapping[str, Any], title: str) -> None:
    """Draws for each bin of scores the share of entities that is right, and how many there are.

    Args:
        path: of the PNG.
        calibration: what `evaluation.calibration.calibration` returns.
        title: over the picture.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    bins = calibration["bins"]
    begins = [100 * row["from"] for row in bins]
    widths = [100 * (row["to"] - row["from"]) for row in bins]
    figure = Figure(figsize=(5, 5), layout="constrained")
    shares, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    shares.bar(
        begins,
        [100 * row["precision"] for row in bins],
        widths,
        align="edge",
        color="tab:blue",
        edgecolor="white",
        label="right",
    )
    shares.plot([0, 100], [0, 100], "--", color="tab:gray", label="as many as the score says")
    shares.plot(
        [100 * row["confidence"] for row in bins],
        [100 * row["precision"] for row in bins],
        "o",
        color="tab:red",
        label="mean score",
    )
    shares.set_ylabel("right entities (%)")
    shares.set_ylim(0, 100)
    shares.legend(loc="upper left")
    shares.set_title(f"{title}: expected calibration error {100 * calibration['error']:.1f} %")
    counts.bar(
        begins,
        [row["entities"] for row in bins],
        widths,
        align="edge",
        color="tab:gray",
        edgecolor="white",
    )
    counts.set_yscale("log")
    counts.set_ylim(bottom=0.8)
    counts.set_ylabel("entities")
    counts.set_xlabel("score (%)")
    counts.set_xlim(0, 100)
    with atomic_file(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)
