"""Vanishing and exploding gradients: how far back a change of the state is felt.

What is measured, and how, is in `state_jacobians.py`; this module decides what to measure it on.

Sources: Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013; Le, Jaitly & Hinton 2015, A
simple way to initialize recurrent networks of rectified linear units (the kernel ρ · I).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nertagger.laboratory import gradient_pictures as pictures
from nertagger.laboratory.gradient_flow import (
    TaggerCell,
    distances_in,
    examine,
    kernel_sizes,
    noise_like,
    orthogonal,
    tagger_cells,
    text_pieces,
)
from nertagger.laboratory.gradient_report import finding, table
from nertagger.laboratory.result import Picture, Result
from nertagger.laboratory.state_jacobians import Array, Cell, spectral_norms, state_norms
from nertagger.laboratory.workbench import Workbench, finite
from nertagger.models.architecture import Architecture
from nertagger.recurrent.equations import CELLS
from nertagger.silence import import_keras
from nertagger.training.dataset import Dataset, read_dataset
from nertagger.training.options import RECIPES, TrainingOptions
from nertagger.training.train import architecture_of

if TYPE_CHECKING:
    from nertagger.laboratory.gradient_training import Trained, Training

ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky_relu", "elu")
UNITS = 32
CLIP_NORM = 5.0
CLIPPING = {
    "relu": {"learning_rate": 0.1, "radius": 2.0},
    "tanh": {"learning_rate": 0.03, "radius": 1.0},
}
"""How the simple RNN is trained with and without clipping, by activation: once with a recurrent
kernel that makes gradients explode, once as the layers start it."""
WEIGHT_DECAY = 0.1


@dataclasses.dataclass(frozen=True)
class Size:
    """How much a run does.

    Attributes:
        pieces: of text, of which each gives one norm per distance.
        training_steps: of each cell's tagger.
        learning_rate: of its training.
        clipping_steps: of each training with and without clipping.
        radii: ρ, the spectral radii of the simple RNN's recurrent kernel.
        biases: of the LSTM's forget gate.
    """

    pieces: int
    training_steps: int
    learning_rate: float
    clipping_steps: int
    radii: tuple[float, ...]
    biases: tuple[float, ...]


FULL = Size(
    pieces=16,
    training_steps=1000,
    learning_rate=0.012,
    clipping_steps=300,
    radii=tuple(np.linspace(0.5, 2.0, 16).round(1).tolist()),
    biases=(0, 1, 2, 3, 4, 5),
)
QUICK = Size(
    pieces=4,
    training_steps=250,
    learning_rate=0.012,
    clipping_steps=60,
    radii=(0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
    biases=(0, 1, 3, 5),
)


def run(workbench: Workbench, text: str | None = None, activation: str = "tanh") -> Result:
    """The whole experiment, with taggers that it trains itself.

    Args:
        workbench: where.
        text: what the cells read; None for the bundled corpus.
        activation: g of the trained taggers.

    Raises:
        InputError: the text has fewer than two words.
    """
    size = QUICK if workbench.quick else FULL
    seed = workbench.seed
    pieces = text_pieces(text, size.pieces)
    dataset, architecture = tagging(activation)
    import_keras()
    runs = {
        f"{g}, {kind}": training for g in CLIPPING for kind, training in clipping_trainings(size, g)
    }
    workbench.expect(len(CELLS) + 1 + len(runs))

    cells = {
        cell: workbench.part(
            f"{cell}: trained and examined",
            partial(
                examine_cell,
                dataclasses.replace(architecture, cell=cell),
                dataset,
                pieces,
                size,
                seed,
            ),
        )
        for cell in CELLS
    }
    dials = workbench.part("dials", lambda: turn_dials(dataset, pieces, size, seed))
    clipping = {
        name: workbench.part(
            f"clipping: {name}",
            partial(
                clipping_run,
                dataclasses.replace(
                    architecture, cell="simple-rnn", activation=name.partition(",")[0]
                ),
                dataset,
                training,
                seed,
            ),
        )
        for name, training in runs.items()
    }
    numbers = {
        "units": UNITS,
        "activation": activation,
        "distances": distances_in(pieces),
        "pieces": len(pieces),
        "cells": cells,
        "dials": dials,
        "clipping": clipping,
    }
    return Result(finding(numbers), table(numbers), numbers, drawn(numbers))


def tagging(activation: str) -> tuple[Dataset, Architecture]:
    """The bundled corpus, and a small tagger for it, regularised as `nertagger train` does."""
    options = TrainingOptions(
        activation=activation,
        units=UNITS,
        head="softmax",
        characters="none",
        **RECIPES["plain"],
        word_dimension=50,
        vocabulary_size=4_000,
    )
    dataset = read_dataset(options, lambda line: None)
    return dataset, architecture_of(options, dataset)


def examine_cell(
    architecture: Architecture,
    dataset: Dataset,
    pieces: Sequence[Sequence[str]],
    size: Size,
    seed: int,
) -> dict[str, Any]:
    """Trains a tagger and examines its forward cell: before and after, on words and on noise.

    Returns:
        `untrained` and `trained`, each with `words` and `noise` as `gradient_flow.examine` has
        them; `activations`, the untrained cell on words with every activation; `losses` and `norms`
        of the training; `kernel_norms` per gate and `radius`, after it.
    """
    from nertagger.laboratory.gradient_training import Training, train_tagger

    training = Training(size.training_steps, "adam", size.learning_rate, CLIP_NORM)
    trained = train_tagger(architecture, dataset, training, seed)
    distances = distances_in(pieces)
    result: dict[str, Any] = {}
    for when, tensors in (("untrained", trained.before), ("trained", trained.after)):
        found = _forward_cell(architecture, dataset, tensors, pieces)
        cell, projected = found.cell, found.projected
        result[when] = {
            "words": examine(cell, projected, distances),
            "noise": examine(cell, noise_like(projected, seed), distances),
        }
        if when == "untrained":
            result["activations"] = {
                name: examine(dataclasses.replace(cell, activation=name), projected, distances)
                for name in ACTIVATIONS
            }
    return result | kernel_sizes(cell) | _course(trained)


def turn_dials(
    dataset: Dataset, pieces: Sequence[Sequence[str]], size: Size, seed: int
) -> dict[str, Any]:
    """The norms at the largest distance while one quantity is turned; untrained cells, words.

    Returns:
        `radius`: by the kind of kernel (`orthogonal` is ρ · Q, `identity` is ρ · I) and by
        activation the median norm for each of `radii`; the bound (ρ β_h)^(t-k) likewise, `bound`.
        `forget_bias`: by state the LSTM's median norm for each of `biases`.
    """
    from nertagger.laboratory.gradient_training import untrained_tensors

    distance = distances_in(pieces)[-1]
    _, architecture = tagging("tanh")

    def cell_of(name: str) -> TaggerCell:
        shape = dataclasses.replace(architecture, cell=name)
        return _forward_cell(shape, dataset, untrained_tensors(shape, dataset, seed), pieces)

    projected = cell_of("simple-rnn").projected
    kernels = {"orthogonal": orthogonal((UNITS, UNITS), seed), "identity": np.eye(UNITS)}
    radius = {
        kind: {
            g: [
                _last_median(
                    Cell("simple-rnn", g, {"recurrent_kernel": rho * kernel}), projected, distance
                )["h"]
                for rho in size.radii
            ]
            for g in ACTIVATIONS
        }
        for kind, kernel in kernels.items()
    }
    found = cell_of("lstm")
    lstm, projected = found.cell, found.projected
    forget = CELLS["lstm"].gates.index("forget")
    columns = slice(forget * UNITS, (forget + 1) * UNITS)
    medians = []
    for bias in size.biases:
        shifted = projected.copy()
        # The layer has started the bias at 1.
        shifted[:, :, columns] += bias - 1
        medians.append(_last_median(lstm, shifted, distance))
    return {
        "distance": distance,
        "radii": list(size.radii),
        "radius": radius,
        "biases": list(size.biases),
        "forget_bias": {state: [median[state] for median in medians] for state in lstm.states},
    }


def clipping_trainings(size: Size, activation: str) -> list[tuple[str, Training]]:
    """The trainings by plain gradient descent that are compared, by name."""
    from nertagger.laboratory.gradient_training import Training

    plain = Training(
        size.clipping_steps,
        "sgd",
        CLIPPING[activation]["learning_rate"],
        clip_norm=None,
        radius=CLIPPING[activation]["radius"],
    )
    return [
        ("as it is", plain),
        ("clipped", dataclasses.replace(plain, clip_norm=CLIP_NORM)),
        ("weight decay", dataclasses.replace(plain, weight_decay=WEIGHT_DECAY)),
    ]


def clipping_run(
    architecture: Architecture, dataset: Dataset, training: Training, seed: int
) -> dict[str, Any]:
    """One training by plain gradient descent: `losses`, `norms`, and the kernel's norm after it.

    Nothing drops out, so that the gradient alone makes the difference.
    """
    from nertagger.laboratory.gradient_training import train_tagger

    architecture = dataclasses.replace(architecture, dropout=0.0, recurrent_dropout=0.0)
    trained = train_tagger(architecture, dataset, training, seed)
    kernel = trained.after["encoder.0.forward.recurrent_kernel"]
    return {"kernel_norm": finite(float(spectral_norms(kernel))), **_course(trained)}


def drawn(numbers: Mapping[str, Any]) -> dict[str, Picture]:
    """Every picture, by its name."""
    return {
        "words": pictures.distance_picture(numbers, "words"),
        "noise": pictures.distance_picture(numbers, "noise"),
        "activations": pictures.activations_picture(numbers),
        "dials": pictures.dials_picture(numbers["dials"]),
        "training": pictures.training_picture(numbers, CLIP_NORM, CLIPPING),
    }


def _forward_cell(
    architecture: Architecture,
    dataset: Dataset,
    tensors: Mapping[str, np.ndarray],
    pieces: Sequence[Sequence[str]],
) -> TaggerCell:
    return next(tagger_cells(architecture.to_dict(), tensors, dataset.encoder, pieces))


def _last_median(cell: Cell, projected: Array, distance: int) -> dict[str, float | None]:
    with np.errstate(over="ignore", invalid="ignore"):
        norms = state_norms(cell, projected, [distance])
    return {state: finite(np.median(values)) for state, values in norms.items()}


def _course(trained: Trained) -> dict[str, Any]:
    return {
        "losses": [finite(loss) for loss in trained.losses],
        "norms": [finite(norm) for norm in trained.norms],
    }
