"""The frozen tables: what they hold, and that nothing reaches past them."""

import ast
import hashlib
import importlib.util
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from nertagger.text import characters as c

ROOT = Path(__file__).parents[2]
TEXT = Path(c.__file__).parent

# A change here changes what every trained model reads: it needs a new format version.
GOLDEN_CLASSES = "a2362e8ffa6ea98c95a888b415380b70cb0e865da653e0b723cbf1c31a9e03db"
GOLDEN_FOLDING = "2696fd7393cf29882a6742de919f4ed0b7b7c07538d7ef679c8d3b2251bd0511"


@pytest.fixture(scope="module")
def freezer():
    spec = importlib.util.spec_from_file_location(
        "freeze_character_tables", ROOT / "tools" / "freeze_character_tables.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_those_that_models_were_trained_with():
    classes, folding = c.class_table(), c.fold_table()
    assert (classes.dtype, classes.shape) == (np.uint8, (0x110000,))
    assert (folding.dtype, folding.shape) == (np.int32, (0x110000,))
    assert hashlib.sha256(classes.tobytes()).hexdigest() == GOLDEN_CLASSES
    assert hashlib.sha256(folding.astype("<i4").tobytes()).hexdigest() == GOLDEN_FOLDING


def test_folding_of_a_few_is_that_of_all():
    codes = np.arange(c.CODE_POINTS, dtype=np.int32)
    folded = c.fold(codes)
    assert folded.dtype == np.int32
    np.testing.assert_array_equal(folded, c.fold_table())
    assert c.fold(codes[:0]).shape == (0,)


def test_tables_agree_with_this_pythons_unicode(freezer):
    """Where this Python knows a character, the frozen class is the one that the tool would give."""
    table = c.class_table()
    different = [
        code
        for code in range(0x30000)
        if unicodedata.category(chr(code)) != "Cn"
        and c.CLASS_NAMES[table[code]] != freezer.class_of(code)
    ]
    # Unicode corrects the category of a handful of characters from version to version.
    assert len(different) < 20, [f"{code:04X}" for code in different]


def test_folding_agrees_with_this_pythons_unicode(freezer):
    table = c.fold_table()
    assert not [
        f"{code:04X}"
        for code in range(0x20000)
        if unicodedata.category(chr(code)) != "Cn" and table[code] != freezer.fold_of(code)
    ]


def test_ranges_and_pairs_make_up_the_tables():
    starts, classes = c.class_ranges()
    places = np.searchsorted(starts, np.arange(c.CODE_POINTS), side="right") - 1
    np.testing.assert_array_equal(classes[places], c.class_table())
    codes, folded = c.fold_pairs()
    np.testing.assert_array_equal(c.fold_table()[codes], folded)
    assert (c.fold_table() != np.arange(c.CODE_POINTS)).sum() == len(codes)


def test_folding_twice_is_folding_once():
    table = c.fold_table()
    np.testing.assert_array_equal(table[table], table)


def test_folding_keeps_white_space_where_it_is():
    white = c.class_table() <= c.LINE_BREAK
    np.testing.assert_array_equal(white[c.fold_table()], white)


@pytest.mark.parametrize(
    ("characters", "name"),
    [
        ("\n\v\f\r\x85\u2028\u2029", "LINE_BREAK"),
        (" \t\xa0\u3000\u200b\ufeff\u200e", "SPACE"),
        ("\u0301\xad\u200d\ufe0f\U0001f3fd\uff9e\u1161", "MARK"),
        ("\0\x1c\x7f\ufffd\ud800\udfff\ue000€$©😀", "SYMBOL"),
        ("東々〇あアｱ한\u1112\U0002a6df\U00031350", "IDEOGRAPH"),
        ("ABÉЖΩ𐐀ǅ", "UPPER"),
        ("abéжωß𐐨", "LOWER"),
        ("אبกʰª", "LETTER"),
        ("0٣९𝟑３", "DIGIT"),
        ("½²Ⅳ", "NUMBER"),
        ("-—–‐−", "DASH"),
        ("'’ʼ`‘", "APOSTROPHE"),
        ("。！？", "CJK_SENTENCE_END"),
    ],
)
def test_class(characters, name):
    codes = c.code_points(characters)
    assert [c.CLASS_NAMES[number] for number in c.class_table()[codes]] == [name] * len(codes)


def test_white_space_is_unicodes_and_the_invisible():
    white_space = {*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)}
    white_space |= {0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
    ours = set(np.flatnonzero(c.class_table() <= c.LINE_BREAK).tolist())
    assert white_space <= ours
    assert all(unicodedata.category(chr(code)) == "Cf" for code in ours - white_space)


@pytest.mark.parametrize("text", ["", "a", "\0", "\ud800\udc00", "\U0010ffff", "東é😀"])
def test_code_points_of_any_string_and_back(text):
    codes = c.code_points(text)
    assert codes.tolist() == [ord(character) for character in text]
    assert c.from_code_points(codes) == text


def test_code_asks_no_library_about_characters():
    """str.lower and its like follow the Unicode version of the Python that runs."""
    forbidden = {
        *("lower", "upper", "title", "casefold", "capitalize", "swapcase", "splitlines"),
        *("isalpha", "isalnum", "isdigit", "isdecimal", "isnumeric", "isspace", "isupper"),
        *("islower", "istitle", "isidentifier", "isprintable"),
    }
    on_white_space = {"split", "rsplit", "strip", "lstrip", "rstrip"}
    for path in TEXT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            place = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Attribute):
                assert node.attr not in forbidden, place
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                # `characters.py` cuts its own files so, which are ASCII.
                argument = node.args or path.name == "characters.py"
                assert argument or node.func.attr not in on_white_space, place
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = {alias.name for alias in node.names} | {getattr(node, "module", "")}
                assert not {"re", "unicodedata", "tensorflow", "keras"} & modules, place
