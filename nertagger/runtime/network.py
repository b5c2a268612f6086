"""From tokens to logits: the trained network in NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nertagger.recurrent import equations, numpy_ops
from nertagger.runtime.document_context import sums_between
from nertagger.runtime.steps import (
    EquationSteps,
    LSTMSteps,
    gate_kernels,
    gate_rows,
    halves_for_sigmoids,
)
from nertagger.runtime.token_cache import TokenCache
from nertagger.runtime.token_features import TokenFeatures
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vector_packing import packed_width

DIRECTIONS = ("forward", "backward")

_SENTENCES_AT_ONCE = 128
_SENTENCES_APART = 32
"""From so many on each direction is walked on its own: what a step computes stays in a processor's
cache. Fewer share the calls of one walk."""
_TOGETHER = slice(2)
_HALVES = np.arange(2)[:, None]
_CACHE_BYTES = 18 << 20


def tensor_shapes(architecture: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor that a model of this architecture has."""
    a = architecture
    cell = equations.CELLS[a["cell"]]
    tags, units, gates = len(a["tags"]), a["units"], len(cell.gates) * a["units"]
    shapes: dict[str, tuple[int, ...]] = {}
    features = a["vocabulary_size"]
    if a["word_encoding"] == "embedding":
        features = a["word_dimension"]
        shapes["embedding.word"] = (a["vocabulary_size"], features)
    if a["character_encoding"] == "convolution":
        dimension, filters = a["character_dimension"], a["character_filters"]
        shapes["embedding.character"] = (a["character_count"], dimension)
        shapes["character.convolution.kernel"] = (a["character_width"], dimension, filters)
        shapes["character.convolution.bias"] = (filters,)
        features += filters
    if a["vector_count"]:
        shapes["vectors.codes"] = (a["vector_count"], packed_width(a["vector_dimension"]))
        shapes["vectors.scales"] = (a["vector_count"], 1)
        features += a["vector_dimension"]
    if a["case_count"]:
        features += a["case_count"] - 1
    if context := a.get("context_dimension"):
        shapes["context.kernel"] = (a["vector_dimension"], context)
        shapes["context.bias"] = (context,)
        features += context
    for layer in range(a["layers"]):
        for direction in DIRECTIONS:
            prefix = f"encoder.{layer}.{direction}"
            shapes[f"{prefix}.kernel"] = (features, gates)
            shapes[f"{prefix}.recurrent_kernel"] = (units, gates)
            shapes[f"{prefix}.bias"] = (gates,)
            shapes |= {f"{prefix}.{name}": (units,) for name in cell.peepholes}
        features = 2 * units
    shapes["head.kernel"] = (features, tags)
    shapes["head.bias"] = (tags,)
    if a["head"] == "crf":
        shapes |= {"crf.transitions": (tags, tags), "crf.start": (tags,), "crf.end": (tags,)}
    return shapes


