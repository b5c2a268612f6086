"""Classes of characters, and what each character folds to: tables that are data of this package.

Tokens, sentences and word forms follow from these two tables alone, never from the Unicode tables
of the Python or the library that happens to run: a model must read a text on every machine as it
was trained. `tools/freeze_character_tables.py` made the files.

A text is worked on as an array of its code points. The classes are numbered so that the sets that
the rules ask for are ranges: `classes >= LETTER` is the letters, `classes <= LINE_BREAK` the white
space.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

CODE_POINTS = 0x110000

CLASS_NAMES = (
    "SPACE",
    "LINE_BREAK",
    "MARK",
    "SYMBOL",
    "OPEN",
    "OPENING_QUOTE",
    "QUOTE",
    "APOSTROPHE",
    "CLOSE",
    "DASH",
    "PUNCTUATION",
    "SENTENCE_END",
    "CJK_SENTENCE_END",
    "IDEOGRAPH",
    "NUMBER",
    "DIGIT",
    "LETTER",
    "UPPER",
    "LOWER",
)
(
    SPACE,
    LINE_BREAK,
    MARK,
    SYMBOL,
    OPEN,
    OPENING_QUOTE,
    QUOTE,
    APOSTROPHE,
    CLOSE,
    DASH,
    PUNCTUATION,
    SENTENCE_END,
    CJK_SENTENCE_END,
    IDEOGRAPH,
    NUMBER,
    DIGIT,
    LETTER,
    UPPER,
    LOWER,
) = range(len(CLASS_NAMES))

_FOLDER = Path(__file__).parent


@functools.cache
def class_ranges() -> tuple[np.ndarray, np.ndarray]:
    """Where each run of one class starts, int32 [R] from 0 upwards, and its class, uint8 [R]."""
    fields = _fields("character_classes.txt")
    number_of = {name: number for number, name in enumerate(CLASS_NAMES)}
    starts = np.array([int(code, 16) for code in fields[::2]], np.int32)
    return starts, np.array([number_of[name] for name in fields[1::2]], np.uint8)


@functools.cache
def class_table() -> np.ndarray:
    """The class of every code point, uint8 [0x110000]; read-only."""
    starts, classes = class_ranges()
    table = np.repeat(classes, np.diff(starts, append=CODE_POINTS))
    table.flags.writeable = False
    return table


@functools.cache
def fold_pairs() -> tuple[np.ndarray, np.ndarray]:
    """The code points that fold to another one, rising, and those others; int32 [P] each."""
    codes = np.array([int(code, 16) for code in _fields("character_folding.txt")], np.int32)
    return codes[::2], codes[1::2]


@functools.cache
def fold_table() -> np.ndarray:
    """What each code point folds to, int32 [0x110000]; read-only.

    Lower case; every decimal digit becomes 0; the variants of quotation marks, apostrophes and
    dashes become " ' and -; fullwidth forms become ASCII. One code point always folds to one.
    """
    table = np.arange(CODE_POINTS, dtype=np.int32)
    codes, folded = fold_pairs()
    table[codes] = folded
    table.flags.writeable = False
    return table


def fold(codes: np.ndarray) -> np.ndarray:
    """What code points fold to, int32 [n]; what `fold_table` says, without so large a table."""
    return codes + _fold_distances().take(codes, None, None, "clip")


@functools.cache
def _fold_distances() -> np.ndarray:
    """How far each code point is from what it folds to, up to the first of those that all fold to
    themselves."""
    codes, folded = fold_pairs()
    distances = np.zeros(codes[-1] + 2, np.int32)
    distances[codes] = folded - codes
    return distances


def code_points(text: str) -> np.ndarray:
    """The code points of any `str`, lone surrogates included: int32 [len(text)], read-only."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32)


def from_code_points(codes: np.ndarray) -> str:
    """The `str` of an int32 array of code points; undoes `code_points`."""
    return codes.astype("<i4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def _fields(name: str) -> list[str]:
    lines = (_FOLDER / name).read_text("ascii").split("\n")
    return " ".join(line for line in lines if not line.startswith("#")).split()
