"""`nertagger lab memory`."""

from __future__ import annotations

import os
from typing import Any

import click

from nertagger.cli.lab import experiment
from nertagger.recurrent.equations import CELLS

_QUICK = {"cell": ("simple-rnn", "lstm"), "distance": (10, 80), "seeds": 1, "steps": 800}
_WHOLE = {"cell": tuple(CELLS), "distance": (10, 20, 40, 80), "seeds": 3, "steps": 1000}


@click.option(
    "--cell",
    type=click.Choice(list(CELLS)),
    multiple=True,
    help="Only this one; may be given several times.  [default: all]",
)
@click.option(
    "--distance",
    type=click.IntRange(2, 1000),
    multiple=True,
    help="Over which to remember; may be given several times.  [default: 10, 20, 40, 80]",
)
@click.option(
    "--seeds", type=click.IntRange(1), help="Trainings of each cell and distance.  [default: 3]"
)
@click.option("--steps", type=click.IntRange(50), help="Of a training, at most.  [default: 1000]")
@click.option(
    "--parameters", type=click.IntRange(50), default=2000, show_default=True, help="Of each cell."
)
def _memory(workbench: Any, parameters: int, **given: Any) -> Any:
    """How far back each cell can reach.

    A symbol is to be remembered, and two numbers to be added, over more and more steps. The simple
    RNN fails from some tens of steps on; the cells with gates do not. A picture shows the scores
    against the distance, with the seeds' range; the table, the distance that each cell reaches
    with a score of 90 %.
    """
    values = {**(_QUICK if workbench.quick else _WHOLE), **{k: v for k, v in given.items() if v}}
    # The operations are too small to share: a second thread would mostly wait for the first.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    from nertagger.silence import import_keras

    import_keras()
    from nertagger.laboratory.memory import run_memory

    return run_memory(
        workbench,
        cells=list(dict.fromkeys(values["cell"])),
        distances=sorted(set(values["distance"])),
        seeds=values["seeds"],
        parameters=parameters,
        max_steps=values["steps"],
    )


command = experiment("memory")(_memory)
