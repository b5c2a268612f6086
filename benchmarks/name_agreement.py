"""What it brings that the mentions of a name in a document agree on its label.

    python benchmarks/name_agreement.py --model DIR --corpus FILE [--map FROM=TO,…]

Entity F1 on a corpus of whole documents, by strength; 0 is every mention by itself. Choose on a
dev part. And of the mentions whose label changed, at strength 2: how many were right before, how
many are after, and the mean of their new scores, which should be the share that is right.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nertagger
from nertagger.corpora.reading import read_corpus
from nertagger.evaluation.label_map import map_labels, parse_label_map
from nertagger.evaluation.scores import entity_scores
from nertagger.text.document import Document

STRENGTHS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--map", default="")
    options = parser.parse_args()
    mapping = parse_label_map(options.map)
    tagger = nertagger.load(options.model)
    # The same mentions at every strength.
    tagger.least_score = 0.0
    gold = map_labels(read_corpus(options.corpus).documents, mapping)
    tagged = {}
    for strength in STRENGTHS:
        tagger.name_agreement = strength
        tagged[strength] = map_labels(tagger.pipe(d.text for d in gold), mapping)
        scores = entity_scores([*map(spans, gold)], [*map(spans, tagged[strength])])
        print(f"strength {strength:3.1f}   F1 {100 * scores['micro']['f1']:.2f}")
    changed = [
        (spans(right), before, after)
        for right, first, second in zip(gold, tagged[0.0], tagged[2.0], strict=True)
        for before, after in zip(first.entities, second.entities, strict=True)
        if before.label != after.label
    ]
    if changed:
        right_before = sum(place(before) in right for right, before, _ in changed)
        right_after = sum(place(after) in right for right, _, after in changed)
        mean = sum(after.score for *_, after in changed) / len(changed)
        print(
            f"{len(changed)} labels changed: {right_before} right before, {right_after} after "
            f"({100 * right_after / len(changed):.0f} %); mean score {100 * mean:.0f} %"
        )


def place(entity: nertagger.Entity) -> tuple[int, int, str]:
    return entity.start, entity.end, entity.label


def spans(document: Document) -> list[tuple[int, int, str]]:
    return [place(entity) for entity in document.entities]


if __name__ == "__main__":
    main()
