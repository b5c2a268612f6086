"""The mentions of a name in a document agree on its label, in the graph.

As `nertagger.runtime.name_agreement`, whose equation this is, on the strings of a batch of texts.
"""

from __future__ import annotations

import tensorflow as tf

from nertagger.export.decoding import Decoded, of_entities
from nertagger.export.text_graph import indices
from nertagger.runtime.name_agreement import CERTAIN


def agree(
    decoded: Decoded,
    firsts: tf.Tensor,
    lasts: tf.Tensor,
    names: tf.Tensor,
    tokens: tf.Tensor,
    documents: tf.Tensor,
    label_count: int,
    strength: float,
) -> Decoded:
    """What was decoded, with the labels on which the mentions of each name agree.

    Args:
        decoded: of N tokens, document after document.
        firsts, lasts: int32 [E], each entity's first and last token.
        names: string [E], the entities' texts.
        tokens: string [N].
        documents: int32 [E], the number of each entity's document.
        label_count: L.
        strength: λ.
    """
    labels = tf.bitwise.right_shift(tf.gather(decoded.tags, firsts), 1)
    probabilities = tf.gather(decoded.entity_scores, firsts)
    beginnings, ends = tf.gather(tokens, firsts), tf.gather(tokens, lasts)
    several = indices(firsts < lasts)
    two_ends = indices((firsts < lasts) & (beginnings != ends))
    mentions = tf.concat([tf.range(tf.size(names)), several, two_ends], axis=0)
    called = tf.concat([names, tf.gather(beginnings, several), tf.gather(ends, two_ends)], axis=0)
    weights = tf.gather(probabilities, mentions)
    weights *= tf.where(tf.range(tf.size(mentions)) < tf.size(names), 1.0, 0.5)
    # A document's number ends before the first TAB, and so two keys are equal only as a pair.
    numbers = tf.strings.as_string(tf.gather(documents, mentions))
    distinct, group = tf.unique(tf.strings.join([numbers, called], "\t"))
    ballots = weights[:, None] * tf.one_hot(tf.gather(labels, mentions), label_count)
    votes = tf.math.unsorted_segment_sum(ballots, group, tf.size(distinct))

    of_name = tf.gather(votes, group[: tf.size(names)])
    is_own = tf.one_hot(labels, label_count, True, False, dtype=tf.bool)
    own = tf.reduce_sum(tf.where(is_own, of_name, 0.0), axis=1)
    of_others = tf.where(is_own, -1.0, of_name)
    other = tf.argmax(of_others, axis=1, output_type=tf.int32)
    most = tf.reduce_max(of_others, axis=1)
    clipped = tf.clip_by_value(probabilities, CERTAIN, 1 - CERTAIN)
    odds = strength * (most - (own - probabilities)) - tf.math.log(clipped / (1 - clipped))
    gives_way = (most > 0) & (odds > 0)
    share = most / tf.reduce_sum(of_name, axis=1)

    changed = of_entities(decoded.tags, gives_way, False)
    label = of_entities(decoded.tags, other, 0)
    score = of_entities(decoded.tags, share, 0.0)
    odd = tf.bitwise.bitwise_and(decoded.tags, 1) > 0
    return Decoded(
        tf.where(changed, 2 * label + tf.where(odd, 1, 2), decoded.tags),
        tf.where(changed, score, decoded.scores),
        decoded.outside,
        tf.where(changed & odd, score, decoded.entity_scores),
    )
