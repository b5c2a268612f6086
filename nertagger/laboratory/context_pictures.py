"""The pictures of `lab context`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nertagger.laboratory.context_taggers import TAGGERS
from nertagger.laboratory.context_tasks import ORDERS, POSITIONS, Pair
from nertagger.laboratory.result import Picture, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, grey for what counts.
_COLOURS = dict(
    zip(
        TAGGERS,
        ("#BBBBBB", "#777777", "#E69F00", "#D55E00", "#56B4E9", "#CC79A7", "#0072B2"),
        strict=True,
    )
)
_ORDER_TITLES = {
    "before": "decides before\n“captain rose”",
    "after": "decides after\n“rose laughed”",
    "inside": "after, in the name\n“rose okafor”",
}

Runs = Mapping[str, Sequence[Mapping[str, Any]]]


def draw(
    runs: Runs, columns: Mapping[str, Mapping[str, Any]], pairs: Sequence[Pair]
) -> dict[str, Picture]:
    """All pictures.

    Args:
        runs: by tagger, what was measured with each seed.
        columns: by tagger, the means that the table shows.
        pairs: of data/, in the order of the runs.
    """
    return {
        "context-orders": _orders(columns),
        "context-position": _position(runs),
        "context-words": _words(runs, pairs),
        "context-corpus": _corpus(columns),
    }


def _orders(columns: Mapping[str, Mapping[str, Any]]) -> Picture:
    figure = new_figure(8, 4.2)
    axes = figure.add_subplot()
    groups = (*ORDERS, "pairs")
    width = 0.8 / len(TAGGERS)
    for number, name in enumerate(TAGGERS):
        places = np.arange(len(groups)) + (number - (len(TAGGERS) - 1) / 2) * width
        values = [100 * columns[name][group] for group in groups]
        axes.bar(places, values, width * 0.9, color=_COLOURS[name], label=name)
        for place, value in zip(places, values, strict=True):
            if value < 0.5:
                axes.text(place, 1, "0", ha="center", va="bottom", fontsize=7)
    titles = [*_ORDER_TITLES.values(), "pairs of data/\n(learnt by heart)"]
    axes.set_xticks(np.arange(len(groups)), titles)
    axes.set_ylabel("pairs with both uses right (%)")
    axes.set_ylim(0, 105)
    _plain(axes)
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    return Picture(
        figure,
        "A pair is two sentences that differ in the deciding word alone. Whoever does not see that "
        "word gets no pair: forward fails where it comes after, backward where it comes before, "
        "the hidden Markov model wherever it has the same tag in both sentences. Seeing it is "
        "enough for the recurrent taggers; the padded network sees all and still errs.",
    )


def _position(runs: Runs) -> Picture:
    figure = new_figure(8.5, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    parts = {
        "position": "other names were anywhere in training",
        "position_without_others": "no name was ever elsewhere in training",
    }
    for axes, (part, title) in zip(panels, parts.items(), strict=True):
        shares = np.array([np.mean([run[part] for run in runs[name]], axis=0) for name in TAGGERS])
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in np.ndindex(*shares.shape):
            value = shares[row, column]
            axes.text(
                column,
                row,
                f"{100 * value:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if value > 0.6 else "black",
            )
        axes.set_xticks(range(POSITIONS), [str(at) for at in range(1, POSITIONS + 1)])
        axes.set_yticks(range(len(TAGGERS)), TAGGERS)
        axes.set_xlabel("position of the name (word)")
        axes.set_title(title, fontsize=10)
    bar = figure.colorbar(image, ax=panels, shrink=0.9)
    bar.set_label("names found (share)")
    return Picture(
        figure,
        "Names that training had at position 1 alone, in per cent found at each position. Left: "
        "the padded network has weights of their own for each position and finds nothing beyond "
        "the first; the recurrent taggers use the same weights everywhere. Right: where nothing in "
        "training says that names may be elsewhere, a reader from the left learns that a name is "
        "what begins a sentence.",
    )


def _words(runs: Runs, pairs: Sequence[Pair]) -> Picture:
    from matplotlib.colors import ListedColormap

    figure = new_figure(12, 3.6)
    axes = figure.add_subplot()
    right = np.array([runs[name][0]["pairs"]["right"] for name in TAGGERS]).sum(axis=2)
    # The hardest words first, so that the picture has a shape.
    order = np.argsort(right[TAGGERS.index("forward") :].sum(axis=0), kind="stable")
    axes.pcolormesh(
        right[::-1, order],
        cmap=ListedColormap(["#D55E00", "#F5C9A8", "#EEEEEE"]),
        vmin=0,
        vmax=2,
        edgecolors="white",
        linewidth=0.5,
    )
    words = [
        pairs[number][0].sentence.words[pairs[number][0].at] + (" (lesson)" if number < 2 else "")
        for number in order
    ]
    axes.set_xticks(np.arange(len(words)) + 0.5, words, rotation=90, fontsize=7)
    axes.set_yticks(np.arange(len(TAGGERS)) + 0.5, TAGGERS[::-1])
    axes.set_xlabel("ambiguous word, those that the recurrent taggers find hardest first")
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    from matplotlib.patches import Patch

    colours = {"both uses right": "#EEEEEE", "one": "#F5C9A8", "none": "#D55E00"}
    handles = [Patch(facecolor=colour, label=label) for label, colour in colours.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return Picture(
        figure,
        "Each ambiguous word in two sentences that the taggers have learnt. Without context one "
        "use of the two is wrong for every word. Forward loses the words that begin both "
        "sentences, which the bidirectional tagger holds. The padded network holds all of them: "
        "by heart, each at its position.",
    )


def _corpus(columns: Mapping[str, Mapping[str, Any]]) -> Picture:
    figure = new_figure(9, 3.4)
    left, middle, right = figure.subplots(1, 3, sharey=True)
    places = np.arange(len(TAGGERS))[::-1]
    colours = [_COLOURS[name] for name in TAGGERS]
    for axes, key, label in (
        (left, "ambiguous", "ambiguous words right (%)"),
        (middle, "F1", "entity F1 (%)"),
    ):
        values = [100 * (columns[name][key] or 0) for name in TAGGERS]
        axes.barh(places, values, color=colours)
        for place, value in zip(places, values, strict=True):
            axes.text(value + 1, place, f"{value:.0f}", va="center", fontsize=8)
        axes.set_xlim(0, max(values) * 1.15)
        axes.set_xlabel(label)
        _plain(axes)
    counts = [columns[name]["weights"] for name in TAGGERS]
    right.barh(places, counts, color=colours)
    for place, count in zip(places, counts, strict=True):
        right.text(count * 1.15, place, f"{count:,}", va="center", fontsize=8)
    right.set_xscale("log")
    right.set_xlim(1e3, max(counts) * 60)
    right.set_xlabel("weights for 10,000 one-hot words")
    _plain(right)
    left.set_yticks(places, TAGGERS)
    return Picture(
        figure,
        "A real corpus, one-hot words and nothing else. Left, the words that training has as two "
        "kinds; in the middle whole entities, by exact match; right, what there is to learn, on a "
        "logarithmic scale: a place of its own for each word at each position costs the padded "
        "network most and brings it least.",
    )


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
