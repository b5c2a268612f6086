"""Which input format a file has. A new one is one new file and one line in `INPUTS`."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from nertagger.bulk.records import InputFormat
from nertagger.errors import InputError

PLAIN_TEXT = "text"

# Name: where it is, and the extensions of its files. They are imported when they are used.
INPUTS = {
    PLAIN_TEXT: ("plain_text:PlainText", (".txt",)),
    "jsonl": ("json_lines:JsonLines", (".jsonl", ".ndjson", ".json")),
    "conll": ("conll_columns:ConllColumns", (".conll", ".bio", ".iob", ".iob2", ".bioes")),
    "csv": ("delimited:Delimited", (".csv", ".tsv")),
}


def input_format_of(path: str | os.PathLike[str]) -> str:
    """The name of the format that the extension of a file tells; plain text where it tells none."""
    suffix = Path(path).suffix.lower()
    return next((name for name, (_, known) in INPUTS.items() if suffix in known), PLAIN_TEXT)


def make_input(
    name: str, path: str | os.PathLike[str], column: str | None = None, **options: Any
) -> InputFormat:
    """The input format of that name.

    Args:
        name: one of `INPUTS`.
        path: of the file.
        column: the one that holds the text, for formats with named columns.
        options: what its `options()` gave in another process.

    Raises:
        InputError: the format has no named columns, and `column` is given.
    """
    if column is not None and name != "csv":
        raise InputError(
            f"--text-column {column!r} is for .csv and .tsv files; this is read as "
            f"{'plain text' if name == PLAIN_TEXT else name}",
            path,
        )
    module, _, made = INPUTS[name][0].partition(":")
    return getattr(importlib.import_module(f"nertagger.bulk.{module}"), made)(
        path, column, **options
    )
