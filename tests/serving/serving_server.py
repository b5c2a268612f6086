"""A server in a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
from dataclasses import dataclass
from typing import Any

import pytest


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
    for library in ("starlette", "uvicorn"):
        pytest.importorskip(library, reason="serving needs it: pip install 'nertagger[serve]'")
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
