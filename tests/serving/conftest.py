"""Models that are made once, and a server that serves them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory) -> Path:
    """A folder of models: half/1, half/2, types/1, tagger/1, "a b"/7 (half)."""
    import serving_saved_models as models

    base = tmp_path_factory.mktemp("models")
    models.half_plus_two(base / "half" / "1")
    models.half_plus_two(base / "half" / "2", add=3.0)
    models.half_plus_two(base / "a b" / "7")
    models.types(base / "types" / "1")
    models.tagger(base / "tagger" / "1")
    return base


@pytest.fixture(scope="session")
def server(saved_models):
    """A server of the folder's models; half has both versions and the label `stable`."""
    from serving_server import run_server

    from nertagger.serving.models import ModelConfig

    configs = [
        ModelConfig("half", saved_models / "half", every=True, labels={"stable": 1, "gone": 9}),
        ModelConfig("a b", saved_models / "a b"),
        ModelConfig("types", saved_models / "types"),
        ModelConfig("tagger", saved_models / "tagger"),
    ]
    with run_server(configs) as running:
        yield running
