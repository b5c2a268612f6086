"""`lab compare`: which cell to choose."""

from __future__ import annotations

import dataclasses
import json
import random

import numpy as np
import pytest

from nertagger import cli
from nertagger.laboratory.compare import (
    QUICK,
    Setting,
    compare,
    pareto_front,
    read_comparison,
    recommended,
    summary,
)
from nertagger.laboratory.parameters import nearest_units
from nertagger.laboratory.workbench import Workbench
from nertagger.recurrent.equations import CELLS


@pytest.fixture(scope="module")
def comparison():
    return read_comparison(None, None, Setting(), seed=1)


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """Two cells on a corpus in which one word of five is a name; one seed, to be quick."""
    folder = tmp_path_factory.mktemp("compare")
    draw = random.Random(1)
    names, words = ["Ada", "Grace", "Alan", "Edsger"], ["and", "met", "the", "tall", "queen", "."]
    for part, sentences in (("train", 64), ("dev", 16)):
        lines = []
        for _ in range(sentences):
            for _ in range(8):
                is_name = draw.random() < 0.2
                word = draw.choice(names if is_name else words)
                lines.append(f"{word} {'B-PER' if is_name else 'O'}")
            lines.append("")
        (folder / f"{part}.conll").write_text("\n".join(lines), encoding="utf-8")
    setting = Setting(cells=("simple-rnn", "gru"), seeds=1, units=6, epochs=4, batch_size=8)
    files = str(folder / "train.conll"), str(folder / "dev.conll")
    options, dataset = read_comparison(*files, setting, seed=1)
    with Workbench("compare", folder / "lab") as workbench:
        return compare(workbench, options, dataset, setting)


def row(cell, f1, deviation, speed):
    return {"cell": cell, "f1": f1, "f1_deviation": deviation, "tokens_per_second": speed}


@pytest.mark.parametrize("wanted", [1, 2, 3, 50, 51, 1_000, 12_345])
def test_units_are_those_that_come_nearest(wanted):
    def parameters_of(units):
        return 3 * units * units + 2 * units

    nearest = min(range(1, 200), key=lambda units: abs(parameters_of(units) - wanted))
    assert nearest_units(parameters_of, wanted) == nearest


@pytest.mark.parametrize("cell", CELLS)
def test_taggers_of_all_cells_are_equally_large(comparison, cell):
    from nertagger.laboratory.cell_training import equal_options, parameter_count
    from nertagger.training.fit import build_model
    from nertagger.training.train import architecture_of

    options, dataset = comparison
    own = equal_options(cell, options, dataset)
    assert dataclasses.replace(own, cell="lstm", units=options.units) == options
    model = build_model(architecture_of(own, dataset), dataset, seed=1)
    size = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert parameter_count(own, dataset) == size
    assert size == pytest.approx(parameter_count(options, dataset), rel=0.005)


def test_of_the_cells_near_the_best_the_fastest_is_recommended():
    best, near, far = row("lstm", 0.60, 0.03, 100), row("gru", 0.58, 0.0, 120), None
    far = row("simple-rnn", 0.56, 0.09, 500)
    assert recommended([best, near, far]) == "gru"
    assert recommended([far, near, best]) == "gru"
    # A deviation of its own makes no cell better.
    assert recommended([{**best, "f1_deviation": 0.01}, near, far]) == "lstm"
    # As fast, but for what another measurement might turn round.
    assert recommended([best, {**near, "tokens_per_second": 104}, far]) == "lstm"
    assert recommended([{**best, "f1_deviation": 0.05}, near, far]) == "simple-rnn"


def test_the_pareto_front_is_what_nothing_beats_in_both():
    draw = np.random.default_rng(5)
    for _ in range(20):
        pairs = zip(draw.random(6).round(1), draw.random(6).round(1), strict=True)
        rows = [row(str(n), f1, 0, speed) for n, (f1, speed) in enumerate(pairs)]
        values = {(r["tokens_per_second"], r["f1"]) for r in rows}
        unbeaten = {
            (speed, f1)
            for speed, f1 in values
            if not any(s >= speed and f >= f1 and (s, f) != (speed, f1) for s, f in values)
        }
        front = [(r["tokens_per_second"], r["f1"]) for r in pareto_front(rows)]
        assert set(front) == unbeaten
        assert front == sorted(front)
        assert len(front) == len(unbeaten)


