"""The picture of `lab addition`: the error as it falls, the two networks' difference, and what
each cell makes of longer sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nertagger.laboratory.result import CELL_STYLES, Picture, new_figure


def draw_addition(
    both: Mapping[str, Any],
    runs: Mapping[str, Sequence[Mapping[str, Any]]],
    networks: Sequence[Any],
) -> Picture:
    """Draws a training by hand and with Keras, and the shares of longer sums that are right.

    Args:
        both: "losses", "twin_losses", "differences" and "wrong".
        runs: trainings with "longer", by the network's name.
        networks: with `name`, `cell`, `activation` and `units`.
    """
    figure = new_figure(9, 7.5)
    above, below = figure.subplots(2, 1, height_ratios=[1, 1.25])
    steps = range(1, len(both["losses"]) + 1)
    above.plot(steps, both["losses"], color="0.75", linewidth=4, label="error, by hand")
    above.plot(steps, both["twin_losses"], color="black", linewidth=1, label="error, with Keras")
    above.plot(steps, both["differences"], color="#D55E00", label="difference of their weights")
    above.set_yscale("log")
    above.set_xlabel("step of the training")
    above.set_ylabel("squared error of a sum,\nand largest difference")
    above.grid(alpha=0.3)
    share = above.twinx()
    wrong = both["wrong"]
    share.plot(
        [row["step"] for row in wrong],
        [100 * row["sums"] / 4**8 for row in wrong],
        "o--",
        color="#0072B2",
        markersize=4,
        label="wrong sums (right axis)",
    )
    share.set_ylabel("wrong sums of 8 bits, %")
    share.set_ylim(-4, 104)
    lines = [*above.get_lines(), *share.get_lines()]
    figure.legend(
        lines,
        [str(line.get_label()) for line in lines],
        loc="outside upper center",
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    _draw_longer(below, runs, networks)
    first = networks[0]
    return Picture(
        figure,
        "Above: the hand-written network and the one with Keras fall along one curve; their "
        "weights differ by rounding alone, while the wrong sums go to none. Below: each dot is a "
        f"network that learnt sums of 8 bits. Those of {first.units} sigmoid units add 64 random "
        "bits without an error; most others lose sums as the numbers grow: they learnt to "
        "add 8 bits, and not to add.",
    )


def _draw_longer(
    axes: Any, runs: Mapping[str, Sequence[Mapping[str, Any]]], networks: Sequence[Any]
) -> None:
    bits = [row["bits"] for row in runs[networks[0].name][0]["longer"]]
    shades = dict(zip(bits, zip((0.35, 0.6, 1.0), "o^s", strict=True), strict=True))
    for place, network in enumerate(networks):
        for index, (alpha, marker) in enumerate(shades.values()):
            wrong = [100 * (1 - run["longer"][index]["right"]) for run in runs[network.name]]
            axes.scatter(
                wrong,
                [place + (index - 1) * 0.25] * len(wrong),
                color=CELL_STYLES[network.cell]["color"],
                alpha=alpha,
                marker=marker,
                s=22,
            )
    for count, (alpha, marker) in shades.items():
        axes.scatter([], [], color="0.2", alpha=alpha, marker=marker, s=22, label=f"{count} bits")
    axes.legend(loc="lower right", fontsize=9)
    axes.set_yticks(range(len(networks)), [network.name for network in networks])
    axes.invert_yaxis()
    # Linear below the share of one sum, so that none has a place.
    axes.set_xscale("symlog", linthresh=0.05, linscale=0.5)
    axes.set_xlim(-0.02, 140)
    ticks = (0, 0.1, 1, 10, 100)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("longer sums with a wrong bit, %")
    axes.grid(axis="x", alpha=0.3)
