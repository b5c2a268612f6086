"""JSON as TensorFlow Serving reads it: RapidJSON 1.1's grammar, numbers and errors.

Python's parser is quick and reads nearly every document alike; what it refuses, or might read
otherwise, is read once more by `_Parser`, which is exact: it takes `Inf` and `-NaN`, bytes that are
not UTF-8, repeated members and whole numbers beyond 64 bits, it names the error and the byte where
it stands, and its doubles are those of RapidJSON's fast conversion, up to 3 units in the last place
from the nearest.

A value is None, bool, int (of 64 bits, signed or not), float, str, list or dict. Bytes that are not
UTF-8 are surrogates in a str, as Python's `surrogateescape` makes them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from nertagger.serving.status import invalid_argument

MAXIMUM_DEPTH = 256

_SPACE = b" \n\r\t"
_DIGITS = b"0123456789"
_POWERS_OF_TEN = [float(f"1e{exponent}") for exponent in range(309)]
_ESCAPES = {ord(k): v for k, v in zip('"/\\bfnrt', b'"/\\\b\f\n\r\t', strict=True)}
_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")
_LONG_INTEGER = re.compile(r"[0-9]{19}")
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]", re.DOTALL
)


class RepeatedMembers(dict):
    """An object that names a member twice: the first of each counts; `pairs` are all of them."""

    pairs: list[tuple[str, Any]]


class _Uncertain(Exception):
    """Python's parser might read this document otherwise."""


