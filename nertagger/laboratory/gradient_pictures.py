"""The pictures of `gradients.py` and `tagger_gradients.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nertagger.laboratory.result import CELL_STYLES, Picture, new_figure

# What lies outside has vanished or exploded by any standard.
_LOWEST, _HIGHEST = 1e-25, 1e4
_LOWEST_OF_TAGGER = 1e-9
_ACTIVATION_COLORS: dict[str, Any] = {
    "tanh": "#0072B2",
    "sigmoid": "#E69F00",
    "relu": "#D55E00",
    "leaky_relu": "#CC79A7",
    "elu": "#009E73",
}
# Of different sizes, since curves of piecewise linear activations lie on each other.
_ACTIVATION_MARKERS: dict[str, dict[str, Any]] = {
    "tanh": {"marker": "^", "markersize": 4},
    "sigmoid": {"marker": "v", "markersize": 4},
    "relu": {"marker": "o", "markersize": 10, "fillstyle": "none"},
    "leaky_relu": {"marker": "s", "markersize": 6, "fillstyle": "none"},
    "elu": {"marker": "x", "markersize": 4},
}
_BOUND: dict[str, Any] = {"color": "black", "linestyle": ":", "linewidth": 1.2}
_RUN_COLORS = {"as it is": "#D55E00", "clipped": "#0072B2", "weight decay": "#009E73"}
_STATES = {"h": r"$\|\partial h_t/\partial h_k\|$", "c": r"$\|\partial c_t/\partial c_k\|$"}
_DISTANCE = "steps back, $t-k$"


def distance_picture(numbers: Mapping[str, Any], inputs: str) -> Picture:
    """The norms against the distance: untrained and trained cells, hidden state and cell state."""
    distances = numbers["distances"]
    figure = new_figure(9.5, 7.0)
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    for row, when in enumerate(("untrained", "trained")):
        for column, (state, label) in enumerate(_STATES.items()):
            axis = axes[row, column]
            for cell, found in numbers["cells"].items():
                examined = found[when][inputs]
                if state in examined:
                    _curve(axis, distances, examined[state], cell, **CELL_STYLES[cell])
            if state == "h":
                bound = numbers["cells"]["simple-rnn"][when][inputs]["h"]["bound"]
                style = {"label": r"bound $(\beta_W\beta_h)^{t-k}$, simple-rnn", **_BOUND}
                _line(axis, distances, bound, **style)
            _logarithmic(axis)
            axis.set_title(f"{when}: {label}", fontsize=11)
    for axis in axes[:, 0]:
        axis.set_ylabel("spectral norm")
    for axis in axes[-1]:
        axis.set_xlabel(_DISTANCE)
    _legend(figure, axes[0, 0])
    last = numbers["distances"][-1]
    read = "words of running text" if inputs == "words" else "noise as strong as the words"
    return Picture(
        figure,
        f"How much of a change of the state is left t - k steps later, on {read}; the median of "
        f"{numbers['pieces']} pieces of text, and the band of the middle half. Follow the curves "
        f"to {last} steps: below on the left is what the trained simple RNN has left of a change, "
        "below on the right what the cell states of the trained LSTMs keep."
        + ("" if inputs == "words" else " Compare with words: how much is the text's doing?"),
    )


def activations_picture(numbers: Mapping[str, Any]) -> Picture:
    """A panel per cell with a curve per activation; untrained, on words."""
    distances = numbers["distances"]
    figure = new_figure(10.0, 6.0)
    axes = figure.subplots(2, 3, sharex=True, sharey=True).ravel()
    for axis, (cell, found) in zip(axes, numbers["cells"].items(), strict=False):
        state = "c" if "c" in found["untrained"]["words"] else "h"
        for name, examined in found["activations"].items():
            _curve(axis, distances, examined[state], name, color=_ACTIVATION_COLORS[name])
        if cell == "simple-rnn":
            for name, style in (("relu", ":"), ("sigmoid", "--")):
                bound = found["activations"][name]["h"]["bound"]
                slope = "1/4" if name == "sigmoid" else "1"
                label = rf"bound, $\beta_h={slope}$"
                _line(
                    axis,
                    distances,
                    bound,
                    label=label,
                    color="black",
                    linestyle=style,
                    linewidth=1.0,
                )
        _logarithmic(axis)
        axis.set_title(f"{cell}: {_STATES[state]}", fontsize=11)
    for axis in axes[3:5]:
        axis.set_xlabel(_DISTANCE)
    axes[2].tick_params(labelbottom=True)
    axes[2].set_xlabel(_DISTANCE)
    for axis in axes[::3]:
        axis.set_ylabel("spectral norm")
    axes[5].axis("off")
    axes[5].legend(*axes[0].get_legend_handles_labels(), loc="center", frameon=False)
    return Picture(
        figure,
        "What is left of a change with other activations, before training, on words. In the "
        "simple RNN the sigmoid, whose slope is nowhere above a quarter, loses it within a few "
        "steps, as its bound says it must; relu and leaky relu lose what the units that are off "
        "would have carried. In the gated cells the activation matters less: the gates decide.",
    )


def dials_picture(dials: Mapping[str, Any]) -> Picture:
    """The norm at the largest distance against the spectral radius, and the forget gate's bias."""
    figure = new_figure(11.0, 4.6)
    axes = figure.subplots(1, 3)
    titles = {
        "orthogonal": r"simple-rnn, $W_{aa}=\rho\,Q$, orthogonal",
        "identity": r"simple-rnn, $W_{aa}=\rho\,I$",
    }
    distance = dials["distance"]
    for axis, (kind, title) in zip(axes, titles.items(), strict=False):
        for name, medians in dials["radius"][kind].items():
            style = {"color": _ACTIVATION_COLORS[name], "linewidth": 1.0}
            style |= _ACTIVATION_MARKERS[name]
            _line(axis, dials["radii"], medians, label=name, **style)
        bound = np.array(dials["radii"]) ** distance
        _line(axis, dials["radii"], bound, label=r"bound $\rho^{t-k}$, $\beta_h=1$", **_BOUND)
        axis.axvline(1, color="0.8", linewidth=0.8, zorder=0)
        axis.set_xlabel(r"spectral radius $\rho$ of the recurrent kernel")
        axis.set_title(title, fontsize=11)
        axis.set_yscale("log")
        axis.set_ylim(1e-20, 1e16)
    axes[0].set_ylabel(rf"$\|\partial h_t/\partial h_k\|$, $t-k={distance}$")
    axes[0].legend(fontsize=8, loc="upper left", ncols=2)
    for state, medians in dials["forget_bias"].items():
        style = {**CELL_STYLES["lstm"], "linestyle": "-" if state == "c" else "--"}
        _line(axes[2], dials["biases"], medians, label=_STATES[state], **style)
    axes[2].set_yscale("log")
    axes[2].set_xlabel("bias of the forget gate")
    axes[2].set_ylabel(f"norm, $t-k={distance}$")
    axes[2].set_title("lstm", fontsize=11)
    axes[2].legend(fontsize=8)
    return Picture(
        figure,
        f"What is left of a change after {distance} steps while one number is turned; untrained "
        "cells, words. Left and middle: below a radius of 1 a change vanishes with every "
        "activation. Above it the bound rises, and relu explodes with it where all units are on "
        "(middle); a random kernel turns half of them off (left), and the explosion waits for a "
        "radius of about √2. tanh, which saturates, grows far less or not at all, and sigmoid is "
        "too flat for either. Right: the LSTM's dial is the bias of its forget gate.",
    )


