"""Who tags the chunks: this process, or several others. Results come in the order of the input."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from nertagger.bulk.blas_threads import use_one_blas_thread
from nertagger.bulk.chunks import Chunk
from nertagger.bulk.frames import (
    CHUNK,
    FAILED,
    READY,
    REFUSED,
    START,
    TAGGED,
    Frame,
    read_frame,
    write_frame,
)
from nertagger.bulk.tagged import Counts, TaggedChunk
from nertagger.errors import InputError

_AHEAD = 2
"""Chunks for each process that are tagged or wait to be: what bounds the memory."""


class WorkerDied(InputError):
    """A process has gone, mostly because the system ended it."""


class Job(NamedTuple):
    """What chunks are tagged with; see `ChunkTagger` for the fields."""

    model: str | None
    input_format: str
    path: str
    input_options: dict[str, Any]
    output_format: str


class Ready(NamedTuple):
    """What the model turned out to be: its version directory, its labels, and a digest of it, ""
    unless it was asked for."""

    model: str
    labels: list[str]
    fingerprint: str


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThisProcess:
    """Tags chunks here, one after the other.

    Args:
        job: what with.
        fresh: see `ChunkTagger`.
        fingerprint: whether the model's is wanted.

    Raises:
        InputError: the model cannot be used.
    """

    def __init__(self, job: Job, fresh: bool = True, fingerprint: bool = False) -> None:
        from nertagger.bulk.chunk_tagger import ChunkTagger

        self._tagger = ChunkTagger(*job, fresh=fresh)
        self.ready = Ready(
            os.fspath(self._tagger.model_path),
            self._tagger.labels,
            self._tagger.fingerprint() if fingerprint else "",
        )

    def tag(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, TaggedChunk]]:
        """Each chunk and what is written for it."""
        for chunk in chunks:
            yield chunk, self._tagger(chunk)

    def close(self) -> None:
        """Nothing is left to be ended."""


class Processes:
    """Tags chunks in several processes, each with one thread and the same mapped weights.

    This process only cuts and writes; it needs neither NumPy nor the model.

    Args:
        job: what with.
        count: of processes.
        fingerprint: whether the model's is wanted.

    Raises:
        InputError: the model cannot be used.
    """

    def __init__(self, job: Job, count: int, fingerprint: bool = False) -> None:
        self._workers: list[_Worker] = []
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(count)
        try:
            first = self._start()
            self.ready = first.begin(job, fingerprint)
            # The others take the very version that the first one found.
            job = job._replace(model=self.ready.model)
            self._idle.put(first)
            others = [self._start() for _ in range(count - 1)]
            for worker in others:
                worker.send_job(job)
                self._idle.put(worker)
        except BaseException:
            self.close()
            raise

    def tag(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, TaggedChunk]]:
        """Each chunk and what is written for it.

        Raises:
            InputError: something in a chunk is not as the input format wants it.
            WorkerDied: a process is gone.
            RuntimeError: a process has failed in a way that is not the user's fault.
        """
        pending: deque[tuple[Chunk, Future[TaggedChunk]]] = deque()
        for chunk in chunks:
            pending.append((chunk, self._threads.submit(self._tag, chunk)))
            if len(pending) > _AHEAD * len(self._workers):
                yield _result(*pending.popleft())
        while pending:
            yield _result(*pending.popleft())

    def close(self) -> None:
        """Ends the processes, whatever they are doing."""
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def _start(self) -> _Worker:
        worker = _Worker()
        self._workers.append(worker)
        return worker

    def _tag(self, chunk: Chunk) -> TaggedChunk:
        worker = self._idle.get()
        try:
            return worker.tag(chunk)
        finally:
            self._idle.put(worker)


def _result(chunk: Chunk, future: Future[TaggedChunk]) -> tuple[Chunk, TaggedChunk]:
    return chunk, future.result()


class _Worker:
    """A process, and the two pipes to it."""

    def __init__(self) -> None:
        environment = dict(os.environ)
        use_one_blas_thread(environment)
        package = os.fspath(Path(__file__).resolve().parents[2])
        paths = [package, environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        self._process = subprocess.Popen(
            # -P: the working directory must not be where modules are looked for.
            [sys.executable, "-P", "-m", "nertagger.bulk.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C is for this process to handle, which then ends the others.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self._awaits_ready = False

    def begin(self, job: Job, fingerprint: bool) -> Ready:
        """Sends the job and waits until the model is loaded."""
        self.send_job(job, fingerprint)
        return self._await_ready()

    def send_job(self, job: Job, fingerprint: bool = False) -> None:
        """Sends the job; the answer is read before the first chunk is sent."""
        self._write(Frame(START, {**job._asdict(), "fingerprint": fingerprint}))
        self._awaits_ready = True

    def tag(self, chunk: Chunk) -> TaggedChunk:
        """Sends a chunk and waits for the result."""
        if self._awaits_ready:
            self._await_ready()
        self._write(Frame(CHUNK, [chunk.line, chunk.end], chunk.data))
        frame = self._read(TAGGED)
        return TaggedChunk(frame.data, Counts(*frame.value))

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Closes the pipes to a process that has been killed."""
        for file in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                file.close()
        self._process.wait()

    def _await_ready(self) -> Ready:
        self._awaits_ready = False
        return Ready(**self._read(READY).value)

    def _write(self, frame: Frame) -> None:
        try:
            write_frame(self._requests, frame)
        except (BrokenPipeError, ValueError):
            raise self._death() from None

    def _read(self, kind: bytes) -> Frame:
        frame = read_frame(self._answers)
        if frame is None:
            raise self._death()
        if frame.kind == REFUSED:
            message, path, line = frame.value
            raise InputError(message, path, line)
        if frame.kind == FAILED:
            raise RuntimeError(f"a worker process failed:\n{frame.value}")
        if frame.kind != kind:
            raise RuntimeError(f"a worker answered {frame.kind!r}; expected {kind!r}")
        return frame

    def _death(self) -> WorkerDied:
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return WorkerDied("a worker process stopped answering; try --workers 1")
        reason = f"with exit code {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-status).name
                reason = f"of {name}, which the system sends where memory is short"
                if name != "SIGKILL":
                    reason = f"of {name}"
        return WorkerDied(f"a worker process died {reason}; try fewer --workers")
