"""Names that nobody has met, in place of some of a corpus's own.

In a corpus most places and many organisations are famous, and words that are unknown are people: so
that is what a network takes a new name for, whatever stands around it. A name made of the first
half of one of its kind and the second half of another looks like its kind and is known to no list;
what it is has to be read from its letters and its sentence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from nertagger.text.tags import OUTSIDE
from nertagger.text.token_encoder import TokenEncoder, are_unknown

WORDS = 3_000
"""Made-up words of each label."""


@dataclasses.dataclass(frozen=True)
class MadeUpNames:
    """What the tokens of a corpus could be called instead.

    Attributes:
        features: per input name, rows of made-up words: for each label `WORDS` of them, then the
            same in capitals: [2 · WORDS · L] or [2 · WORDS · L, C].
        firsts: the first row for each token, int [N]; -1 for one that stays as it is.
        begins: which tokens begin a name, bool [N].
    """

    features: Mapping[str, np.ndarray]
    firsts: np.ndarray
    begins: np.ndarray

    def of(self, tokens: np.ndarray) -> MadeUpNames:
        """The same of these tokens, int [N]."""
        return dataclasses.replace(self, firsts=self.firsts[tokens], begins=self.begins[tokens])


def made_up_names_of(
    tokens: Sequence[str], tags: Sequence[str], encoder: TokenEncoder
) -> MadeUpNames:
    """The made-up names of a corpus: always the same ones.

    Words of one or two letters, with other than letters, or without a capital stay as they are, and
    so do short ones all in capitals, for most are abbreviations.

    Args:
        tokens: of the corpus, in order.
        tags: theirs, BIO.
        encoder: from tokens to numbers; made-up words are unknown to it.
    """
    words: dict[str, dict[str, None]] = {}
    places: dict[str, list[int]] = {}
    for place, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
        if tag != OUTSIDE and _replaceable(token):
            label = tag[2:]
            words.setdefault(label, {})[token.capitalize() if token.isupper() else token] = None
            places.setdefault(label, []).append(place)
    random = np.random.default_rng(0)
    firsts = np.full(len(tokens), -1)
    made: list[str] = []
    for label in sorted(words):
        if found := _made_up([*words[label]], encoder, random):
            replaced = np.array(places[label])
            in_capitals = np.array([tokens[place].isupper() for place in replaced])
            firsts[replaced] = len(made) + WORDS * in_capitals
            found = [found[number % len(found)] for number in range(WORDS)]
            made += found + [word.upper() for word in found]
    begins = np.array([tag.startswith("B-") for tag in tags])
    return MadeUpNames(encoder.encode(made), firsts, begins)


def _replaceable(token: str) -> bool:
    least = 5 if token.isupper() else 3
    return token.isalpha() and token[0].isupper() and len(token) >= least


def _made_up(words: Sequence[str], encoder: TokenEncoder, random: np.random.Generator) -> list[str]:
    """Some made-up words, no more than `WORDS`; none where all halves of words are words."""
    beginnings, endings = random.integers(0, len(words), (2, 2 * WORDS))
    halves = [(word[: (len(word) + 1) // 2], word[(len(word) + 1) // 2 :]) for word in words]
    made = [
        halves[one][0] + halves[other][1]
        for one, other in zip(beginnings.tolist(), endings.tolist(), strict=True)
    ]
    unknown = are_unknown(encoder.encode(made))
    return [word for word, is_unknown in zip(made, unknown, strict=True) if is_unknown][:WORDS]
