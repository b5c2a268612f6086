"""The taggers of `lab context`, from the one that sees least to the one that sees most.

Notation: V words, K tags, T positions, H units; w_t the word at t, x_t its one-hot vector.

    most frequent tag    y_t = argmax_k n(w_t, k), n counting the training sentences
    hidden Markov model  argmax_y Π_t p(y_t | y_{t-1}) p(w_t | y_t), estimated by counting
    word alone           y_t = argmax V·tanh(W x_t + b) + d                       one W for all t
    padded sentence      y_t = argmax V_t·tanh(Σ_s W_s x_s + b) + d_t             a W_s for each s
    recurrent            y_t = argmax V·h_t + d, h of `recurrent/equations.py`, read from the left,
                         from the right, or both side by side

Sources: Rabiner 1989, A tutorial on hidden Markov models, section III (Viterbi); Graves and
Schmidhuber 2005, Framewise phoneme classification with bidirectional LSTM.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from nertagger.crf.equations import Chain, viterbi
from nertagger.laboratory.context_tasks import Sentence
from nertagger.laboratory.parameters import cell_parameters
from nertagger.recurrent import numpy_ops
from nertagger.text.tags import OUTSIDE
from nertagger.text.vocabulary import Vocabulary

COUNTED = ("most frequent tag", "hidden Markov model")
NETWORKS = ("word alone", "padded sentence", "forward", "backward", "bidirectional")
TAGGERS = (*COUNTED, *NETWORKS)


class Tagger(Protocol):
    """What the experiment asks of every tagger."""

    def learn(self, sentences: Sequence[Sentence]) -> None:
        """Learns from tagged sentences; called once."""

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of sentences of words."""


class Numbering:
    """Words and tags as numbers: 0 is padding, 1 every word that training has too rarely.

    Args:
        sentences: of the training.
        least: how often a word must be there.
    """

    def __init__(self, sentences: Sequence[Sentence], least: int = 1) -> None:
        counts = Counter(word for sentence in sentences for word in sentence.words)
        frequent = {word: count for word, count in counts.items() if count >= least}
        self.vocabulary = Vocabulary.from_counts(frequent)
        found = {tag for sentence in sentences for tag in sentence.tags}
        self.tags = [OUTSIDE, *sorted(found - {OUTSIDE})]
        self._number_of = {tag: number for number, tag in enumerate(self.tags)}

    def word_numbers(self, words: Sequence[str]) -> np.ndarray:
        """int32 [T]."""
        return self.vocabulary.lookup_all(words)

    def tag_numbers(self, tags: Sequence[str]) -> np.ndarray:
        """int32 [T]."""
        return np.array([self._number_of[tag] for tag in tags], np.int32)


class MostFrequentTag:
    """Gives every word the tag that it has most often in training; sees no context at all."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering

    def learn(self, sentences: Sequence[Sentence]) -> None:
        counts: dict[int, Counter[str]] = defaultdict(Counter)
        for words, tags in sentences:
            for word, tag in zip(self._numbering.word_numbers(words), tags, strict=True):
                counts[int(word)][tag] += 1
        # Of equals the one that sorts last, which is O.
        self._best = {
            word: max(tags, key=lambda tag, tags=tags: (tags[tag], tag))  # type: ignore[misc]
            for word, tags in counts.items()
        }

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        return [
            [self._best.get(int(word), OUTSIDE) for word in self._numbering.word_numbers(words)]
            for words in sentences
        ]


class HiddenMarkovModel:
    """Tags emit words, and each tag depends on the one before it.

    What it knows of the context is a tag: of the word beside it nothing, if that has the same tag
    in both cases. Counts have `_ADDED` added, so that nothing is impossible.
    """

    _ADDED = 0.1

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering

    def learn(self, sentences: Sequence[Sentence]) -> None:
        count, size = len(self._numbering.tags), self._numbering.vocabulary.size
        emissions = np.full((count, size), self._ADDED)
        transitions = np.full((count, count), self._ADDED)
        start, end = np.full(count, self._ADDED), np.full(count, self._ADDED)
        for sentence in sentences:
            words = self._numbering.word_numbers(sentence.words)
            tags = self._numbering.tag_numbers(sentence.tags)
            np.add.at(emissions, (tags, words), 1)
            np.add.at(transitions, (tags[:-1], tags[1:]), 1)
            start[tags[0]] += 1
            end[tags[-1]] += 1
        # A tag is followed by another or by the end of its sentence.
        leaves = transitions.sum(axis=1) + end
        self._emissions = np.log(emissions / emissions.sum(axis=1, keepdims=True)).T
        self._chain = Chain(
            np.log(transitions / leaves[:, None]),
            np.log(start / start.sum()),
            np.log(end / leaves),
        )

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        tagged = []
        for words in sentences:
            emissions = self._emissions[self._numbering.word_numbers(words)][None]
            mask = np.ones((1, len(words)), bool)
            (path,) = viterbi(numpy_ops, emissions, mask, self._chain)
            tagged.append([self._numbering.tags[tag] for tag in path.tolist()])
        return tagged


def weight_count(
    tagger: str, words: int, tags: int, positions: int, units: int, cell: str = "lstm"
) -> int:
    """The numbers that a tagger has to learn.

    Args:
        tagger: one of `TAGGERS`.
        words: V, the length of a one-hot vector.
        tags: K.
        positions: T, of the padded sentence.
        units: H, in all directions together: a bidirectional one has half of them in each.
        cell: of the recurrent ones.
    """
    head = units * tags + tags
    if tagger == "most frequent tag":
        return words
    if tagger == "hidden Markov model":
        return tags * words + tags * tags + 2 * tags
    if tagger == "word alone":
        return words * units + units + head
    if tagger == "padded sentence":
        return positions * words * units + units + positions * head
    if tagger == "bidirectional":
        return 2 * cell_parameters(cell, words, units // 2) + head
    return cell_parameters(cell, words, units) + head
