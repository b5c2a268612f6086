"""Scoring a model on a corpus with other labels: `COUNTRY=LOC,TIME=O`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from nertagger.errors import InputError
from nertagger.text.document import Document

OUTSIDE = "O"


def parse_label_map(text: str, known: Collection[str] | None = None) -> dict[str, str]:
    """The map that `text` spells: `from=to` pairs, separated by commas. To `O` drops the spans.

    Args:
        text: such as `COUNTRY=LOC,TIME=O`.
        known: the labels of corpus and model together; None lets every label pass.

    Raises:
        InputError: a pair has no `=` or an empty side, a label is mapped twice, or a label on
            either side is not known.
    """
    mapping: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else []:
        source, equals, target = (part.strip() for part in pair.partition("="))
        if not equals or not source or not target or "=" in target:
            raise InputError(
                f"label map: {pair.strip()!r} is no pair; FROM=TO is expected, such as COUNTRY=LOC"
            )
        if source in mapping:
            raise InputError(f"label map: {source!r} is mapped twice")
        if known is not None:
            # A target too: with a slip of the pen there, everything would score 0.
            _check_known(source, known)
            if target != OUTSIDE:
                _check_known(target, known)
        mapping[source] = target
    return mapping


def map_labels(documents: Iterable[Document], mapping: Mapping[str, str]) -> list[Document]:
    """The documents with their entities relabelled; those that become `O` are left out.

    All pairs apply at once, so `A=B,B=A` swaps. Entities that the map does not name stay.
    """
    if not mapping:
        return list(documents)
    return [
        Document(
            document.text,
            [
                entity._replace(label=label)
                for entity in document.entities
                if (label := mapping.get(entity.label, entity.label)) != OUTSIDE
            ],
        )
        for document in documents
    ]


def _check_known(label: str, known: Collection[str]) -> None:
    if label not in known:
        raise InputError(
            f"label map: neither corpus nor model has the label {label!r}; "
            f"they have {', '.join(sorted(known)) or 'none'}"
        )
