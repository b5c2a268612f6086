"""Which cell to choose: score, time, speed and memory of equally large taggers.

The taggers differ in their cell alone. Each has the units that make it as large as the reference,
an LSTM's, counting every weight that is learnt: at equal units an LSTM has four times the recurrent
weights of a simple RNN, and what it gains might be its size.

Every cell is trained from each of the same seeds, and the cells take turns, so that a machine that
is busy for a while is busy for all of them.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nertagger.errors import InputError
from nertagger.laboratory.bundled_part import DOCUMENTS
from nertagger.laboratory.result import CELL_STYLES, Picture, Result, new_figure
from nertagger.laboratory.workbench import Workbench
from nertagger.models.architecture import CELLS
from nertagger.training.dataset import Dataset, read_dataset
from nertagger.training.options import RECIPES, TrainingOptions
from nertagger.training.sources import BUNDLED, Source

_MEGABYTE = 1e6


@dataclasses.dataclass(frozen=True)
class Setting:
    """How large and how long.

    Attributes:
        cells: to compare.
        seeds: how often each is trained, from another beginning.
        units: of the reference, an LSTM, in each direction.
        epochs: passes over the corpus.
        batch_size: sentences of a step.
        learning_rate: at the start.
    """

    cells: tuple[str, ...] = CELLS
    seeds: int = 3
    units: int = 48
    epochs: int = 8
    batch_size: int = 16
    learning_rate: float = 4e-3


QUICK = Setting(
    cells=("simple-rnn", "lstm", "gru"), seeds=2, epochs=2, batch_size=32, learning_rate=1e-2
)

SAME_SPEED = 0.1
"""Speeds that differ by less than this share count as the same; on a busy machine the same cell's
do so from one seed to the next."""


def read_comparison(
    train: str | None, dev: str | None, setting: Setting, seed: int
) -> tuple[TrainingOptions, Dataset]:
    """The options of the reference, and what all cells learn from.

    Args:
        train: the corpus to learn from; None for the beginning of the bundled one.
        dev: the corpus that scores; None for the bundled one's.
        setting: of the reference.
        seed: the first of the seeds.

    Raises:
        InputError: a corpus cannot be used, or there is no `dev` for `train`.
    """
    if train is not None and dev is None:
        raise InputError(
            f"--train {train} without --dev: every cell is scored on the same text; "
            "give the corpus that scores with --dev"
        )
    options = TrainingOptions(
        train=(Source(BUNDLED, documents=DOCUMENTS),) if train is None else train,
        dev=dev,
        cell="lstm",
        units=setting.units,
        word_dimension=50,
        epochs=setting.epochs,
        # All cells get all epochs, or their times would not be those of the same work.
        patience=setting.epochs,
        batch_size=setting.batch_size,
        **RECIPES["plain"],
        learning_rate=setting.learning_rate,
        seed=seed,
    )
    return options, read_dataset(options, log=lambda line: None)


def compare(
    workbench: Workbench, options: TrainingOptions, dataset: Dataset, setting: Setting
) -> Result:
    """Trains and measures each cell from each seed, and recommends one."""
    # Imports Keras.
    from nertagger.laboratory.cell_training import equal_options, parameter_count, train_cell

    workbench.expect(len(setting.cells) * setting.seeds)
    of_cell = {cell: equal_options(cell, options, dataset) for cell in setting.cells}
    runs: dict[str, list[dict[str, Any]]] = {cell: [] for cell in setting.cells}
    for seed in range(workbench.seed, workbench.seed + setting.seeds):
        for cell, own in of_cell.items():
            seeded = dataclasses.replace(own, seed=seed)
            found = workbench.part(f"{cell}, seed {seed}", partial(train_cell, seeded, dataset))
            runs[cell].append(found)
    rows = [
        summary(cell, own.units, parameter_count(own, dataset), runs[cell])
        for cell, own in of_cell.items()
    ]
    chosen = recommended(rows)
    numbers = {
        "train": dataset.name,
        "dev": dataset.dev_name,
        "dev_tokens": runs[setting.cells[0]][0]["tokens"],
        "setting": dataclasses.asdict(setting),
        "recommended": chosen,
        "summary": rows,
        "runs": runs,
    }
    return Result(
        _finding(rows, chosen), _table(rows), numbers, {"compare": _picture(rows, runs, chosen)}
    )


def summary(
    cell: str, units: int, parameters: int, runs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a cell's runs have come to: means over the seeds, of the speed the median."""

    def mean(name: str) -> float:
        return statistics.mean(run[name] for run in runs)

    scores = [run["f1"] for run in runs]
    return {
        "cell": cell,
        "units": units,
        "parameters": parameters,
        "f1": statistics.mean(scores),
        "f1_deviation": statistics.stdev(scores) if len(scores) > 1 else 0.0,
        "training_seconds": mean("training_seconds"),
        "training_cpu_seconds": mean("training_cpu_seconds"),
        "tokens_per_second": statistics.median(run["tokens_per_second"] for run in runs),
        "weights_bytes": mean("weights_bytes"),
        "peak_bytes": mean("peak_bytes"),
    }


