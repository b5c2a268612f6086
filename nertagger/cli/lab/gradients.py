"""`nertagger lab gradients`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nertagger.cli.lab import experiment
from nertagger.errors import InputError

if TYPE_CHECKING:
    from nertagger.laboratory.result import Result
    from nertagger.laboratory.workbench import Workbench


@experiment("gradients")
@click.option(
    "--model", metavar="NAME|DIR", help="Examine this tagger instead of training five small ones."
)
@click.option("--text", help="What the cells read.  [default: the bundled corpus's dev part]")
@click.option(
    "--activation",
    type=click.Choice(("tanh", "sigmoid", "relu", "leaky_relu", "elu")),
    help="Of the taggers that are trained.  [default: tanh]",
)
def command(
    workbench: Workbench, model: str | None, text: str | None, activation: str | None
) -> Result:
    """How a gradient fades or grows on its way back through the steps.

    Trains a small tagger with every cell and measures, before and after, how much of a change of
    the state is left up to 50 words later: on text and on noise, with five activations, beside the
    bound that the weights' norms set. Turns the spectral radius of a simple RNN and the forget
    gate's bias of an LSTM as dials, and trains with and without clipping and weight decay.

    With --model it examines the cells of a tagger of your own, and trains nothing.
    """
    if model is None:
        from nertagger.laboratory.gradients import run

        return run(workbench, text, activation or "tanh")
    if activation is not None:
        raise InputError(
            f"--activation {activation} with --model: a trained tagger has its own; "
            "expected one of the two options"
        )
    from nertagger.laboratory.tagger_gradients import run_on_tagger

    return run_on_tagger(workbench, model, text)
