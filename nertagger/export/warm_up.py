"""Requests that TensorFlow Serving replays when it loads a model, so that the first one who asks
does not wait for what is only done once: memory, kernels of the GPU, tuning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

WARM_UP = Path("assets.extra") / "tf_serving_warmup_requests"

_SENTENCE = "Ada Lovelace wrote to Charles Babbage in London about the engine on 10 July 1843 ."
# Sentences a text and texts a request: TensorFlow prepares for every shape that it meets.
_SIZES = ((1, 1), (1, 8), (4, 1), (8, 8), (1, 64), (32, 1))


def write_warm_up(directory: Path, name: str) -> None:
    """Writes assets.extra/tf_serving_warmup_requests.

    Args:
        directory: of the SavedModel.
        name: of the model.
    """
    path = directory / WARM_UP
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in warm_up_requests(name):
            log = PredictionLog(predict_log=PredictLog(request=request))
            writer.write(log.SerializeToString(deterministic=True))


def warm_up_requests(name: str) -> Iterator[PredictRequest]:
    """Requests of several lengths and batch sizes to each signature."""
    batches: list[list[str]] = [[""]]
    for sentences, texts in _SIZES:
        text = " ".join([_SENTENCE] * sentences)
        # Not all of one length, as it is in earnest.
        words = text.split(" ")
        batches.append([" ".join(words[: len(words) - number]) for number in range(texts)])
    for batch in batches:
        yield _request(name, "serving_default", "text", batch)
        yield _request(name, "tokens", "text", batch)
        yield _request(name, "tagged_tokens", "tokens", [text.replace(" ", "\t") for text in batch])


def _request(name: str, signature: str, argument: str, texts: Sequence[str]) -> PredictRequest:
    request = PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    tensor = request.inputs[argument]
    tensor.CopyFrom(tf.make_tensor_proto(list(texts), tf.string, [len(texts)]))
    return request
