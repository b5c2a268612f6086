"""What a tagger is made of, as plain values."""

from __future__ import annotations

import dataclasses
from typing import Any

CELLS = ("simple-rnn", "lstm", "peephole-lstm", "coupled-lstm", "gru")
ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky_relu", "elu", "linear")
HEADS = ("sigmoid", "softmax", "crf")
WORD_ENCODINGS = ("one-hot", "embedding")
CHARACTER_ENCODINGS = ("convolution", "none")


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The shape of a tagger. It holds no data, no vocabulary and no training option.

    Attributes:
        tags: the K tags in the order of the logits; one for the sigmoid head.
        vocabulary_size: words, with `<PAD>` and `<UNK>`.
        cell: the recurrent cell of every layer, one of `CELLS`.
        activation: of the candidate, one of `ACTIVATIONS`.
        units: H, of each direction.
        layers: how many `Bidirectional` layers.
        head: one of `HEADS`.
        word_encoding: one of `WORD_ENCODINGS`.
        word_dimension: length of a word's embedding; not used with one-hot words.
        character_encoding: one of `CHARACTER_ENCODINGS`.
        character_count: distinct characters, with padding and unknown.
        character_dimension: length of a character's embedding.
        character_filters: outputs of the convolution.
        character_width: characters that a filter spans.
        characters_per_token: C; longer tokens keep their beginning and end.
        vector_count: rows of the frozen table of pretrained vectors, with row 0; 0 for none.
        vector_dimension: length of a pretrained vector.
        case_count: categories of the case feature, with padding; 0 for none.
        context_dimension: C, length of what a sentence is told of its document, see
            `runtime.document_context`; 0 for none. More needs `vector_count`.
        context_skipped: so many of the first vectors, the commonest words', do not count there.
        dropout: rate at the encoder's input and after each of its layers, in training.
        recurrent_dropout: rate on h_{t-1}, one mask for all steps, in training.
        l2: weight of the squared norm of the encoder's kernels and the head's kernel.
    """

    tags: tuple[str, ...]
    vocabulary_size: int
    cell: str = "lstm"
    activation: str = "tanh"
    units: int = 128
    layers: int = 1
    head: str = "crf"
    word_encoding: str = "embedding"
    word_dimension: int = 50
    character_encoding: str = "convolution"
    character_count: int = 2
    character_dimension: int = 25
    character_filters: int = 50
    character_width: int = 3
    characters_per_token: int = 20
    vector_count: int = 0
    vector_dimension: int = 0
    case_count: int = 0
    context_dimension: int = 0
    context_skipped: int = 0
    dropout: float = 0.5
    recurrent_dropout: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        for name, choices in (
            ("cell", CELLS),
            ("activation", ACTIVATIONS),
            ("head", HEADS),
            ("word_encoding", WORD_ENCODINGS),
            ("character_encoding", CHARACTER_ENCODINGS),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(choices)}")
        for name in ("units", "layers", "word_dimension", "characters_per_token"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1")
        for name in ("dropout", "recurrent_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected 0 <= {name} < 1")
        if self.context_dimension < 0 or (self.context_dimension and not self.vector_count):
            raise ValueError(
                f"context_dimension is {self.context_dimension}; expected 0, or more with vectors"
            )
        if self.l2 < 0:
            raise ValueError(f"l2 is {self.l2}; expected 0 or more")
        if not self.tags:
            raise ValueError("there are no tags; expected at least one")
        if (self.head == "sigmoid") != (len(self.tags) == 1):
            raise ValueError(
                f"head {self.head!r} with {len(self.tags)} tags; sigmoid has exactly one"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self) | {"tags": list(self.tags)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Architecture:
        """The inverse of `to_dict`.

        Raises:
            ValueError: an unknown key, a missing one, or a value out of its range.
        """
        fields = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - fields):
            raise ValueError(
                f"unknown architecture key {unknown[0]!r}; known: {', '.join(sorted(fields))}"
            )
        for name in ("tags", "vocabulary_size"):
            if name not in values:
                raise ValueError(f"the architecture has no {name!r}")
        return cls(**{**values, "tags": tuple(values["tags"])})
