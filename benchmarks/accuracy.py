"""What recipes reach, and what each part of one is worth.

    python benchmarks/accuracy.py benchmarks/recipes/*.toml [--seeds 1 2 3] [--output DIR]
                                  [--each layers=2 averaging=0 …] [--test FILE]

A recipe is a file as `nertagger train --config` reads it, without `output` and `seed`; its paths
are relative to where this runs. With --each it is also trained with every one of these options, by
itself, in place of its own. A model that is in the output folder already is not trained again,
and a training that was stopped goes on. Prints a table: minutes of training, dev F1 with its
deviation, and how much that is beside the first recipe's. Choose by dev; --test scores another
part, to be done once.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path

VERSION = Path("1/assets.extra/nertagger")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipes", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--output", type=Path, default=Path("out/accuracy"))
    parser.add_argument("--each", nargs="+", default=[], metavar="OPTION=VALUE")
    parser.add_argument("--test", type=Path)
    options = parser.parse_args()
    trainings = [
        (f"{recipe.stem} {change}".strip(), recipe, change)
        for recipe in options.recipes
        for change in ("", *options.each)
    ]
    dev: dict[str, list[float]] = {}
    test: dict[str, list[float]] = {}
    minutes: dict[str, list[float]] = {}
    for seed in options.seeds:
        for name, recipe, change in trainings:
            model = options.output / f"{name.replace(' ', '-')}-{seed}"
            if not (model / VERSION).exists():
                train(recipe, change, seed, model)
            config = json.loads((model / VERSION / "config.json").read_text(encoding="utf-8"))
            dev.setdefault(name, []).append(100 * config["scores"]["micro"]["f1"])
            minutes.setdefault(name, []).append(minutes_of(model))
            if options.test:
                test.setdefault(name, []).append(score(model, options.test))
    first = statistics.mean(dev[trainings[0][0]])
    print("| recipe | seeds | minutes | dev F1 | beside the first |" + " test F1 |" * bool(test))
    print("|---|---|---|---|---|" + "---|" * bool(test))
    for name in dev:
        difference = statistics.mean(dev[name]) - first
        line = f"| {name} | {len(dev[name])} | {statistics.mean(minutes[name]):.1f} "
        line += f"| {spread(dev[name])} | {difference:+.2f} |"
        print(line + (f" {spread(test[name])} |" if test else ""))


def train(recipe: Path, change: str, seed: int, model: Path) -> None:
    """Trains a recipe, with one option changed or with none, or goes on with it."""
    command = [sys.executable, "-m", "nertagger", "train", "--config", str(recipe)]
    arguments = ["--seed", str(seed), "--output", str(model)]
    if change:
        option, _, value = change.partition("=")
        arguments += [f"--{option.replace('_', '-')}", value]
    resume = ["--resume"] if (model / ".training").exists() else []
    subprocess.run([*command, *arguments, *resume], check=True, stdout=sys.stderr)


def minutes_of(model: Path) -> float:
    """How long its epochs took."""
    with open(model / VERSION / "history.csv", encoding="utf-8") as file:
        return sum(float(row["seconds"]) for row in csv.DictReader(file)) / 60


def score(model: Path, corpus: Path) -> float:
    """F1 on a corpus, in percent."""
    command = [sys.executable, "-m", "nertagger", "evaluate", str(model), str(corpus)]
    done = subprocess.run([*command, "--format", "json"], check=True, capture_output=True)
    return 100 * json.loads(done.stdout)["micro"]["f1"]


def spread(scores: list[float]) -> str:
    """Mean, and deviation where there is one."""
    mean = f"{statistics.mean(scores):.2f}"
    return mean if len(scores) == 1 else f"{mean} ± {statistics.stdev(scores):.2f}"


if __name__ == "__main__":
    main()
