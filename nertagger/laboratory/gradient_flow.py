"""What reaches the cells of a tagger from the words, and how gradients flow through them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nertagger.corpora.bundled import bundled_corpus
from nertagger.errors import InputError
from nertagger.laboratory.state_jacobians import (
    Array,
    Cell,
    bounds,
    run_cell,
    spectral_norms,
    state_norms,
)
from nertagger.laboratory.workbench import finite
from nertagger.recurrent import equations, numpy_ops
from nertagger.runtime.network import DIRECTIONS
from nertagger.runtime.token_features import TokenFeatures
from nertagger.text.segmentation import segment
from nertagger.text.token_encoder import TokenEncoder

STEPS = 50
"""The largest t - k."""
WARM_UP = 10
"""Words before the first h_k, so that the state is no longer that of a sentence's beginning."""
DISTANCES = (1, 2, 3, 4, *range(5, STEPS + 1, 5))
"""The values of t - k at which norms are taken."""
QUARTILES = {"low": 25, "median": 50, "high": 75}


class TaggerCell(NamedTuple):
    """A cell of a tagger's encoder, and what it gets.

    Attributes:
        layer: its number, from 0.
        direction: "forward" or "backward".
        cell: its weights.
        projected: [B, T, nH], what its kernel and bias make of B pieces of text, in the order in
            which it reads them.
        inputs: [B, T, D], those pieces as it gets them.
        one_hot_size: V where the first input is the index of a one-hot vector of size V, else 0.
    """

    layer: int
    direction: str
    cell: Cell
    projected: Array
    inputs: Array
    one_hot_size: int


def text_pieces(text: str | None, count: int) -> list[list[str]]:
    """Pieces of running text of equal length, in tokens.

    Sentences follow each other without a break, since hardly one has as many words as `STEPS`.

    Args:
        text: any text; None for the dev part of the bundled English corpus.
        count: how many pieces, at most, spread evenly over the text.

    Returns:
        Pieces of `WARM_UP` + `STEPS` tokens, or the whole text where it is shorter.

    Raises:
        InputError: there are fewer than two tokens.
    """
    texts = [document.text for document in bundled_corpus("dev").documents]
    tokens = segment(texts if text is None else [text]).tokens()
    if len(tokens) < 2:
        raise InputError(
            f"--text is too short, words: {len(tokens)}; "
            f"expected two or more, better {WARM_UP + STEPS}"
        )
    length = min(WARM_UP + STEPS, len(tokens))
    count = min(count, len(tokens) // length)
    stride = len(tokens) // count
    return [tokens[begin * stride : begin * stride + length] for begin in range(count)]


def tagger_cells(
    architecture: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray],
    encoder: TokenEncoder,
    pieces: Sequence[Sequence[str]],
) -> Iterator[TaggerCell]:
    """Every cell of a tagger, layer by layer, reading pieces of text of equal length.

    Args:
        architecture: the model's, plain values.
        tensors: its weights, by name.
        encoder: from tokens to numbers.
        pieces: tokens; each piece is a document of its own.
    """
    features = TokenFeatures(architecture, tensors, encoder)
    inputs = np.stack([features.in_document(piece) for piece in pieces]).astype(np.float64)
    one_hot_size = (
        architecture["vocabulary_size"] if architecture["word_encoding"] == "one-hot" else 0
    )
    for layer in range(architecture["layers"]):
        outputs = []
        for direction in DIRECTIONS:
            prefix = f"encoder.{layer}.{direction}."
            weights = {
                name.removeprefix(prefix): tensor.astype(np.float64)
                for name, tensor in tensors.items()
                if name.startswith(prefix)
            }
            projected = equations.project(
                numpy_ops, inputs, weights.pop("kernel"), weights.pop("bias"), one_hot_size
            )
            turn = 1 if direction == "forward" else -1
            cell = Cell(architecture["cell"], architecture["activation"], weights)
            yield TaggerCell(
                layer, direction, cell, projected[:, ::turn], inputs[:, ::turn], one_hot_size
            )
            states = run_cell(cell, projected[:, ::turn])[1:]
            outputs.append(np.stack([state[0] for state in states], axis=1)[:, ::turn])
        inputs, one_hot_size = np.concatenate(outputs, axis=2), 0


