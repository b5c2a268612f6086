"""The rules and their arrays in a TensorFlow graph: the same lines, the same answers."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
from hard_strings import GOLDEN, PIECES

from nertagger.text import boundaries, sentences
from nertagger.text.case_features import CASE_COUNT, case_features, case_of_counts
from nertagger.text.characters import class_table, code_points, fold_table
from nertagger.text.utf8 import decode

tf = pytest.importorskip("tensorflow")
XP = SimpleNamespace(
    concatenate=lambda values: tf.concat(values, 0), zeros_like=tf.zeros_like, where=tf.where
)


def random_text(seed, pieces):
    return "".join(random.Random(seed).choices(PIECES, k=pieces))


@pytest.mark.parametrize("length", [0, 1, 2, 5, 20_000])
def test_boundaries(length):
    codes = code_points(random_text(length, length))
    classes = class_table()[codes]
    folded = fold_table()[codes]

    @tf.function(
        input_signature=[tf.TensorSpec([None], dtype) for dtype in (tf.int32, tf.int32, tf.uint8)]
    )
    def graph(codes, folded, classes):
        attached = boundaries.is_attached(XP, classes)
        return attached, boundaries.begins_token(XP, codes, folded, classes)

    for found, expected in zip(
        graph(codes, folded, classes),
        (
            boundaries.is_attached(np, classes),
            boundaries.begins_token(np, codes, folded, classes),
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("count", [0, 1, 3, 20_000])
def test_sentence_ends(count):
    generator = np.random.default_rng(count)
    first = generator.integers(2, 19, count).astype(np.uint8)
    last = generator.choice([ord("."), ord("x")], count).astype(np.int32)
    lengths = generator.integers(1, 3, count).astype(np.int32)
    space_follows, line_ends, opener = (
        generator.random(count) < share for share in (0.7, 0.1, 0.3)
    )
    kind = generator.integers(0, 4, count).astype(np.uint8)
    arguments = [first, last, lengths, space_follows, line_ends, kind, opener]
    expected = sentences.ends_sentence(np, *arguments)

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.as_dtype(a.dtype)) for a in arguments],
    )
    def graph(*arguments):
        return sentences.ends_sentence(XP, *arguments)

    np.testing.assert_array_equal(graph(*arguments).numpy(), expected)


def test_cases():
    generator = np.random.default_rng(0)
    first = generator.integers(0, 19, 1000).astype(np.uint8)
    counts = generator.integers(0, 3, (4, 1000)).astype(np.int32)
    expected = case_of_counts(np, first, *counts)
    found = tf.function(lambda *arguments: case_of_counts(XP, *arguments))(first, *counts)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert set(case_features([t for c in GOLDEN for t in c["tokens"]])) == {*range(1, CASE_COUNT)}


# The bytes at which UTF-8's rules change, so that random strings meet every one of them.
TURNS = bytes.fromhex(
    "00 0a 41 7f 80 8f 90 9f a0 bb bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f7 f8 fb fe ff"
)


def test_bytes_that_are_not_utf8_read_as_tensorflow_reads_them():
    generator = random.Random(0)
    contents = [
        bytes(
            generator.choice(TURNS) if generator.random() < 0.9 else generator.randrange(256)
            for _ in range(generator.randrange(9))
        )
        for _ in range(20_000)
    ]
    contents += [
        b"\xef\xbb\xbfBOM",
        b"a\0b",
        b"\xed\xa0\x80\xed\xb0\x80",  # surrogates
        b"\xc0\x80\xe0\x80\x80\xf0\x80\x80\x80",  # overlong
        b"\xf4\x90\x80\x80\xf5\x80\x80\x80",  # beyond the last code point
        b"\xe6\x9d",  # cut off
        "東é😀\uffff".encode(),
    ]
    graph = tf.strings.unicode_decode(contents, "UTF-8", errors="replace").to_list()
    assert [list(map(ord, decode(content))) for content in contents] == graph
