"""Requests that arrive together, run as one.

A request that finds an idle thread runs at once. While all are busy requests gather, and the next
thread takes as many as fit; with a timeout, a thread that is free waits that long for others to
come. What was run together is cut apart again along the first dimension.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from nertagger.serving.servable import Servable, batches_freely
from nertagger.serving.status import StatusError


class _Task:
    def __init__(self, inputs: dict[str, np.ndarray], rows: int, result: asyncio.Future):
        self.inputs = inputs
        self.rows = rows
        self.result = result


class _Queue:
    """Requests of one signature of one version, alike in everything but their number of rows."""

    def __init__(self, servable: Servable, signature_name: str):
        self.servable = servable
        self.signature_name = signature_name
        self.tasks: deque[_Task] = deque()
        self.rows = 0
        self.full = asyncio.Event()
        self.waiting = 0


class Batcher:
    """Runs servables in threads.

    Args:
        maximum_rows: of a batch; 1 turns batching off. A request that has more rows runs alone.
        timeout: how long, in seconds, a request waits for others though a thread is free.
        threads: how many runs go on at once.
    """

    def __init__(self, maximum_rows: int = 32, timeout: float = 0.0, threads: int = 2):
        self.maximum_rows = maximum_rows
        self.timeout = timeout
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix="inference")
        self._idle = asyncio.Semaphore(threads)
        self._queues: dict[Any, _Queue] = {}
        self._workers: set[asyncio.Task] = set()
        # A signature whose outputs turned out not to have the batch first.
        self._alone: set[tuple[str, int, str]] = set()

    async def run(
        self, servable: Servable, signature_name: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The outputs of a signature.

        Raises:
            StatusError: the run failed.
        """
        rows = self._rows(servable, signature_name, inputs)
        loop = asyncio.get_running_loop()
        if not rows or rows >= self.maximum_rows:
            async with self._idle:
                return await loop.run_in_executor(
                    self.executor, servable.run, signature_name, inputs
                )
        kinds = tuple((name, tensor.shape[1:]) for name, tensor in sorted(inputs.items()))
        key = (id(servable), signature_name, kinds)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(servable, signature_name)
        task = _Task(inputs, rows, loop.create_future())
        queue.tasks.append(task)
        queue.rows += rows
        if queue.rows >= self.maximum_rows:
            queue.full.set()
        # One worker a request is enough for any way in which they are taken; it ends at once if
        # another has taken its request along.
        worker = loop.create_task(self._work(key, queue))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        return await task.result

    def _rows(self, servable: Servable, signature_name: str, inputs: dict[str, np.ndarray]) -> int:
        if self.maximum_rows <= 1 or not inputs:
            return 0
        if (servable.name, servable.version, signature_name) in self._alone:
            return 0
        if not batches_freely(servable.signature(signature_name)):
            return 0
        counts = {tensor.shape[0] if tensor.ndim else 0 for tensor in inputs.values()}
        return counts.pop() if len(counts) == 1 else 0

    async def _work(self, key: Any, queue: _Queue) -> None:
        async with self._idle:
            if queue.tasks and self.timeout > 0 and queue.rows < self.maximum_rows:
                queue.waiting += 1
                try:
                    await asyncio.wait_for(queue.full.wait(), self.timeout)
                except TimeoutError:
                    pass
                finally:
                    queue.waiting -= 1
            tasks = self._take(queue)
            if not queue.tasks and self._queues.get(key) is queue and not queue.waiting:
                del self._queues[key]
            if tasks:
                await self._run_together(queue, tasks)

    def _take(self, queue: _Queue) -> list[_Task]:
        tasks: list[_Task] = []
        rows = 0
        while queue.tasks and (not tasks or rows + queue.tasks[0].rows <= self.maximum_rows):
            task = queue.tasks.popleft()
            queue.rows -= task.rows
            # A client that hung up is waited for no more.
            if not task.result.done():
                tasks.append(task)
                rows += task.rows
        if queue.rows < self.maximum_rows:
            queue.full.clear()
        return tasks

    async def _run_together(self, queue: _Queue, tasks: list[_Task]) -> None:
        loop = asyncio.get_running_loop()
        results: Sequence[Any]
        try:
            results = await loop.run_in_executor(self.executor, self._run_batch, queue, tasks)
        except Exception as error:
            # Whatever it was, nobody may be left waiting.
            results = [error] * len(tasks)
        for task, result in zip(tasks, results, strict=True):
            if task.result.done():
                continue
            if isinstance(result, BaseException):
                task.result.set_exception(result)
            else:
                task.result.set_result(result)

    def _run_batch(self, queue: _Queue, tasks: list[_Task]) -> Sequence[Any]:
        servable, name = queue.servable, queue.signature_name
        if len(tasks) > 1:
            merged = {
                key: np.concatenate([task.inputs[key] for task in tasks]) for key in tasks[0].inputs
            }
            try:
                outputs = servable.run(name, merged)
            except StatusError:
                # One of them is at fault; the others are none the worse for it.
                outputs = None
            if outputs is not None:
                ends = np.cumsum([task.rows for task in tasks])
                if all(t.ndim and t.shape[0] == ends[-1] for t in outputs.values()):
                    starts = ends - [task.rows for task in tasks]
                    return [
                        {key: tensor[start:end] for key, tensor in outputs.items()}
                        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
                    ]
                self._alone.add((servable.name, servable.version, name))
        return [self._run_alone(servable, name, task) for task in tasks]

    @staticmethod
    def _run_alone(servable: Servable, name: str, task: _Task) -> Any:
        try:
            return servable.run(name, task.inputs)
        except StatusError as error:
            return error

    def close(self) -> None:
        """Ends the threads; what is running is finished."""
        self.executor.shutdown()