def members(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """All members of an object, the repeated ones too, in their order."""
    return value.pairs if isinstance(value, RepeatedMembers) else list(value.items())


def parse(body: bytes) -> Any:
    """The value of a document.

    Raises:
        StatusError: INVALID_ARGUMENT, with TensorFlow Serving's message.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        text = body.decode()
        if _LONG_INTEGER.search(text) or ("\\u" in text and _LONE_SURROGATE.search(text)):
            raise _Uncertain
        return _QUICK.decode(text)
    except (_Uncertain, ValueError):
        return _Parser(body).document()
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> Exception:
    return invalid_argument(
        "JSON Parse error: lists and objects nested deeper than ", MAXIMUM_DEPTH, " levels"
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Uncertain
    return value


def _quick_double(text: str) -> float:
    # Up to 15 digits and 22 decimals, both conversions are exact to the last bit.
    if len(text) <= 16 and "e" not in text and "E" not in text:
        return float(text)
    match = _NUMBER.fullmatch(text)
    number = match and double(match[1] == "-", match[2], match[3] or "", match[4] or "")
    if number is None:
        raise _Uncertain
    return number


_QUICK = json.JSONDecoder(object_pairs_hook=_object, parse_float=_quick_double)


def double(minus: bool, digits: str, fraction: str, exponent: str) -> float | None:
    """The double of a decimal number, as RapidJSON's conversion makes it without full precision.

    Args:
        minus: whether a minus sign precedes it.
        digits: before the point.
        fraction: after it.
        exponent: after the e, with its sign.

    Returns:
        the number, or None if it is too big.
    """
    whole, number, significant = _whole_part(minus, digits)
    shift = 0
    position = 0
    if whole is not None:
        while position < len(fraction) and whole <= (1 << 53) - 1:
            whole = whole * 10 + int(fraction[position])
            position += 1
            shift -= 1
            significant += whole != 0
        number = float(whole)
    if number is None:
        return None
    for digit in fraction[position:]:
        if significant < 17:
            number = number * 10.0 + int(digit)
            shift -= 1
            significant += number > 0.0
    power = 0
    if exponent:
        power = int(exponent[-10:]) if len(exponent) < 10 else 10**9
        if exponent[0] == "-":
            power = -abs(power)
        elif len(exponent.lstrip("+")) > 1 and power > 308 - shift:
            return None
    power += shift
    if power < -308:
        # A power of ten beyond the doubles, in two steps.
        number = _scaled(number, -308)
        power += 308
    number = _scaled(number, power)
    return -number if minus else number


def _whole_part(minus: bool, digits: str) -> tuple[int | None, float | None, int]:
    limit = 1 << 63 if minus else (1 << 64) - 1
    whole = int(digits) if len(digits) < 20 else None
    if len(digits) == 20:
        whole = int(digits)
    if whole is not None and whole <= limit:
        return whole, None, len(digits) - 1
    taken = 0
    kept = 0
    while kept * 10 + int(digits[taken]) <= limit:
        kept = kept * 10 + int(digits[taken])
        taken += 1
    number = float(kept)
    for digit in digits[taken:]:
        if number >= 1.7976931348623157e307:
            return None, None, 0
        number = number * 10 + int(digit)
    return None, number, taken - 1


def _scaled(significand: float, power: int) -> float:
    if power < -308:
        return 0.0
    if power >= 0:
        return significand * _POWERS_OF_TEN[power]
    return significand / _POWERS_OF_TEN[-power]


class _Parser:
    """Reads byte by byte. A NUL ends the document, as it ends RapidJSON's streams."""

    def __init__(self, body: bytes):
        self.body = body + b"\0"
        self.position = 3 if body.startswith(b"\xef\xbb\xbf") else 0
        self.depth = 0

    def document(self) -> Any:
        self.skip_space()
        if self.peek() == 0:
            raise self.error("The document is empty.")
        value = self.value()
        self.skip_space()
        if self.peek() != 0:
            raise self.error("The document root must not be followed by other values.")
        return value

    def peek(self) -> int:
        return self.body[self.position] if self.position < len(self.body) else 0

    def consume(self, expected: bytes) -> bool:
        """Takes the bytes one after the other, and stops behind the last that was right."""
        for byte in expected:
            if self.peek() != byte:
                return False
            self.position += 1
        return True

    def skip_space(self) -> None:
        while self.peek() in _SPACE:
            self.position += 1

    def error(self, message: str, offset: int | None = None) -> Exception:
        at = self.position if offset is None else offset
        return invalid_argument("JSON Parse error: ", message, " at offset: ", at)

    def value(self) -> Any:
        first = self.peek()
        if first == ord("{"):
            return self.nested(self.members)
        if first == ord("["):
            return self.nested(self.elements)
        if first == ord('"'):
            return self.string()
        for name, value in ((b"null", None), (b"true", True), (b"false", False)):
            if first == name[0]:
                if not self.consume(name):
                    raise self.error("Invalid value.")
                return value
        return self.number()

    def nested(self, content: Any) -> Any:
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise _too_deep()
        self.position += 1
        self.skip_space()
        value = content()
        self.depth -= 1
        return value

    def members(self) -> dict[str, Any]:
        pairs: list[tuple[str, Any]] = []
        if not self.consume(b"}"):
            while True:
                if self.peek() != ord('"'):
                    raise self.error("Missing a name for object member.")
                name = self.string()
                self.skip_space()
                if not self.consume(b":"):
                    raise self.error("Missing a colon after a name of object member.")
                self.skip_space()
                pairs.append((name, self.value()))
                self.skip_space()
                if self.consume(b"}"):
                    break
                if not self.consume(b","):
                    raise self.error("Missing a comma or '}' after an object member.")
                self.skip_space()
        first = dict(reversed(pairs))
        if len(first) == len(pairs):
            return dict(pairs)
        repeated = RepeatedMembers(first)
        repeated.pairs = pairs
        return repeated

    def elements(self) -> list[Any]:
        values: list[Any] = []
        if self.consume(b"]"):
            return values
        while True:
            values.append(self.value())
            self.skip_space()
            if self.consume(b"]"):
                return values
            if not self.consume(b","):
                raise self.error("Missing a comma or ']' after an array element.")
            self.skip_space()

    def string(self) -> str:
        self.position += 1
        out = bytearray()
        while True:
            byte = self.peek()
            if byte == ord('"'):
                self.position += 1
                return out.decode("utf-8", "surrogateescape")
            if byte == ord("\\"):
                out += self.escape()
            elif byte == 0:
                raise self.error("Missing a closing quotation mark in string.")
            elif byte < 0x20:
                raise self.error("Invalid escape character in string.")
            else:
                out.append(byte)
                self.position += 1

    def escape(self) -> bytes:
        start = self.position
        self.position += 1
        escaped = self.peek()
        if escaped in _ESCAPES:
            self.position += 1
            return bytes([_ESCAPES[escaped]])
        if escaped != ord("u"):
            raise self.error("Invalid escape character in string.", start)
        self.position += 1
        code = self.hexadecimal(start)
        if 0xD800 <= code <= 0xDBFF:
            surrogate = "The surrogate pair in string is invalid."
            if not self.consume(b"\\u"):
                raise self.error(surrogate, start)
            low = self.hexadecimal(start)
            if not 0xDC00 <= low <= 0xDFFF:
                raise self.error(surrogate, start)
            code = 0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00))
        return chr(code).encode("utf-8", "surrogatepass")

    def hexadecimal(self, start: int) -> int:
        digits = self.body[self.position : self.position + 4]
        if not re.fullmatch(rb"[0-9a-fA-F]{4}", digits):
            raise self.error("Incorrect hex digit after \\u escape in string.", start)
        self.position += 4
        return int(digits, 16)

    def digits(self) -> str:
        start = self.position
        while self.peek() in _DIGITS:
            self.position += 1
        return self.body[start : self.position].decode()

    def number(self) -> int | float:
        start = self.position
        minus = self.consume(b"-")
        if self.peek() in b"IN":
            return self.not_finite(minus)
        if self.peek() == ord("0"):
            self.position += 1
            whole = "0"
        elif not (whole := self.digits()):
            raise self.error("Invalid value.")
        fraction = exponent = ""
        if self.consume(b".") and not (fraction := self.digits()):
            raise self.error("Miss fraction part in number.")
        if self.consume(b"e") or self.consume(b"E"):
            if self.peek() in b"+-":
                exponent = chr(self.peek())
                self.position += 1
            digits = self.digits()
            if not digits:
                raise self.error("Miss exponent in number.")
            exponent += digits
        if not fraction and not exponent:
            value = int(whole) if len(whole) <= 20 else 1 << 64
            if value <= (1 << 63 if minus else (1 << 64) - 1):
                return -value if minus else value
        number = double(minus, whole, fraction, exponent)
        if number is None:
            raise self.error("Number too big to be stored in double.", start)
        return number

    def not_finite(self, minus: bool) -> float:
        if self.consume(b"NaN"):
            return float("nan")
        if not self.consume(b"Inf"):
            raise self.error("Invalid value.")
        if self.peek() == ord("i") and not self.consume(b"inity"):
            raise self.error("Invalid value.")
        return float("-inf") if minus else float("inf")
