"""The form under which words are looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nertagger.text.word_forms import fold, fold_all

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("token", "form"),
    [
        ("Harry", "harry"),
        ("U.S.", "u.s."),
        ("ÉCOLE", "école"),
        ("МОСКВА", "москва"),
        ("ΑΘΗΝΑΣ", "αθηνασ"),
        ("İstanbul", "istanbul"),
        ("STRASSE", "strasse"),
        ("ẞß", "ßß"),
        ("ǅ", "ǆ"),
        ("1996-08-30", "0000-00-00"),
        ("٣१３𝟑", "0000"),
        ("½Ⅳ²", "½ⅳ²"),
        ("’s", "'s"),
        ("“”„«»", '"""""'),
        ("–—−‑", "----"),
        ("ＡＢｃ！", "abc!"),
        ("東京", "東京"),
        ("\ud800\0\U0010ffff", "\ud800\0\U0010ffff"),
        ("", ""),
    ],
)
def test_fold(token, form):
    assert fold(token) == form


@given(ANY)
def test_offsets_stay_and_folding_again_changes_nothing(token):
    form = fold(token)
    assert len(form) == len(token)
    assert fold(form) == form
    assert [fold(character) for character in token] == list(form)


@given(st.lists(ANY))
def test_many_at_once(tokens):
    assert fold_all(tokens) == [fold(token) for token in tokens]
