"""`nertagger serve`, as a process: it starts, it stops, it says in a line why it does not start."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("starlette", reason="serving needs it: pip install 'nertagger[serve]'")
pytest.importorskip("uvicorn", reason="serving needs it: pip install 'nertagger[serve]'")

COMMAND = [sys.executable, "-c", "from nertagger.cli import main; main()", "serve"]
ENVIRONMENT = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _fails(*arguments: str, cwd=None, environment=ENVIRONMENT) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=environment,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_it_serves_and_stops_when_it_is_told_to(saved_models):
    process = subprocess.Popen(
        [*COMMAND, "--model", f"one={saved_models / 'half'}",
         "--model", str(saved_models / "types"), "--port", "0", "--threads", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        found = re.fullmatch(
            r"nertagger serve: (http://127\.0\.0\.1:\d+)/ serves one \(2\), types \(1\); .*\n", line
        )
        assert found, line + process.stderr.read()
        request = urllib.request.Request(
            f"{found[1]}/v1/models/one:predict", b'{"instances": [1.0]}', method="POST"
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer) == {"predictions": [3.5]}
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "nertagger serve: stopped\n")


def test_a_port_in_use(saved_models):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = _fails("--model", str(saved_models / "half"), "--port", str(port))
    assert f"port {port} is in use at 127.0.0.1" in message
    assert "--port" in message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "no/such/folder"], "no/such/folder: no such folder"),
        (["--model", "nobody"], "no model 'nobody' in saved_models"),
        (["--model", "x="], "names no folder"),
        (["--model", "x=."], "holds no SavedModel"),
        (["--model-config-file", "no.config"], "no.config: cannot be read"),
        (["--model-config-file", "no.config", "--model", "en"], "exclude each other"),
        (["--monitoring-config-file", "no.txt"], "no.txt: cannot be read"),
        (["--port", "70000"], "70000"),
        (["--max-batch-size", "0"], "0"),
    ],
)
def test_mistakes_are_told_in_a_line(tmp_path, arguments, said):
    assert said in _fails(*arguments, cwd=tmp_path)


def test_two_models_of_one_name(saved_models):
    half = str(saved_models / "half")
    assert "two models are called 'half'" in _fails("--model", half, "--model", half)


def test_a_host_that_is_not_this_machine(saved_models):
    message = _fails("--model", str(saved_models / "half"), "--host", "192.0.2.1", "--port", "0")
    assert "cannot listen at 192.0.2.1:0" in message


@pytest.mark.slow
def test_a_damaged_model(saved_models, tmp_path):
    version = tmp_path / "m" / "1"
    version.mkdir(parents=True)
    whole = (saved_models / "half" / "1" / "saved_model.pb").read_bytes()
    (version / "saved_model.pb").write_bytes(whole[: len(whole) // 2])
    message = _fails("--model", str(tmp_path / "m"), "--port", "0")
    assert "cannot be loaded" in message
    assert str(version) in message


def test_what_is_missing_to_serve_is_named(tmp_path):
    code = (
        "import importlib.util as u; find = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'uvicorn' else find(name, *a); "
        "from nertagger.cli import main; main(['serve'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "pip install 'nertagger[serve]'" in done.stderr
