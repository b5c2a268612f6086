"""TensorFlow Serving's configuration messages, read from protocol buffer text.

`tensorflow-serving-api` has the messages of the model configuration; those of monitoring and
batching are not in it and are declared here, with their names, numbers and types.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from nertagger.errors import InputError

_PACKAGE = "tensorflow.serving"

# Message: field: (number, type); a type in brackets is repeated.
_DECLARED: dict[str, dict[str, tuple[int, str]]] = {
    "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
    "BatchingParameters": {
        "max_batch_size": (1, "Int64Value"),
        "batch_timeout_micros": (2, "Int64Value"),
        "max_enqueued_batches": (3, "Int64Value"),
        "num_batch_threads": (4, "Int64Value"),
        "thread_pool_name": (5, "StringValue"),
        "allowed_batch_sizes": (6, "[int64]"),
        "pad_variable_length_inputs": (7, "bool"),
    },
}


@functools.cache
def message_class(name: str) -> Any:
    """The class of a message: ModelServerConfig, MonitoringConfig or BatchingParameters."""
    if name == "ModelServerConfig":
        from tensorflow_serving.config import model_server_config_pb2

        return model_server_config_pb2.ModelServerConfig
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="nertagger/serving.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    for message_name, fields in _DECLARED.items():
        message = file.message_type.add(name=message_name)
        for field_name, (number, kind) in fields.items():
            field = message.field.add(name=field_name, number=number)
            repeated = kind.startswith("[")
            field.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            kind = kind.strip("[]")
            if kind in ("bool", "string", "int64"):
                field.type = getattr(kinds, f"TYPE_{kind.upper()}")
            else:
                field.type = kinds.TYPE_MESSAGE
                package = _PACKAGE if kind in _DECLARED else "google.protobuf"
                field.type_name = f".{package}.{kind}"
    # A pool of its own: another library may declare the same messages.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def read(path: str | os.PathLike[str], name: str) -> Any:
    """Reads a message from a file.

    Raises:
        InputError: the file cannot be read or does not hold the message's text; with the line.
    """
    from google.protobuf import text_format

    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason.lower()}", path) from None
    try:
        return text_format.Parse(text, message_class(name)())
    except text_format.ParseError as error:
        # It comes as "line:column : 'text': reason".
        reason = str(error).split(" : ", 1)[-1]
        raise InputError(
            f"expected the text of a {name}, as TensorFlow Serving reads it: {reason}",
            path,
            error.GetLine(),
        ) from None