def training_picture(
    numbers: Mapping[str, Any], threshold: float, settings: Mapping[str, Mapping[str, float]]
) -> Picture:
    """The norm of the gradient at every step of training."""
    figure = new_figure(11.0, 4.4)
    axes = figure.subplots(1, 3)
    for cell, found in numbers["cells"].items():
        norms = _smooth(found["norms"])
        axes[0].plot(norms, color=CELL_STYLES[cell]["color"], label=cell, linewidth=1.2)
    axes[0].set_title("each cell, Adam (running median)", fontsize=11)
    for axis, activation in zip(axes[1:], settings, strict=True):
        for kind, color in _RUN_COLORS.items():
            norms = numbers["clipping"][f"{activation}, {kind}"]["norms"]
            shown = np.array([np.nan if norm is None else norm for norm in norms])
            axis.plot(shown, color=color, label=kind, linewidth=0.9, alpha=0.85)
            if len(norms) < len(numbers["clipping"][f"{activation}, clipped"]["norms"]):
                # Drawn at the last finite norm: the training broke off there.
                last = int(np.flatnonzero(np.isfinite(shown))[-1])
                axis.plot(last, shown[last], marker="x", color=color, markersize=9)
        radius, rate = settings[activation]["radius"], settings[activation]["learning_rate"]
        title = rf"simple-rnn, {activation}, $\rho={radius:g}$, steps of ${rate:g}\,\hat g$"
        axis.set_title(title, fontsize=11)
    for axis in axes:
        axis.axhline(threshold, label="threshold", **_BOUND)
        axis.set_yscale("log")
        axis.set_xlabel("training step")
        axis.legend(fontsize=8, loc="upper right")
        # Room for the legend above the curves.
        axis.set_ylim(top=axis.get_ylim()[1] ** 1.5)
    axes[0].set_ylabel(r"norm of the gradient, $\|\hat g\|$, before clipping")
    return Picture(
        figure,
        "The norm of the gradient of all weights, at every step of training. What exceeds the "
        f"threshold, {threshold:g}, is scaled down to it where gradients are clipped. Middle: a "
        "relu network whose recurrent kernel starts with a large spectral radius ρ; without "
        "clipping its first gradients throw it so far that training breaks off (cross), with "
        "weight decay too, while clipping saves it. Right: tanh and ρ = 1; all three go on.",
    )


