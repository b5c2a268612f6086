"""A group of commands that are imported when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class CommandTable(click.Group):
    """Commands that are a module each, with a click command named `command`.

    Args:
        table: each command's name and its one line of help, so that `--help` imports none.
        package: where the modules are; `-` in a name is `_` in its module's.
        noun: what one of them is called.
    """

    def __init__(
        self, *arguments: Any, table: Mapping[str, str], package: str, noun: str, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._table = table
        self._package = package
        self._noun = noun

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self._table:
            return None
        return importlib.import_module(f"{self._package}.{name.replace('-', '_')}").command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(f"{self._noun.capitalize()}s"):
            formatter.write_dl(list(self._table.items()))

    def resolve_command(self, context: click.Context, arguments: list[str]) -> Any:
        if arguments and arguments[0] not in self._table and not arguments[0].startswith("-"):
            raise click.UsageError(
                f"no {self._noun} {arguments[0]!r}; there are {', '.join(self._table)}", context
            )
        return super().resolve_command(context, arguments)