class Network:
    """Computes the logits of sentences.

    What depends on a token alone, up to its product with the first layer's kernels, is computed
    once per distinct token and kept. Sentences are sorted by length, and a recurrence computes only
    the rows that have not ended, so no padding is ever computed.

    Args:
        architecture: the model's, plain values.
        tensors: its weights, by name; see `tensor_shapes`.
        encoder: from tokens to numbers.
        cache_bytes: bound of the memory for tokens already seen.
    """

    def __init__(
        self,
        architecture: Mapping[str, Any],
        tensors: Mapping[str, np.ndarray],
        encoder: TokenEncoder,
        cache_bytes: int = _CACHE_BYTES,
    ) -> None:
        cell = equations.CELLS[architecture["cell"]]
        self._units = architecture["units"]
        one_hot = architecture["word_encoding"] == "one-hot"
        one_hot_size = architecture["vocabulary_size"] if one_hot else 0
        self._layers = [
            _Layer(tensors, layer, cell, architecture["activation"], 0 if layer else one_hot_size)
            for layer in range(architecture["layers"])
        ]
        # Of the head the half that each direction's outputs meet.
        self._head_kernels = tensors["head.kernel"].reshape(2, self._units, -1)
        self._head_bias = tensors["head.bias"]
        features, first_layer = TokenFeatures(architecture, tensors, encoder), self._layers[0]
        self._context = features.context
        self._width = len(cell.gates) * self._units

        # No method: a cache that knew the network it belongs to would outlive it, until Python
        # looks for cycles.
        def of_tokens(tokens: Sequence[str], out: Sequence[np.ndarray]) -> None:
            inputs, shares = features(tokens)
            first_layer.project(inputs, out[0])
            if shares is not None:
                out[1][:] = shares

        widths = [2 * self._width]
        if self._context is not None:
            widths.append(self._context.dimension + 1)
        self.cache = TokenCache(of_tokens, widths, max(256, cache_bytes // (4 * sum(widths))))

    def logits(
        self,
        tokens: Sequence[str],
        offsets: np.ndarray,
        document_offsets: np.ndarray | None = None,
    ) -> np.ndarray:
        """float32 [N, K].

        Args:
            tokens: of all sentences, one after another.
            offsets: where each sentence begins, and N: int [S + 1], rising, no sentence empty.
            document_offsets: where each document begins, and N: int [D + 1], no sentence in two;
                without them all is one document.
        """
        offsets = np.asarray(offsets, np.intp)
        logits = np.empty((len(tokens), len(self._head_bias)), np.float32)
        if not len(tokens):
            return logits
        lengths = offsets[1:] - offsets[:-1]
        order = (-lengths).argsort(kind="stable")
        with self.cache.rows(tokens) as (tables, rows):
            shifts = None
            if self._context is not None:
                if document_offsets is None:
                    document_offsets = np.array([0, len(tokens)])
                sums = sums_between(tables[1].take(rows, 0), document_offsets)
                document_of = document_offsets.searchsorted(offsets[:-1], side="right") - 1
                shifts = self._layers[0].shifts(self._context.of_sums(sums))
            for begin in range(0, len(order), _SENTENCES_AT_ONCE):
                some = order[begin : begin + _SENTENCES_AT_ONCE]
                schedule = Schedule(lengths[some])
                places = schedule.places(offsets[some])
                shift = None if shifts is None else shifts[:, document_of[some]]
                inputs = tables[0], rows[places], shift
                for layer, following in pairwise(self._layers):
                    encoded = np.empty((len(places), 2, self._units), np.float32)
                    for half, outputs in layer.run(schedule, *inputs):
                        encoded[schedule.visits[half], half] = outputs
                    projected = np.empty((len(places), 2 * self._width), np.float32)
                    following.project(encoded.reshape(len(places), -1), projected)
                    inputs = projected, np.arange(len(places)), None
                for half, outputs in self._layers[-1].run(schedule, *inputs):
                    scores = numpy_ops.matmul(outputs, self._head_kernels[half])
                    here = places[schedule.visits[half]]
                    if half:
                        logits[here] += scores
                    else:
                        scores += self._head_bias
                        logits[here] = scores
        return logits


class _Layer:
    """The weights of a bidirectional layer, and its run."""

    def __init__(
        self,
        tensors: Mapping[str, np.ndarray],
        number: int,
        cell: equations.CellEquations,
        activation: str,
        one_hot_size: int = 0,
    ) -> None:
        directions = [_weights(tensors, f"encoder.{number}.{d}.") for d in DIRECTIONS]
        self._one_hot_size = one_hot_size
        kernels = [weights.pop("kernel") for weights in directions]
        biases = [weights.pop("bias") for weights in directions]
        # What meets the context comes last.
        inputs = len(kernels[0])
        if number == 0 and "context.bias" in tensors:
            inputs -= len(tensors["context.bias"])
        self._context_kernels = np.stack([kernel[inputs:] for kernel in kernels])
        kernels = [kernel[:inputs] for kernel in kernels]
        self._cell = cell
        self._activation = equations.activation(numpy_ops, activation)
        forward, backward = (cell.prepare(numpy_ops, weights) for weights in directions)
        self._weights = {
            # A peephole's vector is the same for every sentence.
            name: np.stack([np.atleast_2d(forward[name]), np.atleast_2d(backward[name])])
            for name in forward
        }
        # What the weights are multiplied by for steps of their own; None where the equations run.
        self._scale = None
        if cell is equations.CELLS["lstm"] and activation == "tanh":
            # They are all the weights that such steps need.
            recurrent_kernel = self._weights.pop("recurrent_kernel")
            self._scale = halves_for_sigmoids(recurrent_kernel.shape[1])
            self._context_kernels *= self._scale
            recurrent_kernel *= self._scale
            self._gate_kernels = gate_kernels(recurrent_kernel)
        self._projections = [*zip(kernels, biases, strict=True)]
        if not one_hot_size:
            # Side by side they are one matrix product. A vocabulary's rows are too many to copy.
            kernel, bias = np.concatenate(kernels, axis=1), np.concatenate(biases)
            if self._scale is not None:
                kernel *= np.tile(self._scale, 2)
                bias *= np.tile(self._scale, 2)
            self._projections = [(kernel, bias)]

    def _steps(
        self, part: Any, shape: tuple[int, ...], shift: np.ndarray | None
    ) -> EquationSteps | LSTMSteps:
        if shift is not None:
            shift = shift[part]
        if self._scale is not None:
            return LSTMSteps(self._gate_kernels[:, part], shape, shift)
        weights = {name: weight[part] for name, weight in self._weights.items()}
        return EquationSteps(self._cell, weights, self._activation, shape, shift)

    def shifts(self, context: np.ndarray) -> np.ndarray:
        """What documents add to every projection of their tokens: [D, C] -> [2, D, nH]."""
        return numpy_ops.matmul(context, self._context_kernels)

    def project(self, inputs: np.ndarray, out: np.ndarray) -> None:
        """Writes [N, 2nH] into `out`: forward and backward, side by side."""
        parts = np.split(out, len(self._projections), axis=1)
        for part, (kernel, bias) in zip(parts, self._projections, strict=True):
            if self._one_hot_size:
                part[:] = equations.project(numpy_ops, inputs, kernel, bias, self._one_hot_size)
                if self._scale is not None:
                    part *= self._scale
            else:
                # The same without an array in between.
                numpy_ops.matmul(inputs, kernel, part)
                part += bias

    def run(
        self,
        schedule: Schedule,
        table: np.ndarray,
        rows: np.ndarray,
        shift: np.ndarray | None,
    ) -> Iterator[tuple[int, np.ndarray]]:
        """The outputs of both directions: 0 or 1, and [N, H] in the order of the visits.

        They are good until the next are asked for. The projection of token i is row `rows[i]` of
        `table`, [any, 2nH]; `shift`, [2, B, nH], is added to those of each sentence.
        """
        # Of a row the half that belongs to a direction, which is a row of its own.
        table = table.reshape(2 * len(table), -1)
        rows = 2 * rows[schedule.visits] + _HALVES
        units = table.shape[1] // len(self._cell.gates)
        sentences, tokens = len(schedule.lengths), rows.shape[1]
        if self._scale is not None:
            table, rows = gate_rows(table, rows)
        if sentences < _SENTENCES_APART:
            outputs = np.empty((2, tokens, units), np.float32)
            steps = self._steps(_TOGETHER, (2, sentences, units), shift)
            self._walk(steps, table, rows, schedule, outputs)
            yield from enumerate(outputs)
            return
        outputs = np.empty((tokens, units), np.float32)
        for half in range(2):
            steps = self._steps(half, (sentences, units), shift)
            self._walk(steps, table, rows[..., half, :], schedule, outputs)
            yield half, outputs

    @staticmethod
    def _walk(
        step: EquationSteps | LSTMSteps,
        table: np.ndarray,
        rows: np.ndarray,
        schedule: Schedule,
        outputs: np.ndarray,
    ) -> None:
        begin = 0
        for count in schedule.counts:
            end = begin + count
            step(table, rows[..., begin:end], outputs[..., begin:end, :])
            begin = end


class Schedule:
    """In which order a recurrence visits tokens, for sentences laid one after another.

    At each time the sentences that have not ended are visited together: forwards each at its token
    of that time, backwards each at that token counted from its end.

    Args:
        lengths: of the sentences, falling, none 0.

    Attributes:
        lengths: as given.
        counts: how many sentences have a token at each time.
        visits: the places of the tokens, in order, forwards and backwards: int [2, N].
    """

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self._begins = lengths.cumsum() - lengths
        times = np.arange(lengths[0])
        counts = len(lengths) - lengths[::-1].searchsorted(times, side="right")
        self.counts = counts.tolist()
        time = times.repeat(counts)
        sentence = np.arange(len(time)) - (counts.cumsum() - counts)[time]
        lasts = self._begins + lengths - 1
        self.visits = np.stack([self._begins[sentence] + time, lasts[sentence] - time])

    def places(self, begins: np.ndarray) -> np.ndarray:
        """Where each token lies when sentence i begins at `begins[i]` instead, int [N]."""
        shifts = (begins - self._begins).repeat(self.lengths)
        return shifts + np.arange(len(shifts))


def _weights(tensors: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
