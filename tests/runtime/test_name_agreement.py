"""Mentions of a name in a document agree on its label."""

from __future__ import annotations

import numpy as np
import pytest

from nertagger.runtime.decoding import Decoded
from nertagger.runtime.name_agreement import agree

PER, ORG, LOC = range(3)


def decoded_of(mentions: list[tuple[str, int, float]]) -> tuple[Decoded, list[str]]:
    """What decoding says of mentions (name, label, probability) that lie one after another."""
    tokens, firsts, lasts = [], [], []
    for name, _, _ in mentions:
        firsts.append(len(tokens))
        tokens += name.split()
        lasts.append(len(tokens) - 1)
        tokens.append("said")
    tags = np.zeros(len(tokens), np.intp)
    scores = np.full(len(tokens), 0.9, np.float32)
    for (_, label, _), first, last in zip(mentions, firsts, lasts, strict=True):
        tags[first] = 2 * label + 1
        tags[first + 1 : last + 1] = 2 * label + 2
    return Decoded(
        tags,
        scores,
        np.zeros_like(scores),
        np.array(firsts, np.intp),
        np.array(lasts, np.intp),
        np.array([label for _, label, _ in mentions], np.intp),
        np.array([score for *_, score in mentions], np.float32),
    ), tokens


def labels_after(mentions, documents=None, strength=2.0):
    decoded, tokens = decoded_of(mentions)
    names = [name for name, *_ in mentions]
    return agree(decoded, names, tokens, documents or [0] * len(names), strength)


def test_an_unsure_mention_follows_a_sure_one_with_its_share_of_the_votes():
    decoded = labels_after([("Ruto", PER, 0.95), ("Ruto", ORG, 0.6)])
    assert decoded.labels.tolist() == [PER, PER]
    assert decoded.entity_scores[1] == pytest.approx(0.95 / (0.95 + 0.6), abs=1e-6)
    assert decoded.entity_scores[0] == np.float32(0.95)


def test_a_sure_mention_stays_what_it_is():
    """Japan the team and Japan the country may be in one text."""
    decoded = labels_after([("Japan", LOC, 0.99), ("Japan", ORG, 0.97)])
    assert decoded.labels.tolist() == [LOC, ORG]


def test_of_several_the_greater_weight_wins():
    decoded = labels_after(
        [("Sucre", LOC, 0.7), ("Sucre", ORG, 0.8), ("Sucre", LOC, 0.9), ("Sucre", LOC, 0.8)]
    )
    assert decoded.labels.tolist() == [LOC] * 4


@pytest.mark.parametrize("part", ["Bola", "Tinubu"])
def test_both_ends_of_a_longer_name_vote_by_half(part):
    mentions = [("Bola Ahmed Tinubu", PER, 0.98), (part, ORG, 0.6)]
    assert labels_after(mentions).labels.tolist() == [PER, PER]
    decoded = labels_after([("Bola Ahmed Tinubu", PER, 0.98), (part, ORG, 0.75)])
    assert decoded.labels.tolist() == [PER, ORG]
    assert labels_after([("Bola Ahmed Tinubu", PER, 0.98), ("Ahmed", ORG, 0.6)]).labels[1] == ORG


def test_both_ends_alike_vote_once():
    """With a whole vote, 2 * 0.9 - logit 0.75 would be more than 0."""
    decoded = labels_after([("Duran Duran", PER, 0.9), ("Duran", LOC, 0.75)])
    assert decoded.labels.tolist() == [PER, LOC]


def test_documents_do_not_hear_each_other():
    decoded = labels_after([("Ruto", PER, 0.95), ("Ruto", ORG, 0.6)], documents=[0, 1])
    assert decoded.labels.tolist() == [PER, ORG]


def test_tokens_follow_their_entity():
    decoded = labels_after([("Abu Simbel", LOC, 0.9), ("Abu Simbel", PER, 0.5)])
    assert decoded.tags.tolist() == [5, 6, 0, 5, 6, 0]
    np.testing.assert_array_equal(decoded.scores[[0, 1, 2, 5]], np.float32(0.9))
    np.testing.assert_array_equal(decoded.scores[3:5], decoded.entity_scores[[1, 1]])


def test_a_probability_of_one_is_no_infinity():
    mentions = [("Ruto", PER, 1.0)] * 8 + [("Ruto", ORG, 1.0)]
    assert labels_after(mentions).labels.tolist() == [PER] * 9
    assert labels_after([("Ruto", PER, 0.0), ("Ruto", ORG, 0.0)]).labels.tolist() == [PER, ORG]


def test_no_entities():
    decoded, tokens = decoded_of([])
    assert not agree(decoded, [], tokens, [], 2.0).labels.size
