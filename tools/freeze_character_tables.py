"""Writes the tables of character classes and of character folding, from one version of Unicode.

    python3.13 tools/freeze_character_tables.py nertagger/text

The files are data of the package and part of every trained model's meaning: two machines must cut
and fold a text alike, whatever Python they run. So they are made once, by a Python whose
`unicodedata` is of UNICODE_VERSION, and committed. A new version of Unicode is a deliberate
change: raise UNICODE_VERSION, run this, and replace the golden hashes in tests/text.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

UNICODE_VERSION = "15.1.0"
CODE_POINTS = 0x110000

LINE_BREAKS = "\n\v\f\r\x85\u2028\u2029"
# Unicode's White_Space without the line breaks.
WHITE_SPACE = "\t \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
# Invisible, and no part of a word: zero-width spaces, the byte order mark, the controls of the
# direction of writing, invisible operators.
INVISIBLE = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2061-\u2064\u2066-\u206f\ufeff"
# Invisible, but inside words and pictures: soft hyphen, Mongolian vowel separator, (non-)joiners,
# word joiner, tag characters (flags); and the skin tones.
JOINERS = "\xad\u180e\u200c\u200d\u2060\U000e0001\U000e0020-\U000e007f\U0001f3fb-\U0001f3ff"
# The vowels and finals of a Hangul syllable that is written as its parts, and the halfwidth voicing
# marks of Katakana.
CJK_MARKS = "\u1160-\u11ff\ud7b0-\ud7c6\ud7cb-\ud7fb\uff9e\uff9f"
APOSTROPHES = "'`´ʼ‘’‛′＇｀"
# Plain, and those that open in one language and close in another.
QUOTES = '"»›‟″＂'
CLOSING_QUOTES = "”〞〟"
OPENING_QUOTES = "“„«‹‚〝"
SENTENCE_ENDS = ".．!?…‼‽⁇⁈⁉։؟۔।॥။።፧᙮។៕꓿"
CJK_SENTENCE_ENDS = "。！？｡"
OPENING_PUNCTUATION = "¡¿"
CJK_NAMES = (
    "CJK UNIFIED IDEOGRAPH",
    "CJK COMPATIBILITY IDEOGRAPH",
    "CJK RADICAL",
    "KANGXI RADICAL",
    "IDEOGRAPHIC",
    "HIRAGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "HANGUL",
    "HALFWIDTH HANGUL",
    "VERTICAL KANA",
)
# Planes 2 and 3 are set aside for ideographs, those of later versions of Unicode among them.
IDEOGRAPHIC_PLANES = (range(0x20000, 0x2FFFE), range(0x30000, 0x3FFFE))

BY_CATEGORY = {
    "Lu": "UPPER",
    "Lt": "UPPER",
    "Ll": "LOWER",
    "Lm": "LETTER",
    "Lo": "LETTER",
    "Nd": "DIGIT",
    "Nl": "NUMBER",
    "No": "NUMBER",
    "Mn": "MARK",
    "Mc": "MARK",
    "Me": "MARK",
    "Pc": "PUNCTUATION",
    "Po": "PUNCTUATION",
    "Pd": "DASH",
    "Ps": "OPEN",
    "Pi": "OPENING_QUOTE",
    "Pe": "CLOSE",
    "Pf": "QUOTE",
    "Sm": "PUNCTUATION",
    "Sk": "PUNCTUATION",
    "Sc": "SYMBOL",
    "So": "SYMBOL",
    "Zs": "SPACE",
    "Zl": "LINE_BREAK",
    "Zp": "LINE_BREAK",
    "Cc": "SYMBOL",
    "Cf": "SYMBOL",
    "Cs": "SYMBOL",
    "Co": "SYMBOL",
    "Cn": "SYMBOL",
}

# What a reader sees as the same sign, by the sign that stands for all of them.
VARIANTS = {"'": APOSTROPHES + "‚‹›", '"': '"“”„‟″«»〝〞〟', "-": "-‐‑‒–—―−⸺⸻﹘﹣"}


def expand(characters: str) -> Iterator[int]:
    """The code points of a string in which `a-z` stands for a range."""
    i = 0
    while i < len(characters):
        first = last = ord(characters[i])
        if characters[i + 1 : i + 2] == "-":
            last = ord(characters[i + 2])
            i += 2
        yield from range(first, last + 1)
        i += 1


BY_CHARACTER = {
    code: name
    for name, characters in {
        "LINE_BREAK": LINE_BREAKS,
        "SPACE": WHITE_SPACE + INVISIBLE,
        "MARK": JOINERS + CJK_MARKS,
        "APOSTROPHE": APOSTROPHES,
        "QUOTE": QUOTES,
        "OPENING_QUOTE": OPENING_QUOTES,
        "CLOSE": CLOSING_QUOTES,
        "DASH": "−",
        "SENTENCE_END": SENTENCE_ENDS,
        "CJK_SENTENCE_END": CJK_SENTENCE_ENDS,
        "OPEN": OPENING_PUNCTUATION,
    }.items()
    for code in expand(characters)
}


def class_of(code: int) -> str:
    """The class of a code point, by the first rule that applies."""
    if code in BY_CHARACTER:
        return BY_CHARACTER[code]
    character = chr(code)
    category = unicodedata.category(character)
    name = unicodedata.name(character, "")
    if any(code in plane for plane in IDEOGRAPHIC_PLANES):
        return "IDEOGRAPH"
    if category in ("Lo", "Lm", "Nl", "So") and name.startswith(CJK_NAMES):
        return "IDEOGRAPH"
    return BY_CATEGORY[category]


def fold_of(code: int) -> int:
    """The code point under which `code` is looked up: always exactly one."""
    # Fullwidth forms are ASCII, in its order.
    character = chr(code - 0xFF01 + 0x21) if 0xFF01 <= code <= 0xFF5E else chr(code)
    for sign, variants in VARIANTS.items():
        if character in variants:
            return ord(sign)
    if unicodedata.category(character) == "Nd":
        return ord("0")
    # The first code point alone where Unicode's full lower case has more: İ becomes i.
    return ord(character.lower()[0])


def class_lines() -> Iterator[str]:
    previous = ""
    for code in range(CODE_POINTS):
        name = class_of(code)
        if name != previous:
            yield f"{code:04X} {name}"
        previous = name


def fold_lines() -> Iterator[str]:
    for code in range(CODE_POINTS):
        folded = fold_of(code)
        if folded != code:
            yield f"{code:04X} {folded:04X}"


def main(folder: str) -> None:
    if unicodedata.unidata_version != UNICODE_VERSION:
        raise SystemExit(
            f"this Python has Unicode {unicodedata.unidata_version}, the tables are of Unicode "
            f"{UNICODE_VERSION}: run it with a Python that has that version"
        )
    made = f"# Unicode {UNICODE_VERSION}; made by tools/freeze_character_tables.py."
    for name, meaning, lines in (
        ("character_classes", "a code point and the class from there on", class_lines()),
        ("character_folding", "a code point and what it folds to", fold_lines()),
    ):
        text = "\n".join([made, f"# Each line: {meaning}.", *lines, ""])
        Path(folder, f"{name}.txt").write_text(text, encoding="ascii", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/freeze_character_tables.py FOLDER")
    main(sys.argv[1])
