"""Chunks: nothing is lost between them, and they are the same wherever one begins to cut."""

import io
import random

import pytest

from nertagger.bulk import chunks
from nertagger.bulk.chunks import Chunk, Place
from nertagger.bulk.conll_columns import ConllColumns
from nertagger.bulk.delimited import Delimited
from nertagger.bulk.plain_text import PlainText
from nertagger.errors import InputError


def lines(random):
    return b"".join(
        bytes(random.choices(b"ab \xff", k=random.choice([0, 0, 3, 30, 90]))) + b"\n"
        for _ in range(200)
    ).removesuffix(b"\n")


def columns(random):
    rows = [b"-DOCSTART- O", b"", b"Ada B-PER", b"in O", b"Oslo S-LOC", b"", b"", b"Oh O", b""]
    return b"\n".join(random.choices(rows, k=400))


def table(random):
    fields = [b"Ada", b'"two\nlines"', b'"a ""quote"", and ,"', b"", b'5" wide']
    rows = [b",".join(random.choices(fields, k=2)) for _ in range(200)]
    return b"text,more\n" + b"\r\n".join(rows)


FORMATS = [(PlainText, lines), (ConllColumns, columns), (Delimited, table)]


@pytest.fixture(params=FORMATS, ids=lambda pair: pair[0].__name__)
def case(request, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 256)
    form, make = request.param
    return form("x.csv", "text"), make(random.Random(7))


def cut(form, content, place=None):
    file = io.BytesIO(content)
    begin = form.begin(file)
    if place:
        file.seek(place.offset)
    return begin, list(form.cut(file, place or begin, False))


def test_chunks_are_the_file_cut_at_line_ends(case):
    form, content = case
    begin, found = cut(form, content)
    assert b"".join(chunk.data for chunk in found) == content[begin.offset :]
    assert len(found) > 5
    line, offset = begin.line, begin.offset
    for chunk in found:
        assert chunk.line == line
        line += chunk.data.count(b"\n")
        offset += len(chunk.data)
        assert chunk.end == offset
    assert all(chunk.data.endswith(b"\n") for chunk in found[:-1])


def test_who_begins_at_a_chunk_cuts_as_who_began_at_the_beginning(case):
    form, content = case
    _, found = cut(form, content)
    for number, chunk in enumerate(found[1:], 1):
        place = Place(found[number - 1].end, chunk.line)
        assert cut(form, content, place)[1] == found[number:]


def test_documents_of_chunks_are_those_of_the_whole(case):
    form, content = case
    begin, found = cut(form, content)
    whole = Chunk(content[begin.offset :], begin.line, len(content))
    records = form.read(whole).records
    assert [record for chunk in found for record in form.read(chunk).records] == records
    assert len(records) > 20


def test_eager_reading_takes_what_there_is():
    class Pipe(io.BytesIO):
        def read1(self, size):
            return self.read(5)

    form = PlainText("stdin")
    found = list(form.cut(Pipe(b"one\ntwo three four\nfive"), Place(), True))
    assert [chunk.data for chunk in found] == [b"one\n", b"two three four\n", b"five"]


def test_a_byte_order_mark_is_no_text():
    form = PlainText("x.txt")
    (chunk,) = form.cut(io.BytesIO(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n"), Place(), False)
    assert [record.text for record in form.read(chunk).records] == ["one", "\ufefftwo"]
    assert chunk.end == 14


@pytest.mark.parametrize(("form", "line"), [(PlainText, 2), (ConllColumns, 1), (Delimited, 2)])
def test_an_endless_document_is_refused(form, line, monkeypatch):
    monkeypatch.setattr(chunks, "LONGEST_DOCUMENT", 3000)
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 256)
    form = form("x.csv", "text")
    file = io.BytesIO(b'text\n"' + b"a" * 9000)
    begin = form.begin(file)
    with pytest.raises(InputError, match=f"^x.csv:{line}: .* begins here; expected shorter"):
        list(form.cut(file, begin, False))
    assert file.tell() < 4000
