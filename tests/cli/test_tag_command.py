"""`nertagger tag`: what it prints, where, with which exit code, and what it leaves behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nertagger.runtime.tagger import load

NERTAGGER = [sys.executable, "-m", "nertagger", "tag"]


def run(*arguments, data=b"", check=0, **options):
    result = subprocess.run(
        [*NERTAGGER, *map(str, arguments)], input=data, capture_output=True, **options
    )
    assert result.returncode == check, result.stderr.decode()
    result.lines = result.stdout.decode().split("\n")[:-1]
    result.errors = result.stderr.decode().split("\n")[:-1]
    return result


def refused(*arguments, **options):
    """The one line on stderr of a command that is refused."""
    result = run(*arguments, check=2, **options)
    (line,) = result.errors
    assert line.startswith("nertagger")
    return line


@pytest.fixture
def text(tmp_path, words):
    path = tmp_path / "in.txt"
    path.write_text("\n".join(" ".join(words[i:]) for i in range(12)) + "\n\nlast", "utf-8")
    return path


def expected(model, texts):
    return [document.to_dict() for document in load(model).pipe(texts)]


def test_texts_are_a_table_and_json_is_the_documents(model, words):
    texts = [" ".join(words), "", "Ada"]
    table = run("--model", model, *texts).stdout.decode()
    assert table.startswith(texts[0] + "\n  ")
    assert "\033" not in table
    found = json.loads(run("--model", model, "--format", "json", *texts).stdout)
    assert found == expected(model, texts)
    assert sum(len(document["entities"]) for document in found) > 3


def test_an_argument_that_is_not_utf_8_is_replaced(model):
    arguments = [os.fsencode(a) for a in [*NERTAGGER, "--model", model, "--format", "jsonl"]]
    result = subprocess.run([*arguments, b"Ada \xff"], capture_output=True, check=True)
    assert json.loads(result.stdout)["text"] == "Ada \ufffd"
    assert b"warning: 1 sequences of bytes that are not UTF-8" in result.stderr


def test_each_line_on_stdin_is_a_line_of_output(model):
    data = b"Ada Lovelace\n\n a\0b \xff\xc3\n" + "東京\r\nlast".encode()
    result = run("--model", model, data=data)
    texts = ["Ada Lovelace", "", " a\0b \ufffd\ufffd", "東京", "last"]
    assert [json.loads(line) for line in result.lines] == expected(model, texts)
    (warning,) = result.errors
    assert "stdin: 2 sequences of bytes that are not UTF-8 became U+FFFD" in warning


def test_a_stream_is_tagged_as_it_comes(model):
    with subprocess.Popen(
        [*NERTAGGER, "--model", model], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        for text in ("Ada", "Bo"):
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
            # Had it waited for more, this would wait for ever.
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
        assert process.wait() == 0


def test_no_text_is_no_documents(model, tmp_path):
    (tmp_path / "empty.txt").touch()
    output = tmp_path / "out.json"
    for arguments in (["--input", tmp_path / "empty.txt"], []):
        result = run("--model", model, *arguments)
        assert result.stdout == b""
        assert "warning" in result.errors[0]
        assert "has no documents" in result.errors[0]
    run("--model", model, "--input", tmp_path / "empty.txt", "--output", output, "--format", "json")
    assert json.loads(output.read_text()) == []


def test_files_become_files(model, text, tmp_path):
    output = tmp_path / "out.jsonl"
    result = run("--model", model, "--input", text, "--output", output)
    assert result.stdout == b""
    assert "14 documents" in result.errors[-1]
    lines = output.read_text("utf-8").split("\n")[:-1]
    assert [json.loads(line) for line in lines] == expected(model, text.read_text().split("\n"))
    assert sorted(os.listdir(tmp_path)) == ["in.txt", "out.jsonl"]
    to_stdout = run("--model", model, "--input", text)
    assert to_stdout.stdout == output.read_bytes()
    assert to_stdout.errors == []


@pytest.mark.parametrize("form", ["jsonl", "json", "conll", "html"])
def test_workers_change_nothing(model, text, form, tmp_path):
    arguments = ["--model", model, "--input", text, "--format", form]
    assert run(*arguments, "--workers", 2).stdout == run(*arguments, "--workers", 1).stdout


def test_a_table_s_columns_are_carried_through(model, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text('id,body\n1,"Ada, of\nLondon"\n2,\n')
    result = run("--model", model, "--input", path, "--text-column", "body")
    assert [json.loads(line) for line in result.lines] == [
        document | {"id": number}
        for document, number in zip(
            expected(model, ["Ada, of\nLondon", ""]), ["1", "2"], strict=True
        )
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_neither_tensorflow_nor_keras_nor_rich_is_imported(model, text, workers, tmp_path):
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from nertagger.cli import main\n"
        "main()"
    )
    for arguments in (["Ada"], ["--input", text, "--workers", str(workers)]):
        result = subprocess.run(
            [sys.executable, "-c", code, "tag", "--model", model, *map(str, arguments)],
            capture_output=True,
            check=True,
        )
        modules = {name.partition(".")[0] for name in result.stderr.decode().split()}
        assert "click" in modules
        assert not {"tensorflow", "keras", "rich", "h5py", "matplotlib"} & modules


BLOCKED = """
import os, sys, time
from nertagger.bulk import chunk_tagger, chunks, partial_output, tag_file
from nertagger.cli import main

