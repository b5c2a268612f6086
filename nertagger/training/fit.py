"""The fit itself: steps, epochs, the dev score that chooses, and checkpoints to go on from."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from nertagger.evaluation.evaluate import spans_of
from nertagger.evaluation.label_map import map_labels
from nertagger.evaluation.scores import entity_scores
from nertagger.models.architecture import Architecture
from nertagger.models.inputs import FrozenVectors
from nertagger.models.tagger import TaggerModel, build
from nertagger.models.tensors import named_tensors
from nertagger.runtime.tagger import Tagger
from nertagger.text.tags import allowed_transitions
from nertagger.training.batches import batches_of
from nertagger.training.checkpoint import (
    read_named,
    read_state,
    read_variables,
    write_checkpoint,
    write_named,
)
from nertagger.training.dataset import Dataset
from nertagger.training.interruption import interruptible
from nertagger.training.options import TrainingOptions
from nertagger.training.progress import TrainingProgress
from nertagger.training.variation import Variation
from nertagger.training.weight_average import WeightAverage

# Of the learning rate's cosine: what is left of it at the end.
FINAL_RATE = 0.05


@dataclasses.dataclass
class Fitted:
    """What a fit brought.

    Attributes:
        tensors: of the best epoch, by name; None where no epoch was finished.
        history: a row per epoch; see `history.COLUMNS`.
        interrupted: whether the user stopped it.
    """

    tensors: dict[str, np.ndarray] | None
    history: list[dict[str, float]]
    interrupted: bool


def build_model(architecture: Architecture, dataset: Dataset, seed: int) -> TaggerModel:
    """The model of an architecture, with the tag scheme's constraints and the dataset's vectors.

    It has the tags of all heads of the dataset, one head's after another's.
    """
    constraints = _constraints(dataset.heads) if architecture.head == "crf" else None
    model = build(
        dataclasses.replace(architecture, tags=sum(dataset.heads, ())),
        constraints=constraints,
        vectors=dataset.vectors,
        words=dataset.initial_words(architecture),
        seed=seed,
    )
    model.tag_sets, model.head_tags = dataset.tag_sets, dataset.head_tags
    return model


def fit(
    architecture: Architecture,
    dataset: Dataset,
    options: TrainingOptions,
    working: Path,
    tagger_of: Callable[[Mapping[str, np.ndarray]], Tagger],
    console: Console,
) -> Fitted:
    """Trains, from the checkpoint in `working` if there is one.

    Args:
        architecture: of the model.
        dataset: what it learns from, and the documents that choose.
        options: how; settled by `TrainingOptions.for_corpus`.
        working: the directory of the checkpoint and of the best weights.
        tagger_of: makes the tagger that is scored, from named tensors.
        console: for the progress.
    """
    batch_size, epochs, patience = _settled(options)
    model = build_model(architecture, dataset, options.seed)
    optimizer = keras.optimizers.Adam(options.learning_rate, global_clipnorm=options.clip_norm)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, jit_compile=False)
    average = WeightAverage(model.trainable_variables, options.averaging)
    variation = Variation(**{name: getattr(options, name) for name in Variation._fields})
    batches = batches_of(dataset, variation, batch_size, options.seed)
    # The vectors are no part of a checkpoint: they are the file's.
    layers = [layer for layer in model.layers if isinstance(layer, FrozenVectors)]
    frozen = {id(variable) for layer in layers for variable in layer.weights}
    variables = [v for v in (*model.variables, *optimizer.variables) if id(v) not in frozen]
    state: dict[str, Any] = {"history": [], "average_steps": 0}
    checkpoint, best_weights = working / "checkpoint.safetensors", working / "best.safetensors"
    if checkpoint.exists():
        state = read_state(checkpoint)
        _restore(variables, average, read_variables(checkpoint), state)

    history = state["history"]
    progress = TrainingProgress(console, len(history), epochs)
    with interruptible() as interruption:
        for epoch in range(len(history), epochs):
            if _out_of_patience(history, patience):
                console.print(f"no better dev F1 for {patience} epochs: stopped")
                break
            started = time.monotonic()
            rate = options.learning_rate * _cosine(epoch / epochs)
            optimizer.learning_rate = rate
            batches.start_epoch(epoch)
            progress.start_epoch(epoch, len(batches))
            losses: list[float] = []
            for index in range(len(batches)):
                if interruption.asked:
                    break
                logs = model.train_on_batch(*batches[index], return_dict=True)
                losses.append(float(logs["loss"]))
                average.update()
                progress.advance(losses[-1])
            if interruption.asked:
                progress.stop()
                break
            tensors = _of_first_head(named_tensors(model, average.values()), len(dataset.tags))
            tagger = tagger_of(tensors)
            documents = map_labels(
                tagger.pipe(document.text for document in dataset.dev), dataset.dev_map
            )
            micro = entity_scores(spans_of(dataset.dev), spans_of(documents))["micro"]
            row = {
                "epoch": epoch + 1,
                "loss": float(np.average(losses, weights=batches.sizes())),
                "dev_precision": micro["precision"],
                "dev_recall": micro["recall"],
                "dev_f1": micro["f1"],
                "learning_rate": rate,
                "seconds": time.monotonic() - started,
            }
            best = all(row["dev_f1"] > earlier["dev_f1"] for earlier in history)
            history.append(row)
            if best:
                write_named(best_weights, tensors)
            state["average_steps"] = average.steps
            write_checkpoint(checkpoint, [*variables, *average.averages], state)
            progress.end_epoch(row, best)
            if not math.isfinite(row["loss"]):
                console.print("the loss is not finite: stopped; try a smaller --learning-rate")
                break
    return Fitted(
        tensors=read_named(best_weights) if history else None,
        history=history,
        interrupted=interruption.asked,
    )


def _constraints(
    heads: Sequence[Sequence[str]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the tag scheme allows within each head; from one to another nothing."""
    transitions, start, end = zip(*map(allowed_transitions, heads), strict=True)
    ends = np.cumsum([len(head) for head in heads])
    joined = np.zeros((ends[-1], ends[-1]), bool)
    for last, part in zip(ends, transitions, strict=True):
        joined[last - len(part) : last, last - len(part) : last] = part
    return joined, np.concatenate(start), np.concatenate(end)


def _of_first_head(tensors: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """The tensors without the tags of other heads, which come after these."""
    kept = {
        name: values[..., :count]
        for name, values in tensors.items()
        if name.startswith(("head.", "crf."))
    }
    if "crf.transitions" in kept:
        kept["crf.transitions"] = kept["crf.transitions"][:count]
    return tensors | kept


def _settled(options: TrainingOptions) -> tuple[int, int, int]:
    settled = options.batch_size, options.epochs, options.patience
    if None in settled:
        raise ValueError("the options are not settled; expected those of for_corpus")
    return settled  # type: ignore[return-value]


def _restore(
    variables: list[Any], average: WeightAverage, values: list[np.ndarray], state: dict
) -> None:
    for variable, value in zip(variables, values, strict=False):
        variable.assign(value)
    average.restore(values[len(variables) :], state["average_steps"])


def _cosine(done: float) -> float:
    return FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * done)) / 2


def _out_of_patience(history: list[dict[str, float]], patience: int) -> bool:
    scores = [row["dev_f1"] for row in history]
    return bool(scores) and len(scores) - 1 - scores.index(max(scores)) >= patience
