"""The page that comes with a model: what it is, what it was trained on, how well it does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any


def model_card(config: Mapping[str, Any]) -> str:
    """MODEL_CARD.md of a configuration, as Markdown."""
    architecture, training, scores = config["architecture"], config["training"], config["scores"]
    options, micro = training["options"], scores["micro"]
    layers, apart = architecture["layers"], 100 * scores["calibration"]["error"]
    rows = "\n".join(
        f"| {label} | {100 * row['precision']:.2f} | {100 * row['recall']:.2f} | "
        f"{100 * row['f1']:.2f} | {row['support']} |"
        for label, row in [*scores["per_type"].items(), ("all", micro)]
    )
    licence = options["licence"] or (
        "none is stated; the licence of the text that it learnt from says what it may be used for"
    )
    mapped = f" with {options['dev_map']}" if options["dev_map"] else ""
    least = config["least_score"]
    untold = f" Entities with a score below {least} are not told." if least else ""
    about = f"\n{options['about'].strip()}\n" if options["about"] else ""
    return f"""# {config["name"]}

A named-entity tagger for {", ".join(config["labels"])}.

- **Network**: {layers} bidirectional {architecture["cell"]} layer{"s" * (layers > 1)} of
  {architecture["units"]} units a direction, {architecture["word_encoding"]} words
  ({architecture["vocabulary_size"]:,}), {_vectors(architecture)}, head: {architecture["head"]}.
- **Licence**: {licence}.
- **Chosen on**: {training["dev"]}{mapped}, by entity F1, epoch {training["epoch"]}.
- **Seed**: {options["seed"]}.

## Trained on

| corpus | sentences | tokens | entities | annotates |
|---|---:|---:|---:|---|
{_corpora(training["corpora"])}

## Scores on {training["dev"]}{mapped}

| label | precision | recall | F1 | entities |
|---|---:|---:|---:|---:|
{rows}

Exact spans, in percent, on the text it was chosen on: a little better than on text never used.
`nertagger evaluate` measures it on yours.

The scores of entities are probabilities: here, entities with a score of x % are right in x % of
the cases, give or take {apart:.1f} (expected calibration error, in points; temperature
{config["temperature"]}).{untold}
{about}
## How it was made

{_command(options)}
"""


def _vectors(architecture: Mapping[str, Any]) -> str:
    if not architecture["vector_count"]:
        return "no pretrained vectors"
    context = architecture.get("context_dimension")
    told = f", {context} numbers of what the document is about" if context else ""
    return (
        f"{architecture['vector_count'] - 1:,} pretrained vectors of "
        f"{architecture['vector_dimension']} dimensions{told}"
    )


def _corpora(corpora: list[Mapping[str, Any]]) -> str:
    rows = []
    for corpus in corpora:
        times = f", {corpus['repeat']} times an epoch" if corpus["repeat"] > 1 else ""
        apart = ", for a head of its own, not kept" if corpus["own_head"] else ""
        rows.append(
            f"| {corpus['name']}{times}{apart} | {corpus['sentences']:,} | {corpus['tokens']:,} "
            f"| {corpus['entities']:,} | {', '.join(corpus['labels'])} |"
        )
    return "\n".join(rows)


def _command(options: Mapping[str, Any]) -> str:
    given = {
        name: value
        for name, value in options.items()
        if value is not None and name not in ("output", "licence", "about")
    }
    train = given.get("train")
    if isinstance(train, list) and not all(isinstance(source, str) for source in train):
        lines = "\n".join(f"{name} = {_toml(value)}" for name, value in given.items())
        return (
            "`nertagger train --config train.toml`, with this in `train.toml`:\n\n"
            f"```toml\n{lines}\n```"
        )
    arguments = " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(str(one))}"
        for name, value in given.items()
        for one in (value if isinstance(value, list) else [value])
    )
    return f"`nertagger train {arguments}`"


def _toml(value: Any) -> str:
    """A string, a number, a list or a table as TOML has it."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
