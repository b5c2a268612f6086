"""`nertagger models`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from nertagger.errors import InputError

_MEGABYTE = 1_000_000


@click.command(name="models")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="The table is rounded, JSON is not.",
)
def command(output_format: str) -> int:
    """List the models that a name finds: those in ./saved_models, and those that ship.

    F1 is that of entities on the text by which the model was chosen, in percent; its MODEL_CARD.md
    says more. The size is that of all files.
    """
    rows, problems = installed_models()
    for problem in problems:
        print(f"nertagger: warning: {problem}", file=sys.stderr)
    if output_format == "json":
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif rows:
        _print_table(rows)
    else:
        print("no model is installed; `nertagger train` makes one", file=sys.stderr)
    return 0


def installed_models() -> tuple[list[dict[str, Any]], list[str]]:
    """What is to be said of each model, and of each directory that should hold one and does not.

    Returns:
        (a row a model, by name: `name`, `version`, `labels`, `bytes`, `f1`, `scored_on`, `licence`,
        `path`; one-line warnings). Of a name that is there twice, the one that the name finds.
    """
    from nertagger.runtime.directory import model_folders, versions

    rows: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for folder in model_folders():
        for base in sorted(folder.iterdir()) if folder.is_dir() else []:
            found = versions(base)
            if not found or base.name in rows:
                continue
            try:
                rows[base.name] = describe(base.name, found[max(found)])
            except InputError as error:
                problems.append(str(error))
    return [rows[name] for name in sorted(rows)], problems


def describe(name: str, version: Path) -> dict[str, Any]:
    """The row of one version of a model, from its configuration alone.

    Raises:
        InputError: the configuration is missing or is none.
    """
    from nertagger.runtime.configuration import check_config
    from nertagger.runtime.directory import ASSETS, CONFIG

    path = version / ASSETS / CONFIG
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error}); train the model again", path) from None
    check_config(config, path)
    training = config["training"]
    return {
        "name": name,
        "version": int(version.name),
        "labels": config["labels"],
        "bytes": sum(file.stat().st_size for file in version.rglob("*") if file.is_file()),
        "f1": config["scores"].get("micro", {}).get("f1"),
        "scored_on": training.get("dev"),
        "licence": training.get("options", {}).get("licence"),
        "path": str(version),
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "version", "F1", "MB"):
        table.add_column(column, justify="left" if column == "name" else "right", no_wrap=True)
    for column in ("labels", "licence", "path"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            row["name"],
            str(row["version"]),
            "" if row["f1"] is None else f"{100 * row['f1']:.2f}",
            f"{row['bytes'] / _MEGABYTE:.1f}",
            " ".join(row["labels"]),
            row["licence"] or "not stated",
            row["path"],
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)
