"""Tag schemes, against seqeval and against enumeration."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from nertagger.text.tags import (
    SCHEMES,
    TagError,
    allowed_transitions,
    detect_scheme,
    spans_from_tags,
    tags_from_name_flags,
    tags_from_spans,
    tags_of_labels,
    to_scheme,
)

LABELS = ("PER", "LOC", "creative-work", "_")
ANY_TAGS = ["O", *(f"{prefix}-{label}" for prefix in "BIES" for label in LABELS)]


@st.composite
def sentences(draw):
    """A length and non-overlapping spans in it, often adjacent."""
    spans, position = [], 0
    for gap, length, label in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(LABELS)))
    ):
        spans.append((position + gap, position + gap + length, label))
        position += gap + length
    return spans, position + draw(st.integers(0, 2))


@given(st.lists(st.sampled_from(ANY_TAGS)))
def test_spans_are_those_of_seqeval_on_any_sequence(tags):
    expected = [(start, end + 1, label) for label, start, end in get_entities(tags)]
    assert spans_from_tags(tags) == expected


@given(sentences(), st.sampled_from(SCHEMES))
def test_spans_survive_every_scheme(sentence, scheme):
    spans, length = sentence
    assert spans_from_tags(tags_from_spans(spans, length, scheme)) == spans


@given(sentences(), st.sampled_from(SCHEMES), st.sampled_from(SCHEMES))
def test_conversion_between_schemes_keeps_the_entities(sentence, source, target):
    tags = tags_from_spans(*sentence, source)
    assert to_scheme(tags, target) == tags_from_spans(*sentence, target)


def test_the_schemes_are_spelt_as_the_literature_spells_them():
    spans = [(0, 2, "LOC"), (2, 3, "LOC"), (3, 4, "PER"), (5, 8, "PER")]
    assert tags_from_spans(spans, 9, "IOB1") == (
        ["I-LOC", "I-LOC", "B-LOC", "I-PER", "O", "I-PER", "I-PER", "I-PER", "O"]
    )
    assert tags_from_spans(spans, 9, "BIO") == (
        ["B-LOC", "I-LOC", "B-LOC", "B-PER", "O", "B-PER", "I-PER", "I-PER", "O"]
    )
    assert tags_from_spans(spans, 9, "BIOES") == (
        ["B-LOC", "E-LOC", "S-LOC", "S-PER", "O", "B-PER", "I-PER", "E-PER", "O"]
    )


@pytest.mark.parametrize(
    ("sequences", "scheme"),
    [
        ([["O", "I-PER", "I-PER", "B-PER", "I-LOC"]], "IOB1"),
        ([["I-PER"]], "IOB1"),
        ([["O", "O"], ["B-PER", "I-PER", "B-PER", "O"]], "BIO"),
        ([["I-PER", "O"], ["O", "B-LOC"]], "BIO"),
        ([["I-LOC", "B-PER"]], "BIO"),
        ([["B-PER", "E-PER"]], "BIOES"),
        ([["O"], ["S-PER"]], "BIOES"),
        ([["O", "O"], []], "BIO"),
        ([], "BIO"),
    ],
)
def test_detection(sequences, scheme):
    assert detect_scheme(sequences) == scheme


@given(sentences(), st.sampled_from(["BIO", "BIOES"]))
def test_what_is_written_in_a_scheme_is_detected(sentence, scheme):
    tags = tags_from_spans(*sentence, scheme)
    if tags.count("O") < len(tags):
        assert detect_scheme([tags]) == scheme


@pytest.mark.parametrize(
    "tag", ["", "B", "PER", "B-", "b-PER", "X-PER", "L-PER", "o", "B_PER", None]
)
def test_a_tag_of_no_scheme_is_named_with_its_place(tag):
    with pytest.raises(TagError, match="no known scheme") as caught:
        detect_scheme([["O"], ["O", "B-PER", tag]])
    assert (caught.value.tag, caught.value.sequence, caught.value.position) == (tag, 1, 2)
    assert repr(tag) in str(caught.value)
    with pytest.raises(TagError) as caught:
        spans_from_tags(["B-PER", tag])
    assert caught.value.position == 1
    with pytest.raises(TagError):
        allowed_transitions(["O", tag])


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([(0, 2, "A"), (1, 3, "A")], "overlaps"),
        ([(0, 0, "A")], "does not fit"),
        ([(2, 4, "A")], "does not fit"),
        ([(-1, 2, "A")], "does not fit"),
    ],
)
def test_spans_that_no_tags_can_spell(spans, reason):
    with pytest.raises(ValueError, match=reason):
        tags_from_spans(spans, 3)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(ValueError, match="IOB1, BIO, BIOES"):
        to_scheme(["O"], "BILOU")
    with pytest.raises(ValueError, match="BIO or BIOES"):
        tags_of_labels(["PER"], "IOB1")


def test_runs_of_one_form_a_name():
    flags = np.array([1, 1, 0, 1, 0], np.int32)
    assert tags_from_name_flags(flags) == ["B-NAME", "I-NAME", "O", "B-NAME", "O"]


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
def test_allowed_paths_are_exactly_the_sequences_that_the_scheme_can_write(scheme):
    tags = tags_of_labels(["LOC", "PER"], scheme)[::-1]
    transitions, start, end = allowed_transitions(tags)
    assert transitions.dtype == start.dtype == end.dtype == bool
    for length in (1, 2, 3, 4):
        for path in itertools.product(range(len(tags)), repeat=length):
            names = [tags[index] for index in path]
            allowed = (
                start[path[0]]
                and end[path[-1]]
                and all(transitions[a, b] for a, b in itertools.pairwise(path))
            )
            assert allowed == (to_scheme(names, scheme) == names), names


def test_a_tag_twice_is_refused():
    with pytest.raises(ValueError, match="once only"):
        allowed_transitions(["O", "B-PER", "B-PER"])
