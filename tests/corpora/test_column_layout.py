"""Published columns rewritten as this project's: comments, documents, labels, nested entities."""

import pytest

from nertagger.corpora.column_layout import ColumnLayout, rewrite_columns
from nertagger.corpora.public import COLLECTIONS
from nertagger.corpora.reading import read_corpus
from nertagger.errors import InputError

INDEXED = ColumnLayout(token=1, tag=2)


def rewrite(text, layout, is_document=False):
    data = text if isinstance(text, bytes) else text.encode()
    return "".join(rewrite_columns(data, layout, "published.tsv", is_document))


def test_numbered_tokens_become_two_columns():
    text = "0\tAda\tB-PER\n1\tsaw\tO\n2\tKyoto\tI-LOC\n\n\n0\tÉire\tB-LOC\n1\t.\tO\n"
    assert rewrite(text, INDEXED) == "Ada\tB-PER\nsaw\tO\nKyoto\tB-LOC\n\nÉire\tB-LOC\n.\tO\n\n"


def test_bioes_line_ends_and_a_byte_order_mark_are_understood():
    text = "\ufeff0\tAda\tB-PER\r\n1\tde\tI-PER\r\n2\tWit\tE-PER\r\n3\tOslo\tS-LOC\r\n".encode()
    assert rewrite(text, INDEXED) == "Ada\tB-PER\nde\tI-PER\nWit\tI-PER\nOslo\tB-LOC\n\n"


def test_a_blank_token_goes_and_its_entity_stays():
    text = "0\tAda\tB-PER\n1\t \tI-PER\n2\tWit\tI-PER\n3\t\tB-LOC\n4\tOslo\tI-LOC\n"
    assert rewrite(text, INDEXED) == "Ada\tB-PER\nWit\tI-PER\nOslo\tB-LOC\n\n"


def test_web_text_keeps_its_documents_and_loses_the_tags_that_name_nothing():
    text = (
        "# newdoc id = first\n# sent_id = 1\n# text = From Ada #\n"
        "1\tFrom\tB-O\t-\tann\n2\tAda\tI-PER\t-\tann\n3\t#\tO\n\n"
        "# sent_id = 2\n1\tNo\tB-OTH\t-\tann\n2\t.\tB-O\t-\tann\n3\t!\tI-O\t-\tann\n\n"
        "# newdoc id = second\n1\tOslo\tB-LOC\t-\tann\n"
    )
    assert rewrite(text, COLLECTIONS["uner-en-ewt"].layout) == (
        "-DOCSTART-\tO\n\nFrom\tO\nAda\tB-PER\n#\tO\n\nNo\tB-OTH\n.\tO\n!\tO\n\n"
        "-DOCSTART-\tO\n\nOslo\tB-LOC\n\n"
    )


def test_an_article_loses_its_address_and_keeps_the_outermost_entities():
    text = (
        "https://news.example/1?a=b\tO\n&\tO\nc=d\tO\n\nKenya\tB-Organization\tB-Location\n"
        "Post\tI-Organization\nin\tO\nMay\tB-Date\n\nhttps://other.example\tO\n\n"
    )
    layout = COLLECTIONS["worldwide"].layout
    assert rewrite(text, layout, is_document=True) == (
        "-DOCSTART-\tO\n\nKenya\tB-ORG\nPost\tI-ORG\nin\tO\nMay\tB-DATE\n\n"
        "https://other.example\tO\n\n"
    )


def test_an_address_within_a_sentence_with_names_stays():
    text = "http://news.example\tO\nKenya\tB-Location\n"
    written = "http://news.example\tO\nKenya\tB-LOC\n\n"
    assert rewrite(text, COLLECTIONS["worldwide"].layout) == written


def test_what_was_rewritten_is_read_as_it_was_meant(tmp_path):
    text = "1\tAda\tB-PER\n2\tin\tO\n3\tNew\tB-LOC\n4\tDelhi\tI-LOC\n\n1\tBo\tB-PER\n"
    path = tmp_path / "train.conll"
    path.write_text(rewrite("# newdoc\n" + text, COLLECTIONS["uner-en-ewt"].layout))
    (document,) = read_corpus(path).documents
    assert document.text == "Ada in New Delhi\nBo"
    assert [(entity.text, entity.label) for entity in document.entities] == [
        ("Ada", "PER"),
        ("New Delhi", "LOC"),
        ("Bo", "PER"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0\tAda\tB-PER\n1\tsaw\n", "published.tsv:2: has 2 columns"),
        ("0\tAda\tPER\n", "published.tsv:1: column 3 is no tag: 'PER'"),
        (b"0\tAda\tO\n1\t\xff\tO\n", "published.tsv:2: is not UTF-8 at byte 10"),
    ],
)
def test_what_is_not_as_published_is_told_with_its_line(text, message):
    with pytest.raises(InputError, match=message):
        rewrite(text, INDEXED)
