"""`nertagger lab context`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nertagger.cli.lab import experiment

if TYPE_CHECKING:
    from nertagger.laboratory.result import Result
    from nertagger.laboratory.workbench import Workbench

_SHOWN = 2


@click.option("--dev", metavar="FILE", help="Labelled text to be asked of.")
@click.option(
    "--train",
    metavar="FILE",
    help="Labelled text to learn from; without --dev a tenth of it is kept to be asked.  "
    "[default: the bundled corpus]",
)
@click.option("--cell", default="lstm", show_default=True, help="Of the recurrent taggers.")
def _context(workbench: Workbench, cell: str, train: str | None, dev: str | None) -> Result:
    """What the order of the words, and both directions, buy.

    Seven taggers learn the same: the most frequent tag of a word, a hidden Markov model, a
    feed-forward network on the word alone, one on the zero-padded sentence, and recurrent ones that
    read forward, backward, and both ways.

    The table has the share of pairs that each gets right where the word that decides comes before
    the ambiguous one, after it, and inside the name; of the ambiguous pairs of data/; the share of
    names found that were learnt at position 1, there and at position 5; on a corpus the share of
    ambiguous words and of all words with the right tag, and entity F1; and the weights that 10,000
    one-hot words need. Some sentences that each gets wrong are shown too; the JSON has more.
    """
    from nertagger.laboratory.context import run

    result = run(workbench, cell, train, dev)
    for name, runs in result.numbers["runs"].items():
        for wrong in runs[0]["pairs"]["mistakes"][:_SHOWN]:
            workbench.console.print(
                f"{name} says {wrong['said']} of “{wrong['word']}”, "
                f"right is {wrong['right']}: {wrong['sentence']}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    return result


command = experiment("context")(_context)
