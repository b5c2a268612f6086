"""`nertagger models`: what a name finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nertagger import cli
from nertagger.runtime import directory


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.main(["models", *arguments])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


@pytest.fixture
def folder(model, tmp_path, monkeypatch) -> Path:
    """A working directory with two models of its own, where nothing ships."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(directory, "model_folders", lambda: [Path("saved_models")])
    saved = tmp_path / "saved_models"
    for name in ("berries", "apples"):
        shutil.copytree(model, saved / name)
    return saved


def test_every_model_with_labels_size_score_and_licence(folder, capsys):
    path = folder / "apples/1/assets.extra/nertagger/config.json"
    config = json.loads(path.read_text())
    config["scores"] = {"micro": {"precision": 0.5, "recall": 0.5, "f1": 0.87654}}
    config["training"] = {"dev": "orchard", "options": {"licence": "CC0 1.0"}}
    path.write_text(json.dumps(config))
    code, out, err = run(capsys, "--format", "json")
    rows = json.loads(out)
    assert (code, err) == (0, "")
    assert [row["name"] for row in rows] == ["apples", "berries"]
    size = sum(file.stat().st_size for file in (folder / "apples/1").rglob("*") if file.is_file())
    assert rows[0] == {
        "name": "apples",
        "version": 1,
        "labels": config["labels"],
        "bytes": size,
        "f1": 0.87654,
        "scored_on": "orchard",
        "licence": "CC0 1.0",
        "path": str(Path("saved_models/apples/1")),
    }
    assert rows[1]["licence"] is None
    _, out, _ = run(capsys)
    assert "87.65" in out
    assert "CC0 1.0" in out
    assert "not stated" in out


def test_the_highest_version_of_the_first_folder_is_listed(folder, capsys, tmp_path, monkeypatch):
    other = tmp_path / "elsewhere"
    shutil.copytree(folder / "apples", other / "apples")
    shutil.copytree(folder / "berries", other / "cherries")
    shutil.copytree(folder / "apples/1", folder / "apples/10")
    monkeypatch.setattr(directory, "model_folders", lambda: [Path("saved_models"), other])
    rows = json.loads(run(capsys, "--format", "json")[1])
    assert [(row["name"], row["version"], Path(row["path"]).parts[0]) for row in rows] == [
        ("apples", 10, "saved_models"),
        ("berries", 1, "saved_models"),
        ("cherries", 1, other.parts[0]),
    ]


def test_a_broken_model_is_told_of_and_hides_no_other(folder, capsys):
    broken = folder / "apples/1/assets.extra/nertagger/config.json"
    broken.write_text("{")
    code, out, err = run(capsys, "--format", "json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)] == ["berries"]
    assert err.startswith("nertagger: warning: ")
    assert str(Path("saved_models/apples/1")) in err
    assert err.count("\n") == 1


def test_without_any_model_it_says_how_to_make_one(folder, capsys):
    shutil.rmtree(folder)
    code, out, err = run(capsys)
    assert (code, out) == (0, "")
    assert "nertagger train" in err
    assert json.loads(run(capsys, "--format", "json")[1]) == []


def test_listing_needs_no_tensorflow(folder):
    statement = (
        "import sys, nertagger.cli.models as m; m.installed_models(); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", statement], cwd=folder.parent).returncode == 0
