"""Requests run together: that they are, that nobody gets another's answer, nor another's error."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from nertagger.serving.batching import Batcher
from nertagger.serving.status import StatusError


def _info(*sizes: int) -> SimpleNamespace:
    dim = [SimpleNamespace(size=size) for size in sizes]
    return SimpleNamespace(tensor_shape=SimpleNamespace(unknown_rank=False, dim=dim))


class _Model:
    """Doubles numbers; refuses negative ones; waits for the gate."""

    name, version = "m", 1

    def __init__(self, inputs=None, outputs=None, output=lambda x: 2 * x):
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.output = output
        self.definition = SimpleNamespace(
            inputs=inputs or {"x": _info(-1)}, outputs=outputs or {"y": _info(-1)}
        )

    def signature(self, name: str) -> SimpleNamespace:
        return self.definition

    def run(self, name, inputs):
        self.gate.wait(20)
        (x,) = inputs.values()
        self.batches.append(len(x) if x.ndim else 0)
        if (x < 0).any():
            raise StatusError("INVALID_ARGUMENT", "negative")
        return {"y": self.output(x)}


async def _ask(batcher, model, *rows):
    tasks = [
        asyncio.create_task(batcher.run(model, "", {"x": np.asarray(row, np.float32)}))
        for row in rows
    ]
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _while_busy(batcher, model, *rows):
    """Sends requests while the only thread is held by one."""
    model.gate.clear()
    first = asyncio.create_task(batcher.run(model, "", {"x": np.zeros(1, np.float32)}))
    await asyncio.sleep(0.05)
    others = asyncio.create_task(_ask(batcher, model, *rows))
    await asyncio.sleep(0.05)
    model.gate.set()
    await first
    return await others


def _run(coroutine):
    return asyncio.run(coroutine)


def test_what_meets_runs_together_and_everyone_gets_their_own():
    model, batcher = _Model(), Batcher(maximum_rows=8, threads=1)
    answers = _run(_while_busy(batcher, model, [1], [2, 3], [4], [5, 6, 7], [8, 9]))
    assert [a["y"].tolist() for a in answers] == [[2], [4, 6], [8], [10, 12, 14], [16, 18]]
    # The first, then as many as fit in eight rows, then the rest.
    assert model.batches == [1, 7, 2]


def test_an_error_is_that_requests_alone():
    model, batcher = _Model(), Batcher(threads=1)
    answers = _run(_while_busy(batcher, model, [1], [-1], [2]))
    assert [type(a) for a in answers] == [dict, StatusError, dict]
    assert answers[2]["y"].tolist() == [4]


def test_requests_of_other_shapes_are_kept_apart():
    model, batcher = _Model(), Batcher(threads=1)
    answers = _run(_while_busy(batcher, model, [[1, 2]], [3], [[4, 5]], [[[6]]]))
    assert [a["y"].tolist() for a in answers] == [[[2, 4]], [6], [[8, 10]], [[[12]]]]
    assert sorted(model.batches) == [1, 1, 1, 2]


def test_one_row_at_a_time_turns_it_off():
    model, batcher = _Model(), Batcher(maximum_rows=1, threads=1)
    _run(_while_busy(batcher, model, [1], [2], [3]))
    assert model.batches == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "shapes",
    [
        {"inputs": {"x": _info(4)}},
        {"outputs": {"y": _info()}},
        {"outputs": {"y": _info(1)}},
        {"outputs": {"y": _info(-1), "z": _info(3)}},
    ],
)
def test_a_signature_without_a_free_first_dimension_is_never_batched(shapes):
    model, batcher = _Model(**shapes), Batcher(threads=1)
    _run(_while_busy(batcher, model, [1], [2], [3]))
    assert model.batches == [1, 1, 1, 1]


def test_outputs_that_turn_out_not_to_be_by_row_are_run_alone_ever_after():
    model, batcher = _Model(output=lambda x: x.sum(keepdims=True)), Batcher(threads=1)
    answers = _run(_while_busy(batcher, model, [1, 2], [3, 4]))
    assert [a["y"].tolist() for a in answers] == [[3], [7]]
    assert model.batches == [1, 4, 2, 2]


def test_a_scalar_and_a_large_request_run_alone():
    model, batcher = _Model(), Batcher(maximum_rows=4, threads=1)
    answers = _run(_ask(batcher, model, 5, list(range(9))))
    assert [np.sum(a["y"]) for a in answers] == [10, 72]


def test_with_a_timeout_an_idle_thread_waits_for_others():
    model, batcher = _Model(), Batcher(maximum_rows=3, timeout=20, threads=1)

    async def ask():
        first = asyncio.create_task(batcher.run(model, "", {"x": np.ones(1, np.float32)}))
        await asyncio.sleep(0.05)
        assert not model.batches
        # The batch is full with these, and does not wait for the timeout.
        await _ask(batcher, model, [2], [3])
        return await first

    assert _run(asyncio.wait_for(ask(), 10))["y"].tolist() == [2]
    assert model.batches == [3]


def test_who_hung_up_is_left_out():
    model, batcher = _Model(), Batcher(threads=1)

    async def ask():
        model.gate.clear()
        first = asyncio.create_task(batcher.run(model, "", {"x": np.zeros(1, np.float32)}))
        await asyncio.sleep(0.05)
        gone = asyncio.create_task(batcher.run(model, "", {"x": np.ones(1, np.float32)}))
        stays = asyncio.create_task(batcher.run(model, "", {"x": np.full(1, 3, np.float32)}))
        await asyncio.sleep(0.05)
        gone.cancel()
        await asyncio.sleep(0)
        model.gate.set()
        await first
        return await stays

    assert _run(ask())["y"].tolist() == [6]
    assert model.batches == [1, 1]


def test_answers_of_a_busy_server_are_those_of_an_idle_one(server):
    texts = [f"Ann{i} met Bob in Oslo" + " and Cy" * (i % 4) for i in range(60)]
    alone = [server.predict("tagger", {"instances": [text]})["predictions"][0] for text in texts]
    together: list = [None] * len(texts)

    def ask(index: int) -> None:
        answer = server.predict("tagger", {"instances": [texts[index]]})
        together[index] = answer["predictions"][0]

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        count = one["count"]
        assert other["count"] == count
        for name in ("entity", "label", "start", "end"):
            assert other[name][:count] == one[name]
        # The runtime's division differs in the last bit with a row's place in the batch.
        assert other["score"][:count] == pytest.approx(one["score"], rel=1e-6)
