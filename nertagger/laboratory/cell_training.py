"""Trains a tagger with one cell, as `nertagger train` does, and measures what it costs."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from nertagger.laboratory.parameters import nearest_units
from nertagger.laboratory.tagging_cost import tagging_cost
from nertagger.runtime.directory import ASSETS, CONFIG, WEIGHTS
from nertagger.runtime.network import tensor_shapes
from nertagger.runtime.tagger import Tagger
from nertagger.training.checkpoint import write_named
from nertagger.training.dataset import Dataset
from nertagger.training.model_directory import configuration
from nertagger.training.options import TrainingOptions
from nertagger.training.train import architecture_of


def parameter_count(options: TrainingOptions, dataset: Dataset) -> int:
    """How many weights the tagger of these options has, frozen ones not counted."""
    shapes = tensor_shapes(architecture_of(options, dataset).to_dict())
    return sum(math.prod(shape) for name, shape in shapes.items() if name != "vectors.rows")


def equal_options(cell: str, reference: TrainingOptions, dataset: Dataset) -> TrainingOptions:
    """The options of `reference` with another cell, and the units with which the tagger comes
    nearest to as many weights."""
    options = dataclasses.replace(reference, cell=cell)

    def parameters_of(units: int) -> int:
        return parameter_count(dataclasses.replace(options, units=units), dataset)

    units = nearest_units(parameters_of, parameter_count(reference, dataset))
    return dataclasses.replace(options, units=units)


def train_cell(options: TrainingOptions, dataset: Dataset) -> dict[str, Any]:
    """Trains and measures a tagger; nothing of it is kept.

    Args:
        options: settled by `TrainingOptions.for_corpus`.
        dataset: what it learns from, and the documents that choose the epoch.

    Returns:
        "f1", "precision" and "recall" on dev, of the best "epoch"; "curve", dev F1 of each epoch;
        "training_seconds", and "training_cpu_seconds", of all threads; and what `tagging_cost`
        returns for the texts of dev.

    Raises:
        KeyboardInterrupt: the user stopped it.
    """
    # Imports Keras.
    from nertagger.training.fit import fit

    architecture = architecture_of(options, dataset)
    config = configuration(
        options.cell, architecture.to_dict(), dataset.labels, dataset.scheme, {}, {}
    )

    def tagger_of(tensors: Mapping[str, np.ndarray]) -> Tagger:
        return Tagger(config, dataset.encoder, tensors)

    with tempfile.TemporaryDirectory(prefix="nertagger-lab-") as name:
        folder = Path(name)
        started, cpu_started = time.monotonic(), time.process_time()
        fitted = fit(architecture, dataset, options, folder, tagger_of, Console(file=io.StringIO()))
        seconds = time.monotonic() - started
        cpu_seconds = time.process_time() - cpu_started
        if fitted.interrupted or fitted.tensors is None:
            raise KeyboardInterrupt
        assets = folder / "1" / ASSETS
        assets.mkdir(parents=True)
        (assets / CONFIG).write_text(json.dumps(config), encoding="utf-8")
        dataset.encoder.write(assets)
        write_named(assets / WEIGHTS, fitted.tensors)
        texts = folder / "texts.json"
        texts.write_text(json.dumps([document.text for document in dataset.dev]), "utf-8")
        cost = tagging_cost(folder / "1", texts)
    best = max(fitted.history, key=lambda row: row["dev_f1"])
    return {
        "f1": best["dev_f1"],
        "precision": best["dev_precision"],
        "recall": best["dev_recall"],
        "epoch": int(best["epoch"]),
        "curve": [row["dev_f1"] for row in fitted.history],
        "training_seconds": seconds,
        "training_cpu_seconds": cpu_seconds,
        **cost,
    }
