"""docs/equations.md: its links lead to the lines that it names, and its formulas are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nertagger.recurrent import backpropagation, equations

PAGE = Path(__file__).resolve().parents[2] / "docs" / "equations.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINKS = re.findall(r"\[`(\w+)`\]\(([\w./]+)#L(\d+)\)", TEXT)
FORMULAS = [
    *re.findall(r"^\$\$$(.*?)^\$\$$", TEXT, re.DOTALL | re.MULTILINE),
    *re.findall(r"(?<!\$)\$([^$\n]+)\$(?!\$)", TEXT),
]


@pytest.mark.parametrize(("name", "path", "line"), sorted(set(LINKS)))
def test_every_link_leads_to_the_line_that_begins_what_it_names(name, path, line):
    lines = (PAGE.parent / path).read_text(encoding="utf-8").splitlines()
    begins = re.compile(rf"(def|class) {name}\b|{name}\b\s*[:=]")
    actual = [number for number, content in enumerate(lines, 1) if begins.match(content)]
    assert [int(line)] == actual, f"{path}: {name} begins at line {actual}, the page says {line}"


def test_every_link_to_a_line_is_of_the_form_that_is_checked():
    assert TEXT.count("#L") == len(LINKS)


def test_every_cell_is_linked_both_ways():
    linked = {name for name, _, _ in LINKS}
    for cell, its in equations.CELLS.items():
        assert its.step.__name__ in linked
        forwards, backwards = backpropagation._STEPS[cell]
        assert {forwards.__name__, backwards.__name__} <= linked


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_balanced(formula):
    assert formula.count("{") == formula.count("}")
    assert len(re.findall(r"\\left\b", formula)) == len(re.findall(r"\\right\b", formula))
    assert formula.count(r"\lVert") == formula.count(r"\rVert")
    environments = re.findall(r"\\(begin|end)\{(\w+)\}", formula)
    assert environments[::2] == [("begin", name) for _, name in environments[1::2]]
    # GitHub reads a backslash before punctuation as Markdown's, and drops it.
    assert not re.search(r"\\[,;:!{}_|]", formula)


def test_dollars_come_in_pairs():
    assert len(re.findall(r"^\$\$$", TEXT, re.MULTILINE)) % 2 == 0
    outside = re.sub(r"^\$\$$.*?^\$\$$", "", TEXT, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", outside):
        assert paragraph.count("$") % 2 == 0, paragraph
    # An inline formula that crosses a line is not drawn everywhere.
    for line in outside.splitlines():
        assert line.count("$") % 2 == 0, line
