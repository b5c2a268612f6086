"""Tiny models with random weights, and their directories."""

import json

import numpy as np
from safetensors.numpy import save_file

from nertagger.runtime.network import tensor_shapes
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.tags import allowed_transitions, tags_of_labels
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vector_packing import pack
from nertagger.text.vocabulary import Vocabulary
from nertagger.text.word_forms import fold
from nertagger.text.word_rows import WordRows

FORBIDDEN = -10000.0
TEXT = (
    "Ada Lovelace wrote to Charles Babbage in London about U.S. engines of 1843 , and she knew "
    "the numbers 3.5 and 12 by heart ( so they say ) : incomprehensibilities everywhere é Ж ."
)
WORDS = TEXT.split()


def make(seed=0, **changes):
    """(config, encoder, tensors) of a model; `changes` to its architecture."""
    random = np.random.default_rng(seed)
    head = changes.get("head", "crf")
    tags = tags_of_labels(("LOC", "PER"), "BIOES" if head == "crf" else "BIO")
    words = list(dict.fromkeys(fold(word) for word in WORDS[::2]))
    characters = CharacterVocabulary(map(ord, "abcdehilnorstA.1"))
    vector_words = ["<PAD>", "Ada", "london", "us", "u.s.", "the", "00"]
    architecture = {
        "tags": ["NAME"] if head == "sigmoid" else tags,
        "vocabulary_size": len(words) + 2,
        "cell": "lstm",
        "activation": "tanh",
        "units": 6,
        "layers": 1,
        "head": head,
        "word_encoding": "embedding",
        "word_dimension": 5,
        "character_encoding": "convolution",
        "character_count": characters.size,
        "character_dimension": 4,
        "character_filters": 7,
        "character_width": 3,
        "characters_per_token": 9,
        "vector_count": len(vector_words),
        "vector_dimension": 3,
        "case_count": 12,
        "context_dimension": 4,
        "context_skipped": 1,
        "dropout": 0.5,
        "recurrent_dropout": 0.0,
        "l2": 0.0,
    } | changes
    if not architecture["vector_count"]:
        architecture["context_dimension"] = architecture["context_skipped"] = 0
    tags = architecture["tags"]
    tensors = {
        name: random.normal(0, 0.7, shape).astype("float32")
        for name, shape in tensor_shapes(architecture).items()
    }
    if architecture["vector_count"]:
        shape = architecture["vector_count"], architecture["vector_dimension"]
        vectors = random.normal(0, 0.7, shape)
        vectors[0] = 0
        tensors["vectors.codes"], tensors["vectors.scales"], _ = pack(vectors)
    if head == "crf":
        names = ("crf.transitions", "crf.start", "crf.end")
        for name, allowed in zip(names, allowed_transitions(tags), strict=True):
            tensors[name] += np.where(allowed, 0, FORBIDDEN).astype("float32")
    encoder = TokenEncoder(
        Vocabulary(words),
        characters if architecture["character_encoding"] != "none" else None,
        architecture["characters_per_token"],
        WordRows.of(vector_words) if architecture["vector_count"] else None,
        architecture["case_count"] > 0,
    )
    config = {
        "format_version": 1,
        "name": "tiny",
        "architecture": architecture,
        "labels": ["NAME"] if head == "sigmoid" else ["LOC", "PER"],
        "tags": tags,
        "text": {},
        "training": {},
        "scores": {},
        "versions": {},
    }
    return config, encoder, tensors


def write(base, version=1, model=None):
    """Writes a model's directory; returns the version directory."""
    config, encoder, tensors = model or make()
    path = base / str(version)
    assets = path / "assets.extra" / "nertagger"
    assets.mkdir(parents=True)
    (assets / "config.json").write_text(json.dumps(config))
    encoder.vocabulary.write(assets / "vocabulary.txt")
    if encoder.characters is not None:
        encoder.characters.write(assets / "characters.txt")
    if config["architecture"]["vector_count"]:
        (assets / "vectors.txt").write_bytes(encoder.vector_rows.lines)
    save_file(tensors, assets / "weights.safetensors")
    return path
