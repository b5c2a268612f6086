"""What `tagging.py` measures inside a process that tags, as JSON.

    python tagging_inside.py sentence MODEL TEXT | bulk MODEL FILE

`bulk` tags the file three times with a new tagger each: untouched, with a clock on each stage, and
with a list of all matrix products, which are then computed again on their own.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import nertagger
from nertagger.recurrent import numpy_ops
from nertagger.runtime import tagger as tagger_module
from nertagger.runtime.chain_inference import ChainInference, Inferred
from nertagger.runtime.tagger import Tagger


def peak_memory() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3 * 1.024


def sentence(model: str, text: str) -> dict[str, Any]:
    started = time.perf_counter()
    tagger = nertagger.load(model)
    loaded = time.perf_counter()
    tokens = len(tagger(text).tokens)
    times = []
    for _ in range(3000):
        begin = time.perf_counter()
        tagger(text)
        times.append(time.perf_counter() - begin)
    return {
        "load_ms": 1e3 * (loaded - started),
        "tokens": tokens,
        "median_ms": 1e3 * statistics.median(times[100:]),
        "memory_mb": peak_memory(),
    }


def bulk(model: str, path: str) -> dict[str, Any]:
    texts = Path(path).read_text(encoding="utf-8").splitlines()
    tagger = nertagger.load(model)
    seconds, tokens = tag(tagger, texts)
    report: dict[str, Any] = {
        "seconds": seconds,
        "tokens": tokens,
        "cache_hit_rate": 1 - tagger.network.cache.computed / tokens,
    }
    report["stages_s"] = stages(nertagger.load(model), texts)
    report["products"], report["products_s"] = products(nertagger.load(model), texts)
    return report


def tag(tagger: Tagger, texts: list[str]) -> tuple[float, int]:
    """CPU seconds for all texts, which a busy machine does not lengthen much, and their tokens."""
    from unittest.mock import patch

    tokens = 0
    real = tagger.network.logits

    def counted(words: Any, *offsets: Any) -> Any:
        nonlocal tokens
        tokens += len(words)
        return real(words, *offsets)

    with patch.object(tagger.network, "logits", counted):
        started = time.process_time()
        for _ in tagger.pipe(texts):
            pass
        return time.process_time() - started, tokens


def stages(tagger: Tagger, texts: list[str]) -> dict[str, float]:
    """CPU seconds of each stage."""
    from unittest.mock import patch

    spent: dict[str, float] = {}

    def clocked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            started = time.process_time()
            result = function(*arguments, **options)
            spent[name] = spent.get(name, 0.0) + time.process_time() - started
            return result

        return call

    network, decoder = tagger.network, tagger.decoder
    places: list[tuple[str, Any, str]] = [
        ("tokens and sentences", tagger_module, "segment"),
        ("features of new tokens", network.cache, "rows"),
        ("logits", network, "logits"),
        ("messages and marginals", ChainInference, "_exponentials"),
        ("best paths", Inferred, "__init__"),
        ("decoding", decoder, "decode"),
    ]
    with ExitStack() as stack:
        for name, owner, attribute in places:
            original = getattr(owner, attribute)
            stack.enter_context(patch.object(owner, attribute, clocked(name, original)))
        whole, _ = tag(tagger, texts)
    # Stages that lie inside another are taken out of it.
    features, logits, decoding = (
        spent.pop(name) for name in ("features of new tokens", "logits", "decoding")
    )
    inside = sum(spent.get(name, 0.0) for name in ("messages and marginals", "best paths"))
    spent["features of new tokens"] = features
    spent["encoder and head"] = logits - features
    spent["probabilities of entities, tags"] = decoding - inside
    spent["documents"] = whole - spent["tokens and sentences"] - logits - decoding
    return spent


def products(tagger: Tagger, texts: list[str]) -> tuple[int, float]:
    """How many matrix products the texts take, and the CPU seconds that these alone take."""
    from unittest.mock import patch

    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    real = numpy_ops.matmul

    def listed(a: Any, b: Any, *out: Any) -> Any:
        shapes.append((a.shape, b.shape))
        return real(a, b, *out)

    with patch.object(numpy_ops, "matmul", listed):
        tag(tagger, texts)
    draw = np.random.default_rng(1)
    operands = {
        shape: draw.normal(size=shape).astype(np.float32)
        for pair in dict.fromkeys(shapes)
        for shape in pair
    }
    started = time.process_time()
    for a, b in shapes:
        real(operands[a], operands[b])
    return len(shapes), time.process_time() - started


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    print(json.dumps({"sentence": sentence, "bulk": bulk}[task](*arguments)))
