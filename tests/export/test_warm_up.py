"""The warm-up requests are what TensorFlow Serving replays: each is answered by the model."""

import collections

import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog


def test_every_request_is_answered(exported):
    model = exported["crf"]
    signatures = tf.saved_model.load(str(model.directory)).signatures
    path = model.directory / "assets.extra" / "tf_serving_warmup_requests"
    shapes = collections.defaultdict(set)
    for record in tf.data.TFRecordDataset(str(path)):
        log = PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "tiny"
        name = request.model_spec.signature_name
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        outputs = signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
        (texts,) = inputs.values()
        assert {len(output) for output in outputs.values()} == {len(texts)}
        shapes[name].add((len(texts), max(map(len, texts))))
    assert set(shapes) == {"serving_default", "tokens", "tagged_tokens"}
    for seen in shapes.values():
        # Several batch sizes, several lengths, and the empty text.
        assert len({batch for batch, _ in seen}) > 2
        assert len({length for _, length in seen}) > 2
        assert (1, 0) in seen
