"""What `lab context` measures of one tagger: four times the same kind of tagging.

orders      a word is a name or not, and one other word decides; that word is before it, after
            it, or after it and in the name. The two sentences of a pair differ in that word
            alone, so that a tagger which does not see it says the same of both: it gets one
            right, and never the pair.
pairs       the ambiguous words of data/, each in two sentences, which are also what is learnt:
            what a tagger gets wrong here it cannot even hold.
position    names that training has at position 1 alone, looked for at all others.
corpus      a real one: what is left of the differences when there is little to learn from.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nertagger.corpora.bundled import bundled_corpus_path
from nertagger.corpora.reading import read_corpus
from nertagger.errors import InputError
from nertagger.evaluation.scores import entity_scores
from nertagger.laboratory import context_tasks as tasks
from nertagger.laboratory.bundled_part import DOCUMENTS
from nertagger.laboratory.context_taggers import (
    HiddenMarkovModel,
    MostFrequentTag,
    Numbering,
    Tagger,
)
from nertagger.laboratory.context_tasks import ORDERS, POSITIONS, Pair, Sentence, Use, kind_of
from nertagger.text.tags import spans_from_tags

_LONGEST = 60
"""A corpus's longer sentences are read by the padded network in pieces of so many words."""
_SHOWN_MISTAKES = 20


class Sizes(NamedTuple):
    """How much is learnt; the units are those of both directions together."""

    seeds: int
    units: int
    order_pairs: int
    order_epochs: int
    pair_epochs: int
    position_sentences: int
    position_epochs: int
    corpus_sentences: int
    corpus_units: int
    corpus_epochs: int
    corpus_batch: int


FULL = Sizes(3, 32, 250, 5, 60, 320, 8, 2_000, 64, 8, 16)
QUICK = Sizes(1, 32, 200, 4, 40, 200, 5, 200, 32, 4, 8)


class Learning(NamedTuple):
    """What is learnt from, and how long.

    Attributes:
        sentences: tagged.
        positions: T of the padded sentence.
        units: H.
        epochs: passes over the sentences.
        batch_size: sentences of a step.
        learning_rate: of Adam.
        least: rarer words are all the same unknown one.
    """

    sentences: Sequence[Sentence]
    positions: int
    units: int
    epochs: int
    batch_size: int = 16
    learning_rate: float = 1e-2
    least: int = 1


def learn(name: str, cell: str, learning: Learning, seed: int) -> Tagger:
    """A tagger that has learnt.

    Args:
        name: one of `TAGGERS`.
        cell: of the recurrent ones.
        learning: from what.
        seed: of the weights and the order.
    """
    numbering = Numbering(learning.sentences, learning.least)
    tagger: Tagger
    if name == "most frequent tag":
        tagger = MostFrequentTag(numbering)
    elif name == "hidden Markov model":
        tagger = HiddenMarkovModel(numbering)
    else:
        from nertagger.silence import import_keras

        import_keras()
        from nertagger.laboratory.context_networks import NetworkTagger

        tagger = NetworkTagger(
            name,
            numbering,
            learning.positions,
            learning.units,
            cell,
            learning.epochs,
            learning.batch_size,
            learning.learning_rate,
            seed,
        )
    tagger.learn(learning.sentences)
    return tagger


def said_of(tagger: Tagger, uses: Sequence[Use]) -> list[str]:
    """What a tagger says that each use is: a label, or "" for no entity."""
    tags = tagger.tag([use.sentence.words for use in uses])
    return [kind_of(tagged[use.at]) for tagged, use in zip(tags, uses, strict=True)]


def mistakes(uses: Sequence[Use], said: Sequence[str]) -> list[dict[str, str]]:
    """The uses of which something wrong is said: word, sentence, said, right."""
    return [
        {
            "word": use.sentence.words[use.at],
            "sentence": " ".join(use.sentence.words),
            "said": kind or "no entity",
            "right": kind_of(use.sentence.tags[use.at]) or "no entity",
        }
        for use, kind in zip(uses, said, strict=True)
        if kind != kind_of(use.sentence.tags[use.at])
    ]


