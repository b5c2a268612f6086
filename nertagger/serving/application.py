"""The ASGI application: the API, its monitoring, and the page."""

from __future__ import annotations

from importlib import resources

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nertagger.serving.batching import Batcher
from nertagger.serving.bodies import respond
from nertagger.serving.configuration import METRICS_PATH, Limits
from nertagger.serving.metrics import Metrics
from nertagger.serving.models import ModelManager
from nertagger.serving.rest import RestApi, full_path
from nertagger.serving.routes import is_api
from nertagger.serving.servable import DEFAULT_SIGNATURE

_PAGE_FILES = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
}
_TAGGER_OUTPUTS = {"entity", "label", "start", "end", "score", "count"}
_PAGE_HEADERS = {
    # Nothing is loaded from elsewhere, and nothing can be made to be.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def make_application(
    manager: ModelManager,
    batcher: Batcher,
    limits: Limits | None = None,
    metrics_path: str | None = METRICS_PATH,
) -> ASGIApp:
    """The application that serves a manager's models.

    Args:
        manager: the models, started.
        batcher: runs them.
        limits: what a request may ask for.
        metrics_path: where the metrics are shown, or None.
    """
    metrics = Metrics(set(manager.configs))
    api = RestApi(manager, batcher, metrics, limits or Limits())

    async def healthz(request: Request) -> Response:
        ready = manager.ready()
        healthy = bool(ready) and all(ready.values())
        content = {"status": "ok" if healthy else "not ready", "models": ready}
        return JSONResponse(content, 200 if healthy else 503)

    async def show_metrics(request: Request) -> Response:
        path = full_path(request.scope)
        if path != metrics_path:
            # The query counts, as everywhere in TensorFlow Serving.
            wrong = f"Unexpected path: {path}. Should be {metrics_path}"
            return respond(request, wrong.encode("utf-8", "replace"), 400, "text/plain")
        return respond(request, metrics.page().encode(), 200, "text/plain")

    async def models(request: Request) -> Response:
        return JSONResponse([_described(manager, name) for name in manager.configs])

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
    routes: list = [
        Route("/", _page_file("index.html", "text/html; charset=utf-8")),
        Route("/healthz", healthz),
        Route("/page/models.json", models),
    ]
    routes += [Route(f"/page/{name}", _page_file(name, kind)) for name, kind in _PAGE_FILES.items()]
    if metrics_path:
        routes.append(Route(metrics_path, show_metrics, methods=methods))
    routes.append(Mount("/", _not_found))
    return _Dispatcher(api, Starlette(routes=routes))


class _Dispatcher:
    """Gives the API what is the API's, by the path as it was sent; Starlette the rest."""

    def __init__(self, api: RestApi, pages: Starlette):
        self.api = api
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_api(full_path(scope)):
            await self.api(scope, receive, send)
        else:
            await self.pages(scope, receive, send)


def _page_file(name: str, media_type: str):
    content = resources.files("nertagger.serving").joinpath("page", name).read_bytes()

    async def send_file(request: Request) -> Response:
        response = respond(request, content, 200, media_type)
        response.headers.update(_PAGE_HEADERS)
        response.headers["Cache-Control"] = "no-cache"
        return response

    return send_file


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    body = b"<!DOCTYPE html><title>404 Not Found</title><h1>Not Found</h1>\n"
    response = Response(body, 404, media_type="text/html")
    await response(scope, receive, send)


def _described(manager: ModelManager, name: str) -> dict:
    versions = manager.ready()[name]
    tagger = False
    if versions:
        with manager.use(name) as servable:
            signature = servable.signatures.get(DEFAULT_SIGNATURE)
            tagger = signature is not None and (
                set(signature.inputs) == {"text"} and set(signature.outputs) >= _TAGGER_OUTPUTS
            )
    return {"name": name, "versions": versions, "tagger": tagger}
