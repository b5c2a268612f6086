"""A string, the SavedModel in a fresh process, and the same entities as Keras and NumPy find."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from exported_models import (
    MODELS,
    TEXTS,
    ask,
    assert_same,
    entities,
    export,
    random_text,
    tokens,
)

from nertagger.corpora.reading import read_corpus
from nertagger.models.random_models import architectures
from nertagger.runtime.decoding import Decoder, without_unlikely
from nertagger.runtime.document_context import SCALE
from nertagger.runtime.name_agreement import agree
from nertagger.text.sentences import split_sentences_batch
from nertagger.text.tokens import tokenize_batch
from nertagger.text.utf8 import decode

CORPORA = Path(
    os.environ.get("NERTAGGER_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")
)

_generator = random.Random(1)
_SOME_WORDS = ("Harry", "Potter", "the", ",", "x", "-", "1999", "U.S.", "house")
LONG = [
    " ".join(_generator.choices(_SOME_WORDS, k=20_000)),
    "東" * 700 + "." + "the " * 300,
]
BAD_UTF8 = [b"Harry \xff\xfe Potter", b"\xed\xa0\x80 the", b"London \xf0\x9f", b"\xc0\x80", b"\xe6"]
EMPTY = ["", "", " "]
CALLERS = [
    ["Harry", "Potter's", "house", "(U.S.)", "", " ", "the London"],
    ["東京", "\u0301", "x. The", "Mr.", "Potter"],
    [],
    ["Harry"],
    ["", "", "the"],
]
NOT_ALL = TEXTS[:40]


@pytest.fixture(scope="module")
def answers(exported, tmp_path_factory):
    """What each model answered, by what it was asked."""
    questions = {
        "all": ("serving_default", TEXTS),
        "tokens": ("tokens", NOT_ALL),
        "long": ("serving_default", LONG),
        "bad": ("serving_default", BAD_UTF8),
        "bad tokens": ("tokens", BAD_UTF8),
        "empty": ("serving_default", EMPTY),
        "empty tokens": ("tokens", EMPTY),
        "empty tagged": ("tagged_tokens", ["", ""]),
        "none": ("serving_default", []),
        "tagged": ("tagged_tokens", ["\t".join(words) for words in CALLERS]),
        **{f"alone {n}": ("serving_default", [NOT_ALL[n]]) for n in range(2, 20)},
    }
    asked = [(model.directory, list(questions.values())) for model in exported.values()]
    results = ask(asked, tmp_path_factory.mktemp("answers"))
    return {
        name: dict(zip(questions, some, strict=True))
        for name, some in zip(exported, results, strict=True)
    }


def _entities_of_keras(exported, texts):
    """As a program would find them that has the Keras model, the tokens and nothing else."""
    starts, ends, text_offsets = tokenize_batch(texts)
    offsets, _ = split_sentences_batch(texts, starts, ends, text_offsets)
    text_of = np.repeat(np.arange(len(texts)), np.diff(text_offsets))
    spans = list(zip(text_of.tolist(), starts.tolist(), ends.tolist(), strict=True))
    values = exported.encoder.encode([texts[text][start:end] for text, start, end in spans])
    lengths = np.diff(offsets)
    mask = np.arange(lengths.max()) < lengths[:, None]
    inputs = {}
    for name, part in values.items():
        inputs[name] = np.zeros((*mask.shape, *part.shape[1:]), "int32")
        inputs[name][mask] = part
    if exported.config["architecture"]["context_dimension"]:
        rows = values["vectors"]
        vectors = np.asarray(exported.model.get_layer("vector_rows")(rows[None]))[0]
        counted = rows > exported.config["architecture"]["context_skipped"]
        means = np.zeros((len(texts), vectors.shape[1]), "float32")
        for text in set(text_of[counted].tolist()):
            means[text] = SCALE * vectors[counted & (text_of == text)].mean(axis=0)
        inputs["document"] = means[text_of[offsets[:-1]]]
    logits = np.asarray(exported.model(inputs, training=False))[mask]
    config = exported.config
    head, tags = config["architecture"]["head"], config["architecture"]["tags"]
    decoder = Decoder(head, tags, exported.tensors, config["temperature"])
    decoded = decoder.decode(logits, offsets)
    ends_of = [(spans[f], spans[e]) for f, e in zip(decoded.firsts, decoded.lasts, strict=True)]
    names = [texts[first[0]][first[1] : last[2]] for first, last in ends_of]
    tokens = [texts[text][start:end] for text, start, end in spans]
    documents = [first[0] for first, _ in ends_of]
    decoded = agree(decoded, names, tokens, documents, config["name_agreement"])
    decoded = without_unlikely(decoded, config["least_score"])
    found = [[] for _ in texts]
    for first, last, label, score in zip(
        decoded.firsts, decoded.lasts, decoded.labels, decoded.entity_scores, strict=True
    ):
        text, start, _ = spans[first]
        end = spans[last][2]
        found[text].append((texts[text][start:end], decoder.labels[label], start, end, score))
    return found


def _entities_of_numpy(exported, texts):
    return [[tuple(e) for e in document.entities] for document in exported.tagger.pipe(texts)]


@pytest.mark.parametrize("name", MODELS)
class TestModel:
    def test_entities_are_those_of_the_numpy_runtime(self, name, exported, answers):
        expected = _entities_of_numpy(exported[name], TEXTS)
        assert sum(map(len, expected)) > 100
        assert_same(entities(answers[name]["all"]), expected)

    def test_entities_are_those_of_the_keras_model(self, name, exported, answers):
        expected = _entities_of_keras(exported[name], NOT_ALL)
        assert_same(entities(answers[name]["all"])[: len(NOT_ALL)], expected)

    def test_tokens_have_their_tags(self, name, exported, answers):
        documents = exported[name].tagger.pipe(NOT_ALL)
        expected = [[tuple(token) for token in document.tokens] for document in documents]
        assert_same(tokens(answers[name]["tokens"]), expected)

    def test_long_texts(self, name, exported, answers):
        expected = _entities_of_numpy(exported[name], LONG)
        assert_same(entities(answers[name]["long"]), expected)

    def test_bytes_that_are_not_utf8(self, name, exported, answers):
        texts = [decode(content) for content in BAD_UTF8]
        expected = _entities_of_numpy(exported[name], texts)
        assert_same(entities(answers[name]["bad"]), expected)
        found = tokens(answers[name]["bad tokens"])
        assert [
            text[start:end]
            for text, row in zip(texts, found, strict=True)
            for _, start, end, *_ in row
        ] == [token for row in found for token, *_ in row]

    def test_texts_without_tokens(self, name, exported, answers):
        for question in ("empty", "empty tokens", "empty tagged"):
            answer = answers[name][question]
            rows = len(answer["count"])
            assert answer["count"] == [0] * rows
            padding = {"start": [-1], "end": [-1], "score": [0.0]}
            for output in answer.keys() - {"count"}:
                assert answer[output] == [padding.get(output, [""])] * rows

    def test_no_text(self, name, exported, answers):
        assert all(value == [] for value in answers[name]["none"].values())

    def test_what_a_row_says_does_not_depend_on_the_others(self, name, exported, answers):
        together = entities(answers[name]["all"])
        for number in range(2, 20):
            assert_same(entities(answers[name][f"alone {number}"]), [together[number]])

    def test_padding(self, name, exported, answers):
        answer = answers[name]["all"]
        width = max(answer["count"])
        padding = {"entity": "", "label": "", "start": -1, "end": -1, "score": 0.0}
        for output, filling in padding.items():
            for count, row in zip(answer["count"], answer[output], strict=True):
                assert len(row) == width
                assert row[count:] == [filling] * (width - count)

    def test_the_callers_tokens(self, name, exported, answers):
        answer = answers[name]["tagged"]
        found = [
            list(zip(answer["tag"][row][:count], answer["score"][row][:count], strict=True))
            for row, count in enumerate(answer["count"])
        ]
        expected = [
            [(token.tag, token.score) for token in sentence]
            for sentence in exported[name].tagger.tag_tokens(CALLERS)
        ]
        assert_same(found, expected)


def test_outputs_are_as_declared(exported):
    loaded = tf.saved_model.load(str(exported["crf"].directory))
    places = {"start": "int32", "end": "int32", "score": "float32", "count": "int32"}
    expected = {
        "serving_default": ("text", {"entity": "string", "label": "string", **places}),
        "tokens": ("text", {"token": "string", "tag": "string", **places}),
        "tagged_tokens": ("tokens", {"tag": "string", "score": "float32", "count": "int32"}),
    }
    assert set(loaded.signatures) == set(expected)
    for name, (argument, outputs) in expected.items():
        signature = loaded.signatures[name]
        specs = signature.structured_input_signature[1]
        assert {k: (s.dtype.name, s.shape.as_list()) for k, s in specs.items()} == {
            argument: ("string", [None])
        }
        found = signature.structured_outputs
        assert {key: value.dtype.name for key, value in found.items()} == outputs
        assert {key: value.shape.rank for key, value in found.items()} == {
            key: 1 if key == "count" else 2 for key in outputs
        }


def test_weights_are_there_once_and_vectors_in_four_bits_a_number(exported):
    model = exported["crf"]
    stored = (model.directory / "variables" / "variables.data-00000-of-00001").stat().st_size
    needed = sum(tensor.nbytes for tensor in model.tensors.values())
    assert model.tensors["vectors.codes"].dtype == np.int32
    assert model.tensors["vectors.codes"].shape == (20, 1)
    # Beside them lies a description of the objects, of some 2 KB.
    assert needed < stored < needed + 8192


@pytest.mark.slow
def test_every_architecture(tmp_path):
    texts = TEXTS[:100]
    models = []
    for number, architecture in enumerate(architectures()):
        directory = tmp_path / str(number)
        directory.mkdir()
        models.append(export(architecture, directory))
    questions = [(model.directory, [("serving_default", texts)]) for model in models]
    for model, (answer,) in zip(models, ask(questions, tmp_path), strict=True):
        assert_same(entities(answer), _entities_of_numpy(model, texts))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_ten_thousand_random_texts(name, exported, tmp_path):
    model = exported[name]
    texts = [random_text(seed) for seed in range(10_000)]
    batches = [texts[begin : begin + 997] for begin in range(0, len(texts), 997)]
    questions = [("serving_default", batch) for batch in batches]
    (answers,) = ask([(model.directory, questions)], tmp_path)
    for batch, answer in zip(batches, answers, strict=True):
        assert_same(entities(answer), _entities_of_numpy(model, batch))


@pytest.mark.slow
@pytest.mark.skipif(
    not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}; NERTAGGER_CORPORA names their folder"
)
def test_a_real_corpus(exported, tmp_path):
    model = exported["crf"]
    texts = [d.text for d in read_corpus(CORPORA / "conll2003" / "test.conll").documents]
    batches = [texts[begin : begin + 64] for begin in range(0, len(texts), 64)]
    questions = [("serving_default", batch) for batch in batches]
    (answers,) = ask([(model.directory, questions)], tmp_path)
    for batch, answer in zip(batches, answers, strict=True):
        assert_same(entities(answer), _entities_of_numpy(model, batch))
