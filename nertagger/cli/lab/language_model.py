"""`nertagger lab language-model`."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from nertagger.cli.lab import experiment


@experiment("language-model")
@click.option("--epochs", type=click.IntRange(1, 1000), help="Passes over the text.  [default: 12]")
@click.option(
    "--prompt",
    default="The minister told reporters that",
    show_default=True,
    help='What each cell goes on from; "" for the beginning of a sentence.',
)
@click.option(
    "--text",
    "text_path",
    metavar="FILE",
    help="To learn from: plain text, or a corpus by its extension.  [default: the bundled corpus]",
)
def command(workbench: Any, text_path: str | None, prompt: str, epochs: int | None) -> Any:
    """Each cell predicts the next word.

    Networks of equal size, one for each cell, learn a text, and a text that they have not seen
    shows how perplexed they are, beside what counting words and pairs of words knows. Each goes on
    from a prompt: with the likeliest words, and with words drawn by their probability. --quick
    trains the simple RNN, the LSTM and the GRU alone.
    """
    from nertagger.laboratory.language_text import read_language_text

    text = read_language_text(text_path, workbench.seed)

    from nertagger.laboratory.language_model import QUICK, Setting, language_model
    from nertagger.silence import import_keras

    import_keras()
    setting = QUICK if workbench.quick else Setting()
    if epochs is not None:
        setting = dataclasses.replace(setting, epochs=epochs)
    return language_model(workbench, text, prompt, setting)