chunks.CHUNK_BYTES = tag_file.CHUNK_BYTES = 100
partial_output._SECONDS_BETWEEN_LINES = 0
tag, count = chunk_tagger.ChunkTagger.__call__, 0

def blocked(self, chunk):
    global count
    count += 1
    if count > int(os.environ.get("BLOCK_AFTER", "1000000")):
        print("blocked", file=sys.stderr, flush=True)
        time.sleep(600)
    return tag(self, chunk)

chunk_tagger.ChunkTagger.__call__ = blocked
main()
"""


def stopped(number, after, arguments):
    """Runs until so many chunks are tagged, and sends it a signal."""
    with subprocess.Popen(
        [sys.executable, "-c", BLOCKED, "tag", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"BLOCK_AFTER": str(after)},
    ) as process:
        assert process.stderr.readline() == b"blocked\n"
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout.decode(), stderr.decode()


def resume(arguments):
    subprocess.run(
        [sys.executable, "-c", BLOCKED, "tag", *map(str, arguments), "--resume"], check=True
    )


@pytest.mark.parametrize(("form", "number"), [("jsonl", "SIGINT"), ("json", "SIGKILL")])
def test_what_was_interrupted_is_resumed_to_the_same_bytes(model, text, tmp_path, form, number):
    whole, output = tmp_path / "whole", tmp_path / "out"
    arguments = ["--model", model, "--input", text, "--format", form, "--output"]
    for after in (4, 3):
        code, _, errors = stopped(
            getattr(signal, number),
            after,
            [*arguments, output, *(["--resume"] if after == 3 else [])],
        )
        assert not output.exists()
        if number == "SIGINT":
            assert code == 130
            assert len(errors.strip().split("\n")) == 1
            assert "interrupted; " in errors
            assert "with --resume goes on" in errors
    before = (tmp_path / "out.partial").read_bytes()
    assert before.endswith(b"\n") or form == "json"
    resume([*arguments, output])
    subprocess.run([sys.executable, "-c", BLOCKED, "tag", *map(str, arguments), whole], check=True)
    assert output.read_bytes() == whole.read_bytes()
    assert output.read_bytes().startswith(before)
    assert before.count(b"\n") > 5
    assert sorted(os.listdir(tmp_path)) == ["in.txt", "out", "whole"]


def test_resuming_with_another_input_is_refused(model, text, tmp_path):
    arguments = ["--model", model, "--input", text, "--output", tmp_path / "out"]
    stopped(signal.SIGKILL, 3, arguments)
    text.write_text(text.read_text("utf-8") + "more", "utf-8")
    partial = (tmp_path / "out.partial").read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", BLOCKED, "tag", *map(str, arguments), "--resume"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "was begun with another input size" in result.stderr
    assert (tmp_path / "out.partial").read_bytes() == partial


def test_an_interrupted_stream_ends_with_a_whole_line(model, text):
    code, stdout, errors = stopped(signal.SIGINT, 3, ["--model", model, "--input", text])
    assert code == 130
    assert errors == "nertagger: interrupted\n"
    assert stdout.endswith("\n")
    assert [json.loads(line)["text"] for line in stdout.split("\n")[:-1]] == text.read_text(
        "utf-8"
    ).split("\n")[: stdout.count("\n")]


def test_a_reader_that_has_seen_enough_is_no_error(model, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("Ada\n" * 20_000)
    for workers in (1, 2):
        with subprocess.Popen(
            [*NERTAGGER, "--model", model, "--input", path, "--workers", str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout.readline().startswith(b'{"text": "Ada"')
            process.stdout.close()
            assert process.stderr.read() == b""
            process.wait(60)


def test_bad_input_is_refused_in_one_line(model, text, tmp_path):
    table = tmp_path / "in.csv"
    table.write_text("a,b\n1,2\n")
    assert "there is no such file" in refused("--model", model, "--input", tmp_path / "none")
    assert "is a directory" in refused("--model", model, "--input", tmp_path)
    assert "--text-column" in refused("--model", model, "--input", table)
    assert "no column 'c'" in refused("--model", model, "--input", table, "--text-column", "c")
    assert "no model" in refused("--model", tmp_path / "none", "Ada")
    assert "--frobnicate" in refused("--frobnicate", "Ada")
    assert "'x'" in refused("--workers", "x", "--input", text)
    assert "--input" in refused("--input", text, "Ada")
    assert "--output" in refused("--model", model, "--input", text, "--resume")
    output = tmp_path / "no" / "out"
    assert "there is no directory" in refused("--model", model, "Ada", "--output", output)
    assert "is a directory" in refused("--model", model, "Ada", "--output", tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "in.txt"]


def test_a_line_that_is_no_document_leaves_nothing_behind(model, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "Ada"}\n{"text": 1}\n')
    for workers in (1, 2):
        line = refused(
            "--model", model, "--input", path, "--output", tmp_path / "out", "--workers", workers
        )
        assert f"{path}:2: is no object with a text" in line
    assert os.listdir(tmp_path) == ["in.jsonl"]


def test_truncated_weights_are_refused(model, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    (weights,) = copy.rglob("weights.safetensors")
    os.truncate(weights, weights.stat().st_size - 100)
    for arguments in (["Ada"], ["--workers", 2]):
        assert "weights.safetensors" in refused("--model", copy, *arguments)


def test_the_input_is_never_overwritten(model, text):
    before = text.read_bytes()
    assert "is the input" in refused("--model", model, "--input", text, "--output", text)
    link = text.with_name("link")
    link.symlink_to(text)
    assert "is the input" in refused("--model", model, "--input", text, "--output", link)
    partial = text.rename(text.with_name("out.partial"))
    output = text.with_name("out")
    assert "is the input" in refused("--model", model, "--input", partial, "--output", output)
    with partial.open("ab") as file:
        result = subprocess.run(
            [*NERTAGGER, "--model", model, "--input", partial], stdout=file, stderr=subprocess.PIPE
        )
    assert result.returncode == 2
    assert b"is the input and the output" in result.stderr
    assert partial.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_is_one_line(model, text):
    for arguments in (["Ada"], ["--input", text], ["--input", text, "--workers", 2]):
        line = refused("--model", model, *arguments, "--output", "/dev/full")
        assert "/dev/full: cannot be written: no space left on device" in line
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [*NERTAGGER, "--model", model, *map(str, arguments)],
                stdout=full,
                stderr=subprocess.PIPE,
            )
        assert result.returncode == 2
        assert result.stderr.decode().count("\n") == 1
        assert b"no space left on device" in result.stderr
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(os.name != "posix", reason="closing stdin for a child is POSIX's")
def test_closed_streams_are_told(model):
    def closed(redirection):
        command = " ".join([*NERTAGGER, "--model", model, redirection])
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True)

    result = closed("<&-")
    assert result.returncode == 2
    assert "stdin is closed" in result.stderr
    result = closed("Ada >&-")
    assert result.returncode == 2
    assert "stdout is closed" in result.stderr


def test_long_lines_and_sentences_are_tagged_whole(model, words):
    long = " ".join(words * (1_000_000 // len(" ".join(words)))) + " . Ada"
    result = run("--model", model, data=long.encode() + b"\nAda\n")
    first, second = map(json.loads, result.lines)
    assert first["text"] == long
    assert [first, second] == expected(model, [long, "Ada"])
    (warning,) = result.errors
    assert "1 sentence longer than 256 tokens was cut" in warning


def test_a_worker_that_dies_is_one_line(model, text, tmp_path):
    code = BLOCKED.replace("main()", "") + (
        "from nertagger.bulk import processes\n"
        "begin = processes._Worker.tag\n"
        "def tag(self, chunk):\n"
        "    if chunk.line > 5:\n"
        "        self._process.kill()\n"
        "        time.sleep(0.1)\n"
        "    return begin(self, chunk)\n"
        "processes._Worker.tag = tag\n"
        "main()\n"
    )
    arguments = ["tag", "--model", model, "--input", text, "--workers", 2]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments), "--output", tmp_path / "out"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "a worker process died of SIGKILL" in result.stderr
    assert "with --resume goes on" in result.stderr
    assert not (tmp_path / "out").exists()


def test_ctrl_c_ends_workers_that_do_not_answer(model, text, tmp_path):
    code = BLOCKED.replace("main()", "") + (
        "import signal\n"
        "from nertagger.bulk import processes\n"
        "begin = processes._Worker.tag\n"
        "def tag(self, chunk):\n"
        "    if chunk.line > 5:\n"
        "        os.kill(self._process.pid, signal.SIGSTOP)\n"
        "        print(self._process.pid, file=sys.stderr, flush=True)\n"
        "    return begin(self, chunk)\n"
        "processes._Worker.tag = tag\n"
        "main()\n"
    )
    arguments = ["tag", "--model", model, "--input", text, "--workers", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments), "--output", tmp_path / "out"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        workers = [int(process.stderr.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith("nertagger: interrupted; ")
    assert errors.count("\n") == 1
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_what_is_typed_is_tagged_line_by_line(model):
    import pty

    main, child = pty.openpty()
    with subprocess.Popen(
        [*NERTAGGER, "--model", model], stdin=child, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert b"Ctrl-D ends" in process.stderr.readline()
        for line in (b"Ada Lovelace\n", b"Oslo\n"):
            os.write(main, line)
            # A blank line stands between documents.
            while (found := process.stdout.readline()) == b"\n" or found.startswith(b"  "):
                pass
            assert found == line
        os.write(main, b"\x04")
        process.communicate(timeout=60)
    os.close(main)
    os.close(child)
    assert process.returncode == 0
