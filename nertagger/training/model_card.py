"""The page that comes with a model: what it is, what it was trained on, how well it does."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any


def model_card(config: Mapping[str, Any]) -> str:
    """MODEL_CARD.md of a configuration, as Markdown."""
    architecture, training, scores = config["architecture"], config["training"], config["scores"]
    micro = scores["micro"]
    layers = architecture["layers"]
    rows = "\n".join(
        f"| {label} | {100 * row['precision']:.2f} | {100 * row['recall']:.2f} | "
        f"{100 * row['f1']:.2f} | {row['support']} |"
        for label, row in [*scores["per_type"].items(), ("all", micro)]
    )
    options = " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(str(value))}"
        for name, value in training["options"].items()
        if value is not None and name != "output"
    )
    return f"""# {config["name"]}

A named-entity tagger for {", ".join(config["labels"])}.

- **Network**: {layers} bidirectional {architecture["cell"]} layer{"s" * (layers > 1)} of
  {architecture["units"]} units a direction, {architecture["word_encoding"]} words
  ({architecture["vocabulary_size"]:,}), head: {architecture["head"]}.
- **Trained on**: {training["corpus"]}, {training["sentences"]:,} sentences; the licence of that
  text says what the model may be used for.
- **Chosen on**: {training["dev"]}, by entity F1, epoch {training["epoch"]}.
- **Seed**: {training["options"]["seed"]}.

| label | precision | recall | F1 | entities |
|---|---|---|---|---|
{rows}

Exact spans, in percent, on the text it was chosen on: a little better than on text never used.
`nertagger evaluate` measures it on yours.

Made by `nertagger train {options}`
"""
