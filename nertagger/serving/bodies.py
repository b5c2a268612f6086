"""Bodies on their way in and out: limits, time, gzip."""

from __future__ import annotations

import asyncio
import gzip
import zlib

from starlette.requests import Request
from starlette.responses import Response

from nertagger.serving.configuration import Limits
from nertagger.serving.status import StatusError

# Below this, packing costs more than it saves.
_WORTH_PACKING = 1024


def _too_large(limit: int) -> StatusError:
    return StatusError(
        "INVALID_ARGUMENT",
        f"The request's body is larger than the {limit} bytes that this server accepts; "
        "send fewer instances at a time",
        http_status=413,
    )


async def read_body(request: Request, limits: Limits) -> bytes:
    """A request's body, unpacked.

    Raises:
        StatusError: it is too large or too slow.
        ClientDisconnect: the client has gone.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limits.body:
        raise _too_large(limits.body)
    try:
        async with asyncio.timeout(limits.seconds):
            body = await _receive(request, limits.body)
    except TimeoutError:
        raise StatusError(
            "DEADLINE_EXCEEDED",
            f"The request's body did not arrive within {limits.seconds:g} seconds",
            http_status=408,
        ) from None
    if "gzip" in request.headers.get("content-encoding", ""):
        return _unpack(body, limits.body)
    return body


async def _receive(request: Request, limit: int) -> bytes:
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _unpack(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error:
        unpacked = b""
    if len(unpacked) > limit:
        raise _too_large(limit)
    # TensorFlow Serving takes what it cannot unpack for an empty body, and says so.
    return unpacked if unpacker.eof else b""


def respond(
    request: Request, body: bytes, status: int = 200, media_type: str = "application/json"
) -> Response:
    """An answer, packed where the client takes it and it is worth it."""
    headers = {"Content-Type": media_type}
    if status in (408, 413):
        # The rest of the body is not going to be read.
        headers["Connection"] = "close"
    if len(body) >= _WORTH_PACKING:
        headers["Vary"] = "Accept-Encoding"
        if _accepts_gzip(request.headers.get("accept-encoding", "")):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers)


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            weight = parameters.replace(" ", "").removeprefix("q=")
            return not weight or weight.strip("0.") != ""
    return False
