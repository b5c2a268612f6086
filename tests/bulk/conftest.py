"""A tiny model, made once."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime"))

import tiny_models


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The base directory of a tiny model with random weights."""
    base = tmp_path_factory.mktemp("model")
    tiny_models.write(base)
    return str(base)


@pytest.fixture(scope="session")
def words():
    """Words that the model knows and does not know."""
    return tiny_models.WORDS + ["Ada", "Ж7", "東京", "x" * 40]
