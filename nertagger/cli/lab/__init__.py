"""`nertagger lab`: one module per experiment, imported when it is called.

A new experiment is one new module, with a click command named `command`, and one line in
`EXPERIMENTS`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from nertagger.cli.command_table import CommandTable
from nertagger.errors import InputError

EXPERIMENTS = {
    "gradients": "How a gradient fades or grows on its way back through the steps.",
    "memory": "How far back each cell can reach.",
    "addition": "A small network learns to add binary numbers.",
    "context": "What the order of the words, and both directions, buy.",
    "gates": "What the gates of a trained tagger do, word by word.",
    "language-model": "Each cell predicts the next word.",
    "compare": "All cells on one corpus: score, time, speed, size.",
}


@click.group(name="lab", cls=CommandTable, table=EXPERIMENTS, package=__name__, noun="experiment")
def command() -> None:
    """See what the equations do.

    Each experiment prints a table and what was found, and leaves its numbers as JSON and its
    pictures as PNG and SVG in a folder.
    """


def experiment(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function the command of an experiment, with the options that all of them have.

    The function is given a `laboratory.workbench.Workbench` as `workbench`, and its own options by
    name; it returns a `laboratory.result.Result`.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        def run(output: str | None, seed: int, quick: bool, **options: Any) -> int:
            run_experiment(name, function, output or f"lab/{name}", seed, quick, options)
            return 0

        run.__doc__ = function.__doc__
        for option in (
            click.option("--quick", is_flag=True, help="A minute; the finding still shows."),
            click.option(
                "--seed",
                type=click.IntRange(0, 2**31 - 1),
                default=1,
                show_default=True,
                help="Of everything random.",
            ),
            click.option("--output", metavar="DIR", help=f"For its files.  [default: lab/{name}]"),
        ):
            option(run)
        # click shows the last first: an experiment's own options.
        run.__click_params__ += getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        return click.command(name=name)(run)

    return decorate


def run_experiment(
    name: str,
    function: Callable[..., Any],
    output: str,
    seed: int,
    quick: bool,
    options: Mapping[str, Any],
) -> None:
    """Runs an experiment, prints what it found, and writes its files.

    An interrupted one goes on where it stopped when it is started again.

    Raises:
        InputError: Matplotlib is missing, or the folder cannot be made.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "the pictures need Matplotlib, which is not installed; "
            "install it with `pip install 'nertagger[plots]'`"
        )
    from nertagger.laboratory.result import write_result
    from nertagger.laboratory.workbench import Workbench

    with Workbench(name, output, seed, quick, options) as workbench:
        try:
            result = function(workbench=workbench, **options)
        except KeyboardInterrupt:
            workbench.console.print(
                "stopped; the same command goes on from here", highlight=False, soft_wrap=True
            )
            raise
        paths = write_result(result, workbench.folder, name)
        workbench.finish()
    _print_table(result.table)
    print(f"\n{result.finding}")
    sys.stdout.flush()
    print("written: " + " ".join(str(path) for path in paths), file=sys.stderr)


def _print_table(rows: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        number = all(isinstance(row[column], int | float) for row in rows)
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:.3g}" if value == 0 or abs(value) < 1000 else f"{value:,.0f}"
