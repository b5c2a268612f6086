"""`nertagger lab addition`."""

from __future__ import annotations

from typing import Any

import click

from nertagger.cli.lab import experiment


@click.option(
    "--add",
    "asked",
    type=click.IntRange(0),
    nargs=2,
    metavar="A B",
    help="Two numbers of any size for the trained network to add.",
)
@click.option(
    "--seeds", type=click.IntRange(1), help="Trainings of every cell.  [default: 5; quick 2]"
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=5000,
    show_default=True,
    help="Of a training, at most.",
)
def _addition(workbench: Any, asked: Any, seeds: int | None, steps: int) -> Any:
    """A small network learns to add binary numbers.

    A simple RNN of 16 units reads two numbers bit by bit and learns their sum, by the
    back-propagation that is written out by hand and with Keras at once: the two agree step by step.
    It is trained on numbers of 8 bits until all 65,536 sums are right, and then adds 16, 32 and 64
    bits, which it never saw; so does every other cell, if it can.
    """
    from nertagger.silence import import_keras

    import_keras()
    from nertagger.laboratory.addition import run_addition

    result = run_addition(
        workbench, seeds=seeds or (2 if workbench.quick else 5), max_steps=steps, asked=asked
    )
    for written in result.numbers["sums"]:
        print(written, end="\n\n")
    return result


command = experiment("addition")(_addition)
