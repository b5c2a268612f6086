"""JSON as TensorFlow Serving writes it: its spelling of numbers, its line breaks, its escapes.

Text here is str in which bytes that are not UTF-8 are surrogates (`surrogateescape`); encoded the
same way, they come out as they went in.
"""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any

import numpy as np

_INDENT = "    "
_SPECIAL = re.compile(r'[\x00-\x1f"\\]')
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
# What RapidJSON takes to be a float; a little less than the largest.
_LARGEST_FLOAT = 3.4028234e38
_NOT_FINITE = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def quote(text: str) -> str:
    """A string, in quotation marks; only what must be escaped is."""
    if not _SPECIAL.search(text):
        return f'"{text}"'
    return f'"{_SPECIAL.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or f"\\u00{ord(match[0]):02X}"


def decimals(values: np.ndarray) -> list[str]:
    """The spelling of float32 or float64 numbers, one after the other.

    Six significant digits where they give the number back, else as many as always do (9 or 17);
    `.0` behind whole numbers without an exponent; NaN, Infinity, -Infinity.
    """
    flat = values.ravel()
    spelt = [f"{number:.6g}" for number in flat.tolist()]
    with np.errstate(over="ignore"):
        back = np.array([float(text) for text in spelt], np.float64).astype(flat.dtype)
    digits = 9 if flat.dtype == np.float32 else 17
    for index in np.flatnonzero(back != flat).tolist():
        spelt[index] = f"{float(flat[index]):.{digits}g}"
    return [
        text if "." in text or "e" in text else _NOT_FINITE.get(text) or text + ".0"
        for text in spelt
    ]


def decimal(number: float) -> str:
    """One number: as a float32 where it is within their range, else as a double."""
    kind = np.float32 if abs(number) <= _LARGEST_FLOAT else np.float64
    return decimals(np.array([number], kind))[0]


class _NotWritten(Exception):
    """RapidJSON's writer stops at a number that JSON does not have."""


def stringify(value: Any) -> str:
    """A value as error messages quote it."""
    if type(value) is float:
        return decimal(value)
    out: list[str] = []
    with contextlib.suppress(_NotWritten):
        _write(value, 0, out)
    return "".join(out)


def _write(value: Any, depth: int, out: list[str]) -> None:
    if isinstance(value, dict):
        pairs = getattr(value, "pairs", None) or list(value.items())
        _write_nested("{}", [(quote(name) + ": ", member) for name, member in pairs], depth, out)
    elif isinstance(value, list):
        _write_nested("[]", [("", element) for element in value], depth, out)
    else:
        out.append(_scalar(value))


def _write_nested(brackets: str, items: list[tuple[str, Any]], depth: int, out: list[str]) -> None:
    out.append(brackets[0])
    for index, (prefix, item) in enumerate(items):
        out.append((",\n" if index else "\n") + _INDENT * (depth + 1) + prefix)
        _write(item, depth + 1, out)
    if items:
        out.append("\n" + _INDENT * depth)
    out.append(brackets[1])


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quote(value)
    if not math.isfinite(value):
        raise _NotWritten
    return shortest(value)


def shortest(number: float) -> str:
    """A double inside a quoted document: its shortest digits, set as RapidJSON sets them."""
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    if number == 0:
        return sign + "0.0"
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)
    if whole == "0":
        point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return f"{sign}{digits}{'0' * (point - len(digits))}.0"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1}"
