"""What `nertagger serve` costs, and what it holds: a table, and JSON with --output.

    python benchmarks/serving.py --model en

Everything stays on this machine: the server is a process of its own that listens at 127.0.0.1, the
clients are threads of this one, and both share the processors. The texts are made up from a few
lists, so that they can be made again.

    lone client      one text a request, one request after the other
    in process       the same SavedModel, called by Python without a server; the difference to the
                     line above is the server's own cost
    32 clients       one text a request, with batching on and off
    one request      a thousand texts in it
    version swap     clients without a pause while a new version takes over; each answer is compared
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PEOPLE = ["Mara Lind", "Tom Okafor", "Inés Prado", "Jun Watanabe", "Leila Haddad", "Piet de Boer"]
PLACES = ["Oslo", "Porto", "New Delhi", "Accra", "Lyon", "Salt Lake City", "Perth"]
FIRMS = ["Norwind", "Halden Rail", "the Bank of Torvik", "Kestrel Labs", "Universal Grain"]
FRAMES = [
    "{0} flew to {1} on Monday to meet the board of {2}.",
    "In {1}, {2} said that {0} would leave in March.",
    "{2} has opened an office in {1}; {0} is to lead it.",
    "The talks between {0} and {2} in {1} ended without an agreement.",
    "When {0} was born, {1} had no university.",
]
FIELDS = ("entity", "label", "start", "end")


def make_texts(count: int) -> list[str]:
    """So many sentences, the same each time."""
    chosen = random.Random(20)
    return [
        chosen.choice(FRAMES).format(
            chosen.choice(PEOPLE), chosen.choice(PLACES), chosen.choice(FIRMS)
        )
        for _ in range(count)
    ]


@contextlib.contextmanager
def served(base: Path, *arguments: str) -> Iterator[int]:
    """Serves a folder as `bench`; yields the port."""
    command = [sys.executable, "-c", "from nertagger.cli import main; main()", "serve"]
    command += ["--model", f"bench={base}", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if not found:
            sys.exit(f"the server did not start: {line}")
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(60)


class Client:
    """A connection that is kept."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, texts: list[str]) -> tuple[int, bytes]:
        self.connection.request(
            "POST", "/v1/models/bench:predict", json.dumps({"instances": texts}).encode()
        )
        response = self.connection.getresponse()
        return response.status, response.read()


def found(answer: bytes) -> list[list]:
    """The entities of the first text of an answer."""
    row = json.loads(answer)["predictions"][0]
    return [row[field][: row["count"]] for field in FIELDS]


def milliseconds(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "median_ms": 1e3 * statistics.median(ordered),
        "p99_ms": 1e3 * ordered[min(int(0.99 * len(ordered)), len(ordered) - 1)],
        "requests": len(ordered),
    }


def timed(action: Any, count: int) -> list[float]:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return times


