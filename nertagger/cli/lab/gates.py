"""`nertagger lab gates`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nertagger.cli.lab import experiment

if TYPE_CHECKING:
    from nertagger.laboratory.result import Result
    from nertagger.laboratory.workbench import Workbench


@click.option(
    "--language",
    default="en",
    show_default=True,
    help="Of the bundled corpus, on which units are sought.",
)
@click.option("--text", help="Whose first sentence is looked at.  [default: one of ten words]")
@click.option(
    "--model", metavar="MODEL", help="A name or a directory.  [default: $NERTAGGER_MODEL, or en]"
)
def _gates(workbench: Workbench, model: str | None, text: str | None, language: str) -> Result:
    """What the gates of a trained tagger do, word by word.

    Heat maps show how far every gate of every unit is open at every word, in both directions; then
    the units that follow the start and the end of names most closely, chosen on the training part
    of the bundled corpus and reported on its dev part; and which words each decision depended on,
    by gradient times input.
    """
    from nertagger.laboratory.gates import run

    return run(workbench, model, text, language)


command = experiment("gates")(_gates)
