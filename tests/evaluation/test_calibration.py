"""Scores as probabilities: the expected calibration error, and its table and picture."""

import io

import numpy as np
import pytest
from rich.console import Console

from nertagger.evaluation.calibration import calibration, judge
from nertagger.evaluation.evaluate import evaluate
from nertagger.evaluation.reliability_diagram import draw_reliability_diagram
from nertagger.evaluation.report import print_report
from nertagger.text.document import Document, Entity


def test_the_error_is_the_mean_distance_of_the_bins():
    scores = np.array([0.95, 0.95, 0.99, 1.0, 0.35])
    right = np.array([True, True, True, False, True])
    found = calibration(scores, right)
    assert [(row["from"], row["entities"]) for row in found["bins"]] == [(0.3, 1), (0.9, 4)]
    high = abs(0.75 - (0.95 + 0.95 + 0.99 + 1) / 4)
    assert found["error"] == pytest.approx(4 / 5 * high + 1 / 5 * 0.65)


def test_scores_that_are_probabilities_have_next_to_no_error():
    chance = np.random.default_rng(4)
    scores = chance.uniform(0, 1, 100_000)
    right = chance.uniform(0, 1, 100_000) < scores
    assert calibration(scores, right)["error"] < 0.01
    assert calibration(np.sqrt(scores), right)["error"] > 0.1


def test_an_entity_is_right_when_both_ends_and_the_label_are():
    text = "Ada Byron saw Rome"
    gold = [Document(text, [Entity("Ada Byron", "PER", 0, 9), Entity("Rome", "LOC", 14, 18)])]
    entities = [Entity("Ada", "PER", 0, 3, 0.5), Entity("Rome", "LOC", 14, 18, 0.75)]
    scores, right = judge(gold, [Document(text, entities)])
    assert scores.tolist() == [0.5, 0.75]
    assert right.tolist() == [False, True]


def test_where_nothing_is_found_there_is_nothing_to_be_wrong_about(tmp_path):
    gold = [Document("Rome", [Entity("Rome", "LOC", 0, 4)])]
    result = evaluate(gold, [Document("Rome")])
    assert result["calibration"] == {"error": 0.0, "bins": []}
    draw_reliability_diagram(tmp_path / "reliability.png", result["calibration"], "none")
    assert (tmp_path / "reliability.png").stat().st_size > 1000


def test_the_report_says_how_far_scores_can_be_trusted():
    text = "Rome"
    gold = [Document(text, [Entity(text, "LOC", 0, 4)])]
    result = evaluate(gold, [Document(text, [Entity(text, "LOC", 0, 4, 0.875)])])
    written = io.StringIO()
    print_report(result, Console(file=written, width=100))
    assert "Expected calibration error: 12.50 %" in written.getvalue()
    assert "0.8 to 0.9" in written.getvalue()
