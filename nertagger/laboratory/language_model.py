"""What each cell knows of the next word, beside what counting knows.

A language model gives every word that may come next a probability. How good it is, its perplexity
says, on text that it has not seen:

    (5)  perplexity = exp(-1/N Σ_t log p(w_{t+1} | w_1 … w_t))

A model that finds k words equally likely at every place has perplexity k. The networks, (1) to
(4), are in `next_word.py`; the counts in `ngrams.py`.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from nertagger.laboratory.completion import (
    CountReader,
    NetworkReader,
    Reader,
    complete,
    greedy,
    sampled,
)
from nertagger.laboratory.language_text import LanguageText, perplexity, unknown_share, words_of
from nertagger.laboratory.ngrams import Interpolation, fit_interpolation
from nertagger.laboratory.parameters import cell_parameters, nearest_units
from nertagger.laboratory.result import CELL_STYLES, Picture, Result, new_figure
from nertagger.laboratory.workbench import Workbench
from nertagger.recurrent.equations import CELLS
from nertagger.text.vocabulary import UNKNOWN

COUNTS = {"unigram": 1, "bigram": 2}
"""The models that count, with the number of words that they look at."""


@dataclass(frozen=True)
class Setting:
    """How large and how long.

    Attributes:
        cells: names in `equations.CELLS`.
        seeds: how often each is trained, from another beginning.
        epochs: passes over the text.
        batch_size: sentences of a step.
        dimension: of a word's embedding.
        units: of the LSTM; the others have as many as make them equally large.
        dropout: rate.
    """

    cells: tuple[str, ...] = tuple(CELLS)
    seeds: int = 3
    epochs: int = 12
    batch_size: int = 32
    dimension: int = 128
    units: int = 100
    dropout: float = 0.5


QUICK = Setting(cells=("simple-rnn", "lstm", "gru"), seeds=1, epochs=7)

LEARNING_RATES = dict.fromkeys(CELLS, 1e-2) | {"simple-rnn": 3e-3}
"""Of each cell at the start: of 3e-3, 6e-3 and 1e-2 what suited the tuning text of the bundled
corpus best, tried on the cells of `QUICK`. Gates bear larger steps than a simple RNN."""


def units_of(cell: str, setting: Setting) -> int:
    """The units with which (2) and (3) have as many weights as with the LSTM."""

    def parameters_of(cell: str, units: int) -> int:
        return cell_parameters(cell, setting.dimension, units) + units * setting.dimension

    wanted = parameters_of("lstm", setting.units)
    return nearest_units(lambda units: parameters_of(cell, units), wanted)


def language_model(
    workbench: Workbench, text: LanguageText, prompt: str, setting: Setting
) -> Result:
    """Trains each cell from several seeds, and compares perplexities and completions."""
    workbench.expect(len(setting.cells) * setting.seeds)
    words = words_of(prompt)
    counted = {
        name: _count(fit_interpolation(order, text), text, words, workbench.seed)
        for name, order in COUNTS.items()
    }
    runs = {
        cell: [
            workbench.part(
                f"{cell}, seed {seed}", partial(train_one, cell, text, words, setting, seed)
            )
            for seed in range(workbench.seed, workbench.seed + setting.seeds)
        ]
        for cell in setting.cells
    }
    rows = [_row(name, [found]) for name, found in counted.items()]
    rows += [_row(cell, found) for cell, found in runs.items()]
    numbers = {
        "text": text.name,
        "sentences": {
            part: len(getattr(text, part).offsets) - 1 for part in ("fitting", "tuning", "held_out")
        },
        "held_out_places": len(text.held_out.targets),
        "held_out_unknown": unknown_share(text.held_out),
        "vocabulary": text.vocabulary.size,
        "prompt": prompt,
        "setting": asdict(setting),
        "counts": counted,
        "cells": runs,
    }
    return Result(
        _finding(rows, text),
        rows,
        numbers,
        {"language-model": _picture(runs, counted, rows, text)},
    )


def train_one(
    cell: str, text: LanguageText, prompt: Sequence[str], setting: Setting, seed: int
) -> dict[str, Any]:
    """One network: its size, its perplexities by epoch and in the end, its completions.

    Returns:
        "units", "parameters"; "fitted" and "tuned", perplexities by epoch; "perplexity" on the text
        held out, and "known_perplexity" where its word is known; "greedy" and "sampled", texts.
    """
    # Imports Keras.
    from nertagger.laboratory.next_word import FitOptions, NextWord, log_probabilities, train

    units = units_of(cell, setting)
    model = NextWord(cell, text.vocabulary.size, setting.dimension, units, setting.dropout, seed)
    options = FitOptions(setting.epochs, setting.batch_size, LEARNING_RATES[cell], seed)
    fitted, tuned = train(model, text.fitting, text.tuning, options)
    weights = model.arrays()
    return {
        "units": units,
        "parameters": sum(weight.size for weight in weights.values()),
        "fitted": fitted,
        "tuned": tuned,
        **_perplexities(*log_probabilities(model, text.held_out)),
        **_completions(lambda: NetworkReader(cell, weights), text, prompt, seed),
    }


def _count(
    counts: Interpolation, text: LanguageText, prompt: Sequence[str], seed: int
) -> dict[str, Any]:
    return {
        "parameters": len(counts.pair_counts) if counts.order == 2 else text.vocabulary.size,
        "tuned": [perplexity(np.log(counts.probabilities(text.tuning)))],
        **_perplexities(np.log(counts.probabilities(text.held_out)), text.held_out.targets),
        **_completions(lambda: CountReader(counts), text, prompt, seed),
    }


def _perplexities(log_probabilities: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    return {
        "perplexity": perplexity(log_probabilities),
        "known_perplexity": perplexity(log_probabilities[targets != UNKNOWN]),
    }


def _completions(
    new_reader: Callable[[], Reader], text: LanguageText, prompt: Sequence[str], seed: int
) -> dict[str, str]:
    ways = {"greedy": greedy, "sampled": sampled(seed)}
    return {
        name: complete(new_reader(), prompt, text.vocabulary, choose)
        for name, choose in ways.items()
    }


def _row(name: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = [run["perplexity"] for run in found]
    return {
        "model": name,
        "units": found[0].get("units"),
        "weights": found[0]["parameters"],
        "perplexity": statistics.mean(values),
        "±": statistics.stdev(values) if len(values) > 1 else None,
        "known words": statistics.mean(run["known_perplexity"] for run in found),
        "greedy": found[0]["greedy"],
        "sampled": found[0]["sampled"],
    }


def _finding(rows: Sequence[dict[str, Any]], text: LanguageText) -> str:
    of = {row["model"]: row["perplexity"] for row in rows}
    below = {name: 1 - of[name] / of["bigram"] for name in of if name not in COUNTS}
    ranked = sorted(below, key=lambda name: -below[name])
    listed = ", ".join(f"{name} {of[name]:.1f} ({-100 * below[name]:+.0f} %)" for name in ranked)
    lower = sum(share > 0 for share in below.values())
    which = "every cell is" if lower == len(below) else f"{lower} of {len(below)} cells are"
    return (
        f"On {len(text.held_out.targets):,} held-out places of {text.name}, {which} less perplexed "
        f"than the bigram ({of['bigram']:.1f}; the unigram {of['unigram']:.1f}): {listed}."
    )


def _picture(
    runs: dict[str, list[dict[str, Any]]],
    counted: dict[str, dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    text: LanguageText,
) -> Picture:
    figure = new_figure(9.0, 4.6)
    curves, ends = figure.subplots(1, 2, width_ratios=(3, 2))
    for cell, found in runs.items():
        style = CELL_STYLES[cell]
        tuned = np.array([run["tuned"] for run in found])
        epochs = np.arange(1, tuned.shape[1] + 1)
        curves.plot(epochs, tuned.mean(axis=0), label=cell, markersize=4, **style)
        curves.fill_between(
            epochs, tuned.min(axis=0), tuned.max(axis=0), color=style["color"], alpha=0.15
        )
    for name, line in (("unigram", "-."), ("bigram", "--")):
        curves.axhline(counted[name]["tuned"][0], color="black", linestyle=line, label=name)
    curves.set_yscale("log")
    low, high = curves.get_ylim()
    step = 10 if high - low < 100 else 50
    curves.set_yticks(np.arange(step * np.ceil(low / step), high, step))
    curves.yaxis.set_major_formatter("{x:.0f}")
    curves.yaxis.set_minor_formatter("")
    curves.xaxis.get_major_locator().set_params(integer=True)
    curves.set_xlabel("epoch")
    curves.set_ylabel("perplexity, tuning text")
    curves.legend(fontsize=8)

    names = [row["model"] for row in rows]
    for place, name in enumerate(names):
        found = runs.get(name) or [counted[name]]
        values = [run["perplexity"] for run in found]
        style = CELL_STYLES.get(name, {"color": "black", "marker": "|"})
        ends.plot(values, [place] * len(values), linestyle="", **style)
        ends.text(max(values), place, f"  {np.mean(values):.1f}", va="center", fontsize=9)
    ends.set_yticks(range(len(names)), names)
    ends.invert_yaxis()
    highest = max(row["perplexity"] for row in rows)
    ends.set_xlim(0, 1.2 * highest)
    ends.set_xlabel("perplexity, held-out text")
    return Picture(
        figure,
        "How many words the next one might as well be drawn from: lower is better. Left: how each "
        "cell learns, on the text that chooses its best epoch (mean of the seeds; the band reaches "
        "from the lowest to the highest). Right: in the end, on "
        f"{len(text.held_out.targets):,} places of text held out from both; "
        "a mark for each seed, the number is their mean.",
    )
