"""Text for a language model: sentences as numbers, in three parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nertagger.corpora.bundled import bundled_corpus
from nertagger.corpora.lines import read_lines
from nertagger.corpora.reading import FORMATS, read_corpus
from nertagger.errors import InputError
from nertagger.laboratory.bundled_part import DOCUMENTS
from nertagger.text.segmentation import segment
from nertagger.text.vocabulary import UNKNOWN, Vocabulary
from nertagger.text.word_forms import fold_all

BOUNDARY_WORD = "<S>"
BOUNDARY = 2
"""The number of `BOUNDARY_WORD`, which stands before the first word of a sentence and after its
last: one word, since it means the same to what follows and to what went before."""

_LEAST_SENTENCES = 50
_VOCABULARY_SIZE = 10_000


class Sentences(NamedTuple):
    """Sentences w_1 … w_n laid one after another; each has n + 1 places.

    Attributes:
        inputs: `<S>`, w_1, …, w_n: int32 [N].
        targets: what follows, w_1, …, w_n, `<S>`: int32 [N].
        offsets: where each sentence starts, and N: [S + 1].
    """

    inputs: np.ndarray
    targets: np.ndarray
    offsets: np.ndarray


class LanguageText(NamedTuple):
    """What a language model learns from and is measured on.

    Attributes:
        name: where it comes from.
        vocabulary: the words that occur at least twice in `fitting`, `<S>` the first of them.
        fitting: what the weights are fitted to.
        tuning: what chooses the epoch, and the weights of an interpolation.
        held_out: what nothing was chosen by.
    """

    name: str
    vocabulary: Vocabulary
    fitting: Sentences
    tuning: Sentences
    held_out: Sentences


def read_language_text(path: str | None, seed: int) -> LanguageText:
    """Reads a text and parts its sentences.

    Args:
        path: a corpus, if the file's extension is one of a corpus format, or else plain text in
            UTF-8; None for the bundled corpus, whose dev part is then held out. Of other texts a
            tenth of the sentences is. A tenth of the rest is for tuning.
        seed: of which sentences.

    Raises:
        InputError: the file cannot be used, or has too few sentences.
    """
    random = np.random.default_rng(seed)
    if path is None:
        name = "the bundled corpus"
        documents = bundled_corpus("train").documents[:DOCUMENTS]
        rest = _sentences([document.text for document in documents])
        held_out = _sentences([document.text for document in bundled_corpus("dev").documents])
    else:
        name = path
        sentences = _sentences(_texts(path))
        if len(sentences) < _LEAST_SENTENCES:
            raise InputError(
                f"has {len(sentences)} sentences; expected at least {_LEAST_SENTENCES} "
                "to learn a language from",
                path,
            )
        rest, held_out = _part(sentences, random)
    fitting, tuning = _part(rest, random)
    counts = Counter(word for sentence in fitting for word in sentence)
    known = {word: count for word, count in counts.items() if count > 1}
    # The most frequent word is number 2.
    known[BOUNDARY_WORD] = 1 + sum(counts.values())
    vocabulary = Vocabulary.from_counts(known, _VOCABULARY_SIZE)
    return LanguageText(
        name, vocabulary, *(numbered(part, vocabulary) for part in (fitting, tuning, held_out))
    )


def words_of(text: str) -> list[str]:
    """The words of a text in the form in which a vocabulary has them."""
    return fold_all(segment([text]).tokens())


def numbered(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Sentences:
    """Sentences as numbers."""
    lengths = [len(sentence) + 1 for sentence in sentences]
    offsets = np.append(0, np.cumsum(lengths))
    words = vocabulary.lookup_all(word for sentence in sentences for word in sentence)
    inputs = np.full(offsets[-1], BOUNDARY, np.int32)
    targets = inputs.copy()
    begins = np.zeros(len(inputs), bool)
    begins[offsets[:-1]] = True
    inputs[~begins] = words
    targets[~np.append(begins[1:], True)] = words
    return Sentences(inputs, targets, offsets)


def unknown_share(sentences: Sentences) -> float:
    """How many of the places ask for `<UNK>`."""
    return float(np.mean(sentences.targets == UNKNOWN))


def perplexity(log_probabilities: np.ndarray) -> float:
    """exp(-1/N Σ log p), of the logarithms of the probabilities of all places' targets, [N]."""
    return float(np.exp(-np.mean(log_probabilities)))


def _texts(path: str) -> list[str]:
    extensions = [extension for form in FORMATS.values() for extension in form.extensions]
    if Path(path).suffix.lower() in extensions:
        return [document.text for document in read_corpus(path).documents]
    return list(read_lines(path))


def _sentences(texts: Sequence[str]) -> list[list[str]]:
    segments = segment(texts)
    words = fold_all(segments.tokens())
    bounds = segments.sentence_offsets.tolist()
    return [words[begin:end] for begin, end in pairwise(bounds)]


def _part(
    sentences: list[list[str]], random: np.random.Generator
) -> tuple[list[list[str]], list[list[str]]]:
    """All but a tenth of the sentences, in a random order, and the tenth."""
    order = random.permutation(len(sentences)).tolist()
    tenth = max(1, len(order) // 10)
    return [sentences[i] for i in order[tenth:]], [sentences[i] for i in order[:tenth]]
