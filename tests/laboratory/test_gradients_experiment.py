"""What `nertagger lab gradients` finds, on small runs, and the parts that it is made of."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import tiny_models

from nertagger import cli
from nertagger.errors import InputError
from nertagger.laboratory import gradients
from nertagger.laboratory.gradient_flow import (
    STEPS,
    WARM_UP,
    distances_in,
    examine,
    kernel_sizes,
    new_cell,
    noise_like,
    short_number,
    tagger_cells,
    text_pieces,
)
from nertagger.laboratory.gradient_pictures import distance_picture
from nertagger.laboratory.gradient_report import finding, table
from nertagger.laboratory.gradient_training import Training, train_tagger
from nertagger.laboratory.state_jacobians import Cell, run_cell
from nertagger.laboratory.tagger_gradients import run_on_tagger
from nertagger.laboratory.workbench import Workbench
from nertagger.recurrent.equations import CELLS
from nertagger.runtime.network import Network

SEED = 1
SMALL = dataclasses.replace(
    gradients.QUICK, pieces=3, clipping_steps=30, radii=(0.5, 1.0, 1.5, 2.0), biases=(0, 1, 5)
)


@pytest.fixture(scope="module")
def tagging():
    return gradients.tagging("tanh")


@pytest.fixture(scope="module")
def pieces():
    return text_pieces(None, SMALL.pieces)


@pytest.fixture(scope="module")
def examined(tagging, pieces):
    """What is found of a simple RNN and of an LSTM, before and after a short training."""
    dataset, architecture = tagging
    return {
        cell: gradients.examine_cell(
            dataclasses.replace(architecture, cell=cell), dataset, pieces, SMALL, SEED
        )
        for cell in ("simple-rnn", "lstm")
    }


@pytest.fixture(scope="module")
def dials(tagging, pieces):
    return gradients.turn_dials(tagging[0], pieces, SMALL, SEED)


@pytest.mark.parametrize("inputs", ["words", "noise"])
def test_a_trained_simple_rnn_loses_over_50_steps_what_an_lstm_keeps_in_its_cell(examined, inputs):
    hidden = examined["simple-rnn"]["trained"][inputs]["h"]["median"]
    cell = examined["lstm"]["trained"][inputs]["c"]["median"]
    assert hidden[-1] < 1e-6 * hidden[0]
    assert cell[-1] > 1e-3 * cell[0]


def test_before_training_the_lstm_has_no_such_lead(examined):
    """A forget bias of 1 is a memory of a few steps: σ(1) = 0.73."""
    hidden = examined["simple-rnn"]["untrained"]["words"]["h"]["median"]
    cell = examined["lstm"]["untrained"]["words"]["c"]["median"]
    assert cell[-1] < 1e-2 < 1e-1 < cell[0]
    assert hidden[-1] > cell[-1]


def test_the_sigmoid_loses_a_change_of_a_simple_rnn_soonest(examined):
    last = {
        name: found["h"]["median"][-1]
        for name, found in examined["simple-rnn"]["activations"].items()
    }
    assert set(last) == {"tanh", "sigmoid", "relu", "leaky_relu", "elu"}
    assert last["sigmoid"] < 1e-20 < 1e-9 < min(v for k, v in last.items() if k != "sigmoid")


def test_no_norm_exceeds_its_bound(examined):
    for cell in examined.values():
        parts = [*cell["untrained"].values(), *cell["trained"].values()]
        for part in [*parts, *cell["activations"].values()]:
            assert part["nearest_bound"] <= 1 + 1e-9
    # The bound is no idle one: an orthogonal kernel comes near it in a step.
    assert examined["simple-rnn"]["untrained"]["words"]["nearest_bound"] > 0.9


def test_relu_explodes_above_a_spectral_radius_of_1_and_vanishes_below(dials):
    by_radius = dict(zip(dials["radii"], dials["radius"]["identity"]["relu"], strict=True))
    assert by_radius[0.5] < 1e-12
    assert by_radius[1.0] == pytest.approx(1)
    assert by_radius[1.5] == pytest.approx(1.5**50)
    # A random kernel turns half of the units off: there it takes a radius above √2.
    random = dict(zip(dials["radii"], dials["radius"]["orthogonal"]["relu"], strict=True))
    assert random[0.5] < 1e-12
    assert random[2.0] > 1e4


def test_tanh_saturates_where_relu_explodes_and_sigmoid_always_vanishes(dials):
    relu, tanh = (dials["radius"]["identity"][name][-1] for name in ("relu", "tanh"))
    assert tanh < 1e-6 * relu
    for kind in dials["radius"].values():
        assert max(kind["sigmoid"]) < 1e-9


def test_forget_bias_is_the_dial_of_the_lstm(dials):
    none, one, five = dials["forget_bias"]["c"]
    assert none < 1e-6
    assert 1e-6 < one < 1e-2
    assert five > 0.1


def test_what_was_found_is_said_with_its_numbers(examined, dials, pieces):
    numbers = {
        "cells": examined,
        "dials": dials,
        "distances": distances_in(pieces),
        "pieces": len(pieces),
    }
    said = finding(numbers)
    kept = examined["lstm"]["trained"]["words"]["c"]["median"][-1]
    assert f"to {short_number(kept)}. Before training" in said
    rows = table(numbers)
    assert [(row["cell"], row["weights"]) for row in rows[::3]] == [
        ("simple-rnn", "untrained"),
        ("lstm", "trained"),
    ]
    assert rows[3]["∂c, 50 steps"] == short_number(kept)
    assert rows[0]["∂c, 50 steps"] == "–"
    drawn = distance_picture(numbers, "words").figure
    titles = [axis.get_title() for axis in drawn.axes]
    assert len(set(titles)) == 4
    # The simple RNN, the LSTM and the bound; and of the cell state the LSTM alone.
    assert [len(axis.lines) for axis in drawn.axes] == [3, 1, 3, 1]


def test_clipping_saves_a_training_that_explodes_without(tagging):
    dataset, architecture = tagging
    runs = {
        kind: gradients.clipping_run(
            dataclasses.replace(architecture, cell="simple-rnn", activation="relu"),
            dataset,
            training,
            SEED,
        )
        for kind, training in gradients.clipping_trainings(SMALL, "relu")
        if kind != "weight decay"
    }
    assert None in runs["as it is"]["norms"] + runs["as it is"]["losses"]
    losses = runs["clipped"]["losses"]
    assert len(losses) == SMALL.clipping_steps
    assert np.mean(losses[-10:]) < np.mean(losses[:3]) / 2


def change_of_one_step(tagging, **options):
    """What a step of gradient descent takes from all weights, and the norm that it reports."""
    dataset, architecture = tagging
    architecture = dataclasses.replace(
        architecture, cell="simple-rnn", units=4, dropout=0.0, recurrent_dropout=0.0
    )
    trained = train_tagger(architecture, dataset, Training(1, "sgd", **options), SEED)
    change = [(trained.before[name] - trained.after[name]).ravel() for name in trained.before]
    return np.concatenate(change).astype("f8"), trained


def test_a_clipped_gradient_keeps_its_direction_and_has_the_thresholds_norm(tagging):
    # So large a step that float32 weights show the change that a small gradient brings.
    rate = 100.0
    whole, trained = change_of_one_step(tagging, learning_rate=rate, clip_norm=None)
    clipped, same = change_of_one_step(tagging, learning_rate=rate, clip_norm=1e-2)
    assert trained.norms == same.norms
    assert trained.norms[0] > 1
    assert np.linalg.norm(whole) / rate == pytest.approx(trained.norms[0], rel=1e-3)
    assert np.linalg.norm(clipped) / rate == pytest.approx(1e-2, rel=1e-3)
    cosine = whole @ clipped / np.linalg.norm(whole) / np.linalg.norm(clipped)
    assert cosine == pytest.approx(1, abs=1e-4)


def test_weight_decay_is_part_of_the_gradient_and_draws_the_kernels_in(tagging):
    name = "encoder.0.forward.recurrent_kernel"
    (_, plain), (_, decayed) = (
        change_of_one_step(tagging, learning_rate=1e-3, clip_norm=None, weight_decay=decay)
        for decay in (0.0, 5.0)
    )
    # Of λ Σ w² the derivative is 2 λ w.
    pulled = plain.after[name] - decayed.after[name]
    np.testing.assert_allclose(pulled, 1e-3 * 2 * 5.0 * plain.before[name], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [{"cell": cell} for cell in CELLS]
    + [{"layers": 2}, {"word_encoding": "one-hot"}, {"activation": "elu", "head": "softmax"}],
)
def test_cells_of_a_tagger_get_what_they_get_in_the_runtime(changes):
    config, encoder, tensors = tiny_models.make(**changes)
    piece = tiny_models.WORDS[:12]
    found = list(tagger_cells(config["architecture"], tensors, encoder, [piece]))
    assert [(cell.layer, cell.direction) for cell in found] == [
        (layer, direction)
        for layer in range(config["architecture"]["layers"])
        for direction in ("forward", "backward")
    ]
    outputs = [
        np.stack([state[0][0] for state in run_cell(cell.cell, cell.projected)[1:]])
        for cell in found[-2:]
    ]
    encoded = np.concatenate([outputs[0], outputs[1][::-1]], axis=1)
    logits = Network(config["architecture"], tensors, encoder).logits(piece, np.array([0, 12]))
    np.testing.assert_allclose(
        encoded @ tensors["head.kernel"] + tensors["head.bias"], logits, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("word_encoding", ["embedding", "one-hot"])
def test_a_new_cell_starts_as_the_layers_start_it(word_encoding):
    config, encoder, tensors = tiny_models.make(word_encoding=word_encoding)
    (found, _) = tagger_cells(config["architecture"], tensors, encoder, [tiny_models.WORDS])
    new = new_cell(found, SEED)
    kernel = new.cell.weights["recurrent_kernel"]
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(6), atol=1e-12)
    assert new.projected.shape == found.projected.shape
    forget = new.projected[:, :, 6:12].mean()
    assert forget == pytest.approx(1 + new.projected[:, :, :6].mean(), abs=0.6)
    assert np.abs(new.projected - found.projected).max() > 0.1


def test_noise_is_as_strong_as_the_words_and_has_no_order():
    random = np.random.default_rng(0)
    projected = np.cumsum(random.normal(2, [1.0, 3.0], (20, 60, 2)), axis=1)
    noise = noise_like(projected, SEED)
    np.testing.assert_allclose(noise.mean((0, 1)), projected.mean((0, 1)), rtol=0.1)
    np.testing.assert_allclose(noise.std((0, 1)), projected.std((0, 1)), rtol=0.1)
    assert abs(np.corrcoef(noise[:, 1:, 0].ravel(), noise[:, :-1, 0].ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("size", [1e200, np.inf, np.nan])
def test_a_cell_whose_numbers_overflow_is_examined_all_the_same(size):
    with np.errstate(invalid="ignore"):
        cell = Cell("simple-rnn", "relu", {"recurrent_kernel": size * np.ones((3, 3))})
    found = examine(cell, np.ones((2, 6, 3)), [1, 5]) | kernel_sizes(cell)
    assert found["h"]["median"][-1] is None
    json.dumps(found, allow_nan=False)
    assert short_number(found["h"]["median"][-1]) == "–"


def test_text_is_cut_into_pieces_of_equal_length():
    assert {len(piece) for piece in text_pieces(None, 7)} == {WARM_UP + STEPS}
    assert len(text_pieces(None, 7)) == 7
    words = [f"w{number}" for number in range(130)]
    assert text_pieces(" ".join(words), 5) == [words[:60], words[65:125]]
    (short,) = text_pieces("Ada met Bob in Paris .", 5)
    assert distances_in([short]) == [1, 2, 3, 4, 5]
    for text in ("", "  ", "word"):
        with pytest.raises(InputError, match="--text"):
            text_pieces(text, 5)


def test_a_tagger_of_ones_own_is_examined(tmp_path):
    tiny_models.write(tmp_path / "own", model=tiny_models.make(cell="peephole-lstm", layers=2))
    with Workbench("gradients", tmp_path / "out", quick=True) as workbench:
        result = run_on_tagger(workbench, str(tmp_path / "own"), "Ada met Bob in Paris .")
    assert [(row["layer"], row["direction"]) for row in result.table[::2]] == [
        (0, "forward"),
        (0, "backward"),
        (1, "forward"),
        (1, "backward"),
    ]
    assert "over 5" in result.finding
    assert set(result.pictures) == {"tagger"}
    json.dumps(result.numbers, allow_nan=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "nowhere"], "'nowhere'"),
        (["--model", "en", "--activation", "relu"], "--activation relu"),
        (["--text", "one"], "two or more"),
        (["--activation", "softplus"], "softplus"),
    ],
)
def test_bad_options_are_one_line(tmp_path, capsys, options, said):
    with pytest.raises(SystemExit) as left:
        cli.main(["lab", "gradients", "--output", str(tmp_path / "out"), *options])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.strip().count("\n") == 0


def test_numbers_for_people_are_short():
    values = [None, 0.0, 1.0, 0.023, 34.2, 456.0, 12345.0, 3.2e-12, 1e52]
    assert [short_number(value) for value in values] == [
        "–", "0", "1", "0.023", "34", "456", "1e4", "3e-12", "1e52"
    ]  # fmt: skip


@pytest.mark.slow
def test_the_quick_run_leaves_its_files_and_says_what_it_found(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["lab", "gradients", "--quick", "--output", str(tmp_path)])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in CELLS)
    assert "the simple RNN's ‖∂h_t/∂h_k‖ goes from" in printed
    names = {"words", "noise", "activations", "dials", "training"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "gradients.json",
        *(f"{name}.{suffix}" for name in names for suffix in ("png", "svg")),
    }
    numbers = json.loads((tmp_path / "gradients.json").read_text())
    assert set(numbers["cells"]) == set(CELLS)
    for cell in CELLS:
        assert numbers["cells"][cell]["losses"][-1] < numbers["cells"][cell]["losses"][0] / 2
