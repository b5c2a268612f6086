"""Tiny models, their SavedModels, texts to try them on, and what they answer in a process that has
TensorFlow alone."""

import dataclasses
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np

from nertagger.export.saved_model import export_saved_model
from nertagger.models.architecture import Architecture
from nertagger.models.random_models import TAGS, architectures, random_model
from nertagger.models.tagger import TaggerModel
from nertagger.models.tensors import named_tensors
from nertagger.runtime.tagger import Tagger
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.utf8 import decode
from nertagger.text.vocabulary import Vocabulary
from nertagger.text.word_rows import WordRows

WORDS = "the , . of 's house london harry potter 0000 u.s. in and n't 東 mr said x ( ) the0"
VECTOR_WORDS = "<PAD> Harry harry london us Paris the u.s 東 x"
CHARACTERS = "etaoinshrdlHPTUS.'0123東é\u0301-"

EVERYTHING = next(architectures())
MODELS = {
    "sigmoid": dataclasses.replace(
        EVERYTHING,
        head="sigmoid",
        tags=("NAME",),
        character_encoding="none",
        vector_count=0,
        case_count=0,
        context_dimension=0,
    ),
    "softmax": dataclasses.replace(
        EVERYTHING, head="softmax", tags=TAGS, cell="gru", word_encoding="one-hot", layers=2
    ),
    "crf": dataclasses.replace(EVERYTHING, head="crf", tags=TAGS, cell="peephole-lstm"),
}


@dataclasses.dataclass(frozen=True)
class Exported:
    """A model and where its SavedModel is."""

    directory: Path
    config: dict
    encoder: TokenEncoder
    tensors: dict[str, np.ndarray]
    model: TaggerModel
    tagger: Tagger


def encoder_of(architecture: Architecture) -> TokenEncoder:
    """Some words, characters and vectors, in the sizes that the architecture has."""
    a = architecture
    words = WORDS.split()[: a.vocabulary_size - 2]
    words += [f"word{number}" for number in range(a.vocabulary_size - 2 - len(words))]
    characters = None
    if a.character_encoding != "none":
        codes = [*map(ord, CHARACTERS), *range(0x4000, 0x5000)]
        characters = CharacterVocabulary(codes[: a.character_count - 2])
    vector_words = VECTOR_WORDS.split()[: a.vector_count]
    vector_words += [f"vector{number}" for number in range(a.vector_count - len(vector_words))]
    vector_rows = WordRows.of(vector_words) if vector_words else None
    return TokenEncoder(
        Vocabulary(words),
        characters,
        a.characters_per_token,
        vector_rows,
        a.case_count > 0,
        misspellings=True,
    )


def export(architecture: Architecture, directory: Path) -> Exported:
    """Exports a random model of an architecture into a directory that is there."""
    model = random_model(architecture)
    tensors = named_tensors(model)
    encoder = encoder_of(architecture)
    labels = ["NAME"] if architecture.head == "sigmoid" else ["PER", "LOC"]
    config = {
        "format_version": 1,
        "name": "tiny",
        "architecture": architecture.to_dict(),
        "labels": labels,
        "tags": list(architecture.tags),
        "text": {},
        "temperature": 1.5,
        "name_agreement": 2.0,
        "least_score": 0.2,
        "training": {},
        "scores": {},
        "versions": {},
    }
    export_saved_model(directory, config, encoder, tensors)
    return Exported(directory, config, encoder, tensors, model, Tagger(config, encoder, tensors))


PIECES = [
    *"abntsmdlreEXYJU.'’`,:-—_&·%$/19!?…\"(“)」。東가ー٣א½😀\ufffd",
    *"\u0301\xad\u200d\u200b \n\t\u2028\0",
    *("n't", "'s", "’ll", "J.", "U.S.", "3.5", "Ph.D.", "...", " Mr. ", ". ", "  ", ". The "),
    *(f" {word} " for word in ("Harry", "Potter", "London", "the", "house", "Paris", "x", "1999")),
    *(f" {word} " for word in ("Lodnon", "HARRYY", "pari5s", "parsi", "l\u0301ondn")),
]


