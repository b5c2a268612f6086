"""Writes what a training brought as a new version of a model."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.evaluation.reliability_diagram import draw_reliability_diagram
from nertagger.runtime.configuration import FORMAT_VERSION
from nertagger.runtime.directory import ASSETS, CONFIG, WEIGHTS, versions
from nertagger.text.token_encoder import TokenEncoder
from nertagger.training.checkpoint import write_named
from nertagger.training.history import draw_learning_curve, write_history
from nertagger.training.model_card import model_card
from nertagger.writing import atomic_directory, atomic_file

Export = Callable[[Path, Mapping[str, Any], TokenEncoder, Mapping[str, np.ndarray]], None]


def next_version(base: Path) -> int:
    """One more than the highest version in `base`; 1 where there is none."""
    return max(versions(base), default=0) + 1


def configuration(
    name: str,
    architecture: Mapping[str, Any],
    labels: Sequence[str],
    scheme: str,
    training: Mapping[str, Any],
    scores: Mapping[str, Any],
    name_agreement: float = 0.0,
    least_score: float = 0.0,
    misspellings: bool = False,
) -> dict[str, Any]:
    """What config.json holds; see docs/architecture.md."""
    libraries = ("nertagger", "keras", "tensorflow", "numpy")
    installed = {library: importlib.metadata.version(library) for library in libraries}
    return {
        "format_version": FORMAT_VERSION,
        "name": name,
        "architecture": dict(architecture),
        "labels": list(labels),
        "tags": list(architecture["tags"]),
        "text": {"scheme": scheme, "misspellings": misspellings},
        "temperature": 1.0,
        "name_agreement": name_agreement,
        "least_score": least_score,
        "training": dict(training),
        "scores": dict(scores),
        "versions": {"python": platform.python_version(), **installed},
    }


def write_model_directory(
    base: Path,
    config: Mapping[str, Any],
    encoder: TokenEncoder,
    tensors: Mapping[str, np.ndarray],
    history: Sequence[Mapping[str, float]],
    export: Export | None = None,
) -> tuple[Path, list[str]]:
    """Writes <base>/<highest + 1>, all of it or nothing.

    Args:
        base: the model's directory; it exists.
        config: for config.json.
        encoder: its vocabularies are written.
        tensors: the weights by name.
        history: of the training, for the table and the picture.
        export: adds what TensorFlow Serving reads to the unfinished directory.

    Returns:
        The new version's directory, and notes for the user.
    """
    notes = []
    version = base / str(next_version(base))
    with atomic_directory(version) as directory:
        assets = directory / ASSETS
        assets.mkdir(parents=True)
        _write_json(assets / CONFIG, config)
        encoder.write(assets)
        write_named(assets / WEIGHTS, tensors)
        with atomic_file(assets / "MODEL_CARD.md") as file:
            file.write(model_card(config))
        write_history(assets / "history.csv", history)
        try:
            draw_learning_curve(assets / "learning_curve.png", history, str(config["name"]))
            draw_reliability_diagram(
                assets / "reliability.png", config["scores"]["calibration"], str(config["name"])
            )
        except ImportError:
            notes.append(
                "no pictures of the learning curve and of the scores: "
                "pip install 'nertagger[plots]' draws them"
            )
        if export is not None:
            export(directory, config, encoder, tensors)
    return version, notes


def _write_json(path: Path, value: Any) -> None:
    with atomic_file(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")
