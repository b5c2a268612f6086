"""The graph reads texts as the NumPy functions do; these are tested against golden files."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from exported_models import MODELS, encoder_of, random_text

from nertagger.export.lookup import CodePointTable, FoldTable, line_table
from nertagger.export.text_graph import TextGraph
from nertagger.export.token_inputs import TokenInputs
from nertagger.text.characters import CODE_POINTS, class_table, fold_table
from nertagger.text.sentences import split_sentences_batch
from nertagger.text.tokens import tokenize_batch
from nertagger.text.word_forms import fold_all

GOLDEN = Path(__file__).parents[1] / "text" / "golden_tokens.jsonl"


@pytest.fixture(scope="module")
def read():
    """(starts, ends, strings, text_offsets, folded types, type_of, sentence_offsets) of texts."""
    graph = TextGraph()

    def read(texts):
        characters = graph.characters(texts)
        tokens = graph.tokens(characters)
        shifts = tf.repeat(
            characters.text_starts[:-1], tokens.text_offsets[1:] - tokens.text_offsets[:-1]
        )
        return (
            tokens.starts - shifts,
            tokens.ends - shifts,
            tokens.strings,
            tokens.text_offsets,
            tokens.types.folded,
            tokens.type_of,
            graph.sentence_offsets(characters, tokens),
        )

    spec = tf.TensorSpec([None], tf.string)
    return tf.function(read, input_signature=[spec], autograph=False)


def _check(read, texts):
    encoded = tf.constant([text.encode() for text in texts], tf.string, [len(texts)])
    starts, ends, strings, text_offsets, folded, type_of, offsets = (
        part.numpy() for part in read(encoded)
    )
    expected = tokenize_batch(texts)
    for found, wanted in zip((starts, ends, text_offsets), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(offsets, split_sentences_batch(texts, *expected)[0])
    text_of = np.repeat(np.arange(len(texts)), np.diff(text_offsets))
    wanted = [
        texts[text][start:end] for text, start, end in zip(text_of, starts, ends, strict=True)
    ]
    assert [string.decode() for string in strings] == wanted
    assert [folded[number].decode() for number in type_of] == fold_all(wanted)


def test_random_texts(read):
    _check(read, [random_text(seed) for seed in range(1000)])


def test_golden_strings(read):
    lines = GOLDEN.read_text("ascii").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    # UTF-8 has no lone surrogates.
    _check(read, [text for text in texts if not any("\ud800" <= x < "\ue000" for x in text)])


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "\n"], ["", "a", ""]])
def test_few_texts(read, texts):
    _check(read, texts)


@pytest.mark.parametrize("share", [0, 0.003, 0.01, 0.9])
def test_long_sentences_are_cut_at_the_same_places(read, share):
    generator = random.Random(5)
    texts = []
    for length in (255, 256, 257, 512, 513, 3000, 20_000):
        words = (", " if generator.random() < share else "a " for _ in range(length))
        texts.append("".join(words))
    _check(read, texts)


@pytest.mark.slow
def test_ten_thousand_random_texts(read):
    for begin in range(0, 10_000, 500):
        _check(read, [random_text(seed) for seed in range(begin, begin + 500)])


def test_tables_of_code_points():
    codes = np.arange(CODE_POINTS, dtype=np.int32)
    np.testing.assert_array_equal(CodePointTable(class_table())(codes), class_table())
    np.testing.assert_array_equal(FoldTable(fold_table())(codes), fold_table())


def test_a_table_of_lines_keeps_the_number_of_each_word(tmp_path):
    words = ["<PAD>", "one", "two\r", "one", "", "five\u2028", "two", "\t4"]
    table = line_table(words, tmp_path / "words.txt", 99)
    asked = ["one", "two", "five\u2028", "<PAD>", "two\r", "", "six"]
    assert table.lookup(tf.constant(asked)).numpy().tolist() == [1, 6, 5, 0, 99, 99, 99]


@pytest.mark.parametrize("name", MODELS)
def test_inputs_of_tokens_are_those_of_the_encoder(name, tmp_path):
    encoder = encoder_of(MODELS[name])
    text, inputs = TextGraph(), TokenInputs(encoder, tmp_path)
    texts = [random_text(seed) for seed in range(300)] + ["Harry HARRY LONDON U.S. the. x" * 3]
    characters = text.characters(tf.constant([text.encode() for text in texts]))
    types = text.tokens(characters).types
    found = inputs.encode(characters, types)
    expected = encoder.encode([string.decode() for string in types.strings.numpy()])
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key].numpy(), values, err_msg=key)
        assert len(np.unique(values)) > 3
