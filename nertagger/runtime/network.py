"""From tokens to logits: the trained network in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nertagger.recurrent import equations, numpy_ops
from nertagger.runtime.token_cache import TokenCache
from nertagger.runtime.token_features import TokenFeatures
from nertagger.text.token_encoder import TokenEncoder

DIRECTIONS = ("forward", "backward")

_SENTENCES_AT_ONCE = 256
_CACHE_BYTES = 64 << 20


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
        shapes["vectors.rows"] = (a["vector_count"], a["vector_dimension"])
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
            [_weights(tensors, f"encoder.{layer}.{direction}.") for direction in DIRECTIONS]
            for layer in range(architecture["layers"])
        ]
        self._head = tensors["head.kernel"], tensors["head.bias"]
        one_hot = architecture["word_encoding"] == "one-hot"
        self._one_hot_size = architecture["vocabulary_size"] if one_hot else 0
        self._features = TokenFeatures(architecture, tensors, encoder)
        width = len(cell.gates) * self._units
        self.cache = TokenCache(
            self._first_projections, (width, width), max(256, cache_bytes // (2 * width * 4))
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
        tables, rows = self.cache.rows(tokens)
        lengths = np.diff(offsets)
        order = np.argsort(-lengths, kind="stable")
        for begin in range(0, len(order), _SENTENCES_AT_ONCE):
            some = order[begin : begin + _SENTENCES_AT_ONCE]
            schedule = Schedule(lengths[some])
            places = schedule.places(offsets[some])
            encoded = self._encode(tables, rows[places], schedule)
            logits[places] = encoded @ self._head[0] + self._head[1]
        return logits

    def _first_projections(self, tokens: Sequence[str]) -> list[np.ndarray]:
        features = self._features(tokens)
        return [self._project(features, w, self._one_hot_size) for w in self._layers[0]]

    def _project(
        self, inputs: np.ndarray, weights: Mapping[str, np.ndarray], one_hot_size: int = 0
    ) -> np.ndarray:
        return equations.project(
            numpy_ops, inputs, weights["kernel"], weights["bias"], one_hot_size
        )

    def _encode(
        self, tables: Sequence[np.ndarray], rows: np.ndarray, schedule: Schedule
    ) -> np.ndarray:
        """The encoder's outputs [N, 2H], from where the first layer's projections lie."""
        encoded = self._run_layer(self._layers[0], tables, rows, schedule)
        for layer in self._layers[1:]:
            tables = [self._project(encoded, weights) for weights in layer]
            encoded = self._run_layer(layer, tables, np.arange(len(rows)), schedule)
        return encoded

    def _run_layer(
        self,
        layer: Sequence[Mapping[str, np.ndarray]],
        tables: Sequence[np.ndarray],
        rows: np.ndarray,
        schedule: Schedule,
    ) -> np.ndarray:
        encoded = np.empty((len(rows), 2 * self._units), np.float32)
        for weights, table, walk, half in (
            (layer[0], tables[0], schedule.forward(), encoded[:, : self._units]),
            (layer[1], tables[1], schedule.backward(), encoded[:, self._units :]),
        ):
            shape = (len(schedule.lengths), self._units)
            states = tuple(np.zeros(shape, np.float32) for _ in range(self._state_count))
            for at in walk:
                # Sentences that have ended are the last ones: what is left is a view.
                states = tuple(state[: len(at)] for state in states)
                projected = table.take(rows[at], axis=0)
                states = self._step(numpy_ops, projected, states, weights, self._activation)
                half[at] = states[0]
        return encoded


class Schedule:
    """Which tokens a recurrence computes together, for sentences laid one after another.

    Args:
        lengths: of the sentences, falling, none 0.
    """

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self._begins = np.cumsum(lengths) - lengths
        times = np.arange(lengths[0])
        # How many sentences have a token at each time.
        self._counts = len(lengths) - np.searchsorted(lengths[::-1], times, side="right")

    def places(self, begins: np.ndarray) -> np.ndarray:
        """Where each token lies when sentence i begins at `begins[i]` instead, int [N]."""
        shifts = np.repeat(begins - self._begins, self.lengths)
        return shifts + np.arange(len(shifts))

    def forward(self) -> list[np.ndarray]:
        """At each time, the places of the tokens: first all first ones, then all second ones, …"""
        return [self._begins[:count] + t for t, count in enumerate(self._counts)]

    def backward(self) -> list[np.ndarray]:
        """The same from the sentences' ends."""
        lasts = self._begins + self.lengths - 1
        return [lasts[:count] - t for t, count in enumerate(self._counts)]


def _weights(tensors: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
