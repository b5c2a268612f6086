"""The table of cases, each sent to a running server as it stands.

`rest_cases.json` holds what TensorFlow Serving's sources say of a request: its status and, to the
byte, its body (`answer`, or the message in `error`; null where the message is the runtime's own).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CASES = json.loads(Path(__file__).with_name("rest_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_answer(server, case):
    status, body, headers = server.request(case["method"], case["path"], case["body"])
    text = body.decode()
    assert status == case["status"], text
    assert headers["Content-Type"] == "application/json"
    if "answer" in case:
        assert text == case["answer"]
    elif case["error"] is None:
        assert list(json.loads(text)) == ["error"]
    else:
        message = json.dumps(case["error"], ensure_ascii=False)
        assert text == f'{{\n    "error": {message}\n}}'


def test_bytes_that_are_not_utf8_pass_through(server):
    status, body, _ = server.request(
        "POST", "/v1/models/types:predict", b'{"instances": ["\xff\xfe", "\\udc00"]}'
    )
    assert status == 200
    # A low surrogate alone is encoded as if it were a character.
    assert body == b'{\n    "predictions": ["\xff\xfe", "\xed\xb0\x80"\n    ]\n}'


def test_metadata(server):
    status, body, _ = server.request("GET", "/v1/models/half/versions/1/metadata")
    assert status == 200
    assert body.startswith(
        b'{\n"model_spec":{\n "name": "half",\n "version": "1",\n "signature_name": ""\n}\n,\n'
        b'"metadata": {"signature_def": {\n "signature_def": {\n'
    )
    document = json.loads(body)
    definitions = document["metadata"]["signature_def"]["signature_def"]
    assert set(definitions) == {
        *("serving_default", "regress_x_to_y", "classify_x_to_y", "classify_names"),
        "unknown_method",
    }
    assert definitions["serving_default"] == {
        "inputs": {
            "x": {
                "name": "x:0",
                "dtype": "DT_FLOAT",
                "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
            }
        },
        "outputs": {
            "y": {
                "name": "y:0",
                "dtype": "DT_FLOAT",
                "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
            }
        },
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }


def test_metadata_by_label_is_of_that_version(server):
    status, body, _ = server.request("GET", "/v1/models/half/labels/stable/metadata")
    assert status == 200
    assert json.loads(body)["model_spec"]["version"] == "1"


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v2/models/half", "/page/../server.py"])
def test_paths_outside_the_api_are_not_found(server, path):
    assert server.request("GET", path)[0] == 404


def test_deep_nesting_is_refused_and_the_server_stays_up(server):
    for depth in (300, 5_000, 250_000):
        # 254 is the highest rank of a tensor.
        body = '{"instances": ' + "[" * depth + "0.5" + "]" * depth + "}"
        status, answer, _ = server.request("POST", "/v1/models/half:predict", body)
        assert status == 400
        expected = "tensor parsing error: x" if depth == 300 else "nested deeper"
        assert expected in json.loads(answer)["error"]
    assert server.predict("half", {"instances": [1.0]}) == {"predictions": [3.5]}
