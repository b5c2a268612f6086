"""From tokens to logits: the trained network in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nertagger.recurrent import equations, numpy_ops
from nertagger.runtime.token_cache import TokenCache
from nertagger.runtime.token_features import TokenFeatures
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vector_packing import packed_width

DIRECTIONS = ("forward", "backward")

_SENTENCES_AT_ONCE = 128
_SENTENCES_APART = 32
"""From so many on each direction is walked on its own: what a step computes stays in a processor's
cache. Fewer share the calls of one walk."""
_TOGETHER = (slice(0, 2),)
_APART = (slice(0, 1), slice(1, 2))
_HALVES = np.arange(2)[:, None]
_CACHE_BYTES = 16 << 20


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
        self._step = cell.step
        self._state_count = len(cell.states)
        self._activation = equations.activation(numpy_ops, architecture["activation"])
        self._units = architecture["units"]
        self._layers = [
            _Layer(tensors, layer, cell.prepare) for layer in range(architecture["layers"])
        ]
        self._head = tensors["head.kernel"], tensors["head.bias"]
        one_hot = architecture["word_encoding"] == "one-hot"
        one_hot_size = architecture["vocabulary_size"] if one_hot else 0
        features, first_layer = TokenFeatures(architecture, tensors, encoder), self._layers[0]
        self._width = len(cell.gates) * self._units

        # No method: a cache that knew the network it belongs to would outlive it, until Python
        # looks for cycles.
        def first_projection(tokens: Sequence[str], out: np.ndarray) -> None:
            first_layer.project(features(tokens), out, one_hot_size)

        self.cache = TokenCache(
            first_projection, 2 * self._width, max(256, cache_bytes // (8 * self._width))
        )

    def logits(self, tokens: Sequence[str], offsets: np.ndarray) -> np.ndarray:
        """float32 [N, K].

        Args:
            tokens: of all sentences, one after another.
            offsets: where each sentence begins, and N: int [S + 1], rising, no sentence empty.
        """
        offsets = np.asarray(offsets, np.intp)
        logits = np.empty((len(tokens), self._head[0].shape[1]), np.float32)
        if not len(tokens):
            return logits
        lengths = offsets[1:] - offsets[:-1]
        order = (-lengths).argsort(kind="stable")
        most = int(lengths[order[:_SENTENCES_AT_ONCE]].sum())
        # Of all buckets, whose pages are asked of the system once.
        buffer = np.empty((most, 2 * self._units), np.float32)
        with self.cache.rows(tokens) as (table, rows):
            for begin in range(0, len(order), _SENTENCES_AT_ONCE):
                some = order[begin : begin + _SENTENCES_AT_ONCE]
                schedule = Schedule(lengths[some])
                places = schedule.places(offsets[some])
                encoded = buffer[: len(places)]
                self._run(self._layers[0], table, rows[places], schedule, encoded)
                for layer in self._layers[1:]:
                    projected = np.empty((len(encoded), 2 * self._width), np.float32)
                    layer.project(encoded, projected)
                    self._run(layer, projected, np.arange(len(places)), schedule, encoded)
                logits[places] = numpy_ops.matmul(encoded, self._head[0]) + self._head[1]
        return logits

    def _run(
        self,
        layer: _Layer,
        table: np.ndarray,
        rows: np.ndarray,
        schedule: Schedule,
        encoded: np.ndarray,
    ) -> None:
        """Writes a layer's outputs into `encoded`, [N, 2H].

        The projection of token i is row `rows[i]` of `table`.
        """
        # Of both the half that belongs to a direction, which has a row of its own.
        table, encoded = table.reshape(-1, self._width), encoded.reshape(-1, self._units)
        rows = 2 * rows[schedule.visits] + _HALVES
        places = 2 * schedule.visits + _HALVES
        few = len(schedule.lengths) < _SENTENCES_APART
        for part in _TOGETHER if few else _APART:
            weights = {name: weight[part] for name, weight in layer.weights.items()}
            shape = (len(rows[part]), len(schedule.lengths), self._units)
            states = tuple(np.zeros(shape, np.float32) for _ in range(self._state_count))
            begin = 0
            for count in schedule.counts:
                if count < states[0].shape[1]:
                    # Sentences that have ended are the last ones: what is left is a view.
                    states = tuple(state[:, :count] for state in states)
                now = part, slice(begin, begin + count)
                projected = table.take(rows[now], axis=0)
                states = self._step(numpy_ops, projected, states, weights, self._activation)
                encoded[places[now]] = states[0]
                begin += count


class _Layer:
    """The weights of a bidirectional layer, both directions stacked for one matrix product."""

    def __init__(
        self,
        tensors: Mapping[str, np.ndarray],
        number: int,
        prepare: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        directions = [_weights(tensors, f"encoder.{number}.{d}.") for d in DIRECTIONS]
        self._projections = [(weights.pop("kernel"), weights.pop("bias")) for weights in directions]
        forward, backward = (prepare(numpy_ops, weights) for weights in directions)
        self.weights = {
            # A peephole's vector is the same for every sentence.
            name: np.stack([np.atleast_2d(forward[name]), np.atleast_2d(backward[name])])
            for name in forward
        }

    def project(self, inputs: np.ndarray, out: np.ndarray, one_hot_size: int = 0) -> None:
        """Writes [N, 2nH] into `out`: forward and backward, side by side."""
        width = out.shape[1] // 2
        for half, (kernel, bias) in enumerate(self._projections):
            part = out[:, half * width : (half + 1) * width]
            part[:] = equations.project(numpy_ops, inputs, kernel, bias, one_hot_size)


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
