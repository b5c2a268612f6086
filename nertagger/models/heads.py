"""What the logits mean: the loss of each output head.

Where corpora annotate different labels, a tag number from K on stands for a set of tags, and the
loss is that of the set: -log of the sum of the probabilities of all taggings that it allows. The
table of sets, [K + M, K], says which tags each number stands for; the first K stand for themselves.

A new head is one more class here and its name in `architecture.HEADS`.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from nertagger.crf import equations
from nertagger.crf.layer import CRF
from nertagger.models.architecture import Architecture


class SigmoidHead:
    """Each word is part of a name or not: p = σ(logit)."""

    def __init__(self, model: keras.Model) -> None:
        pass

    def loss(self, logits: Any, tags: Any, mask: Any, tag_sets: Any = None) -> Any:
        """Negative log-likelihood of `tags` (1 inside a name), [B].

        Raises:
            ValueError: there are sets of tags, which a single yes or no has none of.
        """
        if tag_sets is not None:
            raise ValueError("the sigmoid head has no sets of tags; expected another head")
        target = ops.cast(tags, logits.dtype)
        # log σ(x) = -softplus(-x), and log(1 - σ(x)) = -softplus(x).
        losses = ops.softplus(logits[..., 0]) - target * logits[..., 0]
        return ops.sum(losses * ops.cast(mask, logits.dtype), axis=1)


class SoftmaxHead:
    """Each word's tag by itself: p = softmax(logits)."""

    def __init__(self, model: keras.Model) -> None:
        pass

    def loss(self, logits: Any, tags: Any, mask: Any, tag_sets: Any = None) -> Any:
        """Negative log-likelihood of `tags`, [B]."""
        if tag_sets is None:
            losses = ops.sparse_categorical_crossentropy(tags, logits, from_logits=True)
        else:
            restricted = equations.restrict(ops, logits, ops.take(tag_sets, tags, axis=0))
            losses = ops.logsumexp(logits, axis=-1) - ops.logsumexp(restricted, axis=-1)
        return ops.sum(losses * ops.cast(mask, losses.dtype), axis=1)


class CRFHead:
    """The tags of a sentence together, as a linear chain."""

    def __init__(self, model: keras.Model) -> None:
        self.layer: CRF = model.get_layer("crf")

    def loss(self, logits: Any, tags: Any, mask: Any, tag_sets: Any = None) -> Any:
        """Negative log-likelihood of the path `tags`, [B]."""
        if tag_sets is None:
            return -self.layer.log_likelihood(logits, tags, mask)
        return -self.layer.set_log_likelihood(logits, ops.take(tag_sets, tags, axis=0), mask)


Head = SigmoidHead | SoftmaxHead | CRFHead

_HEADS: dict[str, type[Head]] = {"sigmoid": SigmoidHead, "softmax": SoftmaxHead, "crf": CRFHead}


def head_of(architecture: Architecture, model: keras.Model) -> Head:
    """The head that `model`, built from `architecture`, ends in."""
    return _HEADS[architecture.head](model)
