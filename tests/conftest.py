"""What the tests share: a tiny model, and TensorFlow without its chatter."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tiny_models


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The base directory of a tiny model with random weights."""
    base = tmp_path_factory.mktemp("model")
    tiny_models.write(base)
    return str(base)


@pytest.fixture(scope="session")
def words() -> list[str]:
    """Words that the tiny model knows and does not know."""
    return tiny_models.WORDS + ["Ada", "Ж7", "東京", "x" * 40]
