"""What it brings not to tell the least likely entities.

    python benchmarks/least_score.py --model DIR [--model DIR …] --corpus FILE [--map FROM=TO,…]

Entity F1 on a corpus, by the probability below which an entity is not told. Choose on a dev part.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nertagger
from nertagger.corpora.reading import read_corpus
from nertagger.evaluation.evaluate import evaluate
from nertagger.evaluation.label_map import parse_label_map

LEAST = (0.0, 0.2, 0.25, 0.3, 0.33, 0.36, 0.4, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--map", default="")
    options = parser.parse_args()
    mapping = parse_label_map(options.map)
    gold = read_corpus(options.corpus).documents
    print(f"{options.corpus.name:32}" + "".join(f"{least:7.2f}" for least in LEAST))
    for model in options.model:
        tagger = nertagger.load(model)
        line = f"{Path(model).name[:31]:32}"
        for least in LEAST:
            tagger.least_score = least
            predicted = tagger.pipe(document.text for document in gold)
            scores = evaluate(gold, predicted, mapping)
            line += f"{100 * scores['micro']['f1']:7.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
