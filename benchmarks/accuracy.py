"""Accuracy on CoNLL-2003 with the default options: trains, then scores dev and test once.

    python benchmarks/accuracy.py --corpus DIR [--vectors FILE] [--seeds 1 2 3] [--output DIR]

DIR holds train.conll, valid.conll and test.conll. A model that is in the output folder already is
not trained again. Prints a table; writes accuracy.json beside the models.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--output", type=Path, default=Path("out/accuracy"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for vectors in (None, options.vectors) if options.vectors else (None,):
        for seed in options.seeds:
            rows.append(measure(options.corpus, vectors, seed, options.output))
            print_row(rows[-1])
    for vectors_name in dict.fromkeys(row["vectors"] for row in rows):
        scores = [row["test_f1"] for row in rows if row["vectors"] == vectors_name]
        if len(scores) > 1:
            print(
                f"{vectors_name}: test F1 {statistics.mean(scores):.2f} ± "
                f"{statistics.stdev(scores):.2f} over seeds {options.seeds}"
            )
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "rows": rows,
    }
    (options.output / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")


def measure(corpus: Path, vectors: Path | None, seed: int, output: Path) -> dict[str, Any]:
    """Trains one model, unless it is there, and scores it."""
    name = vectors.stem if vectors else "none"
    model = output / f"{name}-{seed}"
    command = [sys.executable, "-m", "nertagger"]
    if not (model / "1").exists():
        files = ["--train", corpus / "train.conll", "--dev", corpus / "valid.conll"]
        files += ["--vectors", vectors] if vectors else []
        arguments = [*files, "--seed", seed, "--output", model]
        subprocess.run([*command, "train", *map(str, arguments)], check=True, stdout=sys.stderr)
    scores = {}
    for part in ("valid", "test"):
        evaluated = subprocess.run(
            [*command, "evaluate", str(model), str(corpus / f"{part}.conll"), "--format", "json"],
            check=True,
            capture_output=True,
        )
        scores[part] = json.loads(evaluated.stdout)["micro"]["f1"]
    with open(model / "1/assets.extra/nertagger/history.csv", encoding="utf-8") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    return {
        "vectors": name,
        "seed": seed,
        "epochs": len(seconds),
        "minutes": sum(seconds) / 60,
        "dev_f1": 100 * scores["valid"],
        "test_f1": 100 * scores["test"],
    }


def print_row(row: dict[str, Any]) -> None:
    """One line of the table."""
    print(
        f"vectors {row['vectors']:<18} seed {row['seed']}  {row['epochs']:>3} epochs  "
        f"{row['minutes']:5.1f} min  dev F1 {row['dev_f1']:.2f}  test F1 {row['test_f1']:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
