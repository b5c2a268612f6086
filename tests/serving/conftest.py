"""Models that are made once, and a server that serves them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="serving needs starlette: pip install 'nertagger[serve]'")
pytest.importorskip("uvicorn", reason="serving needs uvicorn: pip install 'nertagger[serve]'")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory) -> Path:
    """A folder of models: half/1, half/2, types/1, tagger/1, "a b"/7 (half)."""
    import serving_saved_models as models

    base = tmp_path_factory.mktemp("models")
    models.half_plus_two(base / "half" / "1")
    models.half_plus_two(base / "half" / "2", add=3.0)
    models.half_plus_two(base / "a b" / "7")
    models.types(base / "types" / "1")
    models.tagger(base / "tagger" / "1")
    return base


@dataclass
class Running:
    """A server in a thread of this process."""

    port: int
    manager: Any
    server: Any

    def request(
        self, method: str, path: str, body: bytes | str | None = None, headers: dict | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Status, body and headers of the answer; the path is sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            if isinstance(body, str):
                body = body.encode()
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read(), response.headers

    def predict(self, model: str, document: Any, verb: str = "predict") -> Any:
        """The answer to a document, read; it must be 200."""
        status, body, _ = self.request("POST", f"/v1/models/{model}:{verb}", json.dumps(document))
        assert status == 200, body
        return json.loads(body)


@contextlib.contextmanager
def run_server(configs, limits=None, poll_seconds=0.05, maximum_rows=32, timeout=0.0, threads=2):
    """Serves models on a free port until the block is left."""
    import uvicorn

    from nertagger.serving.application import make_application
    from nertagger.serving.batching import Batcher
    from nertagger.serving.models import ModelManager
    from nertagger.serving.server import _Protocol, _Server, listen

    manager = ModelManager(configs, poll_seconds=poll_seconds)
    manager.start()
    batcher = Batcher(maximum_rows, timeout, threads)
    listener = listen("127.0.0.1", 0)
    seconds = limits.seconds if limits else 30.0
    config = uvicorn.Config(
        make_application(manager, batcher, limits),
        http=type("Protocol", (_Protocol,), {"head_seconds": seconds}),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = _Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    running = Running(listener.getsockname()[1], manager, server)
    try:
        yield running
    finally:
        server.should_exit = True
        thread.join(30)
        batcher.close()
        manager.stop()


@pytest.fixture(scope="session")
def server(saved_models):
    """A server of the folder's models; half has both versions and the label `stable`."""
    from nertagger.serving.models import ModelConfig

    configs = [
        ModelConfig("half", saved_models / "half", every=True, labels={"stable": 1, "gone": 9}),
        ModelConfig("a b", saved_models / "a b"),
        ModelConfig("types", saved_models / "types"),
        ModelConfig("tagger", saved_models / "tagger"),
    ]
    with run_server(configs) as running:
        yield running