def random_text(seed: int) -> str:
    """Pieces at which the rules look, or any code points."""
    generator = random.Random(seed)
    if seed % 3:
        return "".join(generator.choices(PIECES, k=generator.randrange(40)))
    codes = [generator.randrange(generator.choice((0x80, 0x3000, 0x110000))) for _ in range(20)]
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


TEXTS = [
    "",
    " \n ",
    "Harry Potter lives in London. The U.S. house said 3.5% (東京です)。Paris\n\nthe end",
    *map(random_text, range(300)),
    "\u0301",
    "x" * 5000,
]

# Loads models and asks them. It knows nothing of the package, as no server does.
_FRESH = """
import json, sys
import tensorflow as tf

results = []
for directory, questions in json.load(open(sys.argv[1])):
    signatures = tf.saved_model.load(directory).signatures
    answers = []
    for signature, texts in questions:
        texts = [text.encode("latin-1") for text in texts]
        argument = "tokens" if signature == "tagged_tokens" else "text"
        outputs = signatures[signature](**{argument: tf.constant(texts, tf.string, [len(texts)])})
        answer = {}
        for name, value in outputs.items():
            rows = value.numpy().tolist()
            if value.dtype == tf.string:
                rows = [[cell.decode("latin-1") for cell in row] for row in rows]
            answer[name] = rows
        answers.append(answer)
    results.append(answers)
assert "nertagger" not in sys.modules
json.dump(results, open(sys.argv[2], "w"))
"""


def ask(
    questions: list[tuple[Path, list[tuple[str, list[bytes]]]]], folder: Path
) -> list[list[dict]]:
    """The answers of SavedModels that a fresh process loads.

    Args:
        questions: directories, and for each the signatures to call with a batch of texts.
        folder: for files in between.

    Returns:
        For each directory and each question the outputs by name, nested lists; strings decoded.
    """
    plain = [
        (
            str(directory),
            [(signature, [_latin(text) for text in texts]) for signature, texts in some],
        )
        for directory, some in questions
    ]
    (folder / "questions.json").write_text(json.dumps(plain))
    subprocess.run(
        [sys.executable, "-c", _FRESH, "questions.json", "answers.json"], cwd=folder, check=True
    )
    answers = json.loads((folder / "answers.json").read_text())
    return [[{name: _strings(part) for name, part in a.items()} for a in some] for some in answers]


def entities(answer: dict) -> list[list[tuple]]:
    """Of each text, (text, label, start, end, score)."""
    names = ("entity", "label", "start", "end", "score")
    return [
        list(zip(*(answer[name][row][:count] for name in names), strict=True))
        for row, count in enumerate(answer["count"])
    ]


def tokens(answer: dict) -> list[list[tuple]]:
    """Of each text, (text, start, end, tag, score)."""
    names = ("token", "start", "end", "tag", "score")
    return [
        list(zip(*(answer[name][row][:count] for name in names), strict=True))
        for row, count in enumerate(answer["count"])
    ]


def assert_same(found: list[list[tuple]], expected: list[list[tuple]]) -> None:
    """Equal rows of tuples, whose last parts are scores and may differ by 1e-4."""
    assert len(found) == len(expected)
    for got, wanted in zip(found, expected, strict=True):
        assert [part[:-1] for part in got] == [tuple(part[:-1]) for part in wanted]
        scores = [part[-1] for part in got]
        np.testing.assert_allclose(scores, [part[-1] for part in wanted], rtol=0, atol=1e-4)


def _latin(text: bytes | str) -> str:
    return (text.encode() if isinstance(text, str) else text).decode("latin-1")


def _strings(part: list) -> list:
    if part and isinstance(part[0], list):
        return [_strings(row) for row in part]
    return [decode(cell.encode("latin-1")) if isinstance(cell, str) else cell for cell in part]
