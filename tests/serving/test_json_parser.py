"""The exact parser against Python's, and where the two must differ."""

from __future__ import annotations

import contextlib
import json
import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nertagger.serving.json_parser import RepeatedMembers, _Parser, double, members, parse
from nertagger.serving.json_writer import decimals, quote, shortest, stringify
from nertagger.serving.status import StatusError

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.integers(-(10**8), 10**8).map(lambda n: n / 64)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.booleans())
def test_both_parsers_read_what_was_written(value, ascii_only):
    try:
        body = json.dumps(value, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    exact = _Parser(body).document()
    assert exact == parse(body) == value
    assert repr(exact) == repr(value)


@given(_VALUES)
def test_a_quoted_value_is_json_again(value):
    try:
        # A number by itself is spelt as a float.
        text = stringify([value])
        text.encode()
    except UnicodeEncodeError:
        return
    assert json.loads(text) == [value]


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(StatusError):
        parse(body)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_are_within_three_units_in_the_last_place(number):
    spelt = f"{abs(number):.17e}"
    mantissa, exponent = spelt.split("e")
    whole, fraction = mantissa.split(".")
    read = double(number < 0, whole, fraction, exponent)
    assert read is not None
    # Subnormal numbers are scaled in two steps, and each rounds.
    assert abs(Fraction(read) - Fraction(number)) <= 3 * Fraction(math.ulp(number))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1", 0.1),
        # Twenty digits: the significand is cut, and the quotient rounded once more.
        ("1.7976931348623157e308", 17976931348623157 * 1e292),
        # Twenty digits fit into 64 bits; each that follows is added with a rounding.
        (
            "12345678901234567890123",
            ((12345678901234567890.0 * 10 + 1) * 10 + 2) * 10 + 3,
        ),
        ("1e-400", 0.0),
        ("10e308", math.inf),
        ("1e-99999999999", 0.0),
    ],
)
def test_doubles_by_hand(text, expected):
    assert parse(f"[{text}]".encode()) == [expected]


def test_the_first_of_repeated_members_counts():
    value = parse(b'{"a": 1, "b": 2, "a": 3}')
    assert isinstance(value, RepeatedMembers)
    assert value == {"a": 1, "b": 2}
    assert members(value) == [("a", 1), ("b", 2), ("a", 3)]
    assert stringify(value) == '{\n    "a": 1,\n    "b": 2,\n    "a": 3\n}'


def test_whole_numbers_beyond_64_bits_are_doubles():
    assert [type(n) for n in parse(b"[18446744073709551615, 18446744073709551616]")] == [int, float]
    assert [type(n) for n in parse(b"[-9223372036854775808, -9223372036854775809]")] == [int, float]


@given(st.integers(0, (1 << 32) - 1))
def test_floats_are_spelt_so_that_they_come_back(bits):
    import numpy as np

    (number,) = struct.unpack("<f", struct.pack("<I", bits))
    (spelt,) = decimals(np.array([number], np.float32))
    assert "." in spelt or "e" in spelt or spelt in ("NaN", "Infinity", "-Infinity")
    back = np.float32(float(spelt.replace("Infinity", "inf")))
    assert back == np.float32(number) or math.isnan(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_in_quoted_documents_come_back(number):
    text = shortest(number)
    assert float(text) == number
    assert math.copysign(1, float(text)) == math.copysign(1, number)
    assert "+" not in text


@given(st.text())
def test_a_quoted_string_is_json(text):
    assert json.loads(quote(text)) == text
