"""A file in the making: what is left of it when it is interrupted, and how it is gone on with."""

import json
import os

import pytest

from nertagger.bulk import partial_output
from nertagger.bulk.chunks import Place
from nertagger.bulk.partial_output import Checkpoint, PartialOutput
from nertagger.bulk.tagged import Counts
from nertagger.errors import InputError

IDENTITY = {"model": "/m/1", "input size": 12}
FIRST, SECOND = Counts(1, 2, 3, 4), Counts(5, 6, 7, 8)


@pytest.fixture(autouse=True)
def note_at_once(monkeypatch):
    monkeypatch.setattr(partial_output, "_SECONDS_BETWEEN_LINES", 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.jsonl"


def begin(path, identity=IDENTITY):
    """Two checkpoints, and then an end like a kill's."""
    output = PartialOutput(path, identity, False)
    output.write(b"one\n")
    output.checkpoint(Place(10, 2), FIRST)
    output.write(b"two\n")
    output.checkpoint(Place(20, 3), SECOND)
    output.write(b"half a li")
    output._file.close()
    output._journal.close()


def journal(path):
    return path.with_name(path.name + ".partial.journal")


def names(path):
    return sorted(os.listdir(path.parent))


def test_it_is_seen_when_it_is_finished(path):
    path.write_bytes(b"old")
    output = PartialOutput(path, IDENTITY, False)
    output.write(b"new")
    output.checkpoint(Place(1, 1), FIRST)
    assert path.read_bytes() == b"old"
    output.finish()
    output.close()
    assert path.read_bytes() == b"new"
    assert names(path) == ["out.jsonl"]


def test_it_goes_on_after_the_last_checkpoint(path):
    begin(path)
    output = PartialOutput(path, IDENTITY, True)
    assert output.resumed == Checkpoint(Place(20, 3), SECOND, 8)
    output.write(b"three\n")
    output.finish()
    output.close()
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    assert names(path) == ["out.jsonl"]


def test_it_can_be_gone_on_with_twice(path):
    begin(path)
    PartialOutput(path, IDENTITY, True).close()
    output = PartialOutput(path, IDENTITY, True)
    assert output.resumed == Checkpoint(Place(20, 3), SECOND, 8)
    output.close()
    assert output.partial.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_line_that_is_cut_off_does_not_count(path, cut):
    begin(path)
    content = journal(path).read_bytes()
    journal(path).write_bytes(content[:-cut])
    output = PartialOutput(path, IDENTITY, True)
    assert output.resumed == Checkpoint(Place(10, 2), FIRST, 4)
    output.close()


def test_a_file_shorter_than_the_journal_says_goes_back(path):
    begin(path)
    os.truncate(path.with_name("out.jsonl.partial"), 6)
    output = PartialOutput(path, IDENTITY, True)
    assert output.resumed == Checkpoint(Place(10, 2), FIRST, 4)
    output.close()


def test_without_resume_it_begins_anew(path):
    begin(path)
    output = PartialOutput(path, IDENTITY, False)
    assert output.resumed is None
    assert output.partial.read_bytes() == b""
    output.close()


def test_with_nothing_to_resume_it_begins(path):
    output = PartialOutput(path, IDENTITY, True)
    assert output.resumed is None
    output.close()
    assert names(path) == []


@pytest.mark.parametrize(("name", "value"), [("model", "/m/2"), ("input size", 13)])
def test_another_model_or_input_is_refused(path, name, value):
    begin(path)
    before = path.with_name("out.jsonl.partial").read_bytes()
    with pytest.raises(InputError, match=f"begun with another {name} .* without --resume"):
        PartialOutput(path, IDENTITY | {name: value}, True)
    assert path.with_name("out.jsonl.partial").read_bytes() == before


def test_a_broken_journal_is_refused(path):
    begin(path)
    journal(path).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"journal: cannot be read, .* without --resume"):
        PartialOutput(path, IDENTITY, True)


def test_two_cannot_write_the_same_file(path):
    output = PartialOutput(path, IDENTITY, False)
    output.write(b"mine")
    with pytest.raises(InputError, match="another nertagger is writing this"):
        PartialOutput(path, IDENTITY, False)
    assert output.partial.read_bytes() == b"mine"
    output.close()


def test_what_is_kept_can_be_gone_on_with(path, monkeypatch):
    monkeypatch.setattr(partial_output, "_SECONDS_BETWEEN_LINES", 1000)
    output = PartialOutput(path, IDENTITY, False)
    output.write(b"one\n")
    output.checkpoint(Place(10, 2), FIRST)
    assert journal(path).read_text() == json.dumps(IDENTITY) + "\n"
    assert output.keep(Place(10, 2), FIRST)
    output.close()
    output = PartialOutput(path, IDENTITY, True)
    assert output.resumed == Checkpoint(Place(10, 2), FIRST, 4)
    output.close()


@pytest.mark.parametrize("identity", [None, IDENTITY])
def test_nothing_is_left_of_what_nobody_can_go_on_with(path, identity):
    output = PartialOutput(path, identity, False)
    output.write(b"half")
    assert not output.keep(Place(1, 1), Counts())
    output.close()
    assert names(path) == []


def test_a_link_stays_a_link(path, tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    path.symlink_to(tmp_path / "real")
    output = PartialOutput(path, IDENTITY, False)
    output.write(b"new")
    output.finish()
    output.close()
    assert path.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
