"""CoNLL columns: what is read, and what every broken file is told."""

import pytest

from nertagger.corpora.conll import read_conll, write_conll
from nertagger.errors import InputError
from nertagger.text.document import Document, Entity


@pytest.fixture
def write(tmp_path):
    def write(content, name="some.conll"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def spans(document):
    for entity in document.entities:
        assert document.text[entity.start : entity.end] == entity.text
        assert entity.score == 1.0
    return [(entity.text, entity.label) for entity in document.entities]


def test_two_columns_with_documents(write):
    corpus = read_conll(
        write(
            "-DOCSTART-\tO\n\nAda\tB-PER\nByron\tI-PER\nsang\tO\n\nOslo\tB-LOC\n\n"
            "-DOCSTART-\tO\n\n-DOCSTART-\tO\n\nAcme\tB-ORG\n"
        )
    )
    assert [document.text for document in corpus.documents] == ["Ada Byron sang\nOslo", "Acme"]
    assert spans(corpus.documents[0]) == [("Ada Byron", "PER"), ("Oslo", "LOC")]
    assert corpus.documents[0].entities[1].start == 15
    assert corpus.labels == ("LOC", "ORG", "PER")
    assert (corpus.scheme, corpus.name, corpus.entity_count) == ("BIO", "some", 3)


def test_four_columns_split_at_spaces(write):
    corpus = read_conll(
        write(
            "-DOCSTART- -X- -X- O\n\nAda NNP  I-NP I-PER\nByron NNP I-NP I-PER\n"
            "Zoë NNP I-NP B-PER\nsang VBD I-VP O \n"
        )
    )
    assert corpus.scheme == "IOB1"
    assert [document.text for document in corpus.documents] == ["Ada Byron Zoë sang"]
    assert spans(corpus.documents[0]) == [("Ada Byron", "PER"), ("Zoë", "PER")]


def test_without_document_lines_each_sentence_is_a_document(write):
    corpus = read_conll(write("\n\nAda\tS-PER\n\n\n \nOslo\tB-LOC\nFjord\tE-LOC\n"))
    assert [document.text for document in corpus.documents] == ["Ada", "Oslo Fjord"]
    assert corpus.scheme == "BIOES"
    assert spans(corpus.documents[1]) == [("Oslo Fjord", "LOC")]


def test_a_token_keeps_its_spaces_where_the_line_has_a_tab(write):
    (document,) = read_conll(write("at\tO\n8:36 am\tB-TIME\n\u00a0Oslo\u00a0\tB-LOC\n")).documents
    assert document.text == "at 8:36 am \u00a0Oslo\u00a0"
    assert spans(document) == [("8:36 am", "TIME"), ("Oslo", "LOC")]


def test_only_a_line_feed_ends_a_line(write):
    (document,) = read_conll(write("a\u2028b\tO\r\nc\x0bd\tB-X\r\n".encode())).documents
    assert document.text == "a\u2028b c\x0bd"
    assert spans(document) == [("c\x0bd", "X")]


def test_a_file_without_entities_is_a_corpus(write):
    corpus = read_conll(write("no\tO\nname\tO\n"))
    assert (corpus.labels, corpus.scheme, corpus.entity_count) == ((), "BIO", 0)


def test_broken_tags_are_read_as_the_scorers_read_them(write):
    corpus = read_conll(write("a\tO\nb\tI-PER\nc\tI-LOC\nd\tB-LOC\ne\tO\nf\tB-LOC\n"))
    assert corpus.scheme == "BIO"
    assert [text for text, _ in spans(corpus.documents[0])] == ["b", "c", "d", "f"]


def test_a_byte_order_mark_is_no_part_of_the_first_token(write):
    assert read_conll(write(b"\xef\xbb\xbfAda\tB-PER\n")).documents[0].text == "Ada"


def test_a_part_of_a_corpus_has_the_name_of_its_folder(write, tmp_path):
    (tmp_path / "news").mkdir()
    assert read_conll(write("a\tO\n", "news/train.conll")).name == "news"
    assert read_conll(write("a\tO\n", "news/trains.conll")).name == "trains"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", None, "is empty"),
        ("\n\n \n", None, "no sentence"),
        ("-DOCSTART-\tO\n\n", None, "no sentence"),
        ("Ada\tB-PER\nByron\n", 2, "one column, 'Byron'"),
        ("Ada NNP B-PER\nByron I-PER\n", 2, "has 2 columns, where line 1 has 3"),
        ("\n\nAda\tB-PER\nByron\tx\tI-PER\n", 4, "has 3 columns, where line 3 has 2"),
        ("Ada\tB-PER\n\nByron\tPER\n", 3, "'PER' is a tag of no known scheme"),
        ("Ada\tB-PER\n" + "Byron" * 100_000, 2, "one column, 'ByronByron"),
        ("Ada\tB-PER\nByron\t" + "PER" * 100_000, 2, "'PERPER.* is a tag of no known scheme"),
        ("Ada\tB-PER\nByron\t\n", 2, "'' is a tag of no known scheme"),
        ("Ada\tB-PER\n\tO\n", 2, "is blank"),
        ("Ada\tB-PER\n\u3000\tO\n", 2, "is blank"),
        ("Ada\tB-PER\nBy\0ron\tI-PER\n", 2, "NUL at byte 12"),
        (b"\xef\xbb\xbfAda\tB-PER\nZo\xeb\tO\n", 2, r"not UTF-8 at byte 15 \(0xeb\)"),
        (b"\xff\xfeA\0", 1, "NUL|UTF-8"),
    ],
)
def test_a_broken_file_is_told_what_and_where(write, content, line, reason):
    path = write(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_conll(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_no_file_and_no_directory(tmp_path):
    with pytest.raises(InputError, match="is a directory"):
        read_conll(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_conll(tmp_path / "none.conll")


def test_what_is_written_is_read_again(tmp_path):
    text = "Zoë Ng’s 🦊 met Bo.\nOslo"
    documents = [
        Document(text, [Entity("Zoë Ng", "PER", 0, 6), Entity("Oslo", "LOC", 19, 23)]),
        Document("Nobody here", []),
    ]
    path = tmp_path / "out.conll"
    write_conll(path, documents)
    corpus = read_conll(path)
    assert [spans(document) for document in corpus.documents] == [
        [("Zoë Ng", "PER"), ("Oslo", "LOC")],
        [],
    ]
    for before, after in zip(documents, corpus.documents, strict=True):
        assert "".join(before.text.split()) == "".join(after.text.split())
