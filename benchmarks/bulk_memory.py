"""Shows that the memory of `nertagger tag --input FILE --output FILE` stays flat.

    python benchmarks/bulk_memory.py --model en --megabytes 1000 --workers 2

Generates text of the wanted size, tags it, and watches the resident memory of the process and of
its workers (Linux: /proc). What a process has written to is told apart from what it only maps, as
the weights, which all workers share. Prints a table by tenths of the input and writes JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "zen", "lor", "tis")
_SECONDS_BETWEEN_LOOKS = 0.2


class Memory(NamedTuple):
    """Resident memory in MiB: of the main process, of its largest worker, and of all together
    with what they share counted for each; and the part of it all that is no mapped file."""

    main: float
    largest_worker: float
    sum: float
    private_sum: float


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=None)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--json", default="bulk_memory.json", help="where the figures go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text.txt")
        generate(text, options.megabytes * 1_000_000)
        result = measure(text, Path(folder, "out.jsonl"), options.model, options.workers)
    result |= {"megabytes": options.megabytes, "workers": options.workers}
    print_table(result)
    Path(options.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def generate(path: Path, size: int) -> None:
    """Writes lines of 0 to 60 made-up words: a tenth of them new, some capitalised, some numbers,
    so that caches of words never stop to be filled."""
    chance = random.Random(20)
    common = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 3))) for _ in range(20_000)]
    weights = [1 / rank for rank in range(1, len(common) + 1)]
    written = 0
    with path.open("w", encoding="ascii") as file:
        while written < size:
            words = iter(chance.choices(common, weights, k=60_000))
            lines = []
            for _ in range(1000):
                line = [_varied(next(words), chance) for _ in range(chance.randint(0, 60))]
                lines.append(" ".join(line) + "\n")
            written += file.write("".join(lines))


def _varied(word: str, chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.1:
        return word + "".join(chance.choices(_SYLLABLES, k=3))
    if kind < 0.2:
        return word.title()
    return str(chance.randrange(100_000)) if kind < 0.23 else word + "," * (kind > 0.95)


def measure(text: Path, output: Path, model: str | None, workers: int) -> dict:
    """Tags the file, and looks at the memory again and again."""
    command = [sys.executable, "-m", "nertagger", "tag", "--input", text, "--output", output]
    command += ["--workers", str(workers), *(["--model", model] if model else [])]
    started = time.monotonic()
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    journal = output.with_name(output.name + ".partial.journal")
    looks: list[tuple[float, Memory]] = []
    while process.poll() is None:
        if memory := memory_of(process.pid):
            looks.append((_progress(journal) / text.stat().st_size, memory))
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    seconds = time.monotonic() - started
    if process.returncode:
        sys.exit(process.stderr.read() if process.stderr else "")
    tenths = [
        [memory for done, memory in looks if tenth <= 10 * done < tenth + 1] for tenth in range(10)
    ]
    return {
        "seconds": seconds,
        "megabytes_per_second": text.stat().st_size / 1e6 / seconds,
        "peak": _peak([memory for _, memory in looks])._asdict(),
        "tenths": [_peak(part)._asdict() for part in tenths if part],
    }


def _progress(journal: Path) -> int:
    try:
        # The last whole line: [offset in the input, …].
        return json.loads(journal.read_text("utf-8").split("\n")[-2])[0]
    except (OSError, ValueError, IndexError, KeyError):
        return 0


def _peak(memories: list[Memory]) -> Memory:
    return Memory(*(max(values) for values in zip(*memories, strict=True)))


def memory_of(pid: int) -> Memory | None:
    """The memory of a process and its children, or None where it has gone."""
    try:
        # A process has the children that any of its threads has started.
        tasks = Path(f"/proc/{pid}/task").iterdir()
        workers = [c for task in tasks for c in (task / "children").read_text().split()]
        own, *others = [_status(number) for number in (pid, *map(int, workers))]
    except (OSError, ValueError, KeyError):
        return None
    everyone = [own, *others]
    return Memory(
        own[0],
        max((rss for rss, _ in others), default=0.0),
        sum(rss for rss, _ in everyone),
        sum(private for _, private in everyone),
    )


def _status(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/status").read_text().split("\n")
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    resident, anonymous = (int(values[k].split()[0]) / 1024 for k in ("VmRSS", "RssAnon"))
    return resident, anonymous


def print_table(result: dict) -> None:
    """Peaks by tenths of the input, in MiB."""
    print(
        f"{result['megabytes']} MB, {result['workers']} workers, {result['seconds']:.0f} s, "
        f"{result['megabytes_per_second']:.2f} MB/s; peaks of resident memory in MiB"
    )
    names = ("main", "largest_worker", "sum", "private_sum")
    print("part".ljust(6), *(name.rjust(15) for name in names))
    rows = [(f"{n + 1}/10", row) for n, row in enumerate(result["tenths"])]
    for name, row in [*rows, ("all", result["peak"])]:
        print(name.ljust(6), *(f"{row[column]:15.1f}" for column in names))


if __name__ == "__main__":
    main()
