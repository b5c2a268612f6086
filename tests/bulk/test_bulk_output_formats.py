"""What is written in each output format."""

import html.parser
import json

import pytest

from nertagger.bulk.outputs import OUTPUTS, make_output
from nertagger.bulk.records import Record
from nertagger.corpora.conll import read_conll
from nertagger.runtime.tagger import load
from nertagger.text.document import Document, Entity

LABELS = ["LOC", "PER"]


def write(name, records, documents, labels=LABELS):
    form = make_output(name, labels)
    body = form.separator.join(form.documents(records, documents))
    return form.header() + body + form.footer()


@pytest.fixture(scope="module")
def tagged(model, words):
    texts = [" ".join(words[i:] + words[:i]) + ". And so on!\nNext" for i in range(5)]
    texts += ["", " ", 'a <b> & "c"\t\x1b[31m', "Ада\u200b 東京"]
    return [Record(text) for text in texts], list(load(model).pipe(texts))


def test_json_is_the_documents(tagged):
    records, documents = tagged
    expected = [document.to_dict() for document in documents]
    assert sum(len(document["entities"]) for document in expected) > 20
    assert json.loads(write("json", records, documents)) == expected
    lines = write("jsonl", records, documents).split("\n")
    assert [json.loads(line) for line in lines[:-1]] == expected
    assert lines[-1] == ""
    assert json.loads(write("json", [], [])) == []


def test_json_keeps_what_is_carried_through():
    extra = {"id": 1, "odd": "\ud800", "n": float("nan")}
    line = write("jsonl", [Record("Ж", extra)], [Document("Ж", [Entity("Ж", "PER", 0, 1, 0.5)])])
    line.encode()
    found = json.loads(line)
    assert list(found) == ["text", "entities", "id", "odd", "n"]
    assert found["odd"] == "\ud800"
    assert found["text"] == "Ж"


def test_conll_is_read_back_as_it_was(tagged, tmp_path):
    records, documents = tagged
    path = tmp_path / "x.conll"
    path.write_text(write("conll", records, documents))
    read = read_conll(path).documents
    found = [(e.text.split(), e.label) for document in read for e in document.entities]
    # The tokens of an entity are joined by spaces, whatever was between them.
    tokens = [[(t.text, t.start) for t in document.tokens] for document in documents]
    expected = [
        ([text for text, start in tokens[i] if e.start <= start < e.end], e.label)
        for i, document in enumerate(documents)
        for e in document.entities
    ]
    assert found == expected
    # Each of the first five texts has a line break, and a sentence that ends within a line.
    assert len(read) >= 5 * 3 + 2


def test_conll_keeps_the_tokens_sentences_and_markers_of_the_input(model):
    sentences = [["Ada-Lovelace", "wrote", "U.S.-based"], ["New York", "\u00a0x", "(so)"]]
    text = "\n".join(" ".join(sentence) for sentence in sentences)
    document = load(model)(text)
    record = Record(text, sentences=sentences, begins_document=True)
    lines = write("conll", [record], [document]).split("\n")
    assert lines[:2] == ["-DOCSTART-\tO", ""]
    rows = [line.partition("\t") for line in lines[2:]]
    assert [token for token, _, _ in rows] == [*sentences[0], "", *sentences[1], "", ""]
    tag_at = {token.start: token.tag for token in document.tokens}
    position = 0
    previous = "O"
    for token, _, tag in rows[:-1]:
        if token:
            first = position + len(token) - len(token.lstrip())
            label = tag_at[first][2:]
            assert tag[2:] == label
            assert not tag.startswith("I-") or previous[2:] == label
        previous = tag
        position += len(token) + (1 if token else 0)


class Page(html.parser.HTMLParser):
    def __init__(self, content):
        super().__init__()
        self.texts, self.marks, self.tags, self.inside = [], [], [], []
        self.feed(content)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta",):
            self.inside.append(tag)
        if tag == "p":
            self.texts.append("")
        if tag == "mark" and "p" in self.inside:
            self.marks.append((dict(attributes)["title"], ""))

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if "p" in self.inside and "small" not in self.inside:
            self.texts[-1] += data
            if "mark" in self.inside:
                self.marks[-1] = (self.marks[-1][0], self.marks[-1][1] + data)


def test_html_is_a_page_that_stands_alone(tagged):
    records, documents = tagged
    content = write("html", records, documents)
    page = Page(content)
    assert page.inside == []
    assert page.texts == [d.text.replace("\x1b", "\ufffd") for d in documents]
    assert page.marks == [
        (f"{e.label}, confidence {100 * e.score:.1f} %", e.text.replace("\x1b", "\ufffd"))
        for document in documents
        for e in document.entities
    ]
    assert not [1 for tag, given in page.tags if {"src", "href"} & set(given) or tag == "script"]
    assert "url(" not in content
    assert "@import" not in content


def test_html_escapes_labels_too():
    label = 'A"<b>&'
    document = Document("x\0\ud800", [Entity("x", label, 0, 1, 0.25)])
    page = Page(write("html", [Record("x\0\ud800")], [document], [label]))
    assert page.marks == [(f"{label}, confidence 25.0 %", "x")]
    assert page.texts == ["x\ufffd\ufffd"]


def test_a_table_is_safe_on_a_terminal_and_aligned():
    text = "\x1b[31mAda\x07 met 東京 in\nOslo"
    spans = [(5, 8, "PER", 0.9876), (14, 16, "LOC", 1.0), (20, 24, "LOC", 0.5)]
    entities = [Entity(text[s:e], label, s, e, score) for s, e, label, score in spans]
    lines = write("table", [Record(text)], [Document(text, entities)]).split("\n")
    assert lines == [
        "\ufffd[31mAda\ufffd met 東京 in Oslo",
        "  PER  Ada         5–8  0.988",
        "  LOC  東京      14–16  1.000",
        "  LOC  Oslo      20–24  0.500",
        "",
    ]
    assert "no entities" in write("table", [Record("")], [Document("")])


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_is_written_well(name):
    assert isinstance(write(name, [], [], []), str)
