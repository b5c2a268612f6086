"""Counts of corpora, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nertagger.corpora.alignment import labelled_sentences
from nertagger.corpora.corpus import PARTS, Corpus


def corpus_statistics(corpus: Corpus) -> dict[str, Any]:
    """Counts of one corpus, as the tagger sees it.

    Returns:
        "name" ("en/train" for the part of a corpus, else the corpus's name); "documents";
        "sentences"; "empty_sentences", those without an entity; "tokens"; "entities"; "labels",
        a count for each label, by label.
    """
    sentences = [
        sentence for document in corpus.documents for sentence in labelled_sentences(document, [])
    ]
    counts = Counter(entity.label for document in corpus.documents for entity in document.entities)
    part = corpus.path.stem
    return {
        "name": f"{corpus.name}/{part}" if part.lower() in PARTS else corpus.name,
        "documents": len(corpus.documents),
        "sentences": len(sentences),
        "empty_sentences": sum(set(sentence.tags) == {"O"} for sentence in sentences),
        "tokens": sum(len(sentence.tags) for sentence in sentences),
        "entities": counts.total(),
        "labels": {label: counts[label] for label in sorted(counts)},
    }


def statistics_table(statistics: Sequence[dict[str, Any]]) -> str:
    """The counts of some corpora as a Markdown table, a column each."""
    rows: list[list[str]] = [["", *(counts["name"] for counts in statistics)]]
    for title, key in (
        ("documents", "documents"),
        ("sentences", "sentences"),
        ("… without an entity", "empty_sentences"),
        ("tokens", "tokens"),
    ):
        rows.append([title, *(f"{counts[key]:,}" for counts in statistics)])
    lengths = [counts["tokens"] / max(counts["sentences"], 1) for counts in statistics]
    rows.append(["tokens a sentence", *(f"{length:.1f}" for length in lengths)])
    rows.append(["entities", *(f"{counts['entities']:,}" for counts in statistics)])
    for label in sorted({label for counts in statistics for label in counts["labels"]}):
        rows.append([label, *(f"{counts['labels'].get(label, 0):,}" for counts in statistics)])
    rows.insert(1, ["---", *("---:" for _ in statistics)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
