"""Words and their numbers, and what a vocabulary's file may be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nertagger.text.characters import LINE_BREAK, class_table, code_points
from nertagger.text.vocabulary import PAD, UNKNOWN, Vocabulary


def test_numbers():
    vocabulary = Vocabulary(["the", "of", "東"])
    assert (PAD, UNKNOWN, vocabulary.size, len(vocabulary)) == (0, 1, 5, 5)
    assert [vocabulary.lookup(word) for word in ("the", "of", "東", "The", "")] == [2, 3, 4, 1, 1]
    numbers = vocabulary.lookup_all(["of", "x", "<PAD>", "<UNK>", "the"])
    assert numbers.dtype == np.int32
    assert numbers.tolist() == [3, 1, 0, 1, 2]
    assert [vocabulary.words[number] for number in range(5)] == [
        "<PAD>",
        "<UNK>",
        "the",
        "of",
        "東",
    ]
    assert "of" in vocabulary
    assert "x" not in vocabulary


def test_counts_fall_and_ties_go_by_code_point():
    counts = {"b": 2, "a": 2, "Z": 2, "é": 2, "𐐀": 2, "ﬁ": 2, "most": 9, "once": 1}
    assert Vocabulary.from_counts(counts).words[2:] == [
        *("most", "Z", "a", "b", "é", "ﬁ", "𐐀", "once")
    ]


@pytest.mark.parametrize("size", [3, 4, 7, 10_000, 1_000_000])
def test_size_counts_the_two_special_words(size):
    counts = {f"w{number}": number + 1 for number in range(20)}
    vocabulary = Vocabulary.from_counts(counts, size)
    assert vocabulary.size == min(size, 22)
    assert vocabulary.words[2] == "w19"


def test_counts_of_words_that_cannot_be_lines_are_passed_over():
    counts = {"\0": 9, "a\ud800": 8, "<PAD>": 7, "<UNK>": 6, "a b": 5, "": 4, "ok": 1}
    assert Vocabulary.from_counts(counts, 3).words == ["<PAD>", "<UNK>", "ok"]


@pytest.mark.parametrize("size", [-1, 0, 2, 1_000_001])
def test_sizes_that_make_no_sense(size):
    with pytest.raises(ValueError, match=f"{size:,}; expected at (least 3|most 1,000,000)"):
        Vocabulary.from_counts({"a": 1}, size)


def test_no_word_at_all():
    for make in (lambda: Vocabulary([]), lambda: Vocabulary.from_counts({})):
        with pytest.raises(ValueError, match="size 2; expected at least 3"):
            make()


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
WORDS = WORDS.filter(lambda word: (class_table()[code_points(word)] > LINE_BREAK).all())


@given(st.lists(WORDS, min_size=1, unique=True))
def test_file_round_trip(tmp_path_factory, words):
    words = [word for word in words if word not in ("<PAD>", "<UNK>")] or ["a"]
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.txt"
    Vocabulary(words).write(path)
    assert path.read_bytes() == "\n".join(["<PAD>", "<UNK>", *words, ""]).encode()
    assert Vocabulary.read(path).words == ["<PAD>", "<UNK>", *words]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: ''; expected <PAD>"),
        (b"the\nof\n", "line 1: 'the'; expected <PAD>"),
        (b"<PAD>\n", "line 2: ''; expected <UNK>"),
        (b"<PAD>\nthe\n", "line 2: 'the'; expected <UNK>"),
        (b"\xef\xbb\xbf<PAD>\n<UNK>\na\n", r"line 1: '\\ufeff<PAD>'; expected <PAD>"),
        (b"<PAD>\r\n<UNK>\r\na\r\n", r"line 1: '<PAD>\\r'; expected <PAD>"),
        (b"<PAD>\n<UNK>\n", "size 2; expected at least 3"),
        (b"<PAD>\n<UNK>\na\nb\na\n", "line 5: 'a' a second time"),
        (b"<PAD>\n<UNK>\na\n<UNK>\n", "line 4: '<UNK>' a second time"),
        (b"<PAD>\n<UNK>\na\n\nb\n", "line 4: '' is empty"),
        (b"<PAD>\n<UNK>\na\n\n", "line 4: '' is empty"),
        (b"<PAD>\n<UNK>\na b\n", "line 3: 'a b' has white space"),
        (b"<PAD>\n<UNK>\na\nb\r\n", r"line 4: 'b\\r' has white space"),
        ("<PAD>\n<UNK>\na\u3000b\n".encode(), r"line 3: 'a\\u3000b' has white space"),
        (b"<PAD>\n<UNK>\na\0\n", r"line 3: 'a\\x00' has a NUL"),
        (b"<PAD>\n<UNK>\na\n\xff\n", "line 4: not UTF-8"),
    ],
)
def test_files_that_are_no_vocabulary(tmp_path, content, message):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        Vocabulary.read(path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a", "b", "a"], "word 3: 'a' a second time"),
        (["<PAD>"], "word 1: '<PAD>' a second time"),
        (["a", "\udc00"], "word 2: .* has a lone surrogate"),
    ],
)
def test_words_that_are_no_vocabulary(words, message):
    with pytest.raises(ValueError, match=message):
        Vocabulary(words)
