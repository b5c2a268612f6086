"""From logits to tags, entities and their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nertagger.crf import equations
from nertagger.crf.equations import Chain
from nertagger.recurrent import numpy_ops
from nertagger.text.tags import split_tag

_SENTENCES_AT_ONCE = 64
"""Viterbi's sums of so many sentences, for some dozens of tags, stay in a processor's cache."""


class Decoded(NamedTuple):
    """What the logits of N tokens say; places count all tokens from 0, entities are in order.

    Attributes:
        tags: int [N], an index into the decoder's `tag_names`.
        scores: float32 [N], the probability of each token's tag.
        firsts, lasts: int [E], an entity's first and last token.
        labels: int [E], an index into the decoder's `labels`.
        entity_scores: float32 [E], the probability of each entity.
    """

    tags: np.ndarray
    scores: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray
    labels: np.ndarray
    entity_scores: np.ndarray


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
        self._label_of = np.array([self.labels.index(x) if x else -1 for _, x in parts], np.intp)
        self._begins = np.array([prefix in "BS" for prefix, _ in parts])
        self._closes = np.array([prefix in "ES" for prefix, _ in parts])
        shown = [
            f"{'B' if prefix in 'BS' else 'I'}-{label}" if label else "O" for prefix, label in parts
        ]
        self._same_shown = np.array([[a == b for b in shown] for a in shown], np.float32)
        self._continuations = None
        if head == "crf":
            names = ("crf.transitions", "crf.start", "crf.end")
            self._chain = Chain(*(tensors[name] / self._temperature for name in names))
            if not self._closes.any():
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
        logits = logits / self._temperature
        if self._head == "crf":
            return self._decode_chain(logits, offsets)
        if self._head == "sigmoid":
            yes = numpy_ops.sigmoid(logits[:, 0])
            probabilities = np.stack([1 - yes, yes], axis=1)
            path = (yes > 0.5).astype(np.intp)
        else:
            probabilities = numpy_ops.softmax(logits)
            path = probabilities.argmax(axis=1)
        begins, firsts, lasts = self._entities(path, offsets)
        chosen = np.log(np.maximum(probabilities[np.arange(len(path)), path], 1e-37))
        sums = np.concatenate([[0.0], np.cumsum(chosen, dtype=np.float64)])
        entity_scores = np.exp(sums[lasts + 1] - sums[firsts]).astype(np.float32)
        return self._decoded(path, probabilities, begins, firsts, lasts, entity_scores)

    def _decode_chain(self, logits: np.ndarray, offsets: np.ndarray) -> Decoded:
        lengths = offsets[1:] - offsets[:-1]
        path = np.zeros(len(logits), np.intp)
        begins = np.zeros(len(logits), bool)
        probabilities = np.zeros_like(logits)
        found = [(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.float32))]
        # Sentences of like lengths are padded together.
        order = (-lengths).argsort(kind="stable")
        for begin in range(0, len(order), _SENTENCES_AT_ONCE):
            some = order[begin : begin + _SENTENCES_AT_ONCE]
            times = np.arange(lengths[some[0]])
            mask = times < lengths[some, None]
            real = mask.reshape(-1).nonzero()[0]
            places = (offsets[some, None] + times).reshape(-1)[real]
            emissions = np.zeros((*mask.shape, logits.shape[1]), np.float32)
            _in_rows(emissions)[real] = logits[places]
            tags = equations.viterbi(numpy_ops, emissions, mask, self._chain)
            alphas, betas = equations.messages(numpy_ops, emissions, mask, self._chain)
            path[places] = found_path = tags.reshape(-1)[real]
            marginals = equations.marginals(numpy_ops, alphas, betas, mask)
            probabilities[places] = _in_rows(marginals)[real]
            bounds = np.zeros(len(some) + 1, np.intp)
            lengths[some].cumsum(out=bounds[1:])
            begins[places], firsts, lasts = self._entities(found_path, bounds)
            if not len(firsts):
                continue
            rows = bounds.searchsorted(firsts, side="right") - 1
            segments = rows, firsts - bounds[rows], lasts - bounds[rows]
            scores = equations.segment_log_probabilities(
                numpy_ops,
                emissions,
                marginals,
                betas,
                mask,
                self._chain,
                tags,
                segments,
                self._continuations,
            )
            found.append((places[firsts], places[lasts], np.exp(scores)))
        firsts, lasts, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        in_order = firsts.argsort()
        return self._decoded(
            path, probabilities, begins, firsts[in_order], lasts[in_order], scores[in_order]
        )

    def _entities(
        self, path: np.ndarray, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where entities begin, bool [N], and their first and last tokens.

        Broken sequences are read as seqeval and conlleval read them: an entity begins wherever a
        tag cannot continue the one before it.
        """
        labels = self._label_of[path]
        inside = labels >= 0
        sentence_begins = np.zeros(len(path) + 1, bool)
        sentence_begins[offsets] = True
        continues = np.zeros(len(path), bool)
        continues[1:] = (
            (labels[1:] == labels[:-1]) & ~self._closes[path[:-1]] & ~self._begins[path[1:]]
        )
        continues &= inside & ~sentence_begins[:-1]
        begins = inside & ~continues
        ends = inside.copy()
        ends[:-1] &= ~continues[1:]
        return begins, begins.nonzero()[0], ends.nonzero()[0]

    def _decoded(
        self,
        path: np.ndarray,
        probabilities: np.ndarray,
        begins: np.ndarray,
        firsts: np.ndarray,
        lasts: np.ndarray,
        entity_scores: np.ndarray,
    ) -> Decoded:
        labels = self._label_of[path]
        shown = np.where(labels < 0, 0, 2 * labels + np.where(begins, 1, 2))
        shared = np.minimum((probabilities * self._same_shown[path]).sum(axis=1), 1.0)
        return Decoded(shown, shared, firsts, lasts, labels[firsts], entity_scores)


def _in_rows(x: np.ndarray) -> np.ndarray:
    """[B, T, K] as [B * T, K]."""
    return x.reshape(-1, x.shape[-1])
