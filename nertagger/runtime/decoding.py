"""From logits to tags, entities and their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nertagger.crf.equations import Chain
from nertagger.recurrent import numpy_ops
from nertagger.runtime.chain_inference import ChainInference, Inferred, Layout
from nertagger.text.tags import split_tag

_SENTENCES_AT_ONCE = 64
"""What is computed of so many sentences, for some dozens of tags, stays in a processor's cache."""

_TINY = 1e-37
"""Barely a normal float32: the least value whose logarithm is taken."""


class Decoded(NamedTuple):
    """What the logits of N tokens say; places count all tokens from 0, entities are in order.

    Attributes:
        tags: int [N], an index into the decoder's `tag_names`.
        scores: float32 [N], the probability of each token's tag.
        outside: float32 [N], the probability that each token is O.
        firsts, lasts: int [E], an entity's first and last token.
        labels: int [E], an index into the decoder's `labels`.
        entity_scores: float32 [E], the probability of each entity.
    """

    tags: np.ndarray
    scores: np.ndarray
    outside: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray
    labels: np.ndarray
    entity_scores: np.ndarray


def without_unlikely(decoded: Decoded, least: float) -> Decoded:
    """What was decoded, without the entities whose probability is less than `least`.

    Their tokens become O, with the probability that they are; the arrays are changed.
    """
    kept = decoded.entity_scores >= least
    for mention in (~kept).nonzero()[0].tolist():
        part = slice(decoded.firsts[mention], decoded.lasts[mention] + 1)
        decoded.tags[part] = 0
        decoded.scores[part] = decoded.outside[part]
    return decoded._replace(
        firsts=decoded.firsts[kept],
        lasts=decoded.lasts[kept],
        labels=decoded.labels[kept],
        entity_scores=decoded.entity_scores[kept],
    )


