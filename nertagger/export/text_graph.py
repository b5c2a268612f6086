"""Texts to tokens and sentences in the graph, by the same rules as `nertagger.text`.

Texts lie one after another as code points, a line break after each, across which no rule reaches.
Everything here belongs on the CPU.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from nertagger.export.lookup import CodePointTable, FoldTable, constant_table, word_numbers
from nertagger.text import characters as c
from nertagger.text import sentences as rules
from nertagger.text.boundaries import begins_token, is_attached, shift


class ArrayNames:
    """The few names of NumPy that the rules ask for, by TensorFlow."""

    cumsum = staticmethod(tf.cumsum)
    repeat = staticmethod(tf.repeat)
    reshape = staticmethod(tf.reshape)
    zeros_like = staticmethod(tf.zeros_like)
    where = staticmethod(tf.where)

    @staticmethod
    def concatenate(parts: Any, axis: int = 0) -> tf.Tensor:
        return tf.concat(parts, axis)


class Characters(NamedTuple):
    """The code points of all texts.

    Attributes:
        codes: int32 [n].
        folded: int32 [n], what they fold to.
        classes: uint8 [n].
        text_starts: int32 [B + 1], where each text starts, and n.
    """

    codes: tf.Tensor
    folded: tf.Tensor
    classes: tf.Tensor
    text_starts: tf.Tensor


class Tokens(NamedTuple):
    """The tokens of all texts.

    Attributes:
        starts, ends: int32 [N], places among all code points.
        strings: [N], as they stand in the text.
        text_offsets: int32 [B + 1], how many tokens come before each text, and N.
        types: the distinct ones among them.
        type_of: int32 [N], which of them each token is.
    """

    starts: tf.Tensor
    ends: tf.Tensor
    strings: tf.Tensor
    text_offsets: tf.Tensor
    types: Types
    type_of: tf.Tensor


class Types(NamedTuple):
    """Distinct tokens; most texts have far fewer than tokens.

    Attributes:
        starts, ends: int32 [U], the places of one occurrence.
        strings: [U], as they stand.
        folded: [U], folded.
    """

    starts: tf.Tensor
    ends: tf.Tensor
    strings: tf.Tensor
    folded: tf.Tensor


class TextGraph:
    """Reads texts."""

    def __init__(self) -> None:
        self._class_of = CodePointTable(c.class_table())
        self._fold = FoldTable(c.fold_table())
        self.abbreviations = constant_table(rules.abbreviations(), rules.NO_ABBREVIATION)
        self.openers = constant_table(dict.fromkeys(sorted(rules.sentence_openers()), 1), 0)

    def characters(self, texts: tf.Tensor) -> Characters:
        """Decodes texts, string [B], as `nertagger.text.utf8` does."""
        ended = tf.strings.join([texts, "\n"])
        decoded = tf.strings.unicode_decode(ended, "UTF-8", errors="replace")
        codes = decoded.values
        return Characters(
            codes, self._fold(codes), self._class_of(codes), tf.cast(decoded.row_splits, tf.int32)
        )

    def tokens(self, characters: Characters) -> Tokens:
        """As `nertagger.text.tokens.token_bounds`."""
        places = indices(~is_attached(ArrayNames, characters.classes))
        codes, folded, classes = (tf.gather(part, places) for part in characters[:3])
        begins = begins_token(ArrayNames, codes, folded, classes)
        inside = classes > c.LINE_BREAK
        # A line break is last, so that what follows is known of every character inside a token.
        is_last = inside & (shift(ArrayNames, begins, 1) | shift(ArrayNames, ~inside, 1))
        starts = tf.gather(places, indices(begins))
        ends = tf.gather(places, indices(is_last) + 1)
        strings = encode_spans(characters.codes, starts, ends)
        distinct, type_of = tf.unique(strings)
        count = tf.size(distinct)
        sample = tf.math.unsorted_segment_min(tf.range(tf.size(starts)), type_of, count)
        type_starts, type_ends = tf.gather(starts, sample), tf.gather(ends, sample)
        folded_strings = encode_spans(characters.folded, type_starts, type_ends)
        types = Types(type_starts, type_ends, distinct, folded_strings)
        text_offsets = tf.searchsorted(starts, characters.text_starts)
        return Tokens(starts, ends, strings, text_offsets, types, type_of)

    def sentence_offsets(self, characters: Characters, tokens: Tokens) -> tf.Tensor:
        """Where sentences begin among the tokens, and N: int32 [S + 1].

        As `nertagger.text.sentences.sentence_bounds`.
        """
        starts, ends, _, _, types, type_of = tokens
        breaks = tf.cast(characters.classes == c.LINE_BREAK, tf.int32)
        breaks = tf.concat([[0], tf.cumsum(breaks)], axis=0)
        next_starts = tf.concat([starts, characters.text_starts[-1:]], axis=0)[1:]
        line_ends = tf.gather(breaks, next_starts) > tf.gather(breaks, ends)
        first, last = tf.gather(characters.classes, starts), tf.gather(characters.codes, ends - 1)
        kind = tf.gather(word_numbers(self.abbreviations, types.folded), type_of)
        opener = tf.gather(word_numbers(self.openers, types.folded) > 0, type_of)
        is_last = rules.ends_sentence(
            ArrayNames,
            first=first,
            last=last,
            lengths=ends - starts,
            space_follows=next_starts > ends,
            line_ends=line_ends,
            kind=kind,
            opener=opener,
        )
        is_last = cut_long(is_last, rules.cuts_after(first))
        return tf.concat([[0], indices(is_last) + 1], axis=0)


def cut_long(is_last: tf.Tensor, may_cut_after: tf.Tensor) -> tf.Tensor:
    """Cuts sentences of more than MAXIMUM_LENGTH tokens, all of them at once, a cut a turn.

    Args:
        is_last: whether a sentence ends with a token, bool [N].
        may_cut_after: a token, bool [N].

    Returns:
        `is_last` with the cuts.
    """
    longest = rules.MAXIMUM_LENGTH
    ends = indices(is_last) + 1
    starts = tf.concat([[0], ends], axis=0)[: tf.size(ends)]
    long = ends - starts > longest
    # The place after the last token up to here after which a cut may be made.
    places = tf.concat([[0], indices(may_cut_after) + 1], axis=0)
    place_of = tf.cumsum(tf.cast(may_cut_after, tf.int32))

    def some_are_long(starts: tf.Tensor, ends: tf.Tensor, cuts: tf.Tensor) -> tf.Tensor:
        return tf.size(starts) > 0

    def cut(starts: tf.Tensor, ends: tf.Tensor, cuts: tf.Tensor) -> tuple[tf.Tensor, ...]:
        place = tf.gather(places, tf.gather(place_of, starts + longest - 1))
        starts = tf.where(place > starts, place, starts + longest)
        cuts = tf.concat([cuts, starts], axis=0)
        long = ends - starts > longest
        return tf.boolean_mask(starts, long), tf.boolean_mask(ends, long), cuts

    some = tf.TensorShape([None])
    *_, cuts = tf.while_loop(
        some_are_long,
        cut,
        (tf.boolean_mask(starts, long), tf.boolean_mask(ends, long), tf.zeros([0], tf.int32)),
        (some, some, some),
    )
    true = tf.ones_like(cuts, tf.bool)
    return tf.tensor_scatter_nd_update(is_last, cuts[:, None] - 1, true)


def indices(chosen: tf.Tensor) -> tf.Tensor:
    """Where a bool [n] is True, int32."""
    return tf.cast(tf.where(chosen)[:, 0], tf.int32)


def encode_spans(codes: tf.Tensor, starts: tf.Tensor, ends: tf.Tensor) -> tf.Tensor:
    """The strings of some spans of code points, in UTF-8.

    Args:
        codes: int32 [n].
        starts, ends: int32 [N], in any order.
    """
    places = tf.ragged.range(starts, ends)
    return tf.strings.unicode_encode(places.with_values(tf.gather(codes, places.values)), "UTF-8")
