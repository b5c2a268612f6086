"""Writes the SavedModel of a trained model."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from nertagger.export.signatures import TaggerModule
from nertagger.export.warm_up import write_warm_up
from nertagger.text.token_encoder import TokenEncoder


def export_saved_model(
    directory: Path,
    config: Mapping[str, Any],
    encoder: TokenEncoder,
    tensors: Mapping[str, np.ndarray],
) -> None:
    """Writes saved_model.pb, variables/, assets/ and the warm-up requests into a directory.

    Args:
        directory: an unfinished version of a model; it exists. No server may be watching it yet.
        config: what config.json holds.
        encoder: from tokens to numbers.
        tensors: the weights, by name.
    """
    with tempfile.TemporaryDirectory() as folder:
        module = TaggerModule(config, encoder, tensors, Path(folder))
        tf.saved_model.save(module, str(directory), signatures=module.signatures())
    write_warm_up(directory, config["name"])
