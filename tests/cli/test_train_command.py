"""`nertagger train` as a user meets it: what it says, what it leaves, how it is stopped."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nertagger.cli import main
from nertagger.training.sources import Source

NAMES = ["Ada Brook", "Tom Wells", "Mira Stone", "Ben Okoro"]


def write_corpus(path: Path, documents: int = 40) -> Path:
    lines = []
    for number in range(documents):
        name = NAMES[number % len(NAMES)]
        text = f"at noon {name} came home ."
        lines.append(json.dumps({"text": text, "label": [[8, 8 + len(name), "PER"]]}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nertagger", "train", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command line is refused."""
    with pytest.raises(SystemExit) as stop:
        main(["train", *arguments])
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unit", "3"], "no such option '--unit'"),
        (["--cell", "mlp"], "'mlp' is not one of"),
        (["--recipe", "best"], "'best' is not one of 'default', 'plain', 'accurate'"),
        (["--units", "many"], "'many' is not a valid integer"),
        (["--vocabulary-size", "1"], "vocabulary_size is 1; expected 3 to"),
        (["--train", "nowhere.conll"], "nowhere.conll"),
        (["--train", "."], "directory"),
        (["--beside", "nowhere.conll"], "nowhere.conll"),
        (["--config", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["extra"], "unexpected extra argument"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_one_line_and_leaves_nothing(
    capsys, tmp_path, monkeypatch, arguments, said
):
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, *arguments)
    assert os.listdir(tmp_path) == []


def test_an_option_given_wins_over_the_file_of_options(capsys, tmp_path):
    config = tmp_path / "train.toml"
    config.write_text("units = 0\n")
    corpus = str(write_corpus(tmp_path / "news.jsonl"))
    assert "units is 0" in refused(capsys, "--config", str(config), "--train", corpus)
    assert "layers is 0" in refused(
        capsys, "--config", str(config), "--units", "3", "--layers", "0"
    )


def test_what_is_learnt_beside_has_heads_of_its_own(tmp_path, monkeypatch, capsys):
    micro = dict.fromkeys(("f1", "precision", "recall"), 0.5)
    result = {"model": "a/1", "epoch": 1, "scores": {"micro": micro}, "interrupted": False}
    asked = []

    def train(options, resume, export):
        asked.append(options.sources)
        return result

    monkeypatch.setattr("nertagger.training.train.train", train)
    config = tmp_path / "train.toml"
    config.write_text('[[train]]\npath = "c.conll"\nrepeat = 2\n')
    for arguments in (["--train", "a.conll"], ["--config", str(config)], []):
        with pytest.raises(SystemExit) as stop:
            main(["train", *arguments, "--beside", "bundled", "--beside", "b.conll"])
        assert not stop.value.code
    beside = (Source("bundled", own_head=True), Source("b.conll", own_head=True))
    own = (Source("a.conll"), Source("c.conll", repeat=2), Source("bundled"))
    assert asked == [(one, *beside) for one in own]
    assert capsys.readouterr().out.count("a/1  dev F1 50.00") == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("alpha 1 2\nbeta 1\n", ":2:"),
        ("alpha 1 x\n", ":1:"),
        ("", "empty"),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(capsys, tmp_path, content, said):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text(content)
    corpus = str(write_corpus(tmp_path / "news.jsonl"))
    line = refused(
        capsys, "--train", corpus, "--vectors", str(vectors), "--output", str(tmp_path / "m")
    )
    assert said in line
    assert str(vectors) in line
    assert not (tmp_path / "m").exists()


def test_output_that_is_a_file_is_refused(capsys, tmp_path):
    corpus = str(write_corpus(tmp_path / "news.jsonl"))
    assert "expects a directory" in refused(capsys, "--train", corpus, "--output", corpus)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    corpus = str(write_corpus(tmp_path / "news.jsonl"))

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    result = run(
        *("--train", corpus, "--output", "model", "--epochs", "1", "--units", "40"),
        cwd=tmp_path,
        preexec_fn=small_files_only,
    )
    assert result.returncode == 2
    assert "too large" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_stdout_has_the_result_alone_and_stderr_no_chatter(tmp_path):
    corpus = str(write_corpus(tmp_path / "news.jsonl"))
    result = run("--train", corpus, "--output", "model", "--epochs", "1", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("model/1  dev F1 ")
    assert result.stdout.count("\n") == 1
    expected = ("no --dev", "news", "vocabulary", "loading Keras", "epoch", "making the scores")
    for line in result.stderr.splitlines():
        assert line.startswith(expected), line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_a_training_that_was_stopped_goes_on(tmp_path, number, code):
    corpus = str(write_corpus(tmp_path / "news.jsonl", 400))
    options = ["--train", corpus, "--units", "20", "--epochs", "20", "--patience", "20"]
    command = [sys.executable, "-m", "nertagger", "train", *options, "--output", "stopped"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    checkpoint = tmp_path / "stopped" / ".training" / "checkpoint.safetensors"
    while process.poll() is None and not checkpoint.exists():
        time.sleep(0.05)
    process.send_signal(number)
    errors = process.communicate()[1]
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert checkpoint.exists()
    resumed = run(*options, "--output", "stopped", "--resume", cwd=tmp_path)
    whole = run(*options, "--output", "whole", cwd=tmp_path)
    assert "going on from the last checkpoint" in resumed.stderr
    assert resumed.returncode == whole.returncode == 0
    # The same epochs with the same scores: only the version's number may differ.
    assert resumed.stdout.split()[1:] == whole.stdout.split()[1:]
    assert not (tmp_path / "stopped" / ".training").exists()
