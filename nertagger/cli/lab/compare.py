"""`nertagger lab compare`."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from nertagger.cli.lab import experiment


@experiment("compare")
@click.option("--dev", metavar="FILE", help="Corpus that scores.  [default: the bundled one]")
@click.option("--epochs", type=click.IntRange(1, 1000), help="Passes over --train.  [default: 8]")
@click.option("--seeds", type=click.IntRange(1, 100), help="Trainings of a cell.  [default: 3]")
@click.option("--train", metavar="FILE", help="Corpus to learn from.  [default: the bundled one]")
@click.option("--units", type=click.IntRange(1, 4096), help="Of the LSTM.  [default: 48]")
def command(
    workbench: Any,
    train: str | None,
    dev: str | None,
    units: int | None,
    epochs: int | None,
    seeds: int | None,
) -> Any:
    """All cells on one corpus: score, time, speed, size.

    Trains a tagger with each cell, all of them equally large, from several seeds. Prints the F1 on
    dev with its deviation, how long training took, how fast the NumPy runtime tags and what it
    holds in memory, and recommends a cell: of those within one standard deviation of the best the
    one that tags fastest. --quick compares the simple RNN, the LSTM and the GRU alone.
    """
    from nertagger.laboratory.compare import QUICK, Setting, compare, read_comparison

    given: dict[str, Any] = {"units": units, "epochs": epochs, "seeds": seeds}
    setting = dataclasses.replace(
        QUICK if workbench.quick else Setting(),
        **{name: value for name, value in given.items() if value is not None},
    )
    options, dataset = read_comparison(train, dev, setting, workbench.seed)

    from nertagger.silence import import_keras

    import_keras()
    return compare(workbench, options, dataset, setting)
