"""Gold character spans onto the tokens that the model sees."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from nertagger.text.document import Document, Entity
from nertagger.text.sentences import split_sentences
from nertagger.text.tags import Span, tags_from_spans
from nertagger.text.tokens import tokenize

_SHOWN = 3


class MisalignedSpanWarning(UserWarning):
    """Gold spans do not fit the tokens, and were fitted to them as well as can be."""


class LabelledSentence(NamedTuple):
    """A sentence: its tokens' starts and ends, int32 [N] code points of the document, and tags."""

    starts: np.ndarray
    ends: np.ndarray
    tags: list[str]


class Misalignment(NamedTuple):
    """A gold span that does not fit the tokens.

    `reason` is "ends inside a token", "has an end outside the tokens", "crosses a sentence end",
    "shares its tokens with another span" or "has no token"; `context` is the text around it.
    """

    entity: Entity
    reason: str
    context: str

    def __str__(self) -> str:
        entity = self.entity
        return (
            f"{entity.label} {entity.text!r:.60} at {entity.start}-{entity.end} {self.reason}: "
            f"…{self.context}…"
        )


def labelled_sentences(
    document: Document, misalignments: list[Misalignment] | None = None
) -> list[LabelledSentence]:
    """The document's sentences, tokenised as the model sees them, with the gold spans as BIO tags.

    A span that does not fit is reported and fitted, so that no gold entity goes in silence:
    one that begins or ends inside a token is widened to whole tokens; one that begins or ends with
    characters that are part of no token loses these; one that crosses a sentence end becomes an
    entity in each of its sentences; of spans that share a token, the one that begins
    first, or else the longer, has it, and another keeps what tokens are left.

    Args:
        document: a gold document.
        misalignments: a list to which each span that does not fit is added. Without one they are
            told by a `MisalignedSpanWarning`.
    """
    text = document.text
    found: list[Misalignment] = []
    starts, ends = tokenize(text)
    borders = split_sentences(text, starts, ends)
    spans: list[list[Span]] = [[] for _ in range(len(borders) - 1)]
    taken = 0
    entities = sorted(document.entities, key=lambda entity: (entity.start, -entity.end))
    # The tokens that a span touches: from the first that ends after its start, to the last that
    # starts before its end.
    firsts = np.searchsorted(ends, [entity.start for entity in entities], side="right").tolist()
    lasts = np.searchsorted(starts, [entity.end for entity in entities], side="left").tolist()
    for entity, first, last in zip(entities, firsts, lasts, strict=True):
        reason = ""
        if first >= last:
            reason = "has no token"
        elif starts[first] != entity.start or ends[last - 1] != entity.end:
            widened = starts[first] < entity.start or ends[last - 1] > entity.end
            reason = "ends inside a token" if widened else "has an end outside the tokens"
        if first < taken:
            reason, first = "shares its tokens with another span", taken
        sentence = int(np.searchsorted(borders, first, side="right")) - 1
        if first < last and last > borders[sentence + 1]:
            reason = reason or "crosses a sentence end"
        while first < last:
            border = int(borders[sentence])
            end = min(last, int(borders[sentence + 1]))
            spans[sentence].append((first - border, end - border, entity.label))
            first, sentence = end, sentence + 1
        taken = max(taken, last)
        if reason:
            context = text[max(0, entity.start - 20) : entity.end + 20]
            found.append(Misalignment(entity, reason, " ".join(context.split())))
    if misalignments is not None:
        misalignments.extend(found)
    elif found:
        warnings.warn(summary(found), MisalignedSpanWarning, stacklevel=2)
    return [
        LabelledSentence(
            starts[begin:end], ends[begin:end], tags_from_spans(sentence_spans, end - begin)
        )
        for begin, end, sentence_spans in zip(
            borders[:-1].tolist(), borders[1:].tolist(), spans, strict=True
        )
    ]


def labelled_documents(
    documents: Iterable[Document], path: str | os.PathLike[str] | None = None
) -> list[list[LabelledSentence]]:
    """`labelled_sentences` of each document, with one `MisalignedSpanWarning` for all of them.

    Args:
        documents: gold documents.
        path: the file that they are from, to be named in the warning.
    """
    misalignments: list[Misalignment] = []
    labelled = [labelled_sentences(document, misalignments) for document in documents]
    if misalignments:
        place = "" if path is None else f"{os.fspath(path)}: "
        warnings.warn(place + summary(misalignments), MisalignedSpanWarning, stacklevel=2)
    return labelled


def summary(misalignments: Sequence[Misalignment]) -> str:
    """One line: how many spans do not fit and why, and the first few of them."""
    reasons = Counter(misalignment.reason for misalignment in misalignments)
    counted = ", ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
    shown = "; ".join(str(misalignment) for misalignment in misalignments[:_SHOWN])
    return (
        f"{len(misalignments)} gold span{'s do' if len(misalignments) > 1 else ' does'} not fit "
        f"the tokens ({counted}) and had to be fitted to them: {shown}"
    )
