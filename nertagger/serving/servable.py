"""One version of a model, loaded: what runs its signatures.

It is loaded and run as TensorFlow Serving does it: a session over the graph, with the tensors that
a signature names fed and fetched. So any SavedModel works, of TensorFlow 1 or 2, and a failed run
fails with the runtime's own code and words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.serving.status import CODES, StatusError, invalid_argument

DEFAULT_SIGNATURE = "serving_default"
WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"

_METHODS = tuple(f"tensorflow/serving/{name}" for name in ("predict", "classify", "regress"))


def _status(error: Exception) -> StatusError:
    """What an exception of the runtime means."""
    import tensorflow as tf

    if isinstance(error, StatusError):
        return error
    if isinstance(error, tf.errors.OpError):
        code = error.error_code
        return StatusError(CODES[code] if code < len(CODES) else "UNKNOWN", error.message)
    if isinstance(error, ValueError | TypeError):
        return invalid_argument(error)
    return StatusError("INTERNAL", f"{type(error).__name__}: {error}")


class Servable:
    """A loaded SavedModel.

    Args:
        name: the model's name.
        version: the version's number.
        path: its directory.

    Raises:
        StatusError: the directory holds no SavedModel, or a damaged one.
    """

    def __init__(self, name: str, version: int, path: Path):
        import tensorflow as tf

        self.name = name
        self.version = version
        self.path = path
        config = tf.compat.v1.ConfigProto()
        # A laptop's other programs want the GPU's memory too.
        config.gpu_options.allow_growth = True
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
        try:
            meta_graph = tf.compat.v1.saved_model.load(
                self._session, [tf.saved_model.SERVING], str(path)
            )
        except Exception as error:
            self._session.close()
            raise _load_error(error, path) from error
        self.signatures: dict[str, Any] = dict(meta_graph.signature_def)
        self._callables: dict[tuple[str, tuple[str, ...]], Callable] = {}
        self._lock = threading.Lock()

    def signature(self, name: str) -> Any:
        """The definition of a signature; "" is the default one."""
        wanted = name or DEFAULT_SIGNATURE
        if wanted not in self.signatures:
            raise invalid_argument(f'Serving signature name: "{wanted}" not found in signature def')
        return self.signatures[wanted]

    def predict_inputs(self, name: str) -> dict[str, str]:
        """The inputs of a signature and their types."""
        return types(self.signature(name).inputs)

    def check_predict(self, name: str, inputs: Mapping[str, np.ndarray]) -> None:
        """Whether a signature can be run with these inputs.

        Raises:
            StatusError: it cannot.
        """
        signature = self.signature(name)
        if signature.method_name not in _METHODS:
            raise StatusError(
                "INTERNAL",
                "Expected prediction signature method_name to be one of "
                f"{{{', '.join(_METHODS)}}}. Was: {signature.method_name}",
            )
        given, wanted = sorted(inputs), sorted(signature.inputs)
        if len(given) != len(wanted):
            missing = ",".join(sorted(set(wanted) - set(given)))
            raise invalid_argument(
                f"input size does not match signature: {len(given)}!={len(wanted)} "
                f"len({{{','.join(given)}}}) != len({{{','.join(wanted)}}}). "
                f"Sent extra: {{}}. Missing but required: {{{missing}}}."
            )

    def run(
        self, name: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            name: of the signature; "" is the default one.
            inputs: its inputs by name.
            outputs: which outputs are wanted; all without it.

        Raises:
            StatusError: with the runtime's code and message.
        """
        signature = self.signature(name)
        wanted = tuple(sorted(signature.outputs) if outputs is None else outputs)
        fed = sorted(signature.inputs)
        try:
            call = self._callable(name or DEFAULT_SIGNATURE, signature, fed, wanted)
            results = call(*(inputs[key] for key in fed))
        except Exception as error:
            raise _status(error) from error
        return {key: np.asarray(result) for key, result in zip(wanted, results, strict=True)}

    def _callable(
        self, name: str, signature: Any, fed: list[str], wanted: tuple[str, ...]
    ) -> Callable:
        key = (name, wanted)
        with self._lock:
            if key not in self._callables:
                from tensorflow.core.protobuf import config_pb2

                options = config_pb2.CallableOptions(
                    feed=[signature.inputs[input_].name for input_ in fed],
                    fetch=[signature.outputs[output].name for output in wanted],
                )
                # The public `make_callable` goes through Python's own checks and messages where
                # there are feeds; this is the runtime alone, and four times as quick.
                self._callables[key] = self._session._make_callable_from_options(options)
            return self._callables[key]

    def warm_up(self) -> int:
        """Replays the requests that the model brings for it; returns how many there were."""
        requests = self.path / WARMUP
        if not requests.is_file():
            return 0
        import tensorflow as tf
        from tensorflow_serving.apis import prediction_log_pb2

        count = 0
        for record in tf.data.TFRecordDataset(str(requests)).as_numpy_iterator():
            log = prediction_log_pb2.PredictionLog.FromString(record)
            if log.WhichOneof("log_type") != "predict_log":
                continue
            request = log.predict_log.request
            inputs = {key: tf.make_ndarray(proto) for key, proto in request.inputs.items()}
            self.run(request.model_spec.signature_name, inputs)
            count += 1
        return count

    def close(self) -> None:
        """Gives its memory back. Nobody may be using it."""
        with self._lock:
            # Each holds the session.
            self._callables.clear()
            self._session.close()


def _load_error(error: Exception, path: Path) -> StatusError:
    # Where a protocol buffer is damaged, Python's own exceptions come.
    damaged = isinstance(error, OSError | ValueError | RuntimeError)
    code = "DATA_LOSS" if damaged else _status(error).code
    message = str(error) if damaged else _status(error).message
    first = next(iter(message.strip().splitlines()), "no reason given")
    return StatusError(code, f"{path}: cannot be loaded: {first}")


def types(infos: Mapping[str, Any]) -> dict[str, str]:
    """The types of the tensors of a signature, as messages name them."""
    from tensorflow.core.framework import types_pb2

    return {
        name: types_pb2.DataType.Name(info.dtype).removeprefix("DT_").lower()
        for name, info in infos.items()
    }


def batches_freely(signature: Any) -> bool:
    """Whether requests of a signature may be run as one.

    They may where every input and every output has a first dimension that is free: it is the
    batch, as TensorFlow Serving takes it to be when batching is on.
    """
    tensors = [*signature.inputs.values(), *signature.outputs.values()]
    return bool(signature.inputs) and all(_first_is_free(info) for info in tensors)


def _first_is_free(info: Any) -> bool:
    shape = info.tensor_shape
    return not shape.unknown_rank and len(shape.dim) > 0 and shape.dim[0].size == -1
