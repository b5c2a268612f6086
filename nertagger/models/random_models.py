"""Tiny models with random weights, one per architecture, for tests and trials.

Every value is distinct, so that two swapped gates or directions do not pass for each other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from nertagger.models.architecture import ACTIVATIONS, CELLS, HEADS, Architecture
from nertagger.models.tagger import TaggerModel, build
from nertagger.models.tensors import named_variables
from nertagger.text.vector_packing import pack

LABELS = ("PER", "LOC")
TAGS = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BIES"))


def architectures() -> Iterator[Architecture]:
    """One architecture for each cell, head, activation, word encoding, input and depth."""
    plain = Architecture(
        tags=TAGS,
        vocabulary_size=30,
        units=5,
        word_dimension=6,
        character_count=40,
        character_dimension=4,
        character_filters=7,
        characters_per_token=8,
        vector_count=20,
        vector_dimension=3,
        case_count=12,
        context_dimension=4,
        context_skipped=2,
        dropout=0.2,
    )
    for cell in CELLS:
        for head in HEADS:
            tags = ("NAME",) if head == "sigmoid" else TAGS
            yield dataclasses.replace(plain, cell=cell, head=head, tags=tags)
    for activation in ACTIVATIONS:
        yield dataclasses.replace(plain, cell="simple-rnn", activation=activation)
    yield dataclasses.replace(plain, word_encoding="one-hot")
    yield dataclasses.replace(plain, word_encoding="one-hot", cell="gru", layers=2)
    yield dataclasses.replace(plain, layers=2)
    yield dataclasses.replace(plain, layers=3, cell="peephole-lstm", head="softmax")
    yield dataclasses.replace(plain, context_dimension=0)
    bare = dataclasses.replace(plain, context_dimension=0, vector_count=0, vector_dimension=0)
    yield dataclasses.replace(bare, character_encoding="none", case_count=0)
    yield dataclasses.replace(plain, characters_per_token=9, character_width=5)


def random_model(
    architecture: Architecture, constraints: tuple | None = None, seed: int = 0
) -> TaggerModel:
    """A model of `architecture` whose weights are random, distinct and not small."""
    random = np.random.default_rng(seed)
    model = build(architecture, constraints=constraints, seed=seed)
    for name, variable in named_variables(model):
        values = random.normal(0, 0.5, tuple(variable.shape))
        if not name.startswith("vectors."):
            variable.assign(values.astype("float32"))
    if architecture.vector_count:
        vectors = random.normal(0, 0.5, (architecture.vector_count, architecture.vector_dimension))
        vectors[0] = 0
        model.get_layer("vector_rows").assign(pack(vectors))
    return model