class Decoder:
    """Reads logits as the model's head means them.

    The probability of an entity is, for `crf`, exactly that of all paths that have it; for the
    other heads, whose tokens are independent, the product over its tokens. A token's tag is shown
    in BIO, and its probability is that of all tags of the model that are shown as the same one.

    Args:
        head: "crf", "softmax" or "sigmoid".
        tags: the K tags of the logits.
        tensors: the model's weights, by name.
        temperature: divides the logits and the chain (Guo et al. 2017); 1 leaves them.

    Attributes:
        labels: of entities, in the order in which the tags name them.
        tag_names: the BIO tags that tokens are shown with.
    """

    def __init__(
        self,
        head: str,
        tags: Sequence[str],
        tensors: Mapping[str, np.ndarray],
        temperature: float = 1.0,
    ) -> None:
        self._head = head
        self._temperature = np.float32(temperature)
        if head == "sigmoid":
            tags = ("O", *(f"I-{name}" for name in tags))
        parts = [split_tag(tag) for tag in tags]
        self.labels = list(dict.fromkeys(label for _, label in parts if label))
        self.tag_names = ["O", *(f"{p}-{label}" for label in self.labels for p in "BI")]
        label_of = np.array([self.labels.index(x) if x else -1 for _, x in parts], np.intp)
        begins = np.array([prefix in "BS" for prefix, _ in parts])
        closes = np.array([prefix in "ES" for prefix, _ in parts])
        self._label_of = label_of
        # Whether a tag, by column, continues the entity of the one before it, by row.
        same_label = (label_of[:, None] == label_of) & (label_of >= 0)
        self._continues = same_label & ~closes[:, None] & ~begins
        self._shown_inside = np.where(label_of < 0, 0, 2 * label_of + 2)
        # As what a tag is shown, and which tags, by row, are shown as the same one.
        self._shown = self._shown_inside - begins
        self._shown_as = self._shown[:, None] == np.arange(len(self.tag_names))
        self._shown_as = self._shown_as.astype(np.float32)
        self._continuations = None
        if head == "crf":
            names = ("crf.transitions", "crf.start", "crf.end")
            chain = Chain(*(tensors[name] / self._temperature for name in names))
            self._infer = ChainInference(chain)
            if not closes.any():
                inside = {tag: index for index, tag in enumerate(tags)}
                self._continuations = np.array(
                    [inside.get(f"I-{label}", -1) if label else -1 for _, label in parts], np.intp
                )

    def decode(self, logits: np.ndarray, offsets: np.ndarray) -> Decoded:
        """Tags, entities and probabilities.

        Args:
            logits: [N, K].
            offsets: where each sentence begins, and N: int [S + 1], no sentence empty.
        """
        offsets = np.asarray(offsets, np.intp)
        if self._head == "crf":
            return self._decode_chain(logits, offsets)
        logits = logits / self._temperature
        if self._head == "sigmoid":
            yes = numpy_ops.sigmoid(logits[:, 0])
            probabilities = np.stack([1 - yes, yes], axis=1)
            path = (yes > 0.5).astype(np.intp)
        else:
            probabilities = numpy_ops.softmax(logits)
            path = probabilities.argmax(axis=1)
        chosen = probabilities[np.arange(len(path)), path]
        logs = np.log(np.maximum(chosen, _TINY))
        scores, outside = self._scores(path, probabilities)
        return self._decoded(path, scores, outside, offsets, logs, logs)

    def _decode_chain(self, logits: np.ndarray, offsets: np.ndarray) -> Decoded:
        lengths = offsets[1:] - offsets[:-1]
        path = np.empty(len(logits), np.intp)
        scores, outside, chosen, steps = (np.empty(len(logits), np.float32) for _ in range(4))
        stops = np.zeros(len(logits), np.float32)
        # Sentences of like lengths are read together.
        order = (-lengths).argsort(kind="stable")
        for begin in range(0, len(order), _SENTENCES_AT_ONCE):
            some = order[begin : begin + _SENTENCES_AT_ONCE]
            layout = Layout.of(lengths[some])
            places = offsets[some][layout.rows] + layout.times
            emissions = logits.take(places, 0)
            emissions /= self._temperature
            inferred = self._infer(emissions, layout)
            path[places] = inferred.path
            scores[places], outside[places] = self._scores(inferred.path, inferred.marginals)
            chosen[places] = inferred.chosen
            steps[places] = inferred.log_steps
            if self._continuations is not None:
                at, stop = _stops(inferred, layout, self._continuations)
                stops[places[at]] = stop
        logs = np.log(np.maximum(chosen, _TINY))
        return self._decoded(path, scores, outside, offsets, logs, steps, stops)

    def _scores(self, path: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The probabilities of the tags that are shown, and of O, [N] each."""
        shown = numpy_ops.matmul(probabilities, self._shown_as)
        scores = shown[np.arange(len(path)), self._shown[path]]
        return np.minimum(scores, 1), np.minimum(shown[:, 0], 1)

    def _decoded(
        self,
        path: np.ndarray,
        scores: np.ndarray,
        outside: np.ndarray,
        offsets: np.ndarray,
        logs: np.ndarray,
        steps: np.ndarray,
        stops: np.ndarray | None = None,
    ) -> Decoded:
        """Joins tags to entities.

        Broken sequences are read as seqeval and conlleval read them: an entity begins wherever a
        tag cannot continue the one before it.

        Args:
            path: the tags, int [N].
            scores: the probabilities of the tags that are shown, [N].
            outside: the probabilities of O, [N].
            offsets: of the sentences.
            logs: log of the probability of each tag, [N].
            steps: the same, given the tag before it.
            stops: log of the probability that an entity that ends with this tag does end.
        """
        continues = np.zeros(len(path) + 1, bool)
        continues[1:-1] = self._continues[path[:-1], path[1:]]
        continues[offsets] = False
        shown = self._shown_inside[path]
        inside = shown > 0
        begins = inside & ~continues[:-1]
        firsts, lasts = begins.nonzero()[0], (inside & ~continues[1:]).nonzero()[0]
        # Sums of many logarithms, of which differences are taken.
        sums = steps.cumsum(dtype=np.float64)
        totals = logs[firsts] + (sums[lasts] - sums[firsts])
        if stops is not None:
            totals += stops[lasts]
        entity_scores = np.exp(np.minimum(totals, 0)).astype(np.float32)
        labels = self._label_of[path[firsts]]
        return Decoded(shown - begins, scores, outside, firsts, lasts, labels, entity_scores)


def _stops(
    inferred: Inferred, layout: Layout, continuations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which tokens a tag could follow that continues their entity; log of p(it does not), [n] each.

    Args:
        continuations: int [K], see `equations.segment_log_probabilities`.
    """
    following = continuations[inferred.path]
    is_last = layout.times == layout.lengths[layout.rows] - 1
    at = ((following >= 0) & ~is_last).nonzero()[0]
    # What is impossible has the logarithm of 0.
    with np.errstate(divide="ignore"):
        continued = inferred.log_conditionals(at + 1, inferred.path[at], following[at])
    return at, np.log(np.maximum(-np.expm1(np.minimum(continued, 0)), _TINY))
