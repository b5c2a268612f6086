"""Scores, against seqeval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report

from nertagger.evaluation.scores import entity_scores
from nertagger.text.tags import spans_from_tags

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG"]


def reference(gold, predicted):
    report = classification_report(gold, predicted, output_dict=True, zero_division=0)
    rows = {
        name: {
            "precision": row["precision"],
            "recall": row["recall"],
            "f1": row["f1-score"],
            "support": row["support"],
        }
        for name, row in report.items()
    }
    averages = {name: rows.pop(f"{name} avg") for name in ("micro", "macro", "weighted")}
    return {**averages, "per_type": rows}


def check(gold, predicted):
    scores = entity_scores(
        [spans_from_tags(tags) for tags in gold], [spans_from_tags(tags) for tags in predicted]
    )
    expected = reference(gold, predicted)
    assert list(scores["per_type"]) == list(expected["per_type"])
    for name in ("micro", "macro", "weighted"):
        assert scores[name] == pytest.approx(expected[name]), name
    for label, row in expected["per_type"].items():
        assert scores["per_type"][label] == pytest.approx(row), label


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=8),
        min_size=1,
        max_size=5,
    )
)
def test_scores_are_those_of_seqeval(pairs):
    gold = [[tag for tag, _ in sentence] for sentence in pairs]
    predicted = [[tag for _, tag in sentence] for sentence in pairs]
    # Of no entity at all on either side seqeval's mean is not a number; ours is tested below.
    if any(tag != "O" for sentence in gold + predicted for tag in sentence):
        check(gold, predicted)


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [
        ([["B-PER", "I-PER"]], [["O", "O"]]),
        ([["O", "O"]], [["B-PER", "I-PER"]]),
        ([["B-PER", "O"]], [["B-LOC", "B-PER"]]),
        ([["B-PER", "I-PER"]], [["B-PER", "O"]]),
    ],
)
def test_degenerate_inputs(gold, predicted):
    check(gold, predicted)


def test_nothing_on_either_side_scores_zero():
    zero = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    expected = {"micro": zero, "macro": zero, "weighted": zero, "per_type": {}}
    assert entity_scores([[]], [[]]) == expected
    assert entity_scores([], []) == expected


def test_the_same_span_in_two_documents_is_two_entities():
    scores = entity_scores([[(0, 1, "PER")], [(0, 1, "PER")]], [[(0, 1, "PER")], []])
    assert scores["micro"] == {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2}


def test_sides_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 gold documents"):
        entity_scores([[], []], [[]])