def recommended(rows: Sequence[Mapping[str, Any]]) -> str:
    """The cell to take.

    Of the cells whose mean F1 is at most one standard deviation of the best cell's below the best
    cell's, the one that tags fastest; of those that tag as fast (`SAME_SPEED`), the best.
    """
    good = near_best(rows)
    fastest = max(row["tokens_per_second"] for row in good)
    fast = [row for row in good if row["tokens_per_second"] >= (1 - SAME_SPEED) * fastest]
    return max(fast, key=lambda row: row["f1"])["cell"]


def near_best(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The cells whose mean F1 is at most one standard deviation below the best."""
    best = max(rows, key=lambda row: row["f1"])
    return [row for row in rows if row["f1"] >= best["f1"] - best["f1_deviation"]]


def pareto_front(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows than which none is both faster and better, the slowest first."""
    front: list[Mapping[str, Any]] = []
    for row in sorted(rows, key=lambda row: (-row["tokens_per_second"], -row["f1"])):
        if not front or row["f1"] > front[-1]["f1"]:
            front.append(row)
    return front[::-1]


def _finding(rows: Sequence[Mapping[str, Any]], chosen: str) -> str:
    best = max(rows, key=lambda row: row["f1"])
    good = near_best(rows)
    row = next(row for row in rows if row["cell"] == chosen)
    near = f"within one standard deviation of the best mean F1 ({best['cell']}, {_score(best)})"
    if len(good) == 1:
        why = "no other mean F1 is within one standard deviation of it"
    elif row is best:
        why = (
            f"of the {len(good)} cells within one standard deviation of the best mean F1 it is the "
            f"best, and none of them tags more than {100 * SAME_SPEED:.0f} % faster"
        )
    elif row["tokens_per_second"] == max(other["tokens_per_second"] for other in good):
        why = f"of the {len(good)} cells {near} it tags fastest"
    else:
        why = (
            f"of the {len(good)} cells {near} it is the best that tags as fast as the fastest, to "
            f"{100 * SAME_SPEED:.0f} %"
        )
    return f"Take {chosen} ({_score(row)}, {row['tokens_per_second']:,.0f} tokens/s): {why}."


def _score(row: Mapping[str, Any]) -> str:
    return f"{100 * row['f1']:.1f} ± {100 * row['f1_deviation']:.1f} % F1"


def _table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    fastest = max(row["tokens_per_second"] for row in rows)
    shortest = min(row["training_cpu_seconds"] for row in rows)
    return [
        {
            "cell": row["cell"],
            "units": row["units"],
            "weights": row["parameters"],
            "dev F1 %": 100 * row["f1"],
            "±": 100 * row["f1_deviation"],
            "training s": row["training_seconds"],
            "CPU s": row["training_cpu_seconds"],
            "× least": row["training_cpu_seconds"] / shortest,
            "tokens/s": row["tokens_per_second"],
            "of fastest": row["tokens_per_second"] / fastest,
            "weights MB": row["weights_bytes"] / _MEGABYTE,
            "peak MB": row["peak_bytes"] / _MEGABYTE,
        }
        for row in rows
    ]


def _picture(
    rows: Sequence[Mapping[str, Any]],
    runs: Mapping[str, Sequence[Mapping[str, Any]]],
    chosen: str,
) -> Picture:
    figure = new_figure(7.5, 4.8)
    axes = figure.add_subplot()
    front = pareto_front(rows)
    axes.plot(
        [row["tokens_per_second"] / 1000 for row in front],
        [100 * row["f1"] for row in front],
        color="gray",
        linestyle="--",
        linewidth=1,
        zorder=0,
        label="none is faster and better",
    )
    shortest = min(row["training_cpu_seconds"] for row in rows)
    for row in rows:
        style = CELL_STYLES[row["cell"]]
        speed, score = row["tokens_per_second"] / 1000, 100 * row["f1"]
        axes.errorbar(
            speed,
            score,
            yerr=100 * row["f1_deviation"],
            color=style["color"],
            linewidth=1,
            capsize=3,
        )
        # The area of a marker is the time of training.
        axes.scatter(
            speed,
            score,
            s=90 * row["training_cpu_seconds"] / shortest,
            label=f"{row['cell']}, {row['training_cpu_seconds']:.0f} s",
            edgecolors="black" if row["cell"] == chosen else "none",
            **style,
        )
        for run in runs[row["cell"]]:
            axes.plot(speed, 100 * run["f1"], ".", color=style["color"], markersize=4, alpha=0.6)
    best = max(rows, key=lambda row: row["f1"])
    axes.axhspan(
        100 * (best["f1"] - best["f1_deviation"]),
        100 * best["f1"],
        color="gray",
        alpha=0.12,
        label="within one deviation of the best",
    )
    # Wide enough that differences of a few percent do not look large.
    speeds = [row["tokens_per_second"] / 1000 for row in rows]
    middle = (min(speeds) + max(speeds)) / 2
    half = max(0.2 * middle, 0.7 * (max(speeds) - min(speeds)))
    axes.set_xlim(middle - half, middle + half)
    axes.set_xlabel("tagging speed, thousand tokens a second of CPU time")
    axes.set_ylabel("dev F1 of entities (%)")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return Picture(
        figure,
        "Each cell at an equal number of weights: up is better, right is faster, a larger marker "
        "took longer to train (CPU seconds in the legend). Bars: one standard deviation over the "
        "seeds; dots: the seeds. Of the cells whose mean lies in the gray band the fastest is to "
        f"be taken, {chosen}, outlined; speeds within {100 * SAME_SPEED:.0f} % count as the same.",
    )
