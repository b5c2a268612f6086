"""Tags and spans: how a sequence of tags spells out entities, and how to write them back.

A tag is `O`, outside of any entity, or a prefix, a hyphen and a label. The schemes differ in their
prefixes; spans are token indices (start, end, label) with an exclusive end.

    IOB1   I inside; B only where an entity directly follows another of its label
           (Ramshaw and Marcus 1995)
    BIO    B begins every entity, I continues it; also called IOB2 (Sang and Veenstra 1999)
    BIOES  B begins, I continues, E ends an entity of several tokens; S is one of a single token

Broken sequences, such as an I after an O, are read as the field's scorers read them (conlleval, and
seqeval in its default mode): whatever cannot continue an entity begins one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NoReturn

import numpy as np

SCHEMES = ("IOB1", "BIO", "BIOES")
OUTSIDE = "O"
NAME = "NAME"
"""The one label of a model that says only whether a token is part of a name."""

Span = tuple[int, int, str]


class TagError(ValueError):
    """A tag belongs to no known scheme.

    Attributes:
        tag: the tag.
        sequence: which of the sequences it is in, counted from 0.
        position: its place in the sequence, counted from 0.
    """

    def __init__(self, tag: object, sequence: int, position: int):
        super().__init__(
            f"{tag!r:.60} is a tag of no known scheme: O, or B-, I-, E- or S- and a label, "
            "is expected"
        )
        self.tag = tag
        self.sequence = sequence
        self.position = position


@lru_cache(maxsize=65536)
def split_tag(tag: str) -> tuple[str, str]:
    """The prefix and the label of a tag: ("B", "PER") for `B-PER`, ("O", "") for `O`.

    Raises:
        TagError: the tag belongs to no known scheme.
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    if not isinstance(tag, str) or tag[:2] not in ("B-", "I-", "E-", "S-") or len(tag) == 2:
        raise TagError(tag, 0, 0)
    return tag[0], tag[2:]


def detect_scheme(sequences: Iterable[Sequence[str]]) -> str:
    """The scheme that the sequences are written in: "IOB1", "BIO" or "BIOES".

    Any E or S means BIOES. Of the rest it is IOB1 if something begins with an I and each B directly
    follows a tag of its own label, which is the only place where IOB1 has one; else BIO, also where
    there is no entity at all.

    Raises:
        TagError: a tag belongs to no known scheme; its attributes say where it is.
    """
    begins_with_inside = begins_with_begin = ends = False
    for index, tags in enumerate(sequences):
        previous = ""
        for position, tag in enumerate(tags):
            if tag == OUTSIDE:
                previous = ""
                continue
            try:
                prefix, label = split_tag(tag)
            except TagError:
                _refuse(tag, index, position)
            if prefix in "ES":
                ends = True
            elif label != previous:
                if prefix == "I":
                    begins_with_inside = True
                else:
                    begins_with_begin = True
            previous = label
    if ends:
        return "BIOES"
    return "IOB1" if begins_with_inside and not begins_with_begin else "BIO"


def spans_from_tags(tags: Sequence[str]) -> list[Span]:
    """The entities that the tags of one sentence spell, in any of the schemes, broken or not.

    An entity ends before a tag with B, S or O, before a tag with another label, and after E or S;
    a tag that is not O and does not continue an entity begins one.

    Returns:
        (start, end, label) for each, end exclusive, in order.

    Raises:
        TagError: a tag belongs to no known scheme.
    """
    spans: list[Span] = []
    start, current = 0, ""
    for position, tag in enumerate(tags):
        if tag == OUTSIDE:
            if current:
                spans.append((start, position, current))
                current = ""
            continue
        try:
            prefix, label = split_tag(tag)
        except TagError:
            _refuse(tag, 0, position)
        if label != current or prefix in "BS":
            if current:
                spans.append((start, position, current))
            start, current = position, label
        if prefix in "ES":
            spans.append((start, position + 1, current))
            current = ""
    if current:
        spans.append((start, len(tags), current))
    return spans


