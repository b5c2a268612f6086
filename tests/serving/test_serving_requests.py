"""What surrounds the API: limits, gzip, clients that misbehave, health, metrics."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import socket
import threading
import time

import pytest
from serving_server import run_server

from nertagger.serving.configuration import Limits
from nertagger.serving.models import ModelConfig

PREDICT = "/v1/models/half:predict"


@pytest.fixture(scope="module")
def strict(saved_models):
    """A server with tight limits."""
    configs = [
        ModelConfig("half", saved_models / "half"),
        ModelConfig("tagger", saved_models / "tagger"),
    ]
    with run_server(configs, Limits(body=2000, rows=3, text=10)) as running:
        yield running


@pytest.fixture
def impatient(saved_models):
    """A server that waits half a second for a request."""
    configs = [ModelConfig("half", saved_models / "half")]
    with run_server(configs, Limits(seconds=0.5)) as running:
        yield running


def _error(answer: bytes) -> str:
    return json.loads(answer)["error"]


def test_a_body_over_the_limit_is_413_and_not_read(strict):
    with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as client:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
        client.sendall(head.encode() + b'{"instances": [')
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert b"larger than the 2000 bytes" in answer


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(strict):
    def chunks():
        for _ in range(100):
            yield b" " * 100

    connection = http.client.HTTPConnection("127.0.0.1", strict.port, timeout=10)
    with contextlib.closing(connection):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", PREDICT, chunks(), encode_chunked=True)
        assert connection.getresponse().status == 413


def test_a_packed_body_is_measured_unpacked(strict):
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) > 2000
    small_bomb = gzip.compress(b" " * 100_000)
    assert len(small_bomb) < 2000
    headers = {"Content-Encoding": "gzip"}
    assert strict.request("POST", PREDICT, small_bomb, headers)[0] == 413


def test_rows_and_characters_are_limited(strict):
    status, answer, _ = strict.request("POST", PREDICT, '{"instances": [1, 2, 3, 4]}')
    assert (status, "4 rows" in _error(answer)) == (400, True)
    path = "/v1/models/tagger:predict"
    accepted = json.dumps({"instances": ["é" * 10]}, ensure_ascii=False)
    assert strict.request("POST", path, accepted)[0] == 200
    refused = json.dumps({"instances": ["é" * 11]}, ensure_ascii=False)
    status, answer, _ = strict.request("POST", path, refused)
    assert (status, "11 characters" in _error(answer)) == (400, True)


def test_gzip_both_ways(server):
    numbers = [float(n) for n in range(1000)]
    body = json.dumps({"instances": numbers}).encode()
    headers = {"Content-Encoding": "gzip", "Accept-Encoding": "deflate, gzip;q=0.5"}
    status, answer, got = server.request("POST", PREDICT, gzip.compress(body), headers)
    assert (status, got["Content-Encoding"], got["Vary"]) == (200, "gzip", "Accept-Encoding")
    assert int(got["Content-Length"]) == len(answer)
    expected = [n / 2 + 3 for n in numbers]
    assert json.loads(gzip.decompress(answer))["predictions"] == expected
    for accepted in ("", "identity", "gzip;q=0", "br"):
        _, answer, got = server.request("POST", PREDICT, body, {"Accept-Encoding": accepted})
        assert got["Content-Encoding"] is None
        assert json.loads(answer)["predictions"] == expected


def test_what_cannot_be_unpacked_is_an_empty_document(server):
    for body in (b"no gzip", gzip.compress(b'{"instances": [1]}')[:-9]):
        status, answer, _ = server.request("POST", PREDICT, body, {"Content-Encoding": "gzip"})
        assert (status, _error(answer)) == (400, "JSON Parse error: The document is empty")


def _read_to_the_end(client: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            answer += chunk
    return answer


def test_a_slow_body_is_408_and_a_slow_head_is_hung_up_on(impatient):
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as client:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
        client.sendall(head.encode() + b"{")
        assert _read_to_the_end(client).startswith(b"HTTP/1.1 408 ")
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as client:
        client.sendall(b"POST /v1/mod")
        assert _read_to_the_end(client) == b""


def test_a_client_that_hangs_up_troubles_nobody(server):
    body = json.dumps({"instances": [1.0] * 5000}).encode()
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for sent in (head + body, head + body[:100], head[:20], b"\x00\xff\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(sent)
    assert server.predict("half", {"instances": [1.0]}) == {"predictions": [3.5]}


def test_other_requests_go_on_beside_a_slow_one(strict):
    with socket.create_connection(("127.0.0.1", strict.port), timeout=20) as client:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
        client.sendall(head.encode())
        assert strict.predict("half", {"instances": [1.0]}) == {"predictions": [3.5]}


def test_health(server):
    status, answer, _ = server.request("GET", "/healthz")
    assert status == 200
    assert json.loads(answer) == {
        "status": "ok",
        "models": {"half": [1, 2], "a b": [7], "types": [1], "tagger": [1]},
    }


def _counts(server) -> dict[str, float]:
    status, page, headers = server.request("GET", "/monitoring/prometheus/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain")
    lines = page.decode().splitlines()
    for line in lines:
        assert re.fullmatch(r"# TYPE [a-zA-Z_:]+ (counter|histogram)|[a-z_:]+\{.*\} [\d.e+]+", line)
    return {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line[0] != "#"
    }


def test_metrics_count(server):
    before = _counts(server)
    for _ in range(3):
        server.predict("half", {"instances": [1.0]})
    server.predict("half", {"signature_name": "regress_x_to_y", "examples": [{}] * 5}, "regress")
    server.request("POST", PREDICT, "{")
    server.request("POST", '/v1/models/no"body:predict', '{"instances": [1]}')
    after = _counts(server)

    def more(key: str) -> float:
        return after[key] - before.get(key, 0)

    name = ":tensorflow:serving:request_count"
    assert more(f'{name}{{model_name="half",status="OK"}}') == 4
    assert more(f'{name}{{model_name="half",status="INVALID_ARGUMENT"}}') == 1
    # A name that is none does not get a line of its own.
    assert more(f'{name}{{model_name="",status="NOT_FOUND"}}') == 1
    name = ":tensorflow:serving:request_latency"
    labels = 'model_name="half",API="predict",entrypoint="REST"'
    assert more(f"{name}_count{{{labels}}}") == 3
    assert more(f'{name}_bucket{{{labels},le="+Inf"}}') == 3
    assert more(f"{name}_sum{{{labels}}}") > 0
    buckets = [value for key, value in after.items() if key.startswith(f"{name}_bucket{{{labels}")]
    assert len(buckets) == 34
    assert buckets == sorted(buckets)
    examples = ":tensorflow:serving:request_example_counts"
    assert more(f'{examples}_bucket{{model="half",le="8"}}') == 1
    assert more(f'{examples}_sum{{model="half"}}') == 5


def test_metrics_path_with_a_query_is_another_path(server):
    status, answer, _ = server.request("GET", "/monitoring/prometheus/metrics?x=1")
    assert status == 400
    assert answer == (
        b"Unexpected path: /monitoring/prometheus/metrics?x=1. "
        b"Should be /monitoring/prometheus/metrics"
    )


def test_a_stop_answers_what_it_has_accepted(saved_models):
    with run_server([ModelConfig("half", saved_models / "half")], timeout=0.6) as running:
        answers: list = []

        def ask() -> None:
            answers.append(running.request("POST", PREDICT, '{"instances": [1.0]}'))

        # The batch waits for others, and so is still there when the server is told to stop.
        client = threading.Thread(target=ask)
        client.start()
        time.sleep(0.2)
        assert not answers
        running.server.should_exit = True
        client.join(20)
        assert [answer[0] for answer in answers] == [200]
        with pytest.raises(ConnectionError):
            running.request("GET", "/healthz")
