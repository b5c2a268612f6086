"""Classify and regress requests: JSON to tf.Example, and their results to JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from nertagger.serving.json_parser import members
from nertagger.serving.json_writer import decimals, quote, stringify
from nertagger.serving.predict_request import (
    decode_base64,
    encode_text,
    is_base64,
    lossless_float,
    lossy_error,
    read_document,
    type_name,
)
from nertagger.serving.status import StatusError, invalid_argument

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"

_LARGEST_FLOAT = float(np.finfo(np.float32).max)


def read_examples(body: bytes) -> tuple[str, np.ndarray]:
    """The name of the signature ("" for the default one), and the examples, serialised: [batch].

    A context's features are in every example.

    Raises:
        StatusError: with TensorFlow Serving's code and message.
    """
    document, signature_name = read_document(body)
    # Serialised messages one behind the other are the messages merged.
    context = _example(document["context"]) if "context" in document else b""
    if "examples" not in document:
        raise _format_error(
            document, "When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise _format_error(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _format_error(document, "'examples' value is an empty array")
    serialised = np.empty(len(examples), np.object_)
    serialised[:] = [context + _example(example) for example in examples]
    return signature_name, serialised


def _format_error(value: Any, complaint: str) -> StatusError:
    return invalid_argument("JSON Value: ", stringify(value), " ", complaint)


def _example(value: Any) -> bytes:
    from tensorflow.core.example import example_pb2

    if not isinstance(value, dict):
        raise invalid_argument("Example must be JSON object but got JSON ", type_name(value))
    example = example_pb2.Example()
    for name, content in members(value):
        feature = example.features.feature[name]
        feature.Clear()
        for element in content if isinstance(content, list) else [content]:
            _add(element, name, feature)
    return example.SerializeToString(deterministic=True)


def _add(value: Any, name: str, feature: Any) -> None:
    if (
        value is None
        or isinstance(value, list)
        or (isinstance(value, dict) and not is_base64(value))
    ):
        raise invalid_argument(
            f"Feature: {name} has element with unexpected JSON type: {type_name(value)}"
        )
    if isinstance(value, dict | str):
        _check_kind(feature, "bytes", name)
        content = decode_base64(value) if isinstance(value, dict) else encode_text(value)
        feature.bytes_list.value.append(content)
    elif isinstance(value, float):
        _check_kind(feature, "float", name)
        if not lossless_float(value, 24, _LARGEST_FLOAT):
            raise lossy_error(value, "float")
        feature.float_list.value.append(value)
    else:
        _check_kind(feature, "int64", name)
        if value >= 1 << 63:
            raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
        feature.int64_list.value.append(int(value))


def _check_kind(feature: Any, wanted: str, name: str) -> None:
    kind = feature.WhichOneof("kind")
    if kind not in (None, f"{wanted}_list"):
        raise invalid_argument(
            f"Unexpected element type in feature: {name} "
            f"expecting type: {kind.removesuffix('_list')}"
        )


def check_signature(signature_def: Any, method: str) -> list[str]:
    """Whether a signature classifies or regresses: the names of the outputs that are wanted."""
    kind = "classification" if method == CLASSIFY else "regression"
    if signature_def.method_name != method:
        raise invalid_argument(
            f"Expected {kind} signature method_name to be {method}. "
            f"Was: {signature_def.method_name}"
        )
    if len(signature_def.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    outputs = signature_def.outputs
    if method == REGRESS and len(outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if method == CLASSIFY and len(outputs) not in (1, 2):
        raise invalid_argument("Expected one or two output Tensors, found ", len(outputs))
    if "inputs" not in signature_def.inputs:
        raise StatusError(
            "FAILED_PRECONDITION", f"No {kind} inputs found in SignatureDef: {signature_def}"
        )
    wanted = ["classes", "scores"] if method == CLASSIFY else ["outputs"]
    found = [name for name in wanted if name in outputs]
    if not found and method == CLASSIFY:
        raise StatusError(
            "FAILED_PRECONDITION",
            "Expected classification signature outputs to contain at least one of "
            f'"classes" or "scores". Signature was: {signature_def}',
        )
    if not found:
        raise StatusError(
            "FAILED_PRECONDITION", f"No {kind} outputs found in SignatureDef: {signature_def}"
        )
    return found


def write_classifications(
    batch: int, classes: np.ndarray | None, scores: np.ndarray | None, types: dict[str, str]
) -> bytes:
    """The answer to a classify request: a list of label and score pairs for each example."""
    for name, tensor, wanted in (("classes", classes, "string"), ("scores", scores, "float")):
        if tensor is None:
            continue
        if tensor.ndim != 2:
            raise invalid_argument(
                f"Expected Tensor shape: [batch_size num_classes] but got {_shape(tensor)}"
            )
        if types[name] != wanted:
            raise invalid_argument(
                f"Expected {name} Tensor of DT_{wanted.upper()}. Got: DT_{types[name].upper()}"
            )
        if tensor.shape[0] != batch:
            raise invalid_argument(
                f"Expected {name} output batch size of {batch}. Got: {tensor.shape[0]}"
            )
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise invalid_argument(
            "Tensors class and score should match in dim_size(1). "
            f"Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    first = classes if classes is not None else scores
    size = 0 if first is None else first.shape[1]
    labels = ['""'] * (batch * size) if classes is None else [_label(v) for v in classes.ravel()]
    spelt = ["0.0"] * (batch * size) if scores is None else decimals(scores)
    pairs = [f"[{label}, {score}]" for label, score in zip(labels, spelt, strict=True)]
    rows = [f"[{', '.join(pairs[i * size : (i + 1) * size])}]" for i in range(batch)]
    text = f'{{\n    "results": [{", ".join(rows)}\n    ]\n}}'
    return text.encode("utf-8", "surrogateescape")


def _label(value: Any) -> str:
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    return quote(text)


def _shape(tensor: np.ndarray) -> str:
    return f"[{','.join(map(str, tensor.shape))}]"


def write_regressions(batch: int, outputs: np.ndarray, dtype: str) -> bytes:
    """The answer to a regress request: a number for each example."""
    if not (outputs.ndim == 1 or (outputs.ndim == 2 and outputs.shape[1] == 1)):
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or "
            f"[batch_size, 1] but got {_shape(outputs)}"
        )
    if outputs.shape[0] != batch:
        raise invalid_argument(
            f"Input batch size did not match output batch size: {batch} vs. {outputs.shape[0]}"
        )
    if dtype != "float":
        raise invalid_argument("Expected output Tensor of DT_FLOAT.  Got: DT_", dtype.upper())
    return f'{{\n    "results": [{", ".join(decimals(outputs))}]\n}}'.encode()
