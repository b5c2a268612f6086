"""What a request comes to when it fails: TensorFlow's status codes, and HTTP's for each."""

from __future__ import annotations

from nertagger.serving.json_writer import quote

HTTP_STATUS = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}

# By their numbers, as exceptions of the runtime carry them.
CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


class StatusError(Exception):
    """A request or a load that failed.

    Args:
        code: a key of `HTTP_STATUS`.
        message: what the client is told.
        http_status: where it is not the code's own.
        has_body: whether the answer says it; some of TensorFlow Serving's do not.
    """

    def __init__(
        self, code: str, message: str, http_status: int | None = None, has_body: bool = True
    ):
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = HTTP_STATUS[code] if http_status is None else http_status
        self.has_body = has_body

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def body(self) -> bytes:
        """The answer's body."""
        if not self.has_body:
            return b""
        return f'{{\n    "error": {quote(self.message)}\n}}'.encode("utf-8", "surrogateescape")


def invalid_argument(*parts: object) -> StatusError:
    """The request itself is wrong."""
    return StatusError("INVALID_ARGUMENT", "".join(str(part) for part in parts))
