"""A model's weights under the names that the model directory gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from nertagger.crf.equations import Chain, constrain
from nertagger.models.tagger import TaggerModel


def named_tensors(
    model: TaggerModel, instead: Mapping[int, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Every weight as a NumPy array, by name: `encoder.0.forward.kernel`, `crf.transitions`, …

    The CRF's are the constrained ones: what the tag scheme forbids is in them.

    Args:
        model: the model.
        instead: values to take in a variable's place, by the variable's id().
    """
    instead = instead or {}
    tensors = {
        name: instead[id(variable)]
        if id(variable) in instead
        else keras.ops.convert_to_numpy(variable)
        for name, variable in named_variables(model)
    }
    if model.architecture.head == "crf":
        names = ("crf.transitions", "crf.start", "crf.end")
        crf = model.get_layer("crf")
        allowed = Chain(crf.allowed_transitions, crf.allowed_start, crf.allowed_end)
        constrained = constrain(keras.ops, Chain(*(tensors[name] for name in names)), allowed)
        for name, value in zip(names, constrained, strict=True):
            tensors[name] = keras.ops.convert_to_numpy(value)
    return tensors


def assign_tensors(model: TaggerModel, tensors: Mapping[str, np.ndarray]) -> None:
    """Gives a model the weights that `named_tensors` named.

    Raises:
        ValueError: a tensor is missing, is not wanted, or has another shape.
    """
    variables = dict(named_variables(model))
    for name in sorted(set(variables) ^ set(tensors)):
        raise ValueError(f"tensor {name!r} is {'missing' if name in variables else 'not expected'}")
    for name, variable in variables.items():
        if tuple(variable.shape) != tensors[name].shape:
            raise ValueError(
                f"tensor {name!r} has shape {list(tensors[name].shape)}, "
                f"expected {list(variable.shape)}"
            )
        variable.assign(tensors[name])


def named_variables(model: TaggerModel) -> Iterator[tuple[str, Any]]:
    """Every weight variable of a model with its name, in the order of computation."""
    a = model.architecture
    if a.word_encoding == "embedding":
        yield "embedding.word", model.get_layer("word").embeddings
    if a.character_encoding == "convolution":
        character = model.get_layer("character")
        yield "embedding.character", character.embedding
        yield "character.convolution.kernel", character.kernel
        yield "character.convolution.bias", character.bias
    if a.vector_count:
        vectors = model.get_layer("vector_rows")
        yield "vectors.codes", vectors.codes
        yield "vectors.scales", vectors.scales
    if a.context_dimension:
        context = model.get_layer("context")
        yield "context.kernel", context.kernel
        yield "context.bias", context.bias
    for number in range(a.layers):
        encoder = model.get_layer(f"encoder_{number}")
        for direction in ("forward", "backward"):
            cell = getattr(encoder, f"{direction}_layer").cell
            for variable in cell.weights:
                yield f"encoder.{number}.{direction}.{variable.name}", variable
    head = model.get_layer("head")
    yield "head.kernel", head.kernel
    yield "head.bias", head.bias
    if a.head == "crf":
        crf = model.get_layer("crf")
        yield "crf.transitions", crf.transitions
        yield "crf.start", crf.start
        yield "crf.end", crf.end
