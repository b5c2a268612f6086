"""From a method and a path to what is asked for: TensorFlow Serving's rules.

They are looser than one would think here and stricter there. The query is part of the path, so
`/v1/models/en?x=1` asks for a model called `en?x=1`. Letters' case does not matter to a route, but
it does to what stands at its end: `:PREDICT` is malformed, and `/METADATA` answers with the status.
Whatever is under /v1/ and no route is 400, whatever the method.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from nertagger.serving.status import StatusError, invalid_argument

_API = re.compile(r"(?i:/v1/).*")
_VERSION = r"(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?"
_POST = re.compile(
    rf"/v1/models/([^/:]+){_VERSION}:(classify|regress|predict)", re.IGNORECASE | re.ASCII
)
_GET = re.compile(rf"/v1/models(?:/([^/:]+))?{_VERSION}(?:/(metadata))?", re.IGNORECASE | re.ASCII)
_LARGEST_VERSION = (1 << 63) - 1


class Route(NamedTuple):
    """What is asked for.

    Attributes:
        action: predict, classify, regress, status or metadata.
        model: the model's name.
        version: its number, if it is given.
        label: or its label.
    """

    action: str
    model: str
    version: int | None
    label: str | None


def is_api(path: str) -> bool:
    """Whether a path (with its query) belongs to the API."""
    return _API.fullmatch(path) is not None


def route(method: str, path: str) -> Route:
    """Reads a method and a path with its query.

    Raises:
        StatusError: INVALID_ARGUMENT.
    """
    malformed = invalid_argument("Malformed request: ", method, " ", path)
    pattern = {"POST": _POST, "GET": _GET}.get(method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        raise malformed
    model, digits, label, action = match.groups()
    version = None
    if digits:
        # The length is looked at first: thousands of digits are not worth reading.
        if len(digits.lstrip("0")) > 19 or int(digits[-19:]) > _LARGEST_VERSION:
            raise StatusError(
                "INVALID_ARGUMENT",
                f"Failed to convert version: {digits} to numeric.",
                has_body=False,
            )
        version = int(digits)
    if method == "POST":
        if action not in ("classify", "regress", "predict"):
            raise malformed
    else:
        action = "metadata" if action == "metadata" else "status"
        if not model:
            raise invalid_argument("Missing model name in request.")
    return Route(action, _decode(model), version, _decode(label) if label else None)


def _decode(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")
