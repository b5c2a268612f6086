"""What is read of each input format, and what is refused."""

import io
import json

import pytest

from nertagger.bulk.chunks import Chunk
from nertagger.bulk.inputs import input_format_of, make_input
from nertagger.corpora.conll import read_conll
from nertagger.errors import InputError


def read(path, content, column=None):
    form = make_input(input_format_of(path), path, column)
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    place = form.begin(file)
    found = [form.read(chunk) for chunk in form.cut(file, place, False)]
    return [record for part in found for record in part.records], sum(p.replaced for p in found)


def texts(path, content, column=None):
    return [record.text for record in read(path, content, column)[0]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", []),
        ("\n", [""]),
        ("a\n\nb", ["a", "", "b"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb\r\r\n", ["a", "b\r"]),
        ("a\x0bb\u2028c\x85d\0e", ["a\x0bb\u2028c\x85d\0e"]),
    ],
)
def test_each_line_of_plain_text_is_a_document(content, expected):
    assert texts("x.txt", content) == expected
    assert texts("unknown.log", content) == expected


def test_bad_bytes_are_replaced_and_counted():
    records, replaced = read("x.txt", b"a\xff\xfeb\n\xef\xbf\xbd\n\xe2\x82\nc\xf0\x9f\x98\x80")
    assert [record.text for record in records] == ["a\ufffd\ufffdb", "\ufffd", "\ufffd", "c😀"]
    assert replaced == 3


def test_json_lines_carry_their_other_keys():
    lines = [
        {"id": 7, "text": "Ada", "meta": {"x": [1.5, None]}, "entities": [1]},
        {"text": "a\0b\ud800", "label": []},
    ]
    content = "\n\n".join(map(json.dumps, lines)) + "\n"
    records, replaced = read("x.jsonl", content)
    assert [record.text for record in records] == ["Ada", "a\0b\ufffd"]
    assert [record.extra for record in records] == [
        {"id": 7, "meta": {"x": [1.5, None]}},
        {"label": []},
    ]
    assert replaced == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"^x.jsonl:2: is not JSON: .*; expected a line"),
        ("[1]", "is no object with a text"),
        ('{"text": 1}', "is no object with a text"),
        ('{"label": "x"}', "is no object with a text"),
        ("[" * 100_000, "is not JSON: it is nested too deeply"),
        ('{"text": "", "n": ' + "1" * 5000 + "}", "is not JSON: "),
    ],
)
def test_json_that_is_no_document_is_refused(line, message):
    with pytest.raises(InputError, match=message):
        texts("x.jsonl", '{"text": "a"}\n' + line)


CONLL = [
    "Ada B-PER\nrowed O\n\nOslo\tB-LOC\n \n\nis O\n",
    "-DOCSTART- -X- O O\n\nAda N C B-PER\n\nOslo N C I-LOC\n\n-DOCSTART- -X- O O\n\nBye N C O",
    "\n-DOCSTART-\tO\nNew York\tB-LOC\nis\tO\r\n\n-DOCSTART-\tO\n\n-DOCSTART-\tO\nx\tO\n",
]


@pytest.mark.parametrize("content", CONLL)
def test_columns_become_the_documents_of_the_corpus_reader(content, tmp_path):
    path = tmp_path / "x.conll"
    path.write_text(content)
    expected = [document.text for document in read_conll(path).documents]
    assert texts(str(path), content) == expected
    assert texts(str(path), "\ufeff" + content) == expected


def test_columns_without_tags_are_enough():
    records, _ = read("x.bio", "Ada\nrowed\n\nbye\n")
    assert [record.sentences for record in records] == [[["Ada", "rowed"]], [["bye"]]]


def test_a_blank_token_is_refused():
    with pytest.raises(InputError, match=r"^x.conll:3: the first column, the token, is blank"):
        texts("x.conll", "a\tO\n\n\tO\n")


def test_a_table_carries_its_other_columns():
    content = '\ufeff"id",body,text,,id\n1,"Ada, ""the\nfirst""",x,y,2\n\n2,Bo,,,\n'
    records, _ = read("x.csv", content, "body")
    assert [record.text for record in records] == ['Ada, "the\nfirst"', "Bo"]
    assert records[0].extra == {
        "id": "1",
        "text (column 3)": "x",
        "(column 4)": "y",
        "id (column 5)": "2",
    }
    assert texts("x.tsv", 'a\tb\nAda, 5" tall\tx\n', "a") == ['Ada, 5" tall']


def test_what_a_table_told_another_process_is_enough_to_read_it():
    form = make_input("csv", "x.csv", "b")
    form.begin(io.BytesIO(b"a,b\n"))
    other = make_input("csv", "x.csv", **json.loads(json.dumps(form.options())))
    assert other.read(Chunk(b"1,2\n", 2, 8)) == form.read(Chunk(b"1,2\n", 2, 8))
    assert [record.text for record in form.read(Chunk(b"1,2\n", 2, 8)).records] == ["2"]


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("a,b\n1,2\n", None, r"^x.csv: which column has the text\? .*--text-column.* 'a', 'b'$"),
        ("a,b\n1,2\n", "c", r"^x.csv: has no column 'c'; there are 'a', 'b'$"),
        ("a,a\n1,2\n", "a", "has more than one column 'a'"),
        ("\n\n", "a", "has no header"),
        ("a,b\n1,2\n1\n", "a", r"^x.csv:3: a row of 1 columns begins here; expected 2"),
        ('a,b\n1,2\n"x,2\n\ny,3\n', "a", r"^x.csv:3: .*quotation mark is never closed"),
        ('a,b\n1,2\n"x"y,2\n', "a", r"^x.csv:3: the row that begins here cannot be read"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(content, column, message):
    with pytest.raises(InputError, match=message):
        texts("x.csv", content, column)


def test_a_column_is_for_tables():
    with pytest.raises(InputError, match=r"--text-column 'a' is for .csv and .tsv files"):
        make_input("jsonl", "x.jsonl", "a")
