"""JSON documents: three shapes read, one written, and what every broken line is told."""

import json

import pytest

from nertagger.corpora.json_lines import read_json_lines, write_json_lines
from nertagger.errors import InputError
from nertagger.text.document import Document, Entity

TEXT = "Zoë 🦊 Ng of Oslo"
GOLD = Document(TEXT, [Entity("Zoë 🦊 Ng", "PER", 0, 8), Entity("Oslo", "LOC", 12, 16)])
TRIPLES = [[12, 16, "LOC"], [0, 8, "PER"]]


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "some.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "value",
    [
        GOLD.to_dict(),
        GOLD.to_dict(tokens=True),
        {"id": 7, "text": TEXT, "label": TRIPLES, "Comments": []},
        {"text": TEXT, "labels": TRIPLES},
        {"text": TEXT, "entities": TRIPLES},
        {"text": TEXT, "entities": [{"start": s, "end": e, "label": x} for s, e, x in TRIPLES]},
        [TEXT, {"entities": TRIPLES}],
    ],
)
def test_every_shape_is_the_same_document(write, value):
    corpus = read_json_lines(write("", json.dumps(value), json.dumps(value, ensure_ascii=False)))
    assert corpus.documents == [GOLD, GOLD]
    assert (corpus.labels, corpus.scheme, corpus.name) == (("LOC", "PER"), "spans", "some")


@pytest.mark.parametrize("indent", [None, 2])
def test_one_list_of_documents_is_read_too(write, indent):
    values = [GOLD.to_dict(), [TEXT, {"entities": TRIPLES}], {"text": "", "entities": []}]
    path = write(json.dumps(values, indent=indent))
    assert read_json_lines(path).documents == [GOLD, GOLD, Document("")]
    path = write(json.dumps(values[1:], indent=indent))
    assert read_json_lines(path).documents == [GOLD, Document("")]


def test_errors_in_a_list_name_the_line_of_their_document(write):
    path = write("[", '{"text": "a", "entities": []},', '{"text": "a"}', "]")
    with pytest.raises(InputError, match="none of them") as caught:
        read_json_lines(path)
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["[", '{"text": "a", "entities": []}'], 3),
        (["[", '{"text": "a", "entities": []},', "]"], 3),
        (["[", '{"text": "a", "entities": []}', '{"text": "a", "entities": []}', "]"], 3),
        (["[", '{"text": "a", "entities": []}', "]", "x"], 4),
        (["["], 2),
    ],
)
def test_a_broken_list_is_told_where(write, lines, line):
    with pytest.raises(InputError, match="is not JSON") as caught:
        read_json_lines(write(*lines))
    assert caught.value.line in (line, line - 1)


def test_what_is_written_is_read_again(tmp_path):
    documents = [GOLD, Document("No name,\nline\u2028ends", [])]
    write_json_lines(tmp_path / "out.jsonl", documents)
    assert read_json_lines(tmp_path / "out.jsonl").documents == documents
    assert "🦊" in (tmp_path / "out.jsonl").read_text("utf-8")


def span(start, end, label="PER"):
    return json.dumps({"text": TEXT, "label": [[start, end, label]]})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (span(0, 17), "0-17 does not fit the text, which has 16 characters"),
        (span(-1, 3), "does not fit"),
        (span(5, 3), "does not fit"),
        (span(3, 3), "is empty"),
        (span(0, 4), "white space at an end"),
        (span(3, 5), "white space at an end"),
        (span(0.0, 3), "two integers and a label"),
        (span(False, 3), "two integers and a label"),
        (span("0", 3), "two integers and a label"),
        (span(0, 3, None), "two integers and a label"),
        (span(0, 3, ""), "the label of span"),
        (span(0, 3, "PER "), "the label of span"),
        (json.dumps({"text": TEXT, "label": [[0, 8, "PER"], [6, 8, "ORG"]]}), "6-8 'Ng' overlaps"),
        (json.dumps({"text": TEXT, "label": [[0, 8, "PER"], [0, 8, "ORG"]]}), "overlaps"),
        (json.dumps({"text": TEXT, "label": [[0, 8]]}), r"a span is \[start, end, label\]"),
        (json.dumps({"text": TEXT, "label": [7]}), r"a span is \[start, end, label\]"),
        (json.dumps({"text": TEXT, "label": "PER"}), "must be a list"),
        (json.dumps({"text": TEXT, "label": [], "entities": []}), "entities and label"),
        (json.dumps({"text": TEXT}), "none of them"),
        (json.dumps({"text": 3, "label": []}), "is no document"),
        (json.dumps([TEXT, {"entities": []}, 3]), "is no document"),
        (json.dumps("text"), "is no document"),
        ('{"text": "\\ud83e", "label": []}', "surrogate"),
        (
            '{"text": "O N", "entities": [{"text": "O", "label": "L", "start": 2, "end": 3}]}',
            "offsets must count code points",
        ),
        ('{"text": ', "is not JSON: .* at column"),
        ("[" * 100000, "nested too deeply"),
    ],
)
def test_a_broken_line_is_told_what_and_where(write, line, reason):
    good = json.dumps({"text": TEXT, "label": []})
    path = write(good, "", line)
    with pytest.raises(InputError, match=reason) as caught:
        read_json_lines(path)
    assert (caught.value.path, caught.value.line) == (str(path), 3)
    assert "\n" not in str(caught.value)


def test_a_file_without_documents(write, tmp_path):
    with pytest.raises(InputError, match="no document"):
        read_json_lines(write("", " "))
    with pytest.raises(InputError, match="no document"):
        read_json_lines(write("[]"))
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InputError, match="is empty"):
        read_json_lines(tmp_path / "empty.jsonl")
