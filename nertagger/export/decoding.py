"""From logits to tags, entities and their probabilities in the graph.

As `nertagger.runtime.decoding`, on sentences padded to one length, and by the same equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from nertagger.crf import equations
from nertagger.crf.equations import Chain
from nertagger.text.tags import OUTSIDE, split_tag


class Decoded(NamedTuple):
    """What the logits say, [...] being [S, T] for sentences and [N] for tokens.

    Attributes:
        tags: int32 [...], 0 for O, 2 k + 1 for B and 2 k + 2 for I of label k.
        scores: float32 [...], the probability of each token's tag.
        outside: float32 [...], the probability that each token is O.
        entity_scores: float32 [...], that of the entity that begins with a token, else 0.
    """

    tags: tf.Tensor
    scores: tf.Tensor
    outside: tf.Tensor
    entity_scores: tf.Tensor


def of_entities(tags: tf.Tensor, values: tf.Tensor, elsewhere: Any) -> tf.Tensor:
    """The value of each token's entity, [N].

    Args:
        tags: int32 [N], as `Decoded` has them.
        values: [E], of the entities.
        elsewhere: for tokens that are O.
    """
    begun = tf.cumsum(tf.bitwise.bitwise_and(tags, 1))
    return tf.gather(tf.concat([[elsewhere], values], axis=0), tf.where(tags > 0, begun, 0))


def without_unlikely(decoded: Decoded, firsts: tf.Tensor, least: float) -> Decoded:
    """What was decoded, without the entities whose probability is less than `least`.

    Args:
        decoded: of N tokens.
        firsts: int32 [E], each entity's first token.
        least: as `nertagger.runtime.decoding.without_unlikely` has it.
    """
    unlikely = tf.gather(decoded.entity_scores, firsts) < least
    dropped = of_entities(decoded.tags, unlikely, False)
    return Decoded(
        tf.where(dropped, 0, decoded.tags),
        tf.where(dropped, decoded.outside, decoded.scores),
        decoded.outside,
        tf.where(dropped, 0.0, decoded.entity_scores),
    )


class DecodingGraph:
    """Reads logits as the model's head means them; see `nertagger.runtime.decoding.Decoder`.

    Args:
        head: "crf", "softmax" or "sigmoid".
        tags: the K tags of the logits.
        chain: the CRF's constrained weights, variables; None for the other heads.
        temperature: divides the logits and the chain.

    Attributes:
        labels: of entities, in the order in which the tags name them.
        tag_names: the BIO tags that tokens are shown with, `O` first.
    """

    def __init__(
        self,
        head: str,
        tags: Sequence[str],
        chain: Chain | None,
        temperature: float = 1.0,
    ) -> None:
        self._head = head
        self._chain = chain
        self._temperature = temperature
        if head == "sigmoid":
            tags = (OUTSIDE, *(f"I-{name}" for name in tags))
        self._outside = tags.index(OUTSIDE)
        parts = [split_tag(tag) for tag in tags]
        self.labels = list(dict.fromkeys(label for _, label in parts if label))
        self.tag_names = [OUTSIDE, *(f"{p}-{label}" for label in self.labels for p in "BI")]
        number_of = {label: number for number, label in enumerate(self.labels)}
        self._label_of = np.array([number_of.get(label, -1) for _, label in parts], np.int32)
        self._begins = np.array([prefix in "BS" for prefix, _ in parts])
        self._closes = np.array([prefix in "ES" for prefix, _ in parts])
        # Tags of the model that are shown as the same BIO tag.
        shown = np.where(self._label_of < 0, 0, 2 * self._label_of + np.where(self._begins, 1, 2))
        self._same_shown = (shown[:, None] == shown).astype(np.float32)
        self._continuations = None
        if head == "crf" and not self._closes.any():
            inside = {tag: index for index, tag in enumerate(tags)}
            self._continuations = np.array(
                [inside.get(f"I-{label}", -1) if label else -1 for _, label in parts], np.int32
            )

    def __call__(self, logits: tf.Tensor, mask: tf.Tensor) -> Decoded:
        """[S, T] of everything.

        Args:
            logits: float32 [S, T, K].
            mask: bool [S, T], True where there is a token, from the left.
        """
        logits = logits / self._temperature
        if self._chain is not None:
            chain = Chain(*(weights / self._temperature for weights in self._chain))
            return self._decode_chain(logits, mask, chain)
        if self._head == "sigmoid":
            yes = tf.sigmoid(logits[:, :, 0])
            probabilities = tf.stack([1 - yes, yes], axis=2)
            path = tf.cast(yes > 0.5, tf.int32)
        else:
            probabilities = tf.nn.softmax(logits)
            path = tf.argmax(logits, axis=2, output_type=tf.int32)
        begins, ends = self._entities(path, mask)
        chosen = tf.gather(probabilities, path, batch_dims=2)
        # Sums of many logarithms, of which differences are taken.
        logs = tf.cast(tf.math.log(tf.maximum(chosen, 1e-37)), tf.float64)
        before = tf.cumsum(logs, axis=1, exclusive=True)
        sums = tf.boolean_mask(before + logs, ends) - tf.boolean_mask(before, begins)
        entity_scores = tf.exp(tf.cast(sums, tf.float32))
        return self._decoded(path, probabilities, begins, entity_scores)

    def _decode_chain(self, logits: tf.Tensor, mask: tf.Tensor, chain: Chain) -> Decoded:
        path = equations.viterbi(ops, logits, mask, chain)
        alphas, betas = equations.messages(ops, logits, mask, chain)
        probabilities = equations.marginals(ops, alphas, betas, mask)
        begins, ends = self._entities(path, mask)
        firsts, lasts = tf.where(begins), tf.where(ends)
        segments = tuple(
            tf.cast(part, tf.int32) for part in (firsts[:, 0], firsts[:, 1], lasts[:, 1])
        )
        log_scores = equations.segment_log_probabilities(
            ops, logits, probabilities, betas, mask, chain, path, segments, self._continuations
        )
        return self._decoded(path, probabilities, begins, tf.exp(log_scores))

    def _entities(self, path: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """With which tokens entities begin and end, bool [S, T] each.

        Broken sequences are read as seqeval and conlleval read them: an entity begins wherever a
        tag cannot continue the one before it.
        """
        labels = tf.gather(self._label_of, path)
        begins, closes = tf.gather(self._begins, path), tf.gather(self._closes, path)
        inside = (labels >= 0) & mask
        continues = (labels[:, 1:] == labels[:, :-1]) & ~closes[:, :-1] & ~begins[:, 1:]
        continues &= inside[:, 1:]
        never = tf.zeros_like(inside[:, :1])
        begins = inside & ~tf.concat([never, continues], axis=1)
        return begins, inside & ~tf.concat([continues, never], axis=1)

    def _decoded(
        self,
        path: tf.Tensor,
        probabilities: tf.Tensor,
        begins: tf.Tensor,
        entity_scores: tf.Tensor,
    ) -> Decoded:
        labels = tf.gather(self._label_of, path)
        tags = tf.where(labels < 0, 0, 2 * labels + tf.where(begins, 1, 2))
        same = tf.gather(self._same_shown, path)
        scores = tf.minimum(tf.reduce_sum(probabilities * same, axis=2), 1.0)
        outside = tf.minimum(probabilities[:, :, self._outside], 1.0)
        shape = tf.shape(begins, out_type=tf.int64)
        return Decoded(tags, scores, outside, tf.scatter_nd(tf.where(begins), entity_scores, shape))
