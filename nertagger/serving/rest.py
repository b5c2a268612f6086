"""TensorFlow Serving's REST API, as an ASGI application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from google.protobuf import json_format
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nertagger.serving import examples
from nertagger.serving.batching import Batcher
from nertagger.serving.bodies import read_body, respond
from nertagger.serving.configuration import Limits
from nertagger.serving.metrics import Metrics
from nertagger.serving.models import ModelManager
from nertagger.serving.predict_request import read_predict_request
from nertagger.serving.predict_response import write_predict_response
from nertagger.serving.routes import Route, route
from nertagger.serving.servable import Servable, types
from nertagger.serving.status import StatusError, invalid_argument

T = TypeVar("T")

# Smaller bodies are read and written where they are; larger ones would hold the others up.
_SMALL = 32 << 10


class RestApi:
    """Everything under /v1/.

    Args:
        manager: the models.
        batcher: runs them.
        metrics: counts.
        limits: what a request may ask for.
    """

    def __init__(self, manager: ModelManager, batcher: Batcher, metrics: Metrics, limits: Limits):
        self.manager = manager
        self.batcher = batcher
        self.metrics = metrics
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The answer to a request, whatever comes of it."""
        model = ""
        status = "OK"
        try:
            wanted = route(request.method, full_path(request.scope))
            model = wanted.model
            started = time.perf_counter()
            if request.method == "POST":
                body = await read_body(request, self.limits)
                started = time.perf_counter()
                content = await self._timed(self._compute(wanted, body))
            else:
                content = self._describe(wanted)
            took = (time.perf_counter() - started) * 1e6
            self.metrics.observe_request(model, wanted.action, took)
            if len(content) > _SMALL:
                return await asyncio.to_thread(respond, request, content)
            return respond(request, content)
        except StatusError as error:
            status = error.code
            return respond(request, error.body(), error.http_status)
        finally:
            self.metrics.count_request(model, status)

    async def _timed(self, work: Any) -> bytes:
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await work
        except TimeoutError:
            raise StatusError(
                "DEADLINE_EXCEEDED", f"No answer was found within {self.limits.seconds:g} seconds"
            ) from None
        except RecursionError:
            raise invalid_argument("The request's lists are nested too deeply") from None

    async def _compute(self, wanted: Route, body: bytes) -> bytes:
        if wanted.action == "predict":
            return await self._predict(wanted, body)
        return await self._classify_or_regress(wanted, body)

    def _version(self, wanted: Route) -> int | None:
        if wanted.label is not None:
            return self.manager.version_of_label(wanted.model, wanted.label)
        return wanted.version

    async def _predict(self, wanted: Route, body: bytes) -> bytes:
        def input_types(signature_name: str) -> dict[str, str]:
            with self.manager.use(wanted.model, self._version(wanted)) as servable:
                return servable.predict_inputs(signature_name)

        asked = await _aside(len(body), read_predict_request, body, input_types)
        name = asked.signature_name
        # TensorFlow Serving looks the model up once more too: a version may have come in between.
        with self.manager.use(wanted.model, self._version(wanted)) as servable:
            servable.check_predict(name, asked.inputs)
            self._check_size(asked.inputs)
            outputs = await self._run(servable, "predict", name, asked.inputs)
            kinds = types(servable.signature(name).outputs)
            size = sum(tensor.size for tensor in outputs.values()) * 16
            return await _aside(size, write_predict_response, outputs, kinds, asked.by_row)

    async def _classify_or_regress(self, wanted: Route, body: bytes) -> bytes:
        name, serialised = await _aside(len(body), examples.read_examples, body)
        method = examples.CLASSIFY if wanted.action == "classify" else examples.REGRESS
        with self.manager.use(wanted.model, self._version(wanted)) as servable:
            definition = servable.signatures.get(name or "serving_default")
            if definition is None:
                raise invalid_argument(
                    "No signature was found with the name: ", name or "serving_default"
                )
            examples.check_signature(definition, method)
            self._check_rows(len(serialised))
            self.metrics.observe_examples(wanted.model, len(serialised))
            outputs = await self._run(servable, wanted.action, name, {"inputs": serialised})
            kinds = types(definition.outputs)
            if method == examples.REGRESS:
                return examples.write_regressions(
                    len(serialised), outputs["outputs"], kinds["outputs"]
                )
            return examples.write_classifications(
                len(serialised), outputs.get("classes"), outputs.get("scores"), kinds
            )

    async def _run(
        self, servable: Servable, method: str, name: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        started = time.perf_counter()
        outputs = await self.batcher.run(servable, name, inputs)
        took = (time.perf_counter() - started) * 1e6
        self.metrics.observe_runtime(servable.name, method, took)
        return outputs

    def _check_rows(self, rows: int) -> None:
        if rows > self.limits.rows:
            raise invalid_argument(
                f"The request has {rows} rows; this server accepts {self.limits.rows} at a time"
            )

    def _check_size(self, inputs: dict[str, np.ndarray]) -> None:
        for name, tensor in inputs.items():
            if tensor.ndim:
                self._check_rows(tensor.shape[0])
            if tensor.dtype != object:
                continue
            longest = max(map(len, tensor.flat), default=0)
            # A code point has a byte or more: few are long enough to be counted.
            if longest > self.limits.text:
                longest = max(len(text.decode("utf-8", "replace")) for text in tensor.flat)
            if longest > self.limits.text:
                raise invalid_argument(
                    f"A string of input {name} has {longest} characters; "
                    f"this server accepts {self.limits.text}"
                )

    def _describe(self, wanted: Route) -> bytes:
        if wanted.action == "metadata":
            return self._metadata(wanted)
        # A label is not looked at here, in TensorFlow Serving neither: all versions are listed.
        return _json(self.manager.status(wanted.model, wanted.version)).encode()

    def _metadata(self, wanted: Route) -> bytes:
        from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2

        with self.manager.use(wanted.model, self._version(wanted)) as servable:
            spec = model_pb2.ModelSpec(name=servable.name)
            spec.version.value = servable.version
            definitions = get_model_metadata_pb2.SignatureDefMap()
            for name, definition in servable.signatures.items():
                definitions.signature_def[name].CopyFrom(definition)
        text = (
            f'{{\n"model_spec":{_json(spec, own_names=True)},\n"metadata": {{"signature_def": '
            f"{_json(definitions, own_names=True)}}}\n}}\n"
        )
        return text.encode()


async def _aside(size: int, function: Callable[..., T], *arguments: Any) -> T:
    if size <= _SMALL:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)


def _json(message: Any, own_names: bool = False) -> str:
    text = json_format.MessageToJson(
        message,
        always_print_fields_with_no_presence=True,
        preserving_proto_field_name=own_names,
        indent=1,
        ensure_ascii=False,
    )
    # As the C++ library writes them.
    return text.replace("<", "\\u003c").replace(">", "\\u003e") + "\n"


def full_path(scope: Scope) -> str:
    """The path as it was sent, with its query."""
    raw = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    whole = raw + b"?" + query if query else raw
    return whole.decode("utf-8", "surrogateescape")