def tagger_picture(numbers: Mapping[str, Any]) -> Picture:
    """The norms in every layer and direction of one tagger."""
    distances = numbers["distances"]
    states = [state for state in _STATES if state in numbers["layers"][0]["trained"]["words"]]
    layers = sorted({found["layer"] for found in numbers["layers"]})
    figure = new_figure(4.8 * len(states), 1.2 + 3.2 * len(layers))
    axes = figure.subplots(len(layers), len(states), sharex=True, squeeze=False)
    colors = {"forward": "#0072B2", "backward": "#D55E00"}
    for found in numbers["layers"]:
        for column, state in enumerate(states):
            axis = axes[layers.index(found["layer"]), column]
            color = colors[found["direction"]]
            words = found["trained"]["words"][state]
            _curve(axis, distances, words, found["direction"], color=color)
            noise = found["trained"]["noise"][state]["median"]
            _line(
                axis,
                distances,
                noise,
                label=f"{found['direction']}, noise",
                color=color,
                linestyle="--",
            )
            if found["direction"] == "forward":
                new = found["untrained"]["words"][state]["median"]
                _line(axis, distances, new, label="a new cell", color="0.55")
                if numbers["cell"] == "simple-rnn":
                    bound = found["trained"]["words"][state]["bound"]
                    _line(axis, distances, bound, label=r"bound $(\beta_W\beta_h)^{t-k}$", **_BOUND)
            _logarithmic(axis, _LOWEST_OF_TAGGER)
            axis.set_title(f"layer {found['layer']}: {_STATES[state]}", fontsize=11)
    for axis in axes[:, 0]:
        axis.set_ylabel("spectral norm")
    for axis in axes[-1]:
        axis.set_xlabel(_DISTANCE)
    _legend(figure, axes[0, 0])
    return Picture(
        figure,
        f"How much of a change of the state is left t - k steps later in the {numbers['cell']} of "
        f"{numbers['model']}; the median over the pieces of text ({numbers['pieces']}), and the "
        "band of the middle half. Compare with a new cell of the same size on the same words, "
        "which has learnt nothing yet.",
    )


def _curve(
    axis: Any,
    distances: Sequence[int],
    norms: Mapping[str, Sequence[float | None]],
    label: str,
    **style: Any,
) -> None:
    low, median, high = (_plain(norms[name]) for name in ("low", "median", "high"))
    axis.plot(distances, median, label=label, linewidth=1.5, markersize=4, **style)
    axis.fill_between(distances, low, high, color=style["color"], alpha=0.15, linewidth=0)


def _line(axis: Any, places: Sequence[float], values: Any, **style: Any) -> None:
    axis.plot(places, _plain(values), **style)


def _plain(values: Sequence[float | None] | np.ndarray) -> np.ndarray:
    """NaN, which is not drawn, for what a logarithmic axis has no place for."""
    plain = np.array([np.nan if value is None else value for value in values], float)
    return np.where(plain > 0, plain, np.nan)


def _logarithmic(axis: Any, lowest: float = _LOWEST) -> None:
    axis.set_yscale("log")
    axis.set_ylim(lowest, _HIGHEST)
    axis.grid(True, which="major", color="0.9", linewidth=0.6)


def _legend(figure: Any, axis: Any) -> None:
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize=9)


def _smooth(norms: Sequence[float | None]) -> np.ndarray:
    """The running median over a twentieth of the steps."""
    values = _plain(norms)
    width = max(1, len(values) // 20)
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    return np.median(windows, axis=1)
