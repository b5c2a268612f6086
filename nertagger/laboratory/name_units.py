"""Which units of a tagger react to the start and to the end of names: correlation over a corpus.

Of N words, unit u's activation a_n, and y_n = 1 where a name begins (or ends) at word n, else 0:

    r_u = (mean(a y) - mean(a) mean(y)) / (sd(a) sd(y))                              Pearson's r

The unit is chosen on one part of the corpus and its r reported on another: the best of thousands
would look good by chance on the part that it was chosen on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from nertagger.corpora.alignment import labelled_documents
from nertagger.laboratory.tagger_traces import TracedTagger, activations
from nertagger.runtime.network import DIRECTIONS
from nertagger.text.document import Document
from nertagger.text.tags import spans_from_tags

EVENTS = ("start", "end")
_AT_ONCE = 64


class NamedSentence(NamedTuple):
    """Tokens, and whether a name starts (row 0) or ends (row 1) at each: bool [2, T]."""

    tokens: list[str]
    events: np.ndarray


class Unit(NamedTuple):
    """One unit of a tagger: where it is, from 0, and which of its activations is meant."""

    layer: int
    direction: str
    activation: str
    number: int


def named_sentences(documents: Sequence[Document]) -> list[NamedSentence]:
    """The sentences of gold documents."""
    found = []
    for document, sentences in zip(documents, labelled_documents(documents), strict=True):
        for sentence in sentences:
            pairs = zip(sentence.starts.tolist(), sentence.ends.tolist(), strict=True)
            events = np.zeros((2, len(sentence.tags)), bool)
            for first, end, _ in spans_from_tags(sentence.tags):
                events[0, first] = events[1, end - 1] = True
            if sentence.tags:
                tokens = [document.text[start:end] for start, end in pairs]
                found.append(NamedSentence(tokens, events))
    return found


def correlations(tagger: TracedTagger, sentences: Sequence[NamedSentence]) -> dict[str, Any]:
    """r of every unit with the start and with the end of a name.

    Returns:
        "units": as `Unit`s; "start" and "end": r of each, 0 for what never changes.
    """
    units: list[Unit] = []
    count = 0
    sums: Any = 0.0
    squares: Any = 0.0
    products: Any = 0.0
    event_sums: Any = 0.0
    # Sentences of like lengths are padded together.
    ordered = sorted(sentences, key=lambda sentence: len(sentence.tokens))
    for begin in range(0, len(ordered), _AT_ONCE):
        batch = ordered[begin : begin + _AT_ONCE]
        reading = tagger.read([sentence.tokens for sentence in batch])
        events = np.concatenate([sentence.events for sentence in batch], axis=1).astype(float)
        parts = list(_parts(tagger, reading))
        if not units:
            units = [
                Unit(*place, number) for place, values in parts for number in range(values.shape[2])
            ]
        values = np.concatenate([part[reading.mask] for _, part in parts], axis=1).astype(float)
        count += len(values)
        sums += values.sum(axis=0)
        squares += (values * values).sum(axis=0)
        products += events @ values
        event_sums += events.sum(axis=1)
    means, event_means = sums / count, event_sums / count
    covariances = products / count - event_means[:, None] * means
    variances = np.maximum(squares / count - means * means, 0)
    event_variances = event_means * (1 - event_means)
    scale = np.sqrt(variances * event_variances[:, None])
    # What hardly changes has a variance of rounding errors.
    changes = scale > 1e-9
    r = np.where(changes, covariances / np.where(changes, scale, 1), 0.0)
    return {"units": units, **dict(zip(EVENTS, r.tolist(), strict=True))}


def best_units(
    train: dict[str, Any], dev: dict[str, Any], event: str, count: int
) -> list[dict[str, Any]]:
    """The units whose |r| with an event is largest on train, with their r on both parts.

    Args:
        train, dev: what `correlations` returned.
        event: one of `EVENTS`.
        count: how many.
    """
    order = np.argsort(-np.abs(train[event]), kind="stable")[:count]
    return [
        {
            **Unit(*train["units"][at])._asdict(),
            "train": train[event][at],
            "dev": dev[event][at],
        }
        for at in order.tolist()
    ]


def _parts(tagger: TracedTagger, reading: Any) -> Iterator[tuple[tuple[int, str, str], np.ndarray]]:
    for layer in range(tagger.architecture["layers"]):
        for direction in DIRECTIONS:
            for name, values in activations(reading, layer, direction).items():
                yield (layer, direction, name), values