def test_a_summary_is_of_all_seeds():
    runs = [
        {
            "f1": f1,
            "training_seconds": 3 * f1,
            "training_cpu_seconds": 2 * f1,
            "tokens_per_second": speed,
            "weights_bytes": 7,
            "peak_bytes": peak,
        }
        for f1, speed, peak in ((0.2, 10, 1), (0.4, 90, 2), (0.9, 20, 6))
    ]
    found = summary("gru", 5, 99, runs)
    assert found["f1"] == pytest.approx(0.5)
    assert found["f1_deviation"] == pytest.approx(np.std([0.2, 0.4, 0.9], ddof=1))
    assert found["training_seconds"] == pytest.approx(1.5)
    assert found["tokens_per_second"] == 20
    assert found["peak_bytes"] == pytest.approx(3)
    assert summary("gru", 5, 99, runs[:1])["f1_deviation"] == 0


def test_every_cell_is_trained_scored_and_measured(small_run):
    assert [r["cell"] for r in small_run.table] == ["simple-rnn", "gru"]
    for r in small_run.numbers["summary"]:
        runs = small_run.numbers["runs"][r["cell"]]
        assert len(runs) == 1
        # Nothing is easier than names of four words.
        assert r["f1"] > 0.9
        assert r["f1"] == pytest.approx(max(runs[0]["curve"]))
        assert runs[0]["tokens"] == 16 * 8
        # Four bytes a weight, and a header.
        assert 4 * r["parameters"] < r["weights_bytes"] < 4 * r["parameters"] + 4096
        assert r["peak_bytes"] > 0
    sizes = [r["parameters"] for r in small_run.numbers["summary"]]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)


def test_the_finding_names_the_cell_that_the_rule_names(small_run):
    chosen = recommended(small_run.numbers["summary"])
    assert small_run.numbers["recommended"] == chosen
    assert small_run.finding.startswith(f"Take {chosen} (")
    assert f"to be taken, {chosen}, outlined" in small_run.pictures["compare"].caption


def test_a_training_that_the_user_stopped_is_no_part(comparison, monkeypatch):
    from nertagger.laboratory.cell_training import train_cell
    from nertagger.training import fit

    stopped = fit.Fitted(tensors=None, history=[], interrupted=True)
    monkeypatch.setattr(fit, "fit", lambda *arguments: stopped)
    with pytest.raises(KeyboardInterrupt):
        train_cell(*comparison)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 3, 5])
def test_a_gru_is_ahead_of_an_lstm_as_large_when_both_have_learnt_little(tmp_path, seed):
    options, dataset = read_comparison(None, None, QUICK, seed)
    with Workbench("compare", tmp_path, seed=seed, quick=True) as workbench:
        result = compare(workbench, options, dataset, QUICK)
    f1 = {r["cell"]: r["f1"] for r in result.numbers["summary"]}
    assert f1["gru"] > f1["lstm"] + 0.02
    assert min(f1.values()) > 0.25


def test_corpora_that_cannot_be_compared_on_are_one_line(tmp_path, capsys):
    empty = tmp_path / "empty.conll"
    empty.write_text("")
    bare = tmp_path / "bare.jsonl"
    bare.write_text(json.dumps({"text": "No names.", "entities": []}) + "\n", encoding="utf-8")
    for arguments, said in (
        (["--train", str(bare)], "--dev"),
        (["--train", str(bare), "--dev", str(bare)], "no entity"),
        (["--dev", str(empty)], "is empty"),
    ):
        with pytest.raises(SystemExit) as left:
            cli.main(["lab", "compare", *arguments, "--output", str(tmp_path / "lab")])
        assert left.value.code == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert said in error
