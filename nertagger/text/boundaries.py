"""Where tokens begin: the rules, as operations on whole arrays with a few neighbours in sight.

Written against an array namespace `xp`, of which only `concatenate` and `zeros_like` are asked, so
that NumPy and a TensorFlow graph run these very lines. docs/text.md explains the rules by examples;
tests/text/golden_tokens.jsonl holds many more.

Two properties are kept on purpose. White space always separates, so a corpus whose tokens are
joined by spaces keeps all its boundaries. And a token on its own is one token again: no rule may
join or split by what stands outside the token.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nertagger.text import characters as c


def is_attached(xp: Any, classes: Any) -> Any:
    """Whether a character belongs to the one before it, whatever that is: a combining mark or the
    like that does not stand after white space. The other rules do not see attached characters.

    Args:
        xp: the array namespace.
        classes: of all characters, uint8 [n].

    Returns:
        bool [n].
    """
    return (classes == c.MARK) & (shift(xp, classes, -1) > c.LINE_BREAK)


def begins_token(xp: Any, codes: Any, folded: Any, classes: Any) -> Any:
    """Whether a token begins at a character; it reaches until the next begins or white space comes.

    Args:
        xp: the array namespace.
        codes: code points without the attached ones, int32 [n]. Texts may follow each other where
            white space stands between them.
        folded: what they fold to, int32 [n].
        classes: their classes, uint8 [n].

    Returns:
        bool [n], False at white space.
    """

    def at(values: Any, offset: int) -> Any:
        return shift(xp, values, offset)

    word = classes >= c.NUMBER
    letter = classes >= c.LETTER
    digit = classes == c.DIGIT
    upper = classes == c.UPPER
    apostrophe = classes == c.APOSTROPHE
    after_word, before_word = at(word, -1), at(word, 1)
    after_letter, before_letter = at(letter, -1), at(letter, 1)
    next_folded, second_folded = at(folded, 1), at(folded, 2)

    # do|n't; not xn'tn't, of which nobody could say where it parts.
    negation = (folded == _N) & at(apostrophe, 1) & (second_folded == _T)
    negation &= after_word & ~at(word, 3) & ~at(negation, -3)

    # Tom|'s, I|'m, she|'d; you|'re, we|'ve, they|'ll. A quoted letter, 'D', is none of these.
    word_goes_on = word & ~negation
    short = (next_folded == _S) | (next_folded == _M) | (next_folded == _D)
    long = (second_folded == _E) & ((next_folded == _R) | (next_folded == _V))
    long |= (second_folded == _L) & (next_folded == _L)
    short &= apostrophe & ~at(word_goes_on, 2) & (after_word | ~at(apostrophe, 2))
    long &= apostrophe & ~at(word_goes_on, 3) & (after_word | ~at(apostrophe, 3))
    clitic = short | long

    # O'Brien, L'Aquila; AT&T; user_name; Col·legi.
    inner = apostrophe & after_letter & before_letter & ~clitic & ~at(short, -2) & ~at(long, -3)
    inner |= (codes == _AMPERSAND) & at(upper, -1) & at(upper, 1)
    inner |= (codes == _UNDERSCORE) & after_word & before_word
    inner |= (codes == _MIDDLE_DOT) & after_letter & before_letter

    # J. Smith, U.S., e.g.; Ph.D.; 3.5, example.com, No.5. A run of periods stays apart.
    single = letter & ~after_word & ~before_word & ~at(inner | clitic, -1)
    period = folded == _PERIOD
    after_single, before_single = at(single, -1), at(single, 1)
    lone_period = period & ~at(period, 1)
    closing_period = lone_period & after_single
    inner |= period & (
        (after_word & at(classes == c.LOWER, 1))
        | (at(word & (letter | digit), -1) & at(digit, 1))
        | (after_letter & before_single & (after_single | at(lone_period, 2)))
    )
    # 1,000; 12:30.
    inner |= ((codes == _COMMA) | (codes == _COLON)) & at(digit, -1) & at(digit, 1)

    run = (codes == at(codes, -1)) & (classes >= c.DASH) & (classes <= c.CJK_SENTENCE_END)
    joins = (word & after_word & ~negation) | inner | at(inner | clitic, -1) | closing_period | run
    return ~(joins | (classes <= c.LINE_BREAK))


def shift(xp: Any, values: Any, offset: int) -> Any:
    """What stands `offset` places on from every place of a rank 1 array; 0 beyond its ends."""
    if isinstance(values, np.ndarray):
        # Sixty shifts a text: on a short one NumPy's own functions would take four times as long.
        shifted = np.zeros(values.shape, values.dtype)
        if offset > 0:
            shifted[:-offset] = values[offset:]
        else:
            shifted[-offset:] = values[:offset]
        return shifted
    if offset > 0:
        return xp.concatenate([values[offset:], xp.zeros_like(values[:offset])])
    return xp.concatenate([xp.zeros_like(values[:-offset]), values[:offset]])


_PERIOD, _COMMA, _COLON, _AMPERSAND, _UNDERSCORE, _MIDDLE_DOT = map(ord, ".,:&_·")
_D, _E, _L, _M, _N, _R, _S, _T, _V = map(ord, "delmnrstv")
