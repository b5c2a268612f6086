"""The server's life: a port, the models, requests, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from nertagger.errors import InputError
from nertagger.serving.configuration import METRICS_PATH, Limits
from nertagger.serving.models import ModelConfig, ModelManager

# How long a connection is kept between two requests.
_KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True)
class ServerOptions:
    """How to serve.

    Attributes:
        models: what is served.
        host: the address to listen at; everything but loopback is open to others.
        port: the port; 0 takes a free one.
        metrics_path: where Prometheus finds the metrics, or None.
        limits: what a request may ask for.
        maximum_batch_size: rows run together; 1 turns batching off.
        batch_timeout: seconds that a request waits for others.
        threads: runs that go on at once; 0 takes the number of processors.
        poll_seconds: between two looks for new versions.
        stop_seconds: that requests have to be answered in when the server is stopped.
    """

    models: Sequence[ModelConfig]
    host: str = "127.0.0.1"
    port: int = 8501
    metrics_path: str | None = METRICS_PATH
    limits: Limits = field(default_factory=Limits)
    maximum_batch_size: int = 32
    batch_timeout: float = 0.0
    threads: int = 0
    poll_seconds: float = 1.0
    stop_seconds: int = 30


class _Protocol(H11Protocol):
    """HTTP, with a limit on how long the head of a request may take to arrive."""

    head_seconds = 30.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        # The first bytes of another request on a connection that was kept.
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._forget_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self.transport.close)

    def _forget_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        # An orderly stop is the end of the command, not an interruption to be raised again.
        handlers = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address.

    Raises:
        InputError: the port is taken, or the address is not one of this machine.
    """
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot listen at {where}: {error}; see --host") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise InputError(
                f"port {port} is in use at {host}; stop what is using it, "
                "or choose another with --port (0 takes a free one)"
            ) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot listen at {where}: {reason.lower()}") from None
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def serve(options: ServerOptions) -> int:
    """Serves until it is told to stop (SIGINT, SIGTERM); returns the exit code.

    Raises:
        InputError: the port cannot be had, or a model cannot be loaded.
    """
    # The port comes first: TensorFlow takes seconds to load, the port none.
    listener = listen(options.host, options.port)
    try:
        return _serve(options, listener)
    finally:
        listener.close()


def _serve(options: ServerOptions, listener: socket.socket) -> int:
    from nertagger.silence import silenced

    with silenced():
        import tensorflow as tf

        tf.config.list_physical_devices()
    # It would say that its loader of TensorFlow 1, the one that TensorFlow Serving has, is old.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from nertagger.serving.application import make_application
    from nertagger.serving.batching import Batcher

    threads = options.threads or os.cpu_count() or 1
    manager = ModelManager(options.models, poll_seconds=options.poll_seconds)
    manager.start()
    batcher = Batcher(options.maximum_batch_size, options.batch_timeout, threads)
    application = make_application(manager, batcher, options.limits, options.metrics_path)
    config = uvicorn.Config(
        application,
        http=type("Protocol", (_Protocol,), {"head_seconds": options.limits.seconds}),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=options.stop_seconds,
    )
    server = _Server(config)
    _announce(listener, manager)
    try:
        asyncio.run(server.serve([listener]))
    finally:
        batcher.close()
        manager.stop()
    print("nertagger serve: stopped", file=sys.stderr)
    return 0


def _announce(listener: socket.socket, manager: ModelManager) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    names = ", ".join(f"{name} ({max(found)})" for name, found in manager.ready().items())
    print(f"nertagger serve: http://{shown}:{port}/ serves {names}; Ctrl-C stops it", flush=True)
    if not is_loopback(listener):
        print(
            f"nertagger serve: {host} is open to other machines, without passwords",
            file=sys.stderr,
        )
