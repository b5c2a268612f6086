"""The Keras model of every architecture."""

from __future__ import annotations

import dataclasses
import functools

import keras
import numpy as np
import pytest

from nertagger.models import random_models
from nertagger.models.architecture import ACTIVATIONS, CELLS, Architecture
from nertagger.models.inputs import CharacterConvolution
from nertagger.models.random_models import TAGS, architectures
from nertagger.models.tagger import build
from nertagger.models.tensors import assign_tensors, named_tensors
from nertagger.recurrent import equations
from nertagger.runtime.network import tensor_shapes
from nertagger.text.tags import allowed_transitions

ARCHITECTURES = list(architectures())
# Building a model is what takes time: the tests that only read one share it.
random_model = functools.lru_cache(random_models.random_model)
LENGTHS = (6, 3, 1)


def inputs_of(a: Architecture, lengths=LENGTHS, width=None, seed=0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    rows, width = len(lengths), width or max(lengths)
    real = np.arange(width) < np.array(lengths)[:, None]

    def ids(low: int, high: int, *shape: int) -> np.ndarray:
        values = random.integers(low, high, (rows, 12, *shape))[:, :width]
        return (values * real.reshape(rows, width, *(1 for _ in shape))).astype("int32")

    inputs = {"words": ids(1, a.vocabulary_size)}
    if a.character_encoding == "convolution":
        characters = ids(1, a.character_count, a.characters_per_token)
        token_lengths = random.integers(1, a.characters_per_token + 1, (rows, 12, 1))[:, :width]
        inputs["characters"] = characters * (np.arange(a.characters_per_token) < token_lengths)
    if a.vector_count:
        inputs["vectors"] = ids(0, a.vector_count)
    if a.case_count:
        inputs["case"] = ids(1, a.case_count)
    if a.context_dimension:
        inputs["document"] = random.normal(0, 1, (rows, a.vector_dimension)).astype("float32")
    return inputs


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=repr)
def test_padding_never_changes_a_logit(architecture):
    model = random_model(architecture)
    alone = keras.ops.convert_to_numpy(model(inputs_of(architecture)))
    padded = keras.ops.convert_to_numpy(model(inputs_of(architecture, width=11)))
    assert alone.shape == (3, 6, len(architecture.tags))
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(alone[row, :length], padded[row, :length], atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=repr)
def test_tensors_have_the_names_and_shapes_that_the_runtime_reads(architecture):
    tensors = named_tensors(random_model(architecture))
    shapes = tensor_shapes(architecture.to_dict())
    assert {name: tensor.shape for name, tensor in tensors.items()} == shapes


@pytest.mark.parametrize("architecture", ARCHITECTURES[::4], ids=repr)
def test_a_model_given_the_tensors_of_another_computes_the_same(architecture):
    first, second = random_model(architecture), random_models.random_model(architecture, seed=2)
    inputs = inputs_of(architecture)
    assert not np.allclose(first(inputs), second(inputs))
    assign_tensors(second, named_tensors(first))
    np.testing.assert_array_equal(first(inputs), second(inputs))


def test_tensors_of_another_architecture_are_refused():
    model = random_model(ARCHITECTURES[2])
    tensors = named_tensors(model)
    with pytest.raises(ValueError, match=r"'head\.bias' is missing"):
        assign_tensors(model, {n: t for n, t in tensors.items() if n != "head.bias"})
    with pytest.raises(ValueError, match="'extra' is not expected"):
        assign_tensors(model, {**tensors, "extra": tensors["head.bias"]})
    with pytest.raises(ValueError, match=r"'head\.bias' has shape \[3\], expected \[9\]"):
        assign_tensors(model, {**tensors, "head.bias": np.zeros(3, "f4")})