def noise_like(projected: Array, seed: int) -> Array:
    """Normal noise in which every gate unit has the mean and the spread that it has in [B, T, nH].

    Words have more than that: an order, and units that go together.
    """
    random = np.random.default_rng(seed)
    mean, spread = projected.mean(axis=(0, 1)), projected.std(axis=(0, 1))
    return mean + spread * random.standard_normal(projected.shape)


def new_cell(found: TaggerCell, seed: int) -> TaggerCell:
    """A cell in the place of one that is trained, as the layers start it.

    A kernel by Glorot and Bengio 2010 (equation 16), an orthogonal recurrent kernel, peepholes of
    0, and a bias of 1 for the forget gate and 0 elsewhere.
    """
    name, units = found.cell.name, found.cell.units
    equations_of = equations.CELLS[name]
    width = len(equations_of.gates) * units
    # In the place of the index stands a vector of the vocabulary's size.
    rows = found.inputs.shape[2] + max(found.one_hot_size - 1, 0)
    limit = math.sqrt(6 / (rows + width))
    kernel = np.random.default_rng(seed).uniform(-limit, limit, (rows, width))
    bias = np.repeat([float(gate == "forget") for gate in equations_of.gates], units)
    weights = {"recurrent_kernel": orthogonal((units, width), seed)}
    weights |= {peephole: np.zeros(units) for peephole in equations_of.peepholes}
    return found._replace(
        cell=Cell(name, found.cell.activation, weights),
        projected=equations.project(numpy_ops, found.inputs, kernel, bias, found.one_hot_size),
    )


def orthogonal(shape: tuple[int, int], seed: int) -> Array:
    """A random matrix [rows, columns], rows ≤ columns, whose rows are orthogonal unit vectors."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal(shape[::-1]))
    # Without the signs the first columns would not be as random as the rest.
    return (q * np.sign(np.diag(r))).T


def distances_in(pieces: Sequence[Sequence[str]]) -> list[int]:
    """Those of `DISTANCES` that fit into pieces of text, and the largest that does."""
    largest = min(STEPS, len(pieces[0]) - 1)
    return [distance for distance in DISTANCES if distance < largest] + [largest]


def examine(cell: Cell, projected: Array, distances: Sequence[int]) -> dict[str, Any]:
    """The norms' quartiles over the pieces of text for every t - k in `distances`, and the bound.

    Returns:
        Plain values. By the state's name ("h", and "c" for an LSTM) `low`, `median` and `high`, the
        quartiles, and `bound`, each a list; a number that overflows is None. `nearest_bound` is the
        largest ratio of a norm to its bound.
    """
    # A cell whose state grows without bound may overflow, which is a result.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        norms = state_norms(cell, projected, distances)
        limits = bounds(cell, projected, distances)
        ratios = [values / limits[state] for state, values in norms.items()]
    known = np.concatenate([ratio[np.isfinite(ratio)] for ratio in ratios])
    result: dict[str, Any] = {"nearest_bound": finite(known.max(initial=-np.inf))}
    for state, values in norms.items():
        result[state] = {
            name: [finite(value) for value in np.percentile(values, share, axis=0)]
            for name, share in QUARTILES.items()
        }
        result[state]["bound"] = [finite(value) for value in limits[state]]
    return result


def kernel_sizes(cell: Cell) -> dict[str, Any]:
    """How large the recurrent kernel is: plain values, None where it is not finite.

    `kernel_norms` by gate, and `radius`, the spectral radius of the candidate's part.
    """
    candidate = cell.gate_kernel("candidate")
    radius = np.nan
    if np.isfinite(candidate).all():
        radius = np.abs(np.linalg.eigvals(candidate)).max()
    return {
        "kernel_norms": {
            gate: finite(float(spectral_norms(cell.gate_kernel(gate))))
            for gate in equations.CELLS[cell.name].gates
        },
        "radius": finite(radius),
    }


def short_number(value: float | None) -> str:
    """A norm for people: two digits, or a power of ten where there would be many zeros."""
    if value is None:
        return "–"
    if value == 0 or -3 <= math.log10(value) < 3:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    digits, exponent = f"{value:.0e}".split("e")
    return f"{digits}e{int(exponent)}"
