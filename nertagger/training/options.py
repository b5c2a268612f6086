"""What a user may choose of a training, with its defaults and its bounds."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nertagger.errors import InputError
from nertagger.models.architecture import (
    ACTIVATIONS,
    CELLS,
    CHARACTER_ENCODINGS,
    HEADS,
    WORD_ENCODINGS,
)
from nertagger.training.sources import BUNDLED, Source

CHOICES = {
    "cell": CELLS,
    "activation": ACTIVATIONS,
    "head": HEADS,
    "word_encoding": WORD_ENCODINGS,
    "characters": CHARACTER_ENCODINGS,
}

SMALL = 4_000
"""Corpora of fewer sentences have options of their own."""

VARIATION = {
    "lost_vector_probability": 0.2,
    "case_variation": 0.05,
    "punctuation_variation": 0.15,
    "name_variation": 0.25,
}
"""How a corpus is varied that is not small; a small one needs its every sentence as it is."""

RECIPES: dict[str, dict[str, Any]] = {
    "default": {},
    "plain": {
        **dict.fromkeys(VARIATION, 0.0),
        "misspellings": 0,
        "context_dimension": 0,
        "context_variation": 0.0,
        "least_score": 0.0,
    },
    "accurate": {"units": 200, "vocabulary_size": 25_000},
}
"""Options that go together: what they bring and cost is in docs/accuracy.md."""


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """Everything that `nertagger train` takes, as plain values.

    Attributes:
        train: the corpus to learn from, or several; None for the bundled one. A word that one of
            them leaves untagged may be part of an entity whose label only others annotate.
        dev: the corpus that chooses the checkpoint; None for a tenth of `train`, of the first.
        dev_map: labels to rename on both sides before dev is scored, as `evaluate --map` has them.
        output: the base directory of the model; None for saved_models/<corpus name>.
        cell, activation, units, layers, head, word_encoding, characters, dropout,
            recurrent_dropout, l2: see `models.architecture.Architecture`.
        word_dimension: length of a word's embedding; None for the length of the vectors, from which
            it then starts, or 100 where there are none.
        vocabulary_size: words, with `<PAD>` and `<UNK>`.
        vocabulary: a file of words, one a line, instead of the corpus's commonest.
        vectors: pretrained vectors, a GloVe or word2vec text file or a NumPy archive.
        vector_rows: of these the first so many, which are the commonest words', and those of the
            words of `train`; None for all.
        misspellings: 1: a word of which nothing is known is read as the common word that is one
            slip of typing away, see `text.misspellings`; 0: as it is. Needs vectors. The corpora to
            learn from are read as they are.
        unknown_probability: with which a word seen once becomes `<UNK>` in training; one seen n
            times does with an n-th of it.
        case_variation: probability with which a sentence is read in training as if it were all in
            lower case or, as often, all in capitals. None for 0 where the corpus has fewer than
            4,000 sentences, else 0.05.
        lost_vector_probability: with which a word seen once becomes `<UNK>` in training and has no
            vector either; one seen n times does with an n-th of it. None for 0 where the corpus has
            fewer than 4,000 sentences, else 0.2.
        punctuation_variation: probability with which a sentence is read in training without its
            punctuation, but for that in names; None for 0 where the corpus has fewer than 4,000
            sentences, else 0.15.
        name_variation: probability with which a name is read in training as one that nobody has
            met; None for 0 in each corpus of fewer than 4,000 sentences, else 0.25.
        context_dimension: length of what every sentence is told of its document, which is learnt
            from the mean of the vectors of the document's words; 0 for nothing. There is none
            without vectors.
        context_variation: probability with which a sentence is told in training of itself alone,
            as if it were all of its document.
        epochs: at most so many passes over the corpus; None for 20, or as many as 2,000 steps take,
            but not more than 100.
        patience: epochs without a better dev F1 after which training stops; None for a third of
            `epochs`.
        batch_size: sentences of a step; None for 8 where the corpus has fewer than 4,000, else 32.
        learning_rate: of the first steps; it falls to a twentieth along a cosine.
        clip_norm: threshold of the gradient's global norm: ĝ becomes threshold / ‖ĝ‖ · ĝ.
        averaging: decay per step of the moving average of the weights, which is what is scored and
            kept; 0 for the weights themselves.
        name_agreement: how strongly the mentions of a name in a document vote on its label, in
            training's scores and when the model tags; see `runtime.name_agreement`. 0: not at all.
        least_score: entities with a lower probability are not told. F1 is the highest where an
            entity is told if it is right more often than half of F1 (Lipton et al. 2014).
        seed: of everything that is random.
        licence: of the model; for its card.
        about: what else its card should say, in Markdown.
    """

    train: str | tuple[Source, ...] | None = None
    dev: str | None = None
    dev_map: str | None = None
    output: str | None = None
    cell: str = "lstm"
    activation: str = "tanh"
    units: int = 128
    layers: int = 1
    head: str = "crf"
    word_encoding: str = "embedding"
    word_dimension: int | None = None
    vocabulary_size: int = 10_000
    vocabulary: str | None = None
    characters: str = "convolution"
    vectors: str | None = None
    vector_rows: int | None = None
    misspellings: int = 1
    unknown_probability: float = 0.5
    lost_vector_probability: float | None = None
    case_variation: float | None = None
    punctuation_variation: float | None = None
    name_variation: float | None = None
    context_dimension: int = 32
    context_variation: float = 0.3
    epochs: int | None = None
    patience: int | None = None
    batch_size: int | None = None
    learning_rate: float = 1e-3
    clip_norm: float = 5.0
    averaging: float = 0.999
    dropout: float = 0.5
    recurrent_dropout: float = 0.25
    l2: float = 0.0
    name_agreement: float = 2.0
    least_score: float = 0.33
    seed: int = 1
    licence: str | None = None
    about: str | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}; expected one of {', '.join(choices)}"
                )
        for name, least, most in (
            ("units", 1, 4096),
            ("layers", 1, 16),
            ("word_dimension", 1, 4096),
            ("vocabulary_size", 3, 1_000_000),
            ("vector_rows", 0, 100_000_000),
            ("misspellings", 0, 1),
            ("context_dimension", 0, 4096),
            ("epochs", 1, 100_000),
            ("patience", 1, 100_000),
            ("batch_size", 1, 65_536),
            ("seed", 0, 2**31 - 1),
        ):
            if getattr(self, name) is not None and not least <= getattr(self, name) <= most:
                raise InputError(f"{name} is {getattr(self, name)}; expected {least} to {most}")
        for name in ("dropout", "recurrent_dropout", "averaging"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; expected 0 or more, and less than 1"
                )
        for name in ("unknown_probability", "least_score", "context_variation", *VARIATION):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"{name} is {value}; expected 0 to 1")
        for name in ("l2", "name_agreement"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}; expected 0 or more")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; expected more than 0")

    @property
    def sources(self) -> tuple[Source, ...]:
        """The corpora to learn from."""
        if self.train is None:
            return (Source(BUNDLED),)
        return (Source(self.train),) if isinstance(self.train, str) else self.train

    def to_values(self) -> dict[str, Any]:
        """These options as TOML and JSON have them."""
        train = self.train
        if isinstance(train, tuple):
            train = [source.to_value() for source in train]  # type: ignore[assignment]
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return values | {"train": train}

    def for_corpus(self, sentences: int) -> TrainingOptions:
        """These options, with what depends on the size of the training corpus settled."""
        small = sentences < SMALL
        batch_size = self.batch_size or (8 if small else 32)
        steps = -(-sentences // batch_size)
        epochs = self.epochs or min(max(20, -(-2_000 // steps)), 100)
        patience = self.patience or max(epochs // 3, 1)
        variation: dict[str, Any] = {
            name: 0.0 if small else probability
            for name, probability in VARIATION.items()
            if getattr(self, name) is None
        }
        return dataclasses.replace(
            self, batch_size=batch_size, epochs=epochs, patience=patience, **variation
        )


def options_of(values: Mapping[str, Any]) -> TrainingOptions:
    """The options of these values, and of their `recipe` where they say nothing.

    Raises:
        InputError: a recipe that there is not, or a value out of its bounds.
    """
    values = dict(values)
    recipe = values.pop("recipe", "default")
    if recipe not in RECIPES:
        raise InputError(_no_recipe(recipe))
    return TrainingOptions(**{**RECIPES[recipe], **values})


def _no_recipe(name: object) -> str:
    return f"recipe is {name!r}; expected one of {', '.join(RECIPES)}"


def read_options(path: str | Path) -> dict[str, Any]:
    """The options of a TOML file, and `recipe`, checked for unknown keys and for types.

    Raises:
        InputError: no such file, not TOML, an unknown key, or a value of another type.
    """
    try:
        values = tomllib.loads(Path(path).read_bytes().decode())
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); expected a TOML file", path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}; expected a TOML file", path) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", path) from None
    kinds = {field.name: kind_of(field) for field in dataclasses.fields(TrainingOptions)}
    kinds["recipe"] = str
    for key, value in values.items():
        if key not in kinds:
            raise InputError(f"unknown key {key!r}; known: {', '.join(sorted(kinds))}", path)
        if key == "train":
            try:
                values[key] = sources_of(value)
            except ValueError as error:
                raise InputError(str(error), path) from None
            continue
        kind = kinds[key]
        if kind is float and type(value) is int:
            values[key] = float(value)
        elif type(value) is not kind:
            raise InputError(f"{key} is {value!r}; expected {_KINDS[kind]}", path)
        elif key == "recipe" and value not in RECIPES:
            raise InputError(_no_recipe(value), path)
    return values


def sources_of(value: Any) -> str | tuple[Source, ...]:
    """What TOML or the command line give for `train`; a single path stays one.

    Raises:
        ValueError: it is no path, no table of a `Source`, nor a list of them.
    """
    sources = tuple(map(Source.from_value, value if isinstance(value, (list, tuple)) else [value]))
    if not sources:
        raise ValueError("train is an empty list; expected a path, a table, or a list of them")
    plain = len(sources) == 1 and sources[0] == Source(sources[0].path)
    return sources[0].path if plain else sources


def kind_of(field: dataclasses.Field) -> type:
    """What an option's values are: `str`, `int` or `float`."""
    return next(kind for kind in (str, int, float) if kind.__name__ in str(field.type))


_KINDS = {str: "a string", int: "a whole number", float: "a number"}
