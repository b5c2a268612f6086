"""What smaller vectors cost a model: fewer words, fewer dimensions, fewer bits.

    python benchmarks/vector_size.py --model DIR --vectors FILE --corpus FILE [--map FROM=TO,…]

Entity F1 on a corpus; choose on a dev part. The model stays as it was trained, and the vectors that
it was trained with, of which it has four bits a number, are put under it in other sizes: in half
precision; the rarest words without theirs; all projected onto their first principal components (a
kernel trained with them would take in the projection); rounded to steps of each vector's largest
entry.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.corpora.reading import read_corpus
from nertagger.corpora.vectors import read_vectors
from nertagger.evaluation.label_map import map_labels, parse_label_map
from nertagger.evaluation.scores import entity_scores
from nertagger.runtime import token_features
from nertagger.runtime.directory import find_model, read_model
from nertagger.runtime.tagger import Tagger
from nertagger.text.document import Document


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--map", default="")
    options = parser.parse_args()
    mapping = parse_label_map(options.map)
    gold = map_labels(read_corpus(options.corpus).documents, mapping)
    model = read_model(find_model(options.model))
    row_of = model.encoder.vector_rows.get
    words, read = read_vectors(options.vectors, set(model.encoder.vector_rows.words()))
    # From a row of the model's to the place of its word in the file, behind one of zeros.
    place_of = np.zeros(len(words) + 1, np.intp)
    place_of[[row_of(word) for word in words]] = np.arange(1, len(words) + 1)
    vectors = np.vstack([np.zeros_like(read[:1]), read]).astype(np.float32)
    whole = None
    print(f"{'vectors':<34}{'MB':>6}{'F1':>8}{'cost':>7}")
    for what, megabytes, rows in cuts(vectors):
        tagger = Tagger(model.config, model.encoder, {**model.tensors, **unpacked(rows, place_of)})
        tagged = map_labels(tagger.pipe(document.text for document in gold), mapping)
        scores: Any = entity_scores([*map(spans, gold)], [*map(spans, tagged)])
        f1 = 100 * scores["micro"]["f1"]
        whole = f1 if whole is None else whole
        print(f"{what:<34}{megabytes:6.1f}{f1:8.2f}{whole - f1:7.2f}")


def unpacked(vectors: np.ndarray, place_of: np.ndarray) -> dict[str, np.ndarray]:
    """Tensors that make the runtime use these vectors as they are, by the places of its rows."""
    token_features.unpack = lambda xp, codes, scales, dimension: vectors[codes[:, 0]]
    return {"vectors.codes": place_of[:, None], "vectors.scales": place_of[:, None]}


def cuts(vectors: np.ndarray) -> Iterator[tuple[str, float, np.ndarray]]:
    """What is done, the megabytes that are left, and the vectors [R, F], commonest words first."""
    count, dimension = vectors.shape
    yield f"{count:,} words, {dimension} dimensions", count * dimension * 2e-6, vectors
    for fewer in (60_000, 40_000, 20_000, 10_000, 5_000):
        if fewer < count:
            cut = vectors.copy()
            cut[fewer:] = 0
            yield f"{fewer:,} words", fewer * dimension * 2e-6, cut
    mean = vectors[1:].mean(axis=0)
    components = np.linalg.svd(np.cov((vectors[1:] - mean).T))[2]
    for fewer in (75, 50, 25):
        if fewer < dimension:
            cut = (vectors - mean) @ components[:fewer].T @ components[:fewer] + mean
            # Row 0 is that of words without a vector.
            cut[0] = 0
            yield f"{fewer} dimensions", count * fewer * 2e-6, cut
    largest = np.maximum(abs(vectors).max(axis=1, keepdims=True), 1e-12)
    for bits in (8, 6, 4):
        step = largest / (2 ** (bits - 1) - 1)
        yield f"{bits} bits", count * dimension * bits / 8e6, np.round(vectors / step) * step


def spans(document: Document) -> list[tuple[int, int, str]]:
    return [(entity.start, entity.end, entity.label) for entity in document.entities]


if __name__ == "__main__":
    main()
