"""Predict requests from JSON, in TensorFlow Serving's row and column formats.

Tensors are NumPy arrays; a string tensor is an array of objects, each a bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nertagger.serving.json_parser import members, parse
from nertagger.serving.json_writer import stringify
from nertagger.serving.status import StatusError, invalid_argument

MAXIMUM_RANK = 254

_TYPES = {type(None): "Null", list: "Array", str: "String", int: "Number", float: "Number"}
_LARGEST_FLOAT = float(np.finfo(np.float32).max)
_INTEGERS = {
    "int8": (-(1 << 31), (1 << 31) - 1),
    "int16": (-(1 << 31), (1 << 31) - 1),
    "int32": (-(1 << 31), (1 << 31) - 1),
    "uint8": (-(1 << 31), (1 << 31) - 1),
    "int64": (-(1 << 63), (1 << 63) - 1),
    "uint32": (0, (1 << 32) - 1),
    "uint64": (0, (1 << 64) - 1),
}
# What a value of each type travels in, before it is cut down to the type: whole numbers below 32
# bits wrap around.
_CARRIERS: dict[str, Any] = {"int8": np.int32, "int16": np.int32, "uint8": np.int32}
_DTYPES: dict[str, Any] = {
    "float": np.float32,
    "double": np.float64,
    "bool": np.bool_,
    "string": np.object_,
    **{name: np.dtype(name).type for name in _INTEGERS},
}
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*[=.]*")


class PredictRequest(NamedTuple):
    """A predict request, read.

    Attributes:
        signature_name: as given, or "".
        by_row: whether it came as `instances`, and its answer goes as `predictions`.
        inputs: the input tensors by name.
    """

    signature_name: str
    by_row: bool
    inputs: dict[str, np.ndarray]


def type_name(value: Any) -> str:
    """The JSON type of a value, as messages name it."""
    if isinstance(value, bool):
        return "True" if value else "False"
    return "Object" if isinstance(value, dict) else _TYPES[type(value)]


def read_document(body: bytes) -> tuple[dict[str, Any], str]:
    """The object that every request is, and the signature's name in it ("" where there is none)."""
    document = parse(body)
    if not isinstance(document, dict):
        raise _format_error(document, "Is not object")
    signature_name = document.get("signature_name", "")
    if not isinstance(signature_name, str):
        raise invalid_argument(
            f"JSON Value: {stringify(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return document, signature_name


def read_predict_request(
    body: bytes, input_types: Callable[[str], Mapping[str, str]]
) -> PredictRequest:
    """Reads a predict request.

    Args:
        body: the JSON document.
        input_types: from the name of a signature ("" for the default one) to its inputs and their
            types ("float", "string", "int32", …); may raise a StatusError.

    Raises:
        StatusError: with TensorFlow Serving's code and message.
    """
    document, signature_name = read_document(body)
    types = input_types(signature_name)
    if not types:
        raise invalid_argument(
            "Failed to get input map for signature: ", signature_name or "DEFAULT"
        )
    if "instances" in document:
        if "inputs" in document:
            raise _format_error(
                document,
                "Not formatted correctly expecting only one of 'inputs' or 'instances' "
                "keys to exist ",
            )
        instances = document["instances"]
        if not isinstance(instances, list):
            raise _format_error(document, "Excepting 'instances' to be an list/array")
        if not instances:
            raise _format_error(document, "No values in 'instances' array")
        return PredictRequest(signature_name, True, _from_instances(instances, types))
    if "inputs" in document:
        return PredictRequest(signature_name, False, _from_inputs(document["inputs"], types))
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def _format_error(value: Any, complaint: str) -> StatusError:
    return invalid_argument("JSON Value: ", stringify(value), " ", complaint)


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "…"}`, and so stands for bytes."""
    return (
        isinstance(value, dict) and isinstance(value.get("b64"), str) and len(members(value)) == 1
    )


def decode_base64(value: Any) -> bytes:
    """The bytes of `{"b64": "…"}`; white space and missing padding are forgiven."""
    if not is_base64(value):
        raise invalid_argument(
            "JSON Value: ", stringify(value), " not formatted correctly for base64 data"
        )
    text = b"".join(value["b64"].encode("utf-8", "surrogateescape").split())
    core = text.rstrip(b"=.")
    padding = len(text) - len(core)
    complete = padding in (0, -len(core) % 4) and len(core) % 4 != 1
    if not complete or not _BASE64.fullmatch(text):
        raise invalid_argument("Unable to base64 decode")
    try:
        return base64.b64decode(core + b"=" * (-len(core) % 4), validate=True)
    except binascii.Error:
        raise invalid_argument("Unable to base64 decode") from None


def encode_text(value: str) -> bytes:
    """The bytes of a JSON string."""
    return value.encode("utf-8", "surrogateescape")


def _shape(value: Any) -> list[int]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _type_error(value: Any, dtype: str) -> StatusError:
    return invalid_argument(
        "JSON Value: ",
        stringify(value),
        " Type: ",
        type_name(value),
        " is not of expected type: ",
        dtype,
    )


def lossless_float(value: int | float, bits: int, largest: float) -> bool:
    """Whether a number may become a floating-point one of so many bits of precision."""
    if isinstance(value, int):
        return abs(value) <= (1 << bits) - 1
    return value != value or abs(value) == float("inf") or abs(value) <= largest


def lossy_error(value: Any, dtype: str) -> StatusError:
    """The number does not fit."""
    return invalid_argument(
        "Cannot convert JSON value: ", stringify(value), f" to {dtype} without loss of precision."
    )


def _convert(value: Any, dtype: str) -> Any:
    kind = type(value)
    if dtype == "string":
        if kind is str:
            return encode_text(value)
    elif dtype in ("float", "double"):
        if kind is float or kind is int:
            fits = (
                lossless_float(value, 24, _LARGEST_FLOAT)
                if dtype == "float"
                else lossless_float(value, 53, float("inf"))
            )
            if not fits:
                raise lossy_error(value, dtype)
            return float(value)
    elif dtype == "bool":
        if kind is bool:
            return value
    elif dtype in _INTEGERS:
        low, high = _INTEGERS[dtype]
        if kind is int and low <= value <= high:
            return value
    else:
        raise StatusError(
            "UNIMPLEMENTED", f"Conversion of JSON Value: {stringify(value)} to type: {dtype}"
        )
    raise _type_error(value, dtype)


def _fill(value: Any, level: int, shape: list[int], dtype: str, values: list[Any]) -> None:
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid_argument(
                f"JSON Value: {stringify(value)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {rank}"
            )
        if isinstance(value, dict):
            if dtype != "string":
                raise _type_error(value, dtype)
            values.append(decode_base64(value))
        else:
            values.append(_convert(value, dtype))
        return
    if level >= rank:
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for element in value:
        _fill(element, level + 1, shape, dtype, values)


def _tensor(name: str, values: list[Any], shape: list[int], dtype: str) -> np.ndarray:
    if len(shape) > MAXIMUM_RANK or dtype not in _DTYPES:
        raise invalid_argument("tensor parsing error: ", name)
    size = int(np.prod(shape, dtype=np.int64)) if shape else 1
    # A member that an instance repeats leaves more values than there are places.
    carried = np.empty(size, _CARRIERS.get(dtype, _DTYPES[dtype]))
    with np.errstate(over="ignore"):
        carried[:] = values[:size]
    try:
        return carried.astype(_DTYPES[dtype], copy=False).reshape(shape)
    except ValueError:
        # NumPy's arrays have at most 64 dimensions.
        raise invalid_argument("tensor parsing error: ", name) from None


class _Column:
    """The values of one named input, gathered from the instances."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.size = -1
        self.shape: list[int] = []

    def add(self, item: Any, dtype: str) -> None:
        shape = _shape(item)
        before = len(self.values)
        _fill(item, 0, shape, dtype, self.values)
        size = len(self.values) - before
        if self.size < 0:
            self.size = size
            self.shape = shape
        elif self.size != size:
            raise invalid_argument(f"Expecting tensor size: {self.size} but got: {size}")
        elif self.shape != shape:
            raise invalid_argument(f"Expecting shape {_spelt(self.shape)} but got: {_spelt(shape)}")


def _spelt(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _from_instances(instances: list[Any], types: Mapping[str, str]) -> dict[str, np.ndarray]:
    if not isinstance(instances[0], dict) and len(types) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    names = sorted(types)
    columns: dict[str, _Column] = {}
    by_name = _is_object(instances[0])
    for index, instance in enumerate(instances):
        failed = f"Failed to process element: {index}"
        if by_name != _is_object(instance):
            complaint = (
                "Expecting object but got list"
                if by_name
                else ("Expecting value/list but got object")
            )
            raise invalid_argument(f"{complaint} at item {index} of input list")
        pairs = members(instance) if by_name else [(names[0], instance)]
        for name, item in pairs:
            key = f" key: {name}" if by_name else ""
            try:
                if name not in types:
                    raise invalid_argument("JSON object: does not have named input: ", name)
                columns.setdefault(name, _Column()).add(item, types[name])
            except StatusError as error:
                raise invalid_argument(
                    f"{failed}{key} of 'instances' list. Error: {error}"
                ) from None
        if by_name and sorted({name for name, _ in pairs}) != names:
            raise invalid_argument(
                f"{failed} of 'instances' list. JSON object: {stringify(instance)} "
                f"keys must be equal to: {','.join(names)}"
            )
    return {
        name: _tensor(name, column.values, [len(instances), *column.shape], types[name])
        for name, column in columns.items()
    }


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _from_inputs(inputs: Any, types: Mapping[str, str]) -> dict[str, np.ndarray]:
    if not _is_object(inputs):
        if len(types) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        inputs = dict.fromkeys(types, inputs)
    tensors = {}
    for name in sorted(types):
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        values: list[Any] = []
        shape = _shape(inputs[name])
        _fill(inputs[name], 0, shape, types[name], values)
        tensors[name] = _tensor(name, values, shape, types[name])
    return tensors
