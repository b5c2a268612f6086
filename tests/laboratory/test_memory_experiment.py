"""How far back cells reach: the tasks, the start of the gates, and what training finds."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nertagger import cli
from nertagger.laboratory.memory import (
    CONDITIONS,
    Learner,
    finding,
    open_gate_bias,
    reach,
)
from nertagger.laboratory.sequence_tasks import DISTRACTORS, SYMBOLS, TASKS
from nertagger.recurrent.equations import CELLS


def drawn(task, count, distance, anywhere, seed=(7, 3)):
    import tensorflow as tf

    inputs, answers = TASKS[task].draw(count, distance, tf.constant(seed), tf.constant(anywhere))
    assert inputs.shape == (count, TASKS[task].steps(distance), TASKS[task].inputs)
    return inputs.numpy(), answers.numpy()


def test_a_symbol_is_shown_once_and_asked_for_at_the_end():
    for anywhere in (False, True):
        inputs, answers = drawn("remember", 400, 12, anywhere)
        shown = inputs.argmax(axis=-1)
        assert (inputs.sum(axis=-1) == 1).all()
        assert ((shown < SYMBOLS).sum(axis=1) == 1).all()
        assert (shown[:, -1] == SYMBOLS + DISTRACTORS).all()
        places = (shown < SYMBOLS).argmax(axis=1)
        assert (shown[np.arange(400), places] == answers).all()
        assert set(places) == (set(range(12)) if anywhere else {0})
        assert set(answers) == set(range(SYMBOLS))


def test_one_number_of_each_half_is_marked_and_the_answer_is_their_sum():
    inputs, answers = drawn("adding", 500, 9, False)
    values, marks = inputs[..., 0], inputs[..., 1]
    assert (marks[:, :4].sum(axis=1) == 1).all()
    assert (marks[:, 4:].sum(axis=1) == 1).all()
    np.testing.assert_allclose((values * marks).sum(axis=1), answers, rtol=1e-6)
    assert answers.var() == pytest.approx(1 / 6, rel=0.15)


def test_draws_depend_on_both_seeds():
    one = drawn("adding", 5, 9, False)[0]
    assert (one == drawn("adding", 5, 9, False)[0]).all()
    for seed in ((8, 3), (7, 4)):
        assert (one != drawn("adding", 5, 9, False, seed)[0]).any()


@pytest.mark.parametrize("task", TASKS)
def test_guessing_scores_what_it_is_said_to(task):
    import tensorflow as tf

    _, answers = drawn(task, 4000, 10, False)
    outputs = np.zeros((4000, TASKS[task].outputs), np.float32)
    outputs[:, 0] = 1
    score = TASKS[task].score(tf.constant(answers), tf.constant(outputs))
    assert float(score) == pytest.approx(TASKS[task].guessing, abs=0.05)


def test_open_gates_stay_open_for_up_to_the_distance():
    for cell in set(CELLS) - {"simple-rnn"}:
        gates = CELLS[cell].gates
        by_gate = dict(
            zip(gates, open_gate_bias(cell, 500, 40, 1).reshape(len(gates), 500), strict=True)
        )
        kept = (
            1 / (1 + np.exp(by_gate["update"]))
            if "update" in gates
            else 1 / (1 + np.exp(-by_gate["forget"]))
        )
        # σ(log u) = u / (1 + u): what is kept falls to 1/e in about 1 + u steps.
        spans = kept / (1 - kept)
        assert 1 <= spans.min() < 3
        assert 37 < spans.max() <= 40
        others = set(gates) - {"forget", "update", "input"}
        assert all((by_gate[gate] == 0).all() for gate in others)
    with pytest.raises(ValueError, match="simple-rnn has no forget gate"):
        open_gate_bias("simple-rnn", 3, 40, 1)


def test_a_distance_is_reached_only_if_all_nearer_ones_are():
    rows = [
        {"distance": 10, "scores": [1.0, 0.9]},
        {"distance": 20, "scores": [1.0, 0.85]},
        {"distance": 40, "scores": [1.0, 0.7]},
        {"distance": 80, "scores": [1.0, 1.0]},
    ]
    assert reach(rows) == 20
    assert reach(rows[2:]) == 0


def test_the_finding_is_read_off_the_reaches():
    reaches = {name: {"simple-rnn": 20, "lstm": 80, "gru": 160} for name in CONDITIONS}
    del reaches["open-gates"]["simple-rnn"]
    sentence = finding(reaches, farthest=160)
    assert "remembers a symbol over 20 steps" in sentence
    assert "over 80 to 160" in sentence


def test_a_gru_adds_over_a_distance_where_a_simple_rnn_does_not():
    gated = Learner("adding", "gru", 32, 500).learn(seed=1, max_steps=500)
    simple = Learner("adding", "simple-rnn", 32, 500).learn(seed=1, max_steps=500)
    assert gated["score"] > 0.9
    assert simple["score"] < 0.5


def test_the_same_seed_trains_the_same_network():
    learner = Learner("remember", "simple-rnn", 4, 200)
    runs = [learner.learn(seed, max_steps=50) for seed in (1, 2, 1)]
    assert runs[0] == runs[2]
    assert runs[0]["score"] != runs[1]["score"]


def test_an_unknown_cell_is_one_line(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["lab", "memory", "--cell", "hopfield"])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "'hopfield'" in error


@pytest.mark.slow
def test_a_quick_run_shows_what_gates_are_for(tmp_path):
    with pytest.raises(SystemExit) as left:
        cli.main(["lab", "memory", "--quick", "--output", str(tmp_path)])
    assert left.value.code == 0
    numbers = json.loads((tmp_path / "memory.json").read_text())
    assert numbers["reach"]["adding"] == {"simple-rnn": 10, "lstm": 80}
    # A lucky start lets one simple RNN in three remember a symbol as far.
    assert numbers["reach"]["remember"]["lstm"] == 80
    assert numbers["reach"]["open-gates"] == {"lstm": 80}
    assert numbers["reach"]["always-far"]["lstm"] == 10
    assert {path.name for path in tmp_path.iterdir()} == {"memory.json", "memory.png", "memory.svg"}
