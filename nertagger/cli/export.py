"""`nertagger export`."""

from __future__ import annotations

import click


@click.command()
@click.argument("model", required=False)
@click.option(
    "--output",
    metavar="DIR",
    help="Base directory of the exported model.  [default: that of MODEL]",
)
def command(model: str | None, output: str | None) -> None:
    """Writes MODEL as a SavedModel that takes raw strings, for TensorFlow Serving.

    MODEL is a name, a directory of versions or one version; without it $NERTAGGER_MODEL, else the
    model that ships. The result is a new version, and its directory is printed; the others stay as
    they are. `nertagger train` does the same for what it trains.
    """
    from nertagger.export.version import export_model

    click.echo(export_model(model, output))
