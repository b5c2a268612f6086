"""Words that are one slip of typing away from a common word.

A slip is a letter that is missing, one too many, another one, or two that changed places (Damerau
1964); the first letter is as it should be. All that a word could have been meant for is looked for
at once, by hashes: H(w) = Σ_j w_j m^j modulo 2^64, with m odd, so that what a slip changes of it
follows from the hashes of the prefixes and the powers of m. The rules are for arrays of NumPy and
of TensorFlow alike, so that the exported graph has them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SHORTEST = 5
"""A shorter word is one slip away from many."""
LONGEST = 20
_AT_ONCE = 1024
"""So many words are hashed together, for little memory."""
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS = np.array(sorted(map(ord, _ALPHABET)))


def _signed(number: int) -> int:
    """The int64 that has the bits of a number modulo 2^64."""
    return (number + 2**63) % 2**64 - 2**63


_MULTIPLIER = 0x9E3779B97F4A7C15
_POWERS = np.array([_signed(pow(_MULTIPLIER, j, 2**64)) for j in range(LONGEST + 1)], np.int64)
_FIRST_BITS = 18
_OTHER_BITS = 64 - _FIRST_BITS
_INVERSE = _signed(pow(_MULTIPLIER, -1, 2**64))


class CommonWords:
    """Finds the common word that another word may be meant for.

    Args:
        words: the commonest first; those that have other letters than a to z, or fewer than four,
            are left out.

    Attributes:
        hashes: of the words, rising, int64 [W].
        numbers: of each hash the place of its word in `words`, int32 [W].
    """

    def __init__(self, words: Sequence[str]) -> None:
        numbers = [n for n, word in enumerate(words) if of_letters(word, SHORTEST - 1)]
        hashes = np.empty(len(numbers), np.int64)
        for begin in range(0, len(numbers), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            codes = letter_codes([words[number] for number in numbers[part]])
            hashes[part] = (codes * _POWERS[:LONGEST]).sum(axis=1)
        order = hashes.argsort(kind="stable")
        # Most hashes that are looked for are none of these, which their first bits say at once.
        self._first_bits = np.zeros(1 << _FIRST_BITS, bool)
        self._first_bits[hashes >> _OTHER_BITS] = True
        self.hashes = hashes[order]
        self.numbers = np.array(numbers, np.int32)[order]

    def one_slip_away(self, words: Sequence[str]) -> np.ndarray:
        """The number of the commonest word that each of some words may be meant for, int [N].

        Args:
            words: all `of_letters`; none is one of the common ones.

        Returns:
            -1 where there is none.
        """
        none = np.iinfo(np.int32).max
        best = np.full(len(words), none)
        hashes, real = slips(np, letter_codes(words))
        which, column = (real & self._first_bits[hashes >> _OTHER_BITS]).nonzero()
        wanted = hashes[which, column]
        places = self.hashes.searchsorted(wanted).clip(max=len(self.hashes) - 1)
        found = self.hashes[places] == wanted
        np.minimum.at(best, which[found], self.numbers[places[found]])
        return np.where(best < none, best, -1)


def of_letters(word: str, shortest: int = SHORTEST) -> bool:
    """Whether a word, folded, is of the letters a to z alone, and as long as one may be."""
    return shortest <= len(word) <= LONGEST and _ALPHABET.issuperset(word)


def letter_codes(words: Sequence[str]) -> np.ndarray:
    """The code points of words, then zeros: int64 [N, LONGEST]."""
    codes = np.array(words, f"U{LONGEST}").reshape(-1, 1).view(np.uint32)
    return codes.astype(np.int64)


def slips(xp: Any, codes: Any) -> tuple[Any, Any]:
    """The hashes of all that is one slip away from words.

    Args:
        xp: `concatenate`, `cumsum`, `repeat` and `reshape`, of NumPy or TensorFlow.
        codes: as `letter_codes` has them.

    Returns:
        int64 [N, n] and bool [N, n], which of them there are: a word has only so many letters.
    """
    real = codes > 0
    # Hashes of prefixes: before each letter but the first, and with it; and of the whole.
    sums = xp.cumsum(codes * _POWERS[:LONGEST], 1)
    total, before, through = sums[:, -1:], sums[:, :-1], sums[:, 1:]
    letters, powers = codes[:, 1:], _POWERS[1:LONGEST]
    following = xp.concatenate([letters[:, 1:], 0 * total], 1)
    # For each letter what stands there instead, or what is put in before it.
    changed = total[:, :, None] + (_LETTERS - letters[:, :, None]) * powers[:, None]
    put_in = before + _POWERS[1] * (total - before)
    more = put_in[:, :, None] + _LETTERS * powers[:, None]
    width = len(powers) * len(_LETTERS)
    hashes = [
        before + _INVERSE * (total - through),
        total + (following - letters) * (powers - _POWERS[2:]),
        xp.reshape(changed, (-1, width)),
        xp.reshape(more, (-1, width)),
    ]
    there = [
        real[:, 1:],
        following > 0,
        xp.repeat(real[:, 1:], len(_LETTERS), 1),
        xp.repeat(real[:, :-1], len(_LETTERS), 1),
    ]
    return xp.concatenate(hashes, 1), xp.concatenate(there, 1)
