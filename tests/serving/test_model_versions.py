"""Versions: which are served, new ones, old ones, damaged ones, and none lost in between."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from serving_server import run_server

from nertagger.errors import InputError
from nertagger.serving.models import ModelConfig, ModelManager, find_versions
from nertagger.serving.status import StatusError


class _Fake:
    """Stands for a servable; `held` says when it was let go."""

    def __init__(self, name: str, version: int, path: Path):
        if (path / "broken").exists():
            raise StatusError("DATA_LOSS", f"{path}: cannot be loaded: damaged")
        self.name, self.version, self.closed = name, version, False

    def warm_up(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True


def _version(base: Path, number: int | str, broken: bool = False) -> Path:
    path = base / str(number)
    path.mkdir(parents=True)
    if broken:
        (path / "broken").touch()
    (path / "saved_model.pb").touch()
    return path


def _manager(*configs: ModelConfig) -> ModelManager:
    manager = ModelManager(configs, load=_Fake, poll_seconds=0)
    manager.start()
    return manager


def _wait(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_only_numbered_folders_with_a_saved_model_are_versions(tmp_path):
    _version(tmp_path, 3)
    _version(tmp_path, 12)
    _version(tmp_path, "draft")
    _version(tmp_path, ".5.tmp")
    (tmp_path / "7").mkdir()
    (tmp_path / "8").touch()
    assert list(find_versions(tmp_path)) == [12, 3] or set(find_versions(tmp_path)) == {3, 12}
    assert find_versions(tmp_path / "3") == {3: tmp_path / "3"}


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        ({}, [4]),
        ({"latest": 2}, [3, 4]),
        ({"every": True}, [1, 3, 4]),
        ({"specific": (1, 3, 9)}, [1, 3]),
    ],
)
def test_policies(tmp_path, policy, served):
    for number in (1, 3, 4):
        _version(tmp_path, number)
    manager = _manager(ModelConfig("m", tmp_path, **policy))
    assert manager.ready() == {"m": served}
    with manager.use("m") as servable:
        assert servable.version == max(served)


def test_a_new_version_takes_over_and_the_old_one_goes_when_it_is_let_go(tmp_path):
    _version(tmp_path, 1)
    manager = _manager(ModelConfig("m", tmp_path))
    with manager.use("m") as old:
        _version(tmp_path, 2)
        polling = threading.Thread(target=manager.poll)
        polling.start()
        _wait(lambda: manager.ready() == {"m": [2]})
        with manager.use("m") as new:
            assert new.version == 2
        with pytest.raises(StatusError, match=r"Specific\(m, 1\)"), manager.use("m", 1):
            pass
        states = {entry.version: entry.state for entry in manager.status("m").model_version_status}
        assert states == {1: 40, 2: 30}
        assert not old.closed
    polling.join(10)
    assert old.closed
    states = {entry.version: entry.state for entry in manager.status("m").model_version_status}
    assert states == {1: 50, 2: 30}


def test_a_damaged_new_version_is_told_and_the_old_one_stays(tmp_path):
    _version(tmp_path, 1)
    manager = _manager(ModelConfig("m", tmp_path))
    damaged = _version(tmp_path, 2, broken=True)
    manager.poll()
    manager.poll()
    assert manager.ready() == {"m": [1]}
    newest = manager.status("m").model_version_status[0]
    assert (newest.version, newest.state, newest.status.error_code) == (2, 50, 15)
    assert "cannot be loaded" in newest.status.error_message
    # Once it is mended it is tried again.
    (damaged / "broken").unlink()
    manager.poll()
    assert manager.ready() == {"m": [2]}


def test_a_version_that_is_removed_is_let_go_and_a_vanished_folder_is_not_believed(tmp_path):
    base = tmp_path / "m"
    _version(base, 1)
    _version(base, 2)
    manager = _manager(ModelConfig("m", base))
    shutil.rmtree(base / "2")
    manager.poll()
    assert manager.ready() == {"m": [1]}
    base.rename(tmp_path / "away")
    manager.poll()
    assert manager.ready() == {"m": [1]}


def test_a_model_without_a_version_that_loads_is_refused_at_the_start(tmp_path):
    _version(tmp_path, 1, broken=True)
    with pytest.raises(InputError, match=r"model 'm': .*cannot be loaded: damaged"):
        _manager(ModelConfig("m", tmp_path))


@pytest.mark.parametrize("damage", ["saved_model.pb", "variables/variables.index", "variables"])
def test_truncated_saved_models_are_refused_in_one_sentence(saved_models, tmp_path, damage):
    copy = tmp_path / "half" / "1"
    shutil.copytree(saved_models / "half" / "1", copy)
    victim = copy / damage
    if victim.is_dir():
        shutil.rmtree(victim)
    else:
        victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    manager = ModelManager([ModelConfig("half", copy.parent)], poll_seconds=0)
    with pytest.raises(InputError) as error:
        manager.start()
    assert "\n" not in str(error.value)
    assert str(copy) in str(error.value)


def test_no_request_is_lost_or_wrong_while_versions_change(saved_models, tmp_path):
    base = tmp_path / "half"
    shutil.copytree(saved_models / "half" / "1", base / "1")
    with run_server([ModelConfig("half", base)]) as server:
        stop = threading.Event()
        answers: list[tuple[float, int, bytes]] = []

        def ask(seed: int) -> None:
            number = float(seed)
            while not stop.is_set():
                number += 8
                body = json.dumps({"instances": [number]})
                status, answer, _ = server.request("POST", "/v1/models/half:predict", body)
                answers.append((number, status, answer))

        clients = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
        for client in clients:
            client.start()
        _wait(lambda: len(answers) > 50)
        shutil.copytree(saved_models / "half" / "2", tmp_path / "coming")
        (tmp_path / "coming").rename(base / "2")
        _wait(lambda: server.manager.ready() == {"half": [2]})
        before = len(answers)
        _wait(lambda: len(answers) > before + 50)
        stop.set()
        for client in clients:
            client.join()
    added = set()
    for number, status, answer in answers:
        assert status == 200, answer
        added.add(json.loads(answer)["predictions"][0] - number / 2)
    assert added == {2.0, 3.0}
    last = [
        json.loads(answer)["predictions"][0] - number / 2 for number, _, answer in answers[-20:]
    ]
    assert set(last) == {3.0}


def test_warm_up_requests_are_replayed(saved_models, tmp_path):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    from nertagger.serving.servable import WARMUP, Servable

    copy = tmp_path / "1"
    shutil.copytree(saved_models / "half" / "1", copy)
    (copy / WARMUP).parent.mkdir()
    request = predict_pb2.PredictRequest()
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0, 2.0]))
    log = prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    )
    with tf.io.TFRecordWriter(str(copy / WARMUP)) as writer:
        writer.write(log.SerializeToString())
    assert Servable("half", 1, copy).warm_up() == 1
    request.inputs["y"].CopyFrom(tf.make_tensor_proto([1.0]))
    del request.inputs["x"]
    with tf.io.TFRecordWriter(str(copy / WARMUP)) as writer:
        log.predict_log.request.CopyFrom(request)
        writer.write(log.SerializeToString())
    with pytest.raises(StatusError):
        Servable("half", 1, copy).warm_up()