@pytest.mark.parametrize("head", ["sigmoid", "softmax", "crf"])
def test_training_steps_lower_the_loss(head):
    tags = ("NAME",) if head == "sigmoid" else TAGS
    architecture = dataclasses.replace(ARCHITECTURES[2], head=head, tags=tags, dropout=0.0)
    constraints = allowed_transitions(tags) if head == "crf" else None
    model = build(architecture, constraints=constraints, seed=3)
    model.compile(keras.optimizers.Adam(0.05), jit_compile=False)
    inputs = inputs_of(architecture)
    names = np.array([[4, 0, 1, 3, 0, 8], [0, 5, 7, 0, 0, 0], [8, 0, 0, 0, 0, 0]], "int32")
    tags_given = (names > 0).astype("int32") if head == "sigmoid" else names
    losses = [float(model.train_on_batch(inputs, tags_given)) for _ in range(30)]
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
def test_losses_are_negative_log_likelihoods_of_real_tokens_alone(head):
    tags = ("NAME",) if head == "sigmoid" else TAGS
    architecture = dataclasses.replace(ARCHITECTURES[2], head=head, tags=tags)
    model = random_model(architecture)
    inputs = inputs_of(architecture)
    count = 2 if head == "sigmoid" else len(TAGS)
    given = np.random.default_rng(1).integers(0, count, inputs["words"].shape)
    logits = np.asarray(model(inputs), np.float64)
    if head == "sigmoid":
        probability = 1 / (1 + np.exp(-logits[..., 0]))
        chosen = np.where(given == 1, probability, 1 - probability)
    else:
        probability = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        chosen = np.take_along_axis(probability, given[..., None], -1)[..., 0]
    expected = -(np.log(chosen) * (inputs["words"] != 0)).sum(1).mean()
    assert float(model.compute_loss(inputs, given, model(inputs))) == pytest.approx(expected, 1e-5)


def test_words_start_from_their_vectors_and_the_rest_at_random():
    architecture = ARCHITECTURES[0]
    words = np.zeros((architecture.vocabulary_size, architecture.word_dimension), "f4")
    words[3:6] = np.random.default_rng(0).normal(size=(3, architecture.word_dimension))
    embeddings = named_tensors(build(architecture, words=words, seed=1))["embedding.word"]
    np.testing.assert_array_equal(embeddings[3:6], words[3:6])
    assert (embeddings != 0).all()


def test_vectors_are_frozen_and_everything_else_learns():
    architecture = dataclasses.replace(ARCHITECTURES[2], dropout=0.0)
    model = random_models.random_model(architecture)
    before = named_tensors(model)
    model.compile(keras.optimizers.Adam(0.05), jit_compile=False)
    inputs = inputs_of(architecture)
    model.train_on_batch(inputs, np.ones_like(inputs["words"]))
    after = named_tensors(model)
    unchanged = {name for name in before if np.array_equal(before[name], after[name])}
    assert unchanged == {"vectors.codes", "vectors.scales"}


def test_the_convolution_is_the_equation():
    """Against loops over tokens, filters and places; width even and odd, ragged tokens."""
    random = np.random.default_rng(4)
    ids = random.integers(1, 9, (2, 3, 6))
    lengths = np.array([[6, 1, 0], [2, 5, 3]])
    ids[np.arange(6) >= lengths[..., None]] = 0
    layer = CharacterConvolution(9, 4, 5, width=3)
    output = np.asarray(layer(ids))
    embedding, kernel, bias = (np.asarray(w) for w in (layer.embedding, layer.kernel, layer.bias))
    for row, column in np.ndindex(2, 3):
        length = lengths[row, column]
        if not length:
            np.testing.assert_array_equal(output[row, column], 0)
            continue
        places = []
        for place in range(length):
            total = bias.copy()
            for offset in range(3):
                neighbour = place + offset - 1
                if 0 <= neighbour < length:
                    total += embedding[ids[row, column, neighbour]] @ kernel[offset]
            places.append(total)
        np.testing.assert_allclose(output[row, column], np.tanh(np.max(places, 0)), atol=1e-6)


def test_mixed_precision_trains(request):
    keras.config.set_dtype_policy("mixed_bfloat16")
    request.addfinalizer(lambda: keras.config.set_dtype_policy("float32"))
    for encoding in ("embedding", "one-hot"):
        architecture = dataclasses.replace(ARCHITECTURES[2], word_encoding=encoding)
        model = build(architecture, seed=1)
        model.compile("adam", jit_compile=False)
        inputs = inputs_of(architecture)
        assert np.isfinite(float(model.train_on_batch(inputs, np.ones_like(inputs["words"]))))


def test_the_names_are_those_of_the_equations():
    assert set(CELLS) == set(equations.CELLS)
    assert set(ACTIVATIONS) == set(equations.ACTIVATIONS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cell": "mlp"}, "cell is 'mlp'; expected one of simple-rnn"),
        ({"units": 0}, "units is 0"),
        ({"tags": ()}, "no tags"),
        ({"head": "sigmoid"}, "sigmoid has exactly one"),
        ({"unit": 3}, "unknown architecture key 'unit'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_architectures_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        Architecture.from_dict({**ARCHITECTURES[1].to_dict(), **changes})


def test_an_architecture_goes_through_json_and_back():
    for architecture in ARCHITECTURES:
        assert Architecture.from_dict(architecture.to_dict()) == architecture
