"""What tagging with a model costs, in a process of its own.

    python -m nertagger.laboratory.tagging_cost MODEL TEXTS

A process of its own, because the number of threads of a matrix product is fixed when NumPy is
imported, and the one that has trained holds memory that tagging does not need.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nertagger.runtime.tagger import load

_PASSES = 20
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}


def tagging_cost(model: Path, texts: Path) -> dict[str, Any]:
    """Measures a model.

    Args:
        model: its directory.
        texts: a JSON list of strings.

    Returns:
        "tokens", how many the texts have; "tokens_per_second", of CPU time, of the fastest of
        several passes by the NumPy runtime in one thread, after a first one in which the words were
        met; "weights_bytes", of the file of the weights; "peak_bytes", the most that loading and
        the first pass held of Python objects and arrays, the weights not counted, which are mapped
        from their file.

    Raises:
        subprocess.CalledProcessError: the process failed; its stderr has gone to this one's.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "nertagger.laboratory.tagging_cost", str(model), str(texts)],
        env=os.environ | _ONE_THREAD,
        stdout=subprocess.PIPE,
        check=True,
        # Ctrl-C stops the experiment, which then stops this.
        start_new_session=True,
    )
    return json.loads(finished.stdout)


def measure(model: str, texts: Sequence[str]) -> dict[str, Any]:
    """`tagging_cost`, in this process."""
    tracemalloc.start()
    tagger = load(model)
    for _ in tagger.pipe(texts):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    tokens, seconds = 0, []
    for _ in range(_PASSES):
        started = time.process_time()
        documents = list(tagger.pipe(texts))
        seconds.append(time.process_time() - started)
        tokens = sum(len(document.tokens) for document in documents)
    return {
        "tokens": tokens,
        "tokens_per_second": tokens / max(min(seconds), 1e-9),
        "weights_bytes": sum(
            path.stat().st_size for path in Path(model).rglob("weights.safetensors")
        ),
        "peak_bytes": peak,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8")))))
