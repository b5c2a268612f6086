"""The pictures of `lab gates`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nertagger.laboratory.name_units import EVENTS
from nertagger.laboratory.result import Picture, new_figure
from nertagger.laboratory.tagger_traces import GATES
from nertagger.runtime.network import DIRECTIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAME_COLOUR = "#D55E00"
_INCHES_A_WORD = 0.33
_WIDEST = 16.0
_LSTM = "A dark forget gate drops what came before; a dark output gate hides the memory."
_READING = {
    "lstm": _LSTM,
    "peephole-lstm": _LSTM,
    "coupled-lstm": f"{_LSTM} The input gate is 1 less the forget gate.",
    "gru": "A dark update gate keeps the state, a bright one takes the candidate; a dark reset "
    "gate hides the state from the candidate.",
}


def draw(
    cell: str,
    tokens: Sequence[str],
    seen: Mapping[str, Any],
    best: Mapping[str, Mapping[str, Any]],
    note: str,
) -> dict[str, Picture]:
    """All pictures.

    Args:
        cell: of the tagger.
        tokens: of the sentence.
        seen: what `gates.look` returned.
        best: for each of `name_units.EVENTS` the unit that follows it most closely.
        note: what to say of a cell without gates, or "".
    """
    layers = seen["activations"]
    drawn = {
        f"gates-layer-{number + 1}" if len(layers) > 1 else "gates": _heat_maps(
            cell, tokens, seen["tags"], layer, note
        )
        for number, layer in enumerate(layers)
    }
    drawn["gates-names"] = _name_units(tokens, seen, best)
    drawn["gates-words"] = _attributions(tokens, seen)
    return drawn


def _heat_maps(
    cell: str,
    tokens: Sequence[str],
    tags: Sequence[str],
    layer: Mapping[str, Any],
    note: str,
) -> Picture:
    names = [*GATES[cell]] or ["state"]
    gated = bool(GATES[cell])
    width = _width(2 * len(tokens), 7.5, 2.5)
    figure = new_figure(width, 2.1 * len(names) + 1.8)
    panels = figure.subplots(len(names), 2, sharex=True, squeeze=False)
    image: Any = None
    # Other activations than tanh have states beyond 1.
    states = [np.abs(layer[direction]["state"]).max() for direction in DIRECTIONS]
    largest = 1 if gated else max(1, *states)
    for row, name in enumerate(names):
        for column, direction in enumerate(DIRECTIONS):
            axes = panels[row, column]
            values = np.array(layer[direction][name]).T
            # Units that do the same lie together: by how they differ between names and the rest.
            order = np.argsort(_preference(values, tags), kind="stable")
            image = axes.imshow(
                values[order],
                cmap="viridis" if gated else "RdBu_r",
                vmin=0 if gated else -largest,
                vmax=largest,
                aspect="auto",
                interpolation="nearest",
            )
            if row == 0:
                axes.set_title(f"{direction}: reads {'→' if column == 0 else '←'}", fontsize=10)
            if column == 0:
                axes.set_ylabel(f"{name}\n(units, sorted)", fontsize=9)
            axes.set_yticks([])
            if row == len(names) - 1:
                _words(axes, tokens, tags)
    bar = figure.colorbar(image, ax=panels, shrink=0.7)
    bar.set_label("gate: 0 closed, 1 open" if gated else "state h_t")
    said = (
        "Every row is a unit, every column a word, entities in orange. At the top are the units "
        "that are lower inside of names than outside, at the bottom those that are higher. "
        f"{_READING[cell] if gated else note[:1].upper() + note[1:] + '.'}"
    )
    return Picture(figure, said)


def _name_units(
    tokens: Sequence[str], seen: Mapping[str, Any], best: Mapping[str, Mapping[str, Any]]
) -> Picture:
    figure = new_figure(_width(1.6 * len(tokens), 6.5, 1.5), 4.2)
    panels = figure.subplots(len(EVENTS), 1, sharex=True)
    tags = seen["tags"]
    for axes, event in zip(panels, EVENTS, strict=True):
        unit = best[event]
        rows = seen["activations"][unit["layer"]][unit["direction"]][unit["activation"]]
        values = [row[unit["number"]] for row in rows]
        wanted = _at_event(tags, event)
        axes.bar(
            range(len(tokens)),
            values,
            color=[_NAME_COLOUR if at else "#999999" for at in wanted],
        )
        axes.axhline(0, color="black", linewidth=0.6)
        axes.set_ylabel(unit["activation"])
        axes.set_title(
            f"{event} of names: layer {unit['layer'] + 1}, {unit['direction']} unit "
            f"{unit['number'] + 1}, r = {unit['dev']:.2f} on dev",
            fontsize=10,
        )
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    _words(panels[-1], tokens, tags)
    return Picture(
        figure,
        "The two units that follow the start and the end of names most closely, over the words of "
        "the sentence; orange where the tagger has a name start or end. With a negative r the "
        "unit falls there.",
    )


def _attributions(tokens: Sequence[str], seen: Mapping[str, Any]) -> Picture:
    decisions = seen["decisions"]
    figure = new_figure(_width(1.6 * len(tokens), 7.5, 3.5), 0.8 * len(decisions) + 3.2)
    panels = figure.subplots(2, 1, sharex=True)
    image: Any = None
    for axes, (name, title) in zip(
        panels,
        {"attributions": "gradient × input", "left_out": "log odds lost without the word"}.items(),
        strict=True,
    ):
        values = np.array([decision[name] for decision in decisions])
        largest = np.abs(values).max(axis=1, keepdims=True)
        values = values / np.where(largest > 0, largest, 1)
        image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
        axes.set_title(title, fontsize=10)
        for row, decision in enumerate(decisions):
            left, right = decision["first"] - 0.5, decision["last"] + 0.5
            axes.plot(
                [left, right, right, left, left],
                [row - 0.5, row - 0.5, row + 0.5, row + 0.5, row - 0.5],
                color="black",
                linewidth=1.2,
                clip_on=False,
            )
        labels = [
            f"{decision['words']}: {decision['label']} ({decision['probability']:.2f})"
            for decision in decisions
        ]
        axes.set_yticks(range(len(decisions)), labels, fontsize=9)
        axes.tick_params(axis="x", length=0)
    _words(panels[-1], tokens, seen["tags"])
    bar = figure.colorbar(image, ax=panels)
    bar.set_label("of the row's largest", fontsize=9)
    return Picture(
        figure,
        "Each row is a decision, with its probability; framed, the words that it is about. Red "
        "words speak for it, blue ones against it: above as a straight line through the network "
        "at this point has it, below when the word is really left out.",
    )


def _width(words: float, least: float, beside: float) -> float:
    """Inches for so many words, and for what is beside them."""
    return min(max(least, _INCHES_A_WORD * words + beside), _WIDEST)


def _preference(values: np.ndarray, tags: Sequence[str]) -> np.ndarray:
    """How much higher each unit is inside of names than outside, [H]; of [H, T]."""
    inside = np.array([tag != "O" for tag in tags])
    if inside.all() or not inside.any():
        return values.mean(axis=1)
    return values[:, inside].mean(axis=1) - values[:, ~inside].mean(axis=1)


def _at_event(tags: Sequence[str], event: str) -> list[bool]:
    if event == "start":
        return [tag.startswith("B-") for tag in tags]
    following = [*tags[1:], "O"]
    return [
        tag != "O" and not after.startswith("I-")
        for tag, after in zip(tags, following, strict=True)
    ]


def _words(axes: Axes, tokens: Sequence[str], tags: Sequence[str]) -> None:
    axes.set_xticks(range(len(tokens)), tokens, rotation=60, ha="right", fontsize=8)
    for label, tag in zip(axes.get_xticklabels(), tags, strict=True):
        if tag != "O":
            label.set_color(_NAME_COLOUR)
            label.set_fontweight("bold")
