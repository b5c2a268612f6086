"""What counting alone knows of the next word: unigrams and bigrams, interpolated.

Notation
    c(v, w)   how often w follows v in the text that is fitted to;  c(v) = Σ_w c(v, w)
    N         Σ_v c(v), all places;  c(w) / N, how often w occurs
    V         the words that may come next
    λ_j(v)    ≥ 0, Σ_j λ_j(v) = 1; the same for all v that are about as frequent

    (1)  p_1(w)     = λ_1 c(w) / N + λ_0 / V
    (2)  p_2(w | v) = λ_2(v) c(v, w) / c(v) + λ_1(v) c(w) / N + λ_0(v) / V

The λ are those under which another part of the text, the tuning part, is most likely. They are
found by expectation and maximisation: given λ, each place of that part was made by component j with
the probability r_j = λ_j p_j / Σ_k λ_k p_k (3), and the new λ_j is the mean of r_j (4).

Sources
    Jelinek & Mercer 1980, Interpolated estimation of Markov source parameters from sparse data.
    Chen & Goodman 1999, An empirical study of smoothing techniques for language modeling,
    section 2.3: λ(v) shared by contexts of about the same count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nertagger.laboratory.language_text import LanguageText, Sentences
from nertagger.text.vocabulary import PAD

_ITERATIONS = 50


class Interpolation(NamedTuple):
    """Frequencies, and the weights with which they are mixed.

    Attributes:
        word_counts: c(w), [vocabulary].
        pair_counts: c(v, w) by v · vocabulary + w.
        context_counts: c(v), [vocabulary].
        weights: λ_j by class of v, [classes, order + 1]; λ_0 first.
    """

    word_counts: np.ndarray
    pair_counts: dict[int, int]
    context_counts: np.ndarray
    weights: np.ndarray

    @property
    def order(self) -> int:
        """How many words it looks at: 1 or 2."""
        return self.weights.shape[1] - 1

    def probabilities(self, sentences: Sentences) -> np.ndarray:
        """p of each place's target, [N]."""
        mixed = self.weights[self._classes(sentences)] * self._components(sentences)
        return mixed.sum(axis=1)

    def next_word(self, word: int) -> np.ndarray:
        """p of everything that may follow a word, [vocabulary]."""
        targets = np.arange(len(self.word_counts), dtype=np.int32)
        inputs = np.full_like(targets, word)
        found = self.probabilities(Sentences(inputs, targets, np.array([0, len(targets)])))
        found[PAD] = 0
        return found

    def _components(self, sentences: Sentences) -> np.ndarray:
        """1 / V, c(w) / N and, in a bigram, c(v, w) / c(v), [N, order + 1]."""
        size = len(self.word_counts)
        before, word = sentences.inputs.astype(int), sentences.targets.astype(int)
        # All but padding may come next.
        uniform = np.full(len(word), 1 / (size - 1))
        columns = [uniform, self.word_counts[word] / self.word_counts.sum()]
        if self.order == 2:
            pairs = np.array([self.pair_counts.get(p, 0) for p in (before * size + word).tolist()])
            columns.append(pairs / np.maximum(self.context_counts[before], 1))
        return np.stack(columns, axis=1)

    def _classes(self, sentences: Sentences) -> np.ndarray:
        """The class of each place's v: by the order of magnitude of c(v), in powers of 2."""
        if self.weights.shape[0] == 1:
            return np.zeros(len(sentences.inputs), int)
        return np.log2(1 + self.context_counts[sentences.inputs]).astype(int)


def fit_interpolation(order: int, text: LanguageText) -> Interpolation:
    """Counts `text.fitting`, and finds the λ by `text.tuning`.

    Args:
        order: 1 for (1), 2 for (2).
        text: whose vocabulary is numbered as its sentences are; `<PAD>` never comes next.
    """
    size, fitting, tuning = text.vocabulary.size, text.fitting, text.tuning
    pairs = fitting.inputs.astype(int) * size + fitting.targets
    values, counts = np.unique(pairs, return_counts=True)
    words = np.bincount(fitting.targets, minlength=size)
    contexts = np.bincount(fitting.inputs, minlength=size)
    classes = 1 if order == 1 else int(np.log2(1 + contexts.max())) + 1
    found = Interpolation(
        words,
        dict(zip(values.tolist(), counts.tolist(), strict=True)),
        contexts,
        np.full((classes, order + 1), 1 / (order + 1)),
    )
    components, class_of = found._components(tuning), found._classes(tuning)
    weights = found.weights
    for _ in range(_ITERATIONS):
        mixed = weights[class_of] * components
        responsibility = mixed / mixed.sum(axis=1, keepdims=True)  # (3)
        weights = np.stack(
            [
                responsibility[class_of == number].mean(axis=0)  # (4)
                if (class_of == number).any()
                else weights[number]
                for number in range(classes)
            ]
        )
    return found._replace(weights=weights)
