"""Answers to predict requests in JSON, in TensorFlow Serving's row and column formats."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np

from nertagger.serving.json_writer import decimals, quote
from nertagger.serving.status import invalid_argument

_INTEGERS = ("int8", "int16", "int32", "uint8", "int64", "uint32", "uint64")


def write_predict_response(
    outputs: Mapping[str, np.ndarray], types: Mapping[str, str], by_row: bool
) -> bytes:
    """The answer to a predict request.

    Args:
        outputs: the output tensors by name.
        types: their types.
        by_row: whether the request came as `instances`.

    Raises:
        StatusError: an output cannot be written so, because of its type or, by row, its shape.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    names = sorted(outputs)
    if by_row:
        _check_batch(outputs, names)
    spelt = {name: _spell(name, outputs[name], types[name]) for name in names}
    text = _rows(outputs, spelt) if by_row else _columns(outputs, spelt)
    return text.encode("utf-8", "surrogateescape")


def _check_batch(outputs: Mapping[str, np.ndarray], names: list[str]) -> None:
    expected = -1
    for name in names:
        shape = outputs[name].shape
        if not shape:
            raise invalid_argument("Tensor name: ", name, " has no shape information ")
        if expected >= 0 and shape[0] != expected:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {shape[0]} expecting: {expected}"
            )
        expected = shape[0]


class _Bytes(str):
    """The base64 of one string; its object breaks its lines wherever it stands."""


def _spell(name: str, tensor: np.ndarray, dtype: str) -> list[str]:
    if tensor.size == 0:
        return []
    if dtype in ("float", "double"):
        return decimals(tensor)
    flat = tensor.ravel().tolist()
    if dtype == "string":
        flat = [text.encode() if isinstance(text, str) else text for text in flat]
        if name.endswith("_bytes"):
            return [_Bytes(base64.b64encode(text).decode("ascii")) for text in flat]
        return [quote(text.decode("utf-8", "surrogateescape")) for text in flat]
    if dtype == "bool":
        return ["true" if value else "false" for value in flat]
    if dtype in _INTEGERS:
        return [str(value) for value in flat]
    raise invalid_argument("Failed to write JSON value for tensor type: ", dtype)


def _leaf(text: str, depth: int) -> str:
    if isinstance(text, _Bytes):
        return f'{{\n{"    " * (depth + 1)}"b64": "{text}"\n{"    " * depth}}}'
    return text


def _on_a_line(values: list[str], start: int, shape: tuple[int, ...], depth: int) -> str:
    if not shape:
        return _leaf(values[start], depth)
    step = int(np.prod(shape[1:], dtype=np.int64))
    if len(shape) == 1 and not isinstance(values[start] if shape[0] else "", _Bytes):
        return f"[{', '.join(values[start : start + shape[0]])}]"
    parts = [_on_a_line(values, start + i * step, shape[1:], depth + 1) for i in range(shape[0])]
    return f"[{', '.join(parts)}]"


def _rows(outputs: Mapping[str, np.ndarray], spelt: Mapping[str, list[str]]) -> str:
    shapes = {name: outputs[name].shape[1:] for name in spelt}
    sizes = {name: int(np.prod(shape, dtype=np.int64)) for name, shape in shapes.items()}
    rows = next(iter(outputs.values())).shape[0]
    if not rows:
        return '{\n    "predictions": []\n}'
    if len(spelt) == 1:
        ((name, values),) = spelt.items()
        items = [_on_a_line(values, i * sizes[name], shapes[name], 2) for i in range(rows)]
        return f'{{\n    "predictions": [{", ".join(items)}\n    ]\n}}'
    items = []
    for row in range(rows):
        pairs = [
            f"\n            {quote(name)}: "
            + _on_a_line(values, row * sizes[name], shapes[name], 3)
            for name, values in spelt.items()
        ]
        items.append(f"\n        {{{','.join(pairs)}\n        }}")
    return f'{{\n    "predictions": [{",".join(items)}\n    ]\n}}'


def _on_lines(values: list[str], start: int, shape: tuple[int, ...], depth: int) -> str:
    if not shape:
        return _leaf(values[start], depth)
    if not shape[0]:
        return "[]"
    step = int(np.prod(shape[1:], dtype=np.int64))
    inner = "\n" + "    " * (depth + 1)
    parts = [
        inner + _on_lines(values, start + i * step, shape[1:], depth + 1) for i in range(shape[0])
    ]
    return f"[{','.join(parts)}\n{'    ' * depth}]"


def _columns(outputs: Mapping[str, np.ndarray], spelt: Mapping[str, list[str]]) -> str:
    if len(spelt) == 1:
        ((name, values),) = spelt.items()
        return f'{{\n    "outputs": {_on_lines(values, 0, outputs[name].shape, 1)}\n}}'
    pairs = [
        f"\n        {quote(name)}: {_on_lines(values, 0, outputs[name].shape, 2)}"
        for name, values in spelt.items()
    ]
    return f'{{\n    "outputs": {{{",".join(pairs)}\n    }}\n}}'
