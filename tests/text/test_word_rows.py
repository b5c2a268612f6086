"""Rows of words, common and rare."""

from __future__ import annotations

import pytest

from nertagger.text import word_rows
from nertagger.text.word_rows import WordRows

WORDS = [
    *("<PAD>", "the", "of", "a", "b", "ab", "ba", "aba", "Łódź", "łódź", "东京", "東京", "é", "̀e"),
    *("internationale", "internationaal", "international", "intercontinental", "interns"),
    *("12", "1,200", "u.s.", "us", "U.S.", "a\x00b", "a\x00", "zzzz", "zzz"),
]


@pytest.fixture(params=[1 << 15, 3, 0], ids=["all common", "few common", "none common"])
def common(request, monkeypatch):
    monkeypatch.setattr(word_rows, "_COMMON", request.param)


def ordered(words):
    return [words[place] for place in word_rows.row_order(words)]


@pytest.mark.parametrize("block", [1, 2, 64])
@pytest.mark.usefixtures("common")
def test_every_word_has_the_row_of_its_line_and_no_other_word_has_one(block, monkeypatch):
    monkeypatch.setattr(word_rows, "_BLOCK", block)
    words = ordered(WORDS)
    assert words[0] == "<PAD>"
    assert sorted(words) == sorted(WORDS)
    rows = WordRows.of(words)
    assert [rows.get(word) for word in words[1:]] == list(range(1, len(WORDS)))
    assert len(rows) == len(WORDS)
    assert rows.words() == words
    others = [
        "",
        "<PAD>",
        "interna",
        "internationales",
        "Internationale",
        "a\x00c",
        "ab\n",
        "\ud800",
    ]
    others += ["\n".join(words[-2:]), "\U0010ffff", "!"]
    assert [rows.get(word) for word in others] == [0] * len(others)


def test_the_commonest_words_keep_their_places(monkeypatch):
    monkeypatch.setattr(word_rows, "_COMMON", 2)
    assert ordered(["<PAD>", "the", "of", "zebra", "é", "ant"]) == [
        *("<PAD>", "the", "of", "ant", "zebra", "é")
    ]


def test_thousands_of_words(monkeypatch):
    monkeypatch.setattr(word_rows, "_COMMON", 2)
    words = ordered(["<PAD>", *(f"spam{number}eggs" for number in range(3000))])
    rows = WordRows.of(words)
    assert [rows.get(word) for word in words[1:]] == list(range(1, 3001))
    assert rows.get("spam3000eggs") == rows.get("spam01eggs") == 0


def test_a_list_that_is_not_sorted_is_refused(monkeypatch):
    monkeypatch.setattr(word_rows, "_COMMON", 1)
    monkeypatch.setattr(word_rows, "_BLOCK", 2)
    with pytest.raises(ValueError, match="line 5: b'ant' comes after b'cat'; not sorted"):
        WordRows.of(["<PAD>", "the", "cat", "dog", "ant"])


def test_a_list_cut_off_within_its_last_word_still_has_it():
    rows = WordRows(b"<PAD>\none\ntw")
    assert (len(rows), rows.get("tw")) == (3, 2)


def test_bytes_that_are_not_utf8_are_named_by_their_line():
    with pytest.raises(ValueError, match="line 2: not UTF-8"):
        WordRows(b"<PAD>\n\xff\n")
