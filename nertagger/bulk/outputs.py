"""How tagged documents are written. A new format is one new file and one line in `OUTPUTS`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from nertagger.bulk.records import OutputFormat

# Where each is; imported when it is used.
OUTPUTS = {
    "table": "table_output:TableOutput",
    "json": "json_output:JsonListOutput",
    "jsonl": "json_output:JsonLinesOutput",
    "conll": "conll_output:ConllOutput",
    "html": "html_output:HtmlOutput",
}


def make_output(name: str, labels: Sequence[str]) -> OutputFormat:
    """The output format of that name, one of `OUTPUTS`, for entities of these labels."""
    module, _, made = OUTPUTS[name].partition(":")
    return getattr(importlib.import_module(f"nertagger.bulk.{module}"), made)(labels)
