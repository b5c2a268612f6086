"""What an epoch reads: the corpus, changed here and there, so that other text is no surprise.

Rare words become `<UNK>` (Lample et al. 2016, section 4.3), and some of them lose their pretrained
vectors as well, as names have none that nobody has met. Sentences are read in lower case, in
capitals, or without their punctuation, and as if nothing came before and after them; and here and
there a name is one that nobody has met.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from nertagger.text.vocabulary import UNKNOWN
from nertagger.training.contexts import Contexts
from nertagger.training.made_up_names import WORDS, MadeUpNames
from nertagger.training.spellings import CASES, Spellings

_NO_VECTOR = 0


class Reading(NamedTuple):
    """Sentences in numbers.

    Attributes:
        features: per input name, a row per token: [N] or [N, C].
        tags: tag numbers, [N].
        offsets: where each sentence starts, and N: [S + 1].
        contexts: what each sentence is told of its document, one of the two of `Contexts`, [S, F];
            None where there is none.
    """

    features: Mapping[str, np.ndarray]
    tags: np.ndarray
    offsets: np.ndarray
    contexts: np.ndarray | None = None


class Variation(NamedTuple):
    """How often what is changed, anew in each epoch; see `TrainingOptions`."""

    unknown_probability: float = 0.0
    lost_vector_probability: float = 0.0
    case_variation: float = 0.0
    punctuation_variation: float = 0.0
    context_variation: float = 0.0
    name_variation: float = 0.0

    def read(
        self,
        spellings: Spellings,
        tags: np.ndarray,
        offsets: np.ndarray,
        random: np.random.Generator,
        contexts: Contexts | None = None,
        made_up_names: MadeUpNames | None = None,
    ) -> Reading:
        """The sentences as an epoch reads them; none is empty, and their order stays.

        Args:
            spellings: of the N tokens.
            tags: their tag numbers, [N].
            offsets: where each sentence starts, and N: [S + 1].
            random: what decides.
            contexts: of the S sentences; None where the model is told of none.
            made_up_names: for the N tokens; None where none is wanted.
        """
        count, lengths = len(tags), np.diff(offsets)
        unknown = random.random(count) < spellings.rarity * self.unknown_probability
        rows = spellings.rows
        if self.case_variation:
            varied = random.random(len(lengths)) < self.case_variation
            which = np.where(varied, random.integers(1, len(CASES), len(lengths)), 0)
            rows = rows + spellings.distinct * np.repeat(which, lengths)
        features = {name: values[rows] for name, values in spellings.features.items()}
        if self.lost_vector_probability and "vectors" in features:
            lost = random.random(count) < spellings.rarity * self.lost_vector_probability
            features["vectors"][lost] = _NO_VECTOR
            unknown |= lost
        features["words"][unknown] = UNKNOWN
        told = None
        if contexts is not None:
            alone = random.random(len(lengths)) < self.context_variation
            told = np.where(alone[:, None], contexts.of_sentences, contexts.of_documents)
        if made_up_names is not None and self.name_variation:
            drawn = random.random(np.count_nonzero(made_up_names.begins) + 1) < self.name_variation
            # Those that are read in another case are changed enough.
            renamed = drawn[np.cumsum(made_up_names.begins)] & (rows == spellings.rows)
            renamed &= made_up_names.firsts >= 0
            # A word is the same one throughout a sentence.
            shifts = np.repeat(random.integers(0, WORDS, len(lengths)), lengths)
            numbers = made_up_names.firsts + (spellings.rows + shifts) % WORDS
            for name, values in made_up_names.features.items():
                features[name][renamed] = values[numbers[renamed]]
        if not self.punctuation_variation:
            return Reading(features, tags, offsets, told)
        chosen = random.random(len(lengths)) < self.punctuation_variation
        # A sentence of punctuation alone stays.
        chosen &= np.add.reduceat(~spellings.marks, offsets[:-1]) > 0
        dropped = spellings.marks & np.repeat(chosen, lengths)
        return Reading(
            {name: values[~dropped] for name, values in features.items()},
            tags[~dropped],
            np.append(0, np.cumsum(np.add.reduceat(~dropped, offsets[:-1]))),
            told,
        )