def tags_from_spans(spans: Iterable[Span], length: int, scheme: str = "BIO") -> list[str]:
    """The tags of a sentence of `length` tokens with these entities.

    Args:
        spans: (start, end, label), end exclusive, in any order, none overlapping another.
        length: how many tokens the sentence has.
        scheme: "IOB1", "BIO" or "BIOES".

    Raises:
        ValueError: a span is empty, does not fit or overlaps another, or the scheme is unknown.
    """
    _check_scheme(scheme)
    tags = [OUTSIDE] * length
    previous_end, previous_label = 0, ""
    for start, end, label in sorted(spans):
        if not 0 <= start < end <= length:
            raise ValueError(f"span {start}-{end} does not fit a sentence of {length} tokens")
        if start < previous_end:
            raise ValueError(f"span {start}-{end} overlaps the one that ends at {previous_end}")
        tags[start:end] = [f"I-{label}"] * (end - start)
        if scheme != "IOB1" or (start == previous_end and label == previous_label):
            tags[start] = f"B-{label}"
        if scheme == "BIOES":
            tags[end - 1] = f"E-{label}" if end - start > 1 else f"S-{label}"
        previous_end, previous_label = end, label
    return tags


def to_scheme(tags: Sequence[str], scheme: str = "BIO") -> list[str]:
    """The tags of one sentence, in any scheme, rewritten in `scheme`: the same entities, whole.

    Raises:
        ValueError: a tag belongs to no known scheme, or `scheme` is unknown.
    """
    return tags_from_spans(spans_from_tags(tags), len(tags), scheme)


def tags_of_labels(labels: Iterable[str], scheme: str = "BIO") -> list[str]:
    """All tags that a model of these labels chooses from, `O` first: O, B-LOC, I-LOC, B-PER, ….

    Raises:
        ValueError: the scheme is neither "BIO" nor "BIOES".
    """
    if scheme not in ("BIO", "BIOES"):
        raise ValueError(f"a model's tags are in BIO or BIOES, not in {scheme!r}")
    prefixes = ("B", "I") if scheme == "BIO" else ("B", "I", "E", "S")
    return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in prefixes)]


def tags_from_name_flags(flags: Sequence[int] | np.ndarray, label: str = NAME) -> list[str]:
    """BIO tags for a model that says of each token whether it is part of a name.

    Args:
        flags: [N] 0 or 1; each run of 1 forms one entity.
        label: the label of the entities.
    """
    return to_scheme([f"I-{label}" if flag else OUTSIDE for flag in flags])


def allowed_transitions(tags: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which tag may follow which, begin a sentence and end one.

    In BIO an I needs a B or an I of its label before it. In BIOES (taken to be the scheme if any
    tag has E or S) besides, a B or an I needs an I or an E of its label after it.

    Args:
        tags: the K tags of a model, in BIO or BIOES, each once.

    Returns:
        (transitions bool [K, K], indexed [from, to]; start bool [K]; end bool [K]).

    Raises:
        ValueError: a tag is there twice or belongs to no known scheme.
    """
    if len(set(tags)) != len(tags):
        raise ValueError(f"each tag may be there once only: {list(tags)}")
    parts = []
    for position, tag in enumerate(tags):
        try:
            parts.append(split_tag(tag))
        except TagError:
            _refuse(tag, 0, position)
    closing = any(prefix in "ES" for prefix, _ in parts)
    # An entity is still open after these, and only these can go on with one.
    opens = np.array([prefix in "BI" for prefix, _ in parts], dtype=bool)
    continues = np.array([prefix in "IE" for prefix, _ in parts], dtype=bool)
    labels = np.array([label for _, label in parts], dtype=object)
    same_label = labels[:, None] == labels[None, :]
    continued = opens[:, None] & continues[None, :] & same_label
    # Outside BIOES an open entity may simply stop.
    begun = (~opens[:, None] if closing else np.True_) & ~continues[None, :]
    return continued | begun, ~continues, ~opens if closing else np.ones(len(parts), dtype=bool)


def _refuse(tag: object, sequence: int, position: int) -> NoReturn:
    raise TagError(tag, sequence, position) from None


def _check_scheme(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise ValueError(f"the scheme is one of {', '.join(SCHEMES)}, not {scheme!r}")
