"""Several processes do what one does, in order, and say so when one of them is gone."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from nertagger.bulk import chunks
from nertagger.bulk.chunks import Chunk, Place
from nertagger.bulk.plain_text import PlainText
from nertagger.bulk.processes import Job, Processes, ThisProcess, WorkerDied
from nertagger.errors import InputError


@pytest.fixture
def job(model):
    return Job(model, "text", "x.txt", {}, "jsonl")


@pytest.fixture
def content(words):
    return "\n".join(
        " ".join(words[(7 * i) % len(words) :][: i % 9]) + f" {i}" for i in range(900)
    ).encode()


@pytest.fixture
def cut(content, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 2048)
    return list(PlainText("x.txt").cut(io.BytesIO(content), Place(), False))


def output(tagger, cut):
    try:
        found = list(tagger.tag(cut))
    finally:
        tagger.close()
    assert [chunk for chunk, _ in found] == cut
    return [tagged for _, tagged in found]


def test_three_processes_do_what_one_does(job, cut):
    one, three = ThisProcess(job, fingerprint=True), Processes(job, 3, fingerprint=True)
    assert one.ready == three.ready
    assert len(one.ready.fingerprint) == 64
    assert len(cut) > 8
    expected = output(one, cut)
    assert output(three, cut) == expected
    lines = b"".join(tagged.output for tagged in expected).decode().split("\n")
    texts = b"".join(chunk.data for chunk in cut).decode().split("\n")
    assert [json.loads(line)["text"] for line in lines[:-1]] == texts
    assert sum(tagged.counts.entities for tagged in expected) > 100


def test_a_chunk_does_not_depend_on_those_before_it(job, cut):
    expected = output(ThisProcess(job), cut)
    assert output(ThisProcess(job), cut[::-1])[::-1] == expected


def test_no_more_is_read_than_the_processes_are_ahead(job, cut):
    read = []

    def chunks_read():
        for chunk in cut:
            read.append(chunk)
            yield chunk

    tagger = Processes(job, 2)
    try:
        found = tagger.tag(chunks_read())
        next(found)
        assert len(read) <= 5
        next(found)
        assert len(read) <= 6
    finally:
        tagger.close()


def test_a_process_that_dies_is_an_error_and_nothing_hangs(job, cut):
    tagger = Processes(job, 2)
    try:
        found = tagger.tag(cut * 50)
        next(found)
        os.kill(tagger._workers[1]._process.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="a worker process died of SIGKILL"):
            list(found)
    finally:
        tagger.close()
    assert all(worker._process.poll() is not None for worker in tagger._workers)


def test_bad_input_is_told_from_where_it_is(model):
    tagger = Processes(Job(model, "jsonl", "x.jsonl", {}, "jsonl"), 2)
    cut = [Chunk(b'{"text": "a"}\n', 1, 14), Chunk(b'{"text": "b"}\n{\n', 2, 30)]
    try:
        found = tagger.tag(cut)
        assert next(found)[1].counts.documents == 1
        with pytest.raises(InputError, match=r"^x.jsonl:3: is not JSON"):
            next(found)
    finally:
        tagger.close()


def test_a_model_that_is_none_is_told(job, tmp_path):
    with pytest.raises(InputError, match="no model"):
        Processes(job._replace(model=str(tmp_path / "none")), 2)


def test_the_parent_needs_no_numpy(job, cut):
    code = (
        "import sys\n"
        "from nertagger.bulk.processes import *\n"
        "from nertagger.bulk.tag_file import *\n"
        "tagger = Processes(Job(sys.argv[1], 'text', 'x.txt', {}, 'jsonl'), 2)\n"
        "from nertagger.bulk.chunks import Chunk\n"
        "(found,) = tagger.tag([Chunk(b'Ada\\n', 1, 4)])\n"
        "tagger.close()\n"
        "print('numpy' in sys.modules, found[1].counts.documents)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, job.model], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False 1\n"
