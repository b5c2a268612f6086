"""From documents to the dict that `evaluate` prints: scores, label maps and the error analysis."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nertagger.errors import InputError
from nertagger.evaluation.error_analysis import KINDS, find_errors
from nertagger.evaluation.evaluate import evaluate
from nertagger.evaluation.label_map import map_labels, parse_label_map
from nertagger.evaluation.report import print_report
from nertagger.text.document import Document, Entity

TEXT = "Ada Byron saw Rome and Oslo\nBo Li works for Acme Ltd in [Lima]"


def document(*spans, text=TEXT):
    return Document(text, [Entity(text[s:e], label, s, e) for s, e, label in spans])


GOLD = document((0, 9, "PER"), (14, 18, "LOC"), (28, 33, "PER"), (44, 52, "ORG"), (57, 61, "LOC"))
#               boundary       label             label and        missed           right
#                                                boundary
PREDICTED = document(
    (0, 3, "PER"), (14, 18, "ORG"), (23, 27, "LOC"), (31, 39, "ORG"), (57, 61, "LOC")
)


def test_each_kind_of_error_is_told_apart():
    errors = find_errors([GOLD], [PREDICTED])
    described = [
        (error.kind, error.gold and error.gold.text, error.predicted and error.predicted.text)
        for error in errors
    ]
    assert described == [
        ("boundary", "Ada Byron", "Ada"),
        ("label", "Rome", "Rome"),
        ("spurious", None, "Oslo"),
        ("label and boundary", "Bo Li", "Li works"),
        ("missed", "Acme Ltd", None),
    ]


def test_the_result_is_json_and_complete():
    result = evaluate([GOLD, GOLD], [PREDICTED, GOLD])
    assert json.loads(json.dumps(result)) == result
    assert result["micro"] == {"precision": 0.6, "recall": 0.6, "f1": 0.6, "support": 10}
    assert result["documents"] == 2
    assert result["errors"] == dict.fromkeys(KINDS, 1)
    assert {
        "kind": "label",
        "gold": "LOC",
        "predicted": "ORG",
        "count": 1,
        "examples": ["Rome"],
    } in result["confusions"]
    first, second = result["worst"]
    assert (first["errors"], first["start"], first["document"]) == (3, 0, 0)
    assert (second["errors"], second["start"], second["document"]) == (2, 28, 0)
    assert second["text"] == TEXT[28:]
    assert [entity["text"] for entity in second["expected"]] == ["Bo Li", "Acme Ltd", "Lima"]
    assert [entity["text"] for entity in second["received"]] == ["Li works", "Lima"]
    for row in (first, second):
        for entity in row["expected"] + row["received"]:
            assert row["text"][entity["start"] : entity["end"]] == entity["text"]


def test_the_commonest_confusion_comes_first():
    gold = [document((14, 18, "LOC"))] * 3 + [document((14, 18, "PER"))]
    predicted = [document((14, 18, "ORG"))] * 3 + [document()]
    confusions = evaluate(gold, predicted)["confusions"]
    assert [(row["gold"], row["predicted"], row["count"]) for row in confusions] == [
        ("LOC", "ORG", 3),
        ("PER", None, 1),
    ]


def test_a_gold_label_that_the_model_does_not_know_counts_as_missed():
    result = evaluate([document((0, 9, "SHIP"))], [document()])
    assert result["per_type"]["SHIP"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "support": 1,
    }
    assert result["errors"]["missed"] == 1


spans = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 6), st.sampled_from("ABC")).map(
        lambda item: (item[0], item[0] + item[1], item[2])
    ),
    max_size=6,
)


@given(spans, spans)
def test_every_wrong_entity_is_in_exactly_one_error(gold, predicted):
    errors = find_errors([document(*gold)], [document(*predicted)])

    def side(name):
        entities = [getattr(error, name) for error in errors]
        return sorted(entity[2:4] + (entity.label,) for entity in entities if entity is not None)

    assert side("gold") == sorted(set(gold) - set(predicted))
    assert side("predicted") == sorted(set(predicted) - set(gold))
    spurious = [error.predicted for error in errors if error.kind == "spurious"]
    missed = [error.gold for error in errors if error.kind == "missed"]
    for one in spurious:
        for other in missed:
            assert one.end <= other.start or other.end <= one.start


def test_label_map_renames_and_drops_on_both_sides():
    mapping = parse_label_map(" COUNTRY=LOC, TIME=O ", known={"COUNTRY", "LOC", "TIME", "PER"})
    assert mapping == {"COUNTRY": "LOC", "TIME": "O"}
    gold = document((14, 18, "COUNTRY"), (23, 27, "TIME"))
    result = evaluate([gold], [document((14, 18, "LOC"), (0, 3, "TIME"))], mapping)
    assert result["micro"]["f1"] == 1.0
    assert list(result["per_type"]) == ["LOC"]
    assert gold.entities[0].label == "COUNTRY"


def test_label_map_applies_all_pairs_at_once():
    swapped = map_labels([document((0, 3, "A"), (4, 9, "B"))], parse_label_map("A=B,B=A"))
    assert [entity.label for entity in swapped[0].entities] == ["B", "A"]


def test_an_empty_label_map_maps_nothing():
    assert parse_label_map("  ", known=["PER"]) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("COUNTRY", "no pair"),
        ("=LOC", "no pair"),
        ("PER=", "no pair"),
        ("PER=LOC=ORG", "no pair"),
        ("PER=LOC,,", "no pair"),
        ("PER=LOC,PER=O", "mapped twice"),
        ("CITY=LOC", "'CITY'.*LOC, PER"),
        ("PER=LOCC", "'LOCC'"),
    ],
)
def test_a_wrong_label_map_is_refused(text, reason):
    with pytest.raises(InputError, match=reason):
        parse_label_map(text, known=["PER", "LOC"])


def test_different_texts_are_refused():
    with pytest.raises(InputError, match="document 2 is not the same text"):
        evaluate([document(), document()], [document(), document(text="Else")])
    with pytest.raises(InputError, match="1 gold documents"):
        evaluate([document()], [])


def printed(result):
    console = Console(file=io.StringIO(), width=200)
    print_report(result, console)
    return console.file.getvalue()


def test_the_report_is_rounded_and_shows_brackets_as_they_are():
    gold = document((0, 9, "PER"), (14, 18, "[b]"), (56, 62, "LOC"))
    output = printed(evaluate([gold], [document((0, 9, "PER"), (14, 18, "LOC"))]))
    assert "33.33" in output
    assert "50.00" in output
    assert "[b]" in output
    assert "[Lima]" in output


def test_the_report_of_nothing_is_a_table_of_zeros():
    output = printed(evaluate([], []))
    assert "0.00" in output
    assert "Commonest" not in output