def lone_client_and_in_process(
    port: int, version: Path, text: str, count: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The same text through the server and without it, by turns: the machine's mood is shared."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    client = Client(port)

    def ask() -> None:
        client.ask([text])

    def call() -> dict:
        return {name: tensor.numpy() for name, tensor in signature(tf.constant([text])).items()}

    timed(ask, 50)
    timed(call, 50)
    served_times, called_times = [], []
    for _ in range(20):
        served_times += timed(ask, count // 20)
        called_times += timed(call, count // 20)
    return milliseconds(served_times), milliseconds(called_times)


def many_clients(port: int, texts: list[str], clients: int, seconds: float) -> dict[str, float]:
    times: list[float] = []
    failed: list[bytes] = []
    end = time.perf_counter() + seconds + 1

    def work(seed: int) -> None:
        client, chosen = Client(port), random.Random(seed)
        while (started := time.perf_counter()) < end:
            status, answer = client.ask([chosen.choice(texts)])
            if status != 200:
                failed.append(answer)
            # The first second is not counted.
            if started > end - seconds:
                times.append(time.perf_counter() - started)

    run_together(work, clients)
    result = milliseconds(times)
    return {"requests_per_second": len(times) / seconds, "failed": len(failed), **result}


def run_together(work: Any, count: int) -> None:
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def one_request(port: int, texts: list[str], count: int = 5) -> dict[str, float]:
    from nertagger.text.tokens import tokenize

    tokens = sum(len(tokenize(text)[0]) for text in texts)
    client = Client(port)
    client.ask(texts)
    seconds = statistics.median(timed(lambda: client.ask(texts), count))
    return {"texts": len(texts), "tokens": tokens, "tokens_per_second": tokens / seconds}


def version_swap(
    base: Path, port: int, texts: list[str], clients: int, seconds: float
) -> dict[str, Any]:
    expected = {text: found(Client(port).ask([text])[1]) for text in texts}
    old = max(int(path.name) for path in base.iterdir())
    wrong: list[str] = []
    answered = [0] * clients
    stop = threading.Event()

    def work(seed: int) -> None:
        client, chosen = Client(port), random.Random(seed)
        while not stop.is_set():
            text = chosen.choice(texts)
            try:
                status, answer = client.ask([text])
                right = status == 200 and found(answer) == expected[text]
            except (OSError, http.client.HTTPException) as error:
                answer, right = repr(error).encode(), False
            answered[seed] += 1
            if not right:
                wrong.append(answer.decode("utf-8", "replace")[:200])

    started = time.perf_counter()
    loading = threading.Thread(target=swap, args=(base, port, old, started + seconds, stop))
    loading.start()
    run_together(work, clients)
    loading.join()
    return {
        "seconds": time.perf_counter() - started,
        "requests": sum(answered),
        "lost_or_wrong": len(wrong),
        "first_failures": wrong[:3],
        "versions": states(port),
    }


def swap(base: Path, port: int, old: int, end: float, stop: threading.Event) -> None:
    """Adds a version after a third of the time, and stops when it has served for as long."""
    third = (end - time.perf_counter()) / 3
    time.sleep(third)
    add_version(base, old)
    deadline = time.perf_counter() + 120
    while states(port).get(str(old)) != "END" and time.perf_counter() < deadline:
        time.sleep(0.2)
    time.sleep(max(third, end - time.perf_counter()))
    stop.set()


def states(port: int) -> dict[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/v1/models/bench")
        status = json.loads(connection.getresponse().read())["model_version_status"]
    return {entry["version"]: entry["state"] for entry in status}


def add_version(base: Path, old: int) -> None:
    coming = base / f".{old + 1}.tmp"
    shutil.copytree(base / str(old), coming)
    coming.rename(base / str(old + 1))


def run(options: argparse.Namespace) -> dict[str, Any]:
    from nertagger.serving.configuration import models_from_arguments

    (model,) = models_from_arguments([options.model] if options.model else [])
    wanted = model.wanted()
    source = wanted[max(wanted)]
    texts = make_texts(1000)
    results: dict[str, Any] = {"model": str(source), "processors": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "bench"
        shutil.copytree(source, base / "1")
        with served(base) as port:
            results["lone_client"], results["in_process"] = lone_client_and_in_process(
                port, base / "1", texts[0], options.requests
            )
            results["batching_on"] = many_clients(port, texts, 32, options.seconds)
            results["one_request"] = one_request(port, texts)
            results["version_swap"] = version_swap(base, port, texts, 8, options.swap_seconds)
        with served(base, "--max-batch-size", "1") as port:
            results["batching_off"] = many_clients(port, texts, 32, options.seconds)
    results["own_cost_ms"] = (
        results["lone_client"]["median_ms"] - results["in_process"]["median_ms"]
    )
    return results


def table(results: dict[str, Any]) -> str:
    """The results, rounded."""
    rows = [("", "median ms", "p99 ms", "requests/s")]
    for title, key in (
        ("lone client, one text", "lone_client"),
        ("in process, one text", "in_process"),
        ("32 clients, batching on", "batching_on"),
        ("32 clients, batching off", "batching_off"),
    ):
        line = results[key]
        rate = f"{line['requests_per_second']:.0f}" if "requests_per_second" in line else ""
        rows.append((title, f"{line['median_ms']:.2f}", f"{line['p99_ms']:.2f}", rate))
    lines = [f"{a:<26}{b:>11}{c:>11}{d:>12}" for a, b, c, d in rows]
    request, swap = results["one_request"], results["version_swap"]
    states = ", ".join(f"{version} {state}" for version, state in swap["versions"].items())
    lines += [
        f"the server's own cost: {results['own_cost_ms']:.2f} ms at the median",
        f"{request['texts']} texts in one request: {request['tokens_per_second']:.0f} tokens/s",
        f"version swap: {swap['requests']} requests in {swap['seconds']:.0f} s, "
        f"{swap['lost_or_wrong']} lost or wrong; versions: {states}",
        f"model: {results['model']}; processors: {results['processors']}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a tagger's name or folder; default: the one that ships")
    parser.add_argument("--requests", type=int, default=500, help="of the lone client")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each run of 32 clients")
    parser.add_argument(
        "--swap-seconds", type=float, default=60.0, help="of the version swap, at least"
    )
    parser.add_argument("--output", help="JSON file to write")
    options = parser.parse_args()
    results = run(options)
    print(table(results))
    if options.output:
        from nertagger.writing import atomic_file

        with atomic_file(options.output) as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
