"""Word vectors: text with and without its head line, archives, and what broken files are told."""

import numpy as np
import pytest

from nertagger.corpora.vectors import read_vectors
from nertagger.errors import InputError

WORDS = ["the", "Zoë", ". . .", "at 3", "\u00a0", "🦊"]
VECTORS = np.random.default_rng(7).normal(size=(6, 5)).astype(np.float32)


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "vectors.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def archive(tmp_path):
    def archive(**arrays):
        path = tmp_path / "vectors.npz"
        np.savez_compressed(path, **arrays)
        return path

    return archive


def as_text(words=WORDS, vectors=VECTORS, end="\n"):
    rows = zip(words, vectors, strict=True)
    return "".join(f"{word} {' '.join(map(str, row.tolist()))}{end}" for word, row in rows)


def as_bytes(words=WORDS):
    return np.frombuffer("\n".join(words).encode(), np.uint8)


@pytest.mark.parametrize("head", ["", "6 5\n"])
@pytest.mark.parametrize("end", ["\n", " \r\n"])
def test_text_is_read(write, head, end):
    words, vectors = read_vectors(write(head + as_text(end=end)))
    assert words == WORDS
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, VECTORS)


def test_only_wanted_words_are_kept_in_the_order_of_the_file(write):
    path = write(as_text())
    words, vectors = read_vectors(path, {"🦊", "the", "absent", ". . ."})
    assert words == ["the", ". . .", "🦊"]
    np.testing.assert_array_equal(vectors, VECTORS[[0, 2, 5]])
    words, vectors = read_vectors(path, set())
    assert (words, vectors.shape) == ([], (0, 5))


def test_the_first_of_equal_words_counts(write, archive):
    doubled = [*WORDS[:5], "the"]
    for path in (write(as_text(doubled)), archive(words=as_bytes(doubled), vectors=VECTORS)):
        words, vectors = read_vectors(path)
        assert words == WORDS[:5]
        np.testing.assert_array_equal(vectors, VECTORS[:5])


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", None, "is empty"),
        ("a 1 2\nb 1\n", 2, "has 1 numbers, where the first row has 2"),
        ("a 1 2\nb 1.5 2 3\n", 2, "has 3 numbers"),
        ("a 1 2\n\nb 1 2\n", 2, "numbers"),
        ("a 1 2\nb 1 x\n", 2, "'x' is no number"),
        ("2 3\na 1 2 3\nb 1 2\n", 3, "has 2 numbers, where the first row has 3"),
        ("3 2\na 1 2\nb 1 2\n", 1, "promises 3 words but has 2"),
        ("2 2\n", 1, "promises 2 words but has 0"),
        ("0 2\n", None, "no vector"),
        ("word\n", 1, "a word and its numbers"),
        ("a 1 nan\n", None, "'a' has a number that is not finite"),
        (b"a 1 2\n\xff 1 2\n", 2, "not UTF-8 at byte 6"),
        (b"a 1 2\nb\0 1 2\n", 2, "NUL at byte 7"),
    ],
)
def test_broken_text_is_told_what_and_where(write, content, line, reason):
    path = write(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_vectors(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_an_archive_is_read(archive):
    half = VECTORS.astype(np.float16)
    path = archive(words=as_bytes(), vectors=half)
    words, vectors = read_vectors(path)
    assert words == WORDS
    assert vectors.dtype == np.float16
    np.testing.assert_array_equal(vectors, half)
    words, vectors = read_vectors(path, {"Zoë"})
    assert words == ["Zoë"]
    np.testing.assert_array_equal(vectors, half[[1]])


def test_words_of_an_archive_may_share_rows(archive):
    rows = np.array([2, 0, 2, 1, 1, 0], np.int32)
    path = archive(words=as_bytes(), vectors=VECTORS[:3], rows=rows)
    words, vectors = read_vectors(path, {"the", "🦊"})
    assert words == ["the", "🦊"]
    np.testing.assert_array_equal(vectors, VECTORS[[2, 0]])
    np.testing.assert_array_equal(read_vectors(path)[1], VECTORS[rows])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vectors": None}, "has no array vectors, only words"),
        ({"words": None}, "has no array words"),
        ({"words": np.array(WORDS)}, "must be bytes"),
        ({"words": np.array(WORDS, dtype=object)}, "plain arrays"),
        ({"words": as_bytes(WORDS[:4])}, "4 words but 6 vectors"),
        ({"words": np.full(3, 255, np.uint8)}, "not UTF-8"),
        ({"vectors": VECTORS[0]}, "must be floating-point"),
        ({"vectors": np.zeros((6, 5), np.int8)}, "must be floating-point"),
        ({"vectors": np.full((6, 5), np.inf)}, "not finite"),
        ({"rows": np.array([0, 1, 2, 3, 4, 6])}, "`rows` has 0 to 6"),
        ({"rows": np.array([-1, 1, 2, 3, 4, 5])}, "`rows` has -1 to 5"),
        ({"rows": np.arange(5)}, "for each of 6 words"),
        ({"rows": np.zeros(6)}, "for each of 6 words"),
    ],
)
def test_a_wrong_archive_is_refused(archive, changes, reason):
    arrays = {"words": as_bytes(), "vectors": VECTORS} | changes
    path = archive(**{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(InputError, match=reason) as caught:
        read_vectors(path)
    assert caught.value.path == str(path)


def test_an_archive_cut_anywhere_is_refused(archive):
    path = archive(words=as_bytes(), vectors=VECTORS)
    whole = path.read_bytes()
    for length in range(2, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="no whole NumPy archive"):
            read_vectors(path)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="is a directory"):
        read_vectors(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_vectors(tmp_path / "none.npz")
