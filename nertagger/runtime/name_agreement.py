"""A name means one thing throughout a document.

A text rarely uses a name in two senses (Gale et al. 1992, One sense per discourse), and a mention
whose own sentence leaves its label open is often plain from another: "Tinubu" alone, after "Bola
Tinubu" three sentences before. So the mentions of a name in a document vote (compare Krishnan and
Manning 2006, An effective two-stage model for exploiting non-local dependencies in named entity
recognition, whose second stage learns what here is one number). With

    n_i, l_i, q_i  mention i's name, its label, and the probability that the model gives it
    V(n, l)        the sum of q_j over the mentions j that are called n and have label l, and of
                   q_j / 2 over those of several tokens whose first or last token is n
    m              of the labels other than l_i the one with the greatest V(n_i, m)

the log odds that mention i has label m rather than l_i are

    z_i = λ (V(n_i, m) - (V(n_i, l_i) - q_i)) - log(q_i / (1 - q_i)):

what the others say of the name, against what the model says of this mention. Where z_i > 0, it gets
label m, and as its probability the share of the votes that m has, V(n_i, m) / Σ_l V(n_i, l), which
is nearer than σ(z_i) to how often such a label is right. λ is the strength; a mention of
probability 0.9 gives way, with λ = 2, to a little more than one sure mention of another label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nertagger.runtime.decoding import Decoded

CERTAIN = 1e-6
"""Probabilities are read as at least this, and at most 1 less this."""


def agree(
    decoded: Decoded,
    names: Sequence[str],
    tokens: Sequence[str],
    documents: Sequence[int],
    strength: float,
) -> Decoded:
    """What was decoded, with the labels on which the mentions of each name agree.

    The tokens of a mention that changes its label get its new tag and its probability.

    Args:
        decoded: of any number of documents; its arrays are changed.
        names: the text of each entity.
        tokens: of all documents.
        documents: the number of each entity's document.
        strength: λ.
    """
    labels, scores = decoded.labels.tolist(), decoded.entity_scores.tolist()
    votes = _votes(decoded, names, tokens, documents, labels, scores)
    for mention, (document, name) in enumerate(zip(documents, names, strict=True)):
        of_name = votes[document, name]
        if len(of_name) == 1:
            continue
        label, score = labels[mention], scores[mention]
        # Of equal votes the first label's count.
        other = max(sorted(of_name.keys() - {label}), key=of_name.__getitem__)
        clipped = min(max(score, CERTAIN), 1 - CERTAIN)
        odds = strength * (of_name[other] - (of_name[label] - score))
        odds -= math.log(clipped / (1 - clipped))
        if odds > 0 and of_name[other] > 0:
            first, last = decoded.firsts[mention], decoded.lasts[mention]
            decoded.labels[mention] = other
            decoded.tags[first] = 2 * other + 1
            decoded.tags[first + 1 : last + 1] = 2 * other + 2
            share = of_name[other] / sum(of_name.values())
            decoded.entity_scores[mention] = decoded.scores[first : last + 1] = share
    return decoded


def _votes(
    decoded: Decoded,
    names: Sequence[str],
    tokens: Sequence[str],
    documents: Sequence[int],
    labels: Sequence[int],
    scores: Sequence[float],
) -> dict[tuple[int, str], dict[int, float]]:
    """V of each document, by name and by label."""
    votes: dict[tuple[int, str], dict[int, float]] = {}
    for document, name, first, last, label, score in zip(
        documents,
        names,
        decoded.firsts.tolist(),
        decoded.lasts.tolist(),
        labels,
        scores,
        strict=True,
    ):
        of_name = votes.setdefault((document, name), {})
        of_name[label] = of_name.get(label, 0.0) + score
        if first < last:
            for part in {tokens[first], tokens[last]}:
                of_part = votes.setdefault((document, part), {})
                of_part[label] = of_part.get(label, 0.0) + score / 2
    return votes
