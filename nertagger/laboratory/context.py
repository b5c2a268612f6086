"""`lab context`: what the order of the words, and both directions, buy.

Seven taggers (`context_taggers.TAGGERS`), from the one that sees a word and nothing else to the one
that sees all of its sentence, learn the same things (`context_measures`).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from nertagger.errors import InputError
from nertagger.laboratory import context_measures as measures
from nertagger.laboratory import context_pictures as pictures
from nertagger.laboratory.context_measures import FULL, QUICK, RealCorpus, Sizes
from nertagger.laboratory.context_taggers import TAGGERS, Numbering, weight_count
from nertagger.laboratory.context_tasks import ORDERS, Pair, bundled_pairs
from nertagger.laboratory.result import Result
from nertagger.laboratory.workbench import Workbench
from nertagger.recurrent.equations import CELLS

VOCABULARY = 10_000
"""V, of the weights that are counted."""

Runs = Mapping[str, Sequence[Mapping[str, Any]]]
"""By tagger, what was measured with each seed: "orders", "pairs", "position", "corpus", …"""


def run(
    workbench: Workbench, cell: str = "lstm", train: str | None = None, dev: str | None = None
) -> Result:
    """The experiment.

    Args:
        workbench: runs the parts.
        cell: of the recurrent taggers.
        train, dev: files of a corpus; see `context_measures.read_real_corpus`.

    Raises:
        InputError: a file cannot be used, or there is no such cell.
    """
    if cell not in CELLS:
        raise InputError(f"no cell {cell!r}; there are {', '.join(CELLS)}")
    sizes = QUICK if workbench.quick else FULL
    corpus = measures.read_real_corpus(train, dev, sizes.corpus_sentences, workbench.seed)
    runs = measure(workbench, cell, corpus, sizes)
    return report(runs, weights(corpus, sizes, cell), corpus, cell)


def measure(
    workbench: Workbench, cell: str, corpus: RealCorpus, sizes: Sizes
) -> dict[str, list[dict[str, Any]]]:
    """Everything, of every tagger and seed."""
    parts: dict[str, Callable[..., Any]] = {
        "orders": measures.orders,
        "pairs": measures.pairs_of_data,
        "position": partial(measures.positions, others=True),
        "position_without_others": partial(measures.positions, others=False),
        "corpus": partial(measures.corpus_scores, corpus=corpus),
    }
    workbench.expect(len(TAGGERS) * sizes.seeds * len(parts))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TAGGERS}
    for seed in range(workbench.seed, workbench.seed + sizes.seeds):
        for name in TAGGERS:
            found[name].append(
                {
                    part: workbench.part(
                        f"{name}, {part.replace('_', ' ')}, seed {seed}",
                        partial(compute, name, cell, sizes, seed),
                    )
                    for part, compute in parts.items()
                }
            )
    return found


def weights(corpus: RealCorpus, sizes: Sizes, cell: str) -> dict[str, int]:
    """The weights of each tagger for one-hot vectors of `VOCABULARY` words and this corpus."""
    tags = len(Numbering(corpus.train).tags)
    return {
        name: weight_count(name, VOCABULARY, tags, corpus.positions, sizes.corpus_units, cell)
        for name in TAGGERS
    }


def mean(runs: Sequence[Mapping[str, Any]], part: str, key: str | int) -> float | None:
    """The mean over seeds of one number of a part; None where there is none."""
    values = [run[part][key] for run in runs]
    return None if None in values else statistics.mean(values)


def same_until_the_word(pairs: Sequence[Pair]) -> list[int]:
    """The pairs that a reader from the left cannot tell apart: up to the word they are the same."""
    return [
        number
        for number, (first, second) in enumerate(pairs)
        if first.sentence.words[: first.at + 1] == second.sentence.words[: second.at + 1]
    ]


def report(runs: Runs, weight_counts: Mapping[str, int], corpus: RealCorpus, cell: str) -> Result:
    """The table, the finding and the pictures of what was measured."""
    pairs = bundled_pairs()
    blind = same_until_the_word(pairs)
    columns = {
        name: {
            **{order: mean(of_seeds, "orders", order) for order in ORDERS},
            "pairs": mean(of_seeds, "pairs", "pairs"),
            "position 1": mean(of_seeds, "position", 0),
            "position 5": mean(of_seeds, "position", 4),
            "ambiguous": mean(of_seeds, "corpus", "ambiguous"),
            "words": mean(of_seeds, "corpus", "words"),
            "F1": mean(of_seeds, "corpus", "f1"),
            "weights": weight_counts[name],
        }
        for name, of_seeds in runs.items()
    }
    blind_right = {
        name: statistics.mean(
            sum(all(run["pairs"]["right"][number]) for number in blind) for run in runs[name]
        )
        for name in ("forward", "bidirectional")
    }
    forward, both = columns["forward"], columns["bidirectional"]
    padded = columns["padded sentence"]
    finding = (
        f"Where the word that decides comes after the ambiguous one, the forward tagger ({cell}) "
        f"gets {forward['after']:.0%} of the pairs right, the bidirectional one "
        f"{both['after']:.0%}; where it comes before, {forward['before']:.0%} and "
        f"{both['before']:.0%}. Of the {len(pairs)} pairs of data/ and the lesson, {len(blind)} "
        f"are the same up to the ambiguous word: forward gets {blind_right['forward']:.3g} of them "
        f"right, bidirectional {blind_right['bidirectional']:.3g}. A name learnt at position 1 is "
        f"found at position 5 by the padded feed-forward network in {padded['position 5']:.0%} of "
        f"the sentences, by the bidirectional one in {both['position 5']:.0%}, with "
        f"{weight_counts['padded sentence'] / weight_counts['bidirectional']:.0f} times fewer "
        "weights."
    )
    numbers = {
        "cell": cell,
        "corpus": {
            "name": corpus.name,
            "train_sentences": len(corpus.train),
            "dev_sentences": len(corpus.dev),
        },
        "vocabulary_of_the_weights": VOCABULARY,
        "pairs": [
            {
                "word": first.sentence.words[first.at],
                "sentences": [" ".join(use.sentence.words) for use in (first, second)],
                "same_until_the_word": number in blind,
            }
            for number, (first, second) in enumerate(pairs)
        ],
        "means": columns,
        "runs": dict(runs),
    }
    return Result(
        finding=finding,
        table=[{"tagger": name, **values} for name, values in columns.items()],
        numbers=numbers,
        pictures=pictures.draw(runs, columns, pairs),
    )
