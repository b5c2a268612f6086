"""Imports between the packages point one way, and tagging loads no TensorFlow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "nertagger"
LEAVES = {"errors", "writing", "silence"}
ALLOWED = {
    "text": set(),
    "recurrent": set(),
    "crf": set(),
    "corpora": {"text"},
    "evaluation": {"text"},
    "models": {"text", "recurrent", "crf"},
    "runtime": {
        "text",
        "recurrent.equations",
        "recurrent.numpy_ops",
        "recurrent",
        "crf.equations",
        "crf",
    },
    "training": {"models", "corpora", "evaluation", "runtime", "text", "recurrent"},
    "bulk": {"text", "corpora", "runtime"},
    "export": {"models", "corpora", "evaluation", "runtime", "text", "crf", "recurrent"},
    "laboratory": {
        "text",
        "recurrent",
        "crf",
        "corpora",
        "evaluation",
        "models",
        "runtime",
        "training",
    },
}


def imports_of(path: Path) -> set[str]:
    """What a file imports of this project, without the leading `nertagger.`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {
            name.removeprefix("nertagger.") for name in names if name.startswith("nertagger.")
        }
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package):
    leaves = set() if package in ("text", "recurrent", "crf") else LEAVES
    for path in sorted((PACKAGE / package).rglob("*.py")):
        for name in imports_of(path):
            top = name.split(".")[0]
            if top == package or top in leaves:
                continue
            assert top in ALLOWED[package], f"{path} imports nertagger.{name}"
            if package == "runtime" and top in ("recurrent", "crf"):
                module = ".".join(name.split(".")[:2])
                assert module in ALLOWED["runtime"], f"{path} imports nertagger.{name}"


def test_every_package_is_installed():
    """setup.cfg names the packages one by one; none may be forgotten."""
    listed = (PACKAGE.parent / "setup.cfg").read_text(encoding="utf-8").split()
    for path in PACKAGE.rglob("__init__.py"):
        name = ".".join(path.parent.relative_to(PACKAGE.parent).parts)
        assert name in listed, f"{name} is not in setup.cfg"


@pytest.mark.parametrize(
    "statement",
    [
        "import nertagger",
        "import nertagger; nertagger.load, nertagger.Tagger, nertagger.Document",
        "import nertagger.cli; nertagger.cli.application.get_command(None, 'tag')",
        "import nertagger.cli; nertagger.cli.application.get_command(None, 'evaluate')",
        "import nertagger.cli; nertagger.cli.application.get_command(None, 'train')",
        "import nertagger.recurrent.equations, nertagger.crf.equations, nertagger.training.train",
    ],
)
def test_what_needs_no_keras_imports_none(statement):
    check = (
        "import sys; print([name for name in ('tensorflow', 'keras', 'torch', 'jax') "
        "if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{check}"], capture_output=True, text=True, check=True
    )
    assert output.stdout == "[]\n"
