"""A trained tagger run so that everything inside it can be looked at, in NumPy.

The encoder's layers run by `recurrent.backpropagation`, whose traces hold every gate; the same
module takes a gradient from a decision back to the words. Notation as there, and as in
`crf.equations`: e_t(k) the logit of tag k at word t, p the probability that the head gives.

    decision    P = p(y_first = k_first, …, y_last = k_last), the words of an entity
                d = log P / (1 - P), its log odds;  ∂d = ∂log P / (1 - P)                  (1)
    CRF         ∂log P/∂e_t(j) = p(y_t = j | the decision) - p(y_t = j)                    (2)
    softmax     ∂log P/∂e_t(j) = [j = k_t] - p(y_t = j) for the entity's words, 0 elsewhere
    sigmoid     ∂log P/∂e_t = y_t - p(y_t = 1) for the entity's words, 0 elsewhere
    word t      gradient times input: Σ_D x_t * ∂d/∂x_t, D the features of the word        (3)
                left out: d - d with x_t = 0                                               (4)

Log odds, because the gradient of log P vanishes with 1 - P: of a sure decision nothing would be
seen. (2) is the gradient of log Z' - log Z, where Z' sums the paths that have the decision: the
gradient of a log partition function is the marginal probabilities (Sutton and McCallum 2012, An
introduction to conditional random fields, section 4.1). (3) is the gradient of Simonyan et al.
2013, Deep inside convolutional networks, times the input (Shrikumar et al. 2016, Not just a black
box): of a linear function, what each input adds to it, which is (4) then. A tagger is none: (4),
at the price of a run for every word, tells how far (3) is to be believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nertagger.crf import equations as crf
from nertagger.recurrent import numpy_ops
from nertagger.recurrent.backpropagation import Trace, backward, forward
from nertagger.runtime.network import DIRECTIONS
from nertagger.runtime.token_features import TokenFeatures
from nertagger.text.token_encoder import TokenEncoder

GATES: dict[str, dict[str, str]] = {
    "simple-rnn": {},
    "lstm": {"forget gate": "f", "input gate": "i", "output gate": "o"},
    "peephole-lstm": {"forget gate": "f", "input gate": "i", "output gate": "o"},
    "coupled-lstm": {"forget gate": "f", "output gate": "o"},
    "gru": {"update gate": "z", "reset gate": "r"},
}
"""Of each cell its gates, in the order in which they are shown, by what a trace calls them."""

_SUREST = 1e-12
"""1 - P is taken to be no less: differences of log Z are not known better."""


class Reading(NamedTuple):
    """What happened in a tagger while it read sentences.

    Attributes:
        inputs: x of the first layer, [B, T, D]; one-hot words are ones among the words that are
            there.
        mask: bool [B, T].
        traces: of each layer, forward and backward; the backward one in the order in which it read,
            from the right.
        logits: [B, T, K].
    """

    inputs: np.ndarray
    mask: np.ndarray
    traces: list[tuple[Trace, Trace]]
    logits: np.ndarray


class Decision(NamedTuple):
    """What a tagger decided on some words.

    Attributes:
        first, last: the words, both inside.
        tags: of all words of the sentence, int [T]; those of the decision count.
    """

    first: int
    last: int
    tags: np.ndarray


class TracedTagger:
    """A tagger whose every step is kept.

    Args:
        config: of the model: `architecture`, and, if it is not 1, `temperature`.
        encoder: from tokens to numbers.
        tensors: the weights, by name.
        precision: of the numbers it computes with.

    Attributes:
        architecture: the model's.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        encoder: TokenEncoder,
        tensors: Mapping[str, np.ndarray],
        precision: type = np.float64,
    ) -> None:
        self.architecture = config["architecture"]
        self._features = TokenFeatures(self.architecture, tensors, encoder)
        self._precision = precision
        self._temperature = config.get("temperature", 1.0)
        self._tensors: dict[str, np.ndarray] = {
            name: tensor.astype(precision)
            for name, tensor in tensors.items()
            if name.startswith(("encoder.", "head.", "crf."))
        }

    def read(self, sentences: Sequence[Sequence[str]]) -> Reading:
        """Reads sentences of tokens, none of them empty, each a document of its own."""
        lengths = [len(sentence) for sentence in sentences]
        mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
        rows = np.concatenate([self._features.in_document(sentence) for sentence in sentences])
        a = self.architecture
        one_hot = a["vocabulary_size"] if a["word_encoding"] == "one-hot" else 0
        kept_rows: np.ndarray | None = None
        if one_hot:
            # Of the one-hot vectors only the places that are 1 somewhere, and their kernel's rows.
            words, columns = np.unique(rows[:, 0].astype(np.intp), return_inverse=True)
            rows = np.concatenate([np.eye(len(words))[columns], rows[:, 1:]], axis=1)
            kernel_rows = len(self._tensors["encoder.0.forward.kernel"])
            kept_rows = np.concatenate([words, np.arange(one_hot, kernel_rows)])
        inputs = np.zeros((*mask.shape, rows.shape[1]), self._precision)
        inputs[mask] = rows
        weights = []
        for layer in range(a["layers"]):
            both = [self._weights(f"encoder.{layer}.{direction}.") for direction in DIRECTIONS]
            if layer == 0 and kept_rows is not None:
                both = [part | {"kernel": part["kernel"][kept_rows]} for part in both]
            weights.append(both)
        return self._run(inputs, mask, weights)

    def _run(self, inputs: np.ndarray, mask: np.ndarray, weights: Sequence[Any]) -> Reading:
        """Runs every layer; `weights` are those of each layer's two directions."""
        a = self.architecture
        traces = []
        encoded = inputs
        for both in weights:
            from_left = forward(a["cell"], encoded, both[0], a["activation"], mask=mask)
            from_right = forward(
                a["cell"], encoded[:, ::-1], both[1], a["activation"], mask=mask[:, ::-1]
            )
            traces.append((from_left, from_right))
            encoded = np.concatenate([from_left.outputs, from_right.outputs[:, ::-1]], axis=2)
        logits = encoded @ self._tensors["head.kernel"] + self._tensors["head.bias"]
        return Reading(inputs, mask, traces, logits)

    def best_tags(self, reading: Reading) -> np.ndarray:
        """The tags that the head chooses, int [B, T]; of the sigmoid head 1 in names, else 0."""
        head = self.architecture["head"]
        if head == "sigmoid":
            return (reading.logits[..., 0] > 0).astype(np.intp)
        if head == "softmax":
            return reading.logits.argmax(axis=2)
        return crf.viterbi(numpy_ops, reading.logits, reading.mask, self._chain())

    def attributions(self, reading: Reading, decision: Decision) -> np.ndarray:
        """Gradient times input of a decision on the first sentence, [T]; equation (3).

        Args:
            reading: of one sentence.
            decision: on some of its words.
        """
        return (reading.inputs * self.input_gradient(reading, decision)).sum(axis=2)[0]

    def left_out(self, reading: Reading, decision: Decision) -> np.ndarray:
        """How much log odds a decision loses with each word's features put to 0, [T]; (4).

        Args:
            reading: of one sentence.
            decision: on some of its words.
        """
        weights = [[trace.weights for trace in both] for both in reading.traces]
        odds = self.log_odds(reading.logits, decision)
        losses = []
        for t in range(reading.inputs.shape[1]):
            inputs = reading.inputs.copy()
            inputs[:, t] = 0
            without = self._run(inputs, reading.mask, weights)
            losses.append(odds - self.log_odds(without.logits, decision))
        return np.array(losses)

    def input_gradient(self, reading: Reading, decision: Decision) -> np.ndarray:
        """∂d/∂x, [1, T, D], by back-propagation through the head and every layer."""
        gradient = self.logit_gradient(reading.logits, decision)
        gradient = gradient @ self._tensors["head.kernel"].T
        for trace_forward, trace_backward in reversed(reading.traces):
            units = trace_forward.outputs.shape[2]
            from_forward = backward(trace_forward, gradient[..., :units])
            from_backward = backward(trace_backward, gradient[:, ::-1, units:])
            gradient = from_forward.inputs + from_backward.inputs[:, ::-1]
        return gradient

    def log_odds(self, logits: np.ndarray, decision: Decision) -> float:
        """d, of a sentence's logits [1, T, K]."""
        log_probability, _ = self._decided(logits / self._temperature, decision)
        return float(log_probability - np.log(_rest(log_probability)))

    def logit_gradient(self, logits: np.ndarray, decision: Decision) -> np.ndarray:
        """∂d/∂e, [1, T, K], of a sentence's logits [1, T, K]: equations (1) and (2)."""
        log_probability, gradient = self._decided(logits / self._temperature, decision)
        return gradient / _rest(log_probability) / self._temperature  # (1)

    def _decided(self, logits: np.ndarray, decision: Decision) -> tuple[float, np.ndarray]:
        """log P, and its gradient [1, T, K]."""
        first, last, tags = decision
        inside = slice(first, last + 1)
        head = self.architecture["head"]
        gradient = np.zeros_like(logits)
        if head == "sigmoid":
            yes = numpy_ops.sigmoid(logits[0, inside, 0])
            gradient[0, inside, 0] = tags[inside] - yes
            return float(np.log(np.where(tags[inside], yes, 1 - yes)).sum()), gradient
        chosen = np.eye(logits.shape[2], dtype=logits.dtype)[tags]
        if head == "softmax":
            probabilities = numpy_ops.softmax(logits[0, inside])
            gradient[0, inside] = chosen[inside] - probabilities
            return float(np.log(probabilities[chosen[inside] > 0]).sum()), gradient
        allowed = np.ones_like(logits)
        allowed[0, inside] = chosen[inside]
        log_z, marginals = self._chain_says(logits)
        log_z_with, marginals_with = self._chain_says(crf.restrict(numpy_ops, logits, allowed))
        return log_z_with - log_z, marginals_with - marginals  # (2)

    def _chain_says(self, logits: np.ndarray) -> tuple[float, np.ndarray]:
        """log Z, and the marginal probabilities [1, T, K]."""
        mask = np.ones(logits.shape[:2], bool)
        chain = crf.Chain(*(part / self._temperature for part in self._chain()))
        alphas, betas = crf.messages(numpy_ops, logits, mask, chain)
        (log_z,) = crf.log_partition(numpy_ops, logits, betas, mask, chain)
        return float(log_z), crf.marginals(numpy_ops, alphas, betas, mask)

    def _chain(self) -> crf.Chain:
        return crf.Chain(*(self._tensors[f"crf.{name}"] for name in crf.Chain._fields))

    def _weights(self, prefix: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(prefix): tensor
            for name, tensor in self._tensors.items()
            if name.startswith(prefix)
        }


def _rest(log_probability: float) -> float:
    """1 - P."""
    return max(-float(np.expm1(log_probability)), _SUREST)


def activations(reading: Reading, layer: int, direction: str) -> dict[str, np.ndarray]:
    """What a layer's cells did at every word: name -> [B, T, H], in the order of the text.

    The gates of `GATES`, then "memory" (c_t) where there is one, and "state" (h_t).

    Args:
        reading: of sentences.
        layer: from 0.
        direction: "forward" or "backward".
    """
    trace = reading.traces[layer][DIRECTIONS.index(direction)]
    turn = 1 if direction == "forward" else -1
    found = {
        name: np.stack([kept[key] for kept in trace.kept], axis=1)
        for name, key in GATES[trace.cell].items()
    }
    if len(trace.states) > 1:
        found["memory"] = trace.states[1]
    found["state"] = trace.states[0]
    return {name: values[:, ::turn] for name, values in found.items()}
