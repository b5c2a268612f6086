"""Characters and their numbers, and the rows of characters of tokens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nertagger.text.character_features import CharacterVocabulary

TOKENS = st.lists(st.text(st.characters(exclude_categories=()), max_size=12), max_size=20)


def slowly(vocabulary, tokens, width):
    """The definition, a character a time."""
    rows = np.zeros((len(tokens), width), np.int32)
    for row, token in zip(rows, tokens, strict=True):
        if len(token) > width:
            token = token[: (width + 1) // 2] + token[len(token) - width // 2 :]
        row[: len(token)] = [vocabulary.lookup(character) for character in token]
    return rows


@given(TOKENS, st.integers(1, 9))
def test_rows_are_the_definition(tokens, width):
    vocabulary = CharacterVocabulary(map(ord, "aAbé東0\ud800😀"))
    found = vocabulary.character_ids(tokens, width)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, slowly(vocabulary, tokens, width))


@pytest.mark.parametrize(
    ("width", "kept"), [(1, "a"), (2, "ag"), (3, "abg"), (4, "abfg"), (6, "abcefg"), (7, "abcdefg")]
)
def test_long_tokens_keep_their_beginning_and_their_end(width, kept):
    vocabulary = CharacterVocabulary(map(ord, "abcdefg"))
    expected = [ord(character) - ord("a") + 2 for character in kept]
    assert vocabulary.character_ids(["abcdefg"], width).tolist() == [expected]


def test_no_tokens_and_no_width():
    vocabulary = CharacterVocabulary([65])
    assert vocabulary.character_ids([], 5).shape == (0, 5)
    with pytest.raises(ValueError, match="0 characters a token; expected at least 1"):
        vocabulary.character_ids(["a"], 0)


def test_counts():
    vocabulary = CharacterVocabulary.from_counts({"b": 3, "a": 3, "z": 9, "x": 2, "\0": 3}, 3)
    assert vocabulary.characters.tolist() == [ord("z"), 0, ord("a"), ord("b")]
    assert vocabulary.size == len(vocabulary) == 6
    assert [vocabulary.lookup(character) for character in "z\0abx"] == [2, 3, 4, 5, 1]


def test_file_round_trip(tmp_path):
    path = tmp_path / "characters.txt"
    vocabulary = CharacterVocabulary(map(ord, "aé東😀\n\0\ud800"))
    vocabulary.write(path)
    assert path.read_bytes() == b"<PAD>\n<UNK>\n0061\n00E9\n6771\n1F600\n000A\n0000\nD800\n"
    np.testing.assert_array_equal(CharacterVocabulary.read(path).characters, vocabulary.characters)


def test_a_vocabulary_without_characters(tmp_path):
    path = tmp_path / "characters.txt"
    CharacterVocabulary([]).write(path)
    assert CharacterVocabulary.read(path).character_ids(["ab"], 3).tolist() == [[1, 1, 0]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"0041\n", "line 1: '0041'; expected <PAD>"),
        (b"<PAD>\n0041\n", "line 2: '0041'; expected <UNK>"),
        (b"<PAD>\n<UNK>\n0041\nA\n", "line 4: 'A'; expected a code point in hexadecimal"),
        (b"<PAD>\n<UNK>\n0x41\n", "line 3: '0x41'; expected a code point"),
        (b"<PAD>\n<UNK>\n110000\n", "line 3: '110000'; expected a code point"),
        (b"<PAD>\n<UNK>\n0041\n\n", "line 4: ''; expected a code point"),
        (b"<PAD>\n<UNK>\n0041\n0042\n0041\n", "line 5: 0041 a second time"),
        (b"<PAD>\n<UNK>\n\xff\n", "line 3: not UTF-8"),
    ],
)
def test_files_that_are_no_character_vocabulary(tmp_path, content, message):
    path = tmp_path / "characters.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        CharacterVocabulary.read(path)


def test_numbers_that_are_no_code_points():
    with pytest.raises(ValueError, match="0x110000 is no code point"):
        CharacterVocabulary([0x110000])
    with pytest.raises(ValueError, match="-0x1 is no code point"):
        CharacterVocabulary([-1])