def pair_scores(tagger: Tagger, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Of a tagger and pairs: the share of pairs with both uses right, which, and the mistakes."""
    uses = [use for pair in pairs for use in pair]
    said = said_of(tagger, uses)
    right = [
        kind == kind_of(use.sentence.tags[use.at]) for kind, use in zip(said, uses, strict=True)
    ]
    both = [[first, second] for first, second in zip(right[::2], right[1::2], strict=True)]
    return {
        "pairs": statistics.mean(all(pair) for pair in both),
        "uses": statistics.mean(right),
        "right": both,
        "mistakes": mistakes(uses, said),
    }


def orders(name: str, cell: str, sizes: Sizes, seed: int) -> dict[str, float]:
    """The share of pairs that a tagger gets right for each order, of 100 that it has not seen."""
    training = tasks.order_pairs(sizes.order_pairs, seed)
    asked = tasks.order_pairs(100, seed + 1_000_003)
    sentences = [sentence for pairs in training.values() for sentence in tasks.sentences_of(pairs)]
    longest = max(
        len(sentence.words) for pairs in asked.values() for sentence in tasks.sentences_of(pairs)
    )
    positions = max(longest, *(len(sentence.words) for sentence in sentences))
    learning = Learning(sentences, positions, sizes.units, sizes.order_epochs, batch_size=32)
    tagger = learn(name, cell, learning, seed)
    return {order: pair_scores(tagger, asked[order])["pairs"] for order in ORDERS}


def pairs_of_data(name: str, cell: str, sizes: Sizes, seed: int) -> dict[str, Any]:
    """Which pairs of data/ a tagger gets right that has learnt them and nothing else."""
    pairs = tasks.bundled_pairs()
    sentences = tasks.sentences_of(pairs)
    positions = max(len(sentence.words) for sentence in sentences)
    learning = Learning(sentences, positions, sizes.units, sizes.pair_epochs)
    return pair_scores(learn(name, cell, learning, seed), pairs)


def positions(name: str, cell: str, sizes: Sizes, seed: int, others: bool) -> list[float]:
    """The share of names found at positions 1, 2, … of those that training has at 1 alone.

    Args:
        others: whether training has other names elsewhere; see `context_tasks`.
    """
    sentences = tasks.position_sentences(sizes.position_sentences, seed, others)
    learning = Learning(sentences, POSITIONS, sizes.units, sizes.position_epochs)
    tagger = learn(name, cell, learning, seed)
    asked = 50
    uses = [use for at in range(1, POSITIONS + 1) for use in tasks.position_uses(at, asked, seed)]
    found = [kind != "" for kind in said_of(tagger, uses)]
    return [statistics.mean(found[at : at + asked]) for at in range(0, len(found), asked)]


class RealCorpus(NamedTuple):
    """Sentences of a corpus to learn from, others to be asked of, and what they are."""

    name: str
    train: list[Sentence]
    dev: list[Sentence]

    @property
    def positions(self) -> int:
        """T, of the padded sentence."""
        return min(max(len(sentence.words) for sentence in self.train), _LONGEST)


def read_real_corpus(train: str | None, dev: str | None, most: int, seed: int) -> RealCorpus:
    """A corpus from files, or the beginning of the bundled English one.

    Args:
        train: its file; without `dev`, every tenth sentence is kept to ask.
        dev: another file.
        most: sentences to learn from; of more, so many are drawn.
        seed: of the draw.

    Raises:
        InputError: a file cannot be used, or `dev` is given without `train`.
    """
    if dev and not train:
        raise InputError("--dev is given without --train; give both, or neither")
    path = Path(train) if train else bundled_corpus_path("train")
    corpus = read_corpus(path)
    documents = corpus.documents if train else corpus.documents[:DOCUMENTS]
    sentences = [s for s in tasks.corpus_sentences(documents) if s.words]
    if train and not dev:
        asked = sentences[::10]
        sentences = [sentence for at, sentence in enumerate(sentences) if at % 10]
    else:
        dev_path = Path(dev) if dev else bundled_corpus_path("dev")
        asked = [s for s in tasks.corpus_sentences(read_corpus(dev_path).documents) if s.words]
    if not corpus.labels or not sentences or not asked:
        raise InputError(
            f"{len(sentences)} sentences to learn from, {len(asked)} to ask, "
            f"{corpus.entity_count} entities; expected some of each",
            path,
        )
    if len(sentences) > most:
        chosen = np.random.default_rng(seed).permutation(len(sentences))[:most]
        sentences = [sentences[at] for at in sorted(chosen.tolist())]
    return RealCorpus(corpus.name if train else "bundled", sentences, asked)


def corpus_scores(
    name: str, cell: str, sizes: Sizes, seed: int, corpus: RealCorpus
) -> dict[str, Any]:
    """A tagger on a real corpus.

    Returns:
        "words": the share of words with the right tag; "ambiguous": the same of the words that
        training has as two kinds, in their kind, None where there are none; "f1": of entities;
        "mistakes": some on ambiguous words.
    """
    learning = Learning(
        corpus.train,
        corpus.positions,
        sizes.corpus_units,
        sizes.corpus_epochs,
        sizes.corpus_batch,
        least=2,
    )
    tagged = learn(name, cell, learning, seed).tag([sentence.words for sentence in corpus.dev])
    right = [
        said == tag
        for tags, sentence in zip(tagged, corpus.dev, strict=True)
        for said, tag in zip(tags, sentence.tags, strict=True)
    ]
    ambiguous = tasks.ambiguous_words(corpus.train)
    uses, kinds = [], []
    for tags, sentence in zip(tagged, corpus.dev, strict=True):
        for use in tasks.uses_of([sentence], ambiguous):
            uses.append(use)
            kinds.append(kind_of(tags[use.at]))
    wrong = mistakes(uses, kinds)
    scores = entity_scores(
        [spans_from_tags(sentence.tags) for sentence in corpus.dev],
        [spans_from_tags(tags) for tags in tagged],
    )
    return {
        "words": statistics.mean(right),
        "ambiguous": 1 - len(wrong) / len(uses) if uses else None,
        "ambiguous_uses": len(uses),
        "f1": scores["micro"]["f1"],
        "mistakes": wrong[:_SHOWN_MISTAKES],
    }
