"""SavedModels small enough to be made for a test, of TensorFlow 1 and 2."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


def half_plus_two(path: Path, add: float = 2.0) -> None:
    """y = x / 2 + add, as signatures of all three methods; a model of TensorFlow 1."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        half = v1.get_variable("half", initializer=0.5)
        offset = v1.get_variable("offset", initializer=add)
        x = v1.placeholder(tf.float32, [None], name="x")
        y = tf.identity(half * x + offset, name="y")
        serialised = v1.placeholder(tf.string, [None], name="tf_example")
        features = {
            "x": v1.FixedLenFeature([1], tf.float32, default_value=[0.0]),
            "name": v1.FixedLenFeature([1], tf.string, default_value=[""]),
        }
        parsed = v1.parse_example(serialised, features)
        scores = tf.identity(half * parsed["x"] + offset, name="scores")
        classes = tf.identity(parsed["name"], name="classes")
        session.run(v1.global_variables_initializer())

        info = v1.saved_model.utils.build_tensor_info
        definition = v1.saved_model.signature_def_utils.build_signature_def
        examples = {"inputs": info(serialised)}

        def signature(inputs, outputs, method):
            return definition(inputs, outputs, f"tensorflow/serving/{method}")

        builder = v1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(
            session,
            [tf.saved_model.SERVING],
            signature_def_map={
                "serving_default": signature({"x": info(x)}, {"y": info(y)}, "predict"),
                "regress_x_to_y": signature(examples, {"outputs": info(scores)}, "regress"),
                "classify_x_to_y": signature(examples, {"scores": info(scores)}, "classify"),
                "classify_names": signature(
                    examples, {"scores": info(scores), "classes": info(classes)}, "classify"
                ),
                "unknown_method": signature({"x": info(x)}, {"y": info(y)}, "else"),
            },
        )
        builder.save()


class _Types(tf.Module):
    """Gives back what it gets, of every type; and a few shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.functions = {}
        for dtype in (
            *(tf.float32, tf.float64, tf.float16, tf.int8, tf.uint8, tf.int16, tf.uint16),
            *(tf.int32, tf.uint32, tf.int64, tf.uint64, tf.bool, tf.string),
        ):
            self.functions[dtype.name] = tf.function(
                lambda x: {"y": tf.identity(x)}, input_signature=[tf.TensorSpec(None, dtype, "x")]
            )
        self.functions["bytes"] = tf.function(
            lambda x: {"y_bytes": tf.identity(x)},
            input_signature=[tf.TensorSpec(None, tf.string, "x")],
        )
        self.functions["two"] = tf.function(
            lambda a, b: {"total": a + b, "name_bytes": tf.as_string(a), "name": tf.as_string(b)},
            input_signature=[
                tf.TensorSpec([None, 2], tf.float32, "a"),
                tf.TensorSpec([None, 1], tf.float32, "b"),
            ],
        )
        self.functions["scalar"] = tf.function(
            lambda x: {"mean": tf.reduce_mean(x), "x": tf.identity(x)},
            input_signature=[tf.TensorSpec([None], tf.float32, "x")],
        )
        self.functions["uneven"] = tf.function(
            lambda x: {"all": tf.identity(x), "first": x[:1]},
            input_signature=[tf.TensorSpec([None], tf.float32, "x")],
        )
        self.functions["none"] = tf.function(
            lambda x: {"y": x[:0]}, input_signature=[tf.TensorSpec([None], tf.float32, "x")]
        )
        self.functions["picky"] = tf.function(
            self.picky, input_signature=[tf.TensorSpec([None], tf.float32, "x")]
        )
        self.functions["total"] = tf.function(
            lambda x: {"y": tf.reduce_sum(x)[None]},
            input_signature=[tf.TensorSpec([None], tf.float32, "x")],
        )

    @staticmethod
    def picky(x):
        with tf.control_dependencies([tf.debugging.assert_positive(x, "only positive numbers")]):
            return {"y": tf.identity(x)}


def types(path: Path) -> None:
    """A model of TensorFlow 2 with a signature for every type."""
    module = _Types()
    signatures = dict(module.functions)
    signatures["serving_default"] = signatures["string"]
    tf.saved_model.save(module, str(path), signatures=signatures)


class _Tagger(tf.Module):
    """Takes every capitalised word for a name; the words of a text are parted by one space."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def tag(self, text):
        words = tf.strings.split(text, " ")
        lengths = tf.ragged.map_flat_values(tf.strings.length, words, unit="UTF8_CHAR")
        ends = tf.ragged.map_flat_values(tf.identity, lengths)
        padded = tf.cumsum(lengths.to_tensor() + 1, axis=1)
        ends = tf.RaggedTensor.from_tensor(padded - 1, words.row_lengths())
        starts = ends - lengths
        names = tf.ragged.map_flat_values(tf.strings.regex_full_match, words, r"\p{Lu}.*")
        chosen = [tf.ragged.boolean_mask(x, names) for x in (words, starts, ends)]
        shape = [None, None]
        entity = chosen[0].to_tensor("", shape=shape)
        present = tf.not_equal(entity, "")
        return {
            "entity": entity,
            "label": tf.where(present, tf.where(tf.strings.length(entity) > 5, "ORG", "PER"), ""),
            "start": chosen[1].to_tensor(-1, shape=shape),
            "end": chosen[2].to_tensor(-1, shape=shape),
            "score": tf.where(present, 1 / tf.cast(tf.strings.length(entity) + 1, tf.float32), 0),
            "count": tf.cast(chosen[0].row_lengths(), tf.int32),
        }


def tagger(path: Path) -> None:
    """A model with a tagger's signature."""
    module = _Tagger()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.tag})
