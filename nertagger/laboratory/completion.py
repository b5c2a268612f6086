"""A language model that reads word by word, in NumPy, and goes on where a text stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from nertagger.laboratory.language_text import BOUNDARY
from nertagger.laboratory.ngrams import Interpolation
from nertagger.recurrent import equations, numpy_ops
from nertagger.text.vocabulary import PAD, UNKNOWN, Vocabulary

MOST_WORDS = 12

Choose = Callable[[np.ndarray], int]


class Reader(Protocol):
    """What has read some words and expects the next one."""

    def read(self, word: int) -> np.ndarray:
        """Reads one word more, and says what it expects then: probabilities [vocabulary]."""


class NetworkReader:
    """Reads with the weights of a `next_word.NextWord`, by the same equations (1) to (4).

    Args:
        cell: its name in `equations.CELLS`.
        weights: as `NextWord.arrays` gives them.
    """

    def __init__(self, cell: str, weights: Mapping[str, np.ndarray]) -> None:
        self._cell = equations.CELLS[cell]
        self._weights = weights
        own = {
            name.removeprefix("cell."): weight
            for name, weight in weights.items()
            if name.startswith("cell.")
        }
        self._kernel, self._bias = own.pop("kernel"), own.pop("bias")
        units = own["recurrent_kernel"].shape[0]
        self._recurrent = self._cell.prepare(numpy_ops, own)
        self._states = tuple(np.zeros((1, units), np.float32) for _ in self._cell.states)

    def read(self, word: int) -> np.ndarray:
        weights = self._weights
        x = weights["embedding"][[word]]  # (1)
        projected = equations.project(numpy_ops, x, self._kernel, self._bias)
        self._states = self._cell.step(
            numpy_ops, projected, self._states, self._recurrent, np.tanh
        )  # (2)
        y = self._states[0] @ weights["projection.kernel"] + weights["projection.bias"]  # (3)
        return numpy_ops.softmax((y @ weights["embedding"].T + weights["bias"])[0])  # (4)


class CountReader:
    """Reads with interpolated frequencies, which know the last word at most."""

    def __init__(self, interpolation: Interpolation) -> None:
        self._interpolation = interpolation

    def read(self, word: int) -> np.ndarray:
        return self._interpolation.next_word(word)


def greedy(probabilities: np.ndarray) -> int:
    """The likeliest word."""
    return int(probabilities.argmax())


def sampled(seed: int) -> Choose:
    """A word drawn by its probability; the same draws for the same seed."""
    random = np.random.default_rng(seed)
    return lambda probabilities: int(random.choice(len(probabilities), p=probabilities))


def complete(reader: Reader, prompt: Sequence[str], vocabulary: Vocabulary, choose: Choose) -> str:
    """The words with which a sentence goes on.

    `<UNK>` is never chosen: the other words share its probability.

    Args:
        reader: that has read nothing yet.
        prompt: the words that are there, as the vocabulary has them; perhaps none.
        vocabulary: of the reader.
        choose: `greedy`, or what `sampled` returns.

    Returns:
        The new words, joined by spaces, to the sentence's end; … where it has not ended after
        `MOST_WORDS`.
    """
    probabilities = reader.read(BOUNDARY)
    for word in prompt:
        probabilities = reader.read(vocabulary.lookup(word))
    words: list[str] = []
    while True:
        known: Any = probabilities.astype(np.float64)
        known[[PAD, UNKNOWN]] = 0
        chosen = choose(known / known.sum())
        if chosen == BOUNDARY:
            return " ".join(words)
        if len(words) == MOST_WORDS:
            return " ".join([*words, "…"])
        words.append(vocabulary.words[chosen])
        probabilities = reader.read(chosen)
