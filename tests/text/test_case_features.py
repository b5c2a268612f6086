"""The case of a token."""

import numpy as np
import pytest
from hard_strings import GOLDEN
from hypothesis import given
from hypothesis import strategies as st

from nertagger.text.case_features import CASE_COUNT, CASES, case_features

EXAMPLES = {
    "padding": [""],
    "lower": ["house", "a", "'s", "n't", "e.g.", "straße", "москва", "e\u0301"],
    "title": ["House", "Élan", "Москва", "É\u0301lan", "ǅungla", "Jean_luc"],
    "capital": ["A", "J.", "É", "Я."],
    "capitals": ["NATO", "U.S.", "AT&T", "ΝΑΤΟ"],
    "mixed": ["McDonald", "iPhone", "O'Brien", "Ph.D.", "'Ab", "חB"],
    "digits": ["1996", "3.5", "1,000", "12:30", "½", "٣"],
    "with digits": ["A4", "3rd", "H1N1", "x²"],
    "ideograph": ["東", "ア", "한", "ｶﾞ"],
    "caseless": ["عمر", "दिल्ली", "กรุงเทพ"],
    "punctuation": [".", "...", "--", "(", "“", "。", "'", "%"],
    "symbol": ["€", "😀", "\0", "\ufffd", "\ud800", "\u0301"],
}


def test_every_case_has_examples():
    assert tuple(EXAMPLES) == CASES
    assert len(CASES) == CASE_COUNT


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    cases = case_features(EXAMPLES[name])
    assert cases.dtype == np.int32
    assert [CASES[case] for case in cases] == [name] * len(EXAMPLES[name])


@given(st.lists(st.sampled_from([token for case in GOLDEN for token in ["", *case["tokens"]]])))
def test_neighbours_do_not_matter(tokens):
    alone = [int(case_features([token])[0]) for token in tokens]
    assert case_features(tokens).tolist() == alone
    assert all((case > 0) == (token != "") for case, token in zip(alone, tokens, strict=True))
