"""Gold spans on the tokens: exact where they fit, reported and fitted where they do not."""

import warnings

import pytest

from nertagger.corpora.alignment import (
    MisalignedSpanWarning,
    labelled_documents,
    labelled_sentences,
)
from nertagger.text.document import Document, Entity


def document(text, *spans):
    return Document(text, [Entity(text[s:e], label, s, e) for s, e, label in spans])


def aligned(gold):
    misalignments = []
    sentences = labelled_sentences(gold, misalignments)
    rows = [
        [
            (gold.text[start:end], tag)
            for start, end, tag in zip(
                sentence.starts.tolist(), sentence.ends.tolist(), sentence.tags, strict=True
            )
        ]
        for sentence in sentences
    ]
    return rows, [(item.entity.text, item.reason) for item in misalignments]


def test_spans_that_fit_become_bio_tags():
    gold = document("Ada Byron met\nBo Li in Oslo", (0, 9, "PER"), (14, 19, "PER"), (23, 27, "LOC"))
    rows, problems = aligned(gold)
    assert problems == []
    assert rows == [
        [("Ada", "B-PER"), ("Byron", "I-PER"), ("met", "O")],
        [("Bo", "B-PER"), ("Li", "I-PER"), ("in", "O"), ("Oslo", "B-LOC")],
    ]


def test_adjacent_spans_stay_two():
    rows, problems = aligned(document("Ada Bo", (4, 6, "PER"), (0, 3, "PER")))
    assert (rows, problems) == ([[("Ada", "B-PER"), ("Bo", "B-PER")]], [])


@pytest.mark.parametrize(
    ("gold", "tags", "reason"),
    [
        (document("in Oslofjord now", (3, 7, "LOC")), "O B-LOC O", "ends inside a token"),
        (document("the Great Oslofjord", (6, 14, "LOC")), "O B-LOC I-LOC", "ends inside a token"),
        (document("Ada\nByron", (0, 9, "PER")), "B-PER | B-PER", "crosses a sentence end"),
        (document("a\nb c\nd", (0, 7, "X")), "B-X | B-X I-X | B-X", "crosses a sentence end"),
        (document("see  Oslo", (4, 9, "LOC")), "O B-LOC", "has an end outside the tokens"),
        (document("see   Oslo", (4, 5, "LOC")), "O O", "has no token"),
        (document("Oslo ", (4, 5, "LOC")), "O", "has no token"),
    ],
)
def test_spans_that_do_not_fit_are_reported_and_fitted(gold, tags, reason):
    rows, problems = aligned(gold)
    assert " | ".join(" ".join(tag for _, tag in row) for row in rows) == tags
    assert problems == [(gold.entities[0].text, reason)]


def test_of_spans_that_share_a_token_the_first_has_it():
    gold = document("one two three", (0, 5, "A"), (5, 13, "B"))
    rows, problems = aligned(gold)
    assert rows == [[("one", "B-A"), ("two", "I-A"), ("three", "B-B")]]
    assert [reason for _, reason in problems] == [
        "ends inside a token",
        "shares its tokens with another span",
    ]


def test_a_span_within_another_is_reported():
    rows, problems = aligned(document("one two", (0, 3, "B"), (0, 7, "A")))
    assert rows == [[("one", "B-A"), ("two", "I-A")]]
    assert problems == [("one", "shares its tokens with another span")]


def test_no_text_has_no_sentences():
    assert aligned(Document("")) == ([], [])


def test_without_a_list_one_warning_tells_of_all():
    gold = [document("in Oslofjord now", (3, 7, "LOC")), document("Ada\nByron", (0, 9, "PER"))]
    with pytest.warns(MisalignedSpanWarning) as caught:
        labelled = labelled_documents(gold, "some.jsonl")
    assert len(caught) == 1
    message = str(caught[0].message)
    assert message.startswith("some.jsonl: 2 gold spans do not fit")
    assert "LOC 'Oslo' at 3-7 ends inside a token" in message
    assert len(labelled) == 2
    with pytest.warns(MisalignedSpanWarning, match="1 gold span does not fit"):
        labelled_sentences(gold[0])


def test_what_fits_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        labelled_documents([document("in Oslo", (3, 7, "LOC"))])
