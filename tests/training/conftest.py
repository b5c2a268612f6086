"""A small corpus for the tests of training, and options that fit it in a second."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from small_corpus import write_corpus

from nertagger.training.options import TrainingOptions


@pytest.fixture
def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def small_options(tmp_path: Path) -> TrainingOptions:
    return TrainingOptions(
        train=str(write_corpus(tmp_path / "train.jsonl", 60, seed=1)),
        dev=str(write_corpus(tmp_path / "dev.jsonl", 20, seed=2)),
        output=str(tmp_path / "model"),
        units=12,
        word_dimension=10,
        epochs=4,
        patience=20,
        batch_size=8,
        learning_rate=0.02,
        dropout=0.2,
    )
