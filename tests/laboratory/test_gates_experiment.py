"""`lab gates`: what is shown is what the tagger did, and the gradients are the right ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_models

from nertagger import cli
from nertagger.laboratory.gates import first_sentence, look, report, run
from nertagger.laboratory.name_units import (
    EVENTS,
    NamedSentence,
    Unit,
    best_units,
    correlations,
    named_sentences,
)
from nertagger.laboratory.tagger_traces import GATES, Decision, TracedTagger, activations
from nertagger.laboratory.workbench import Workbench
from nertagger.models.architecture import CELLS, HEADS, Architecture
from nertagger.runtime.directory import ModelDirectory, find_model, read_model
from nertagger.runtime.network import Network
from nertagger.text.document import Document, Entity
from nertagger.text.tags import allowed_transitions
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vocabulary import Vocabulary

SENTENCES = [tiny_models.WORDS[:7], ["Ada"], tiny_models.WORDS[9:19]]
ALL_KINDS = [
    *({"cell": cell} for cell in CELLS),
    *({"head": head} for head in HEADS[:2]),
    {"cell": "peephole-lstm", "layers": 3},
    {"word_encoding": "one-hot", "cell": "gru", "layers": 2},
    {"cell": "simple-rnn", "activation": "relu"},
]


@pytest.mark.parametrize("changes", ALL_KINDS, ids=str)
def test_the_tagger_that_is_looked_into_is_the_one_that_tags(changes):
    config, encoder, tensors = tiny_models.make(**changes)
    network = Network(config["architecture"], tensors, encoder)
    reading = TracedTagger(config, encoder, tensors).read(SENTENCES)
    tokens = [token for sentence in SENTENCES for token in sentence]
    offsets = np.cumsum([0, *map(len, SENTENCES)])
    np.testing.assert_allclose(
        reading.logits[reading.mask], network.logits(tokens, offsets, offsets), atol=1e-4
    )


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("cell", CELLS)
def test_gates_are_those_of_the_word_they_are_shown_at(cell, direction):
    config, encoder, tensors = tiny_models.make(cell=cell)
    reading = TracedTagger(config, encoder, tensors).read(SENTENCES[:1])
    shown = activations(reading, 0, direction)
    assert list(shown)[: len(GATES[cell])] == list(GATES[cell])
    # At the word that is read first nothing is remembered: the gate is σ(x · kernel + bias).
    at = 0 if direction == "forward" else len(SENTENCES[0]) - 1
    prefix = f"encoder.0.{direction}."
    projected = reading.inputs[0, at] @ tensors[f"{prefix}kernel"] + tensors[f"{prefix}bias"]
    places = {
        "lstm": {"input gate": 0, "forget gate": 1, "output gate": 3},
        "coupled-lstm": {"forget gate": 0, "output gate": 2},
        "gru": {"update gate": 0, "reset gate": 1},
    }.get(cell, {"input gate": 0, "forget gate": 1} if cell == "peephole-lstm" else {})
    for name, place in places.items():
        expected = 1 / (1 + np.exp(-projected.reshape(-1, 6)[place]))
        np.testing.assert_allclose(shown[name][0, at], expected, atol=1e-6)
    for name in GATES[cell]:
        assert 0 < shown[name].min() < shown[name].max() < 1
    assert shown["state"].shape == (1, len(SENTENCES[0]), 6)
    assert ("memory" in shown) == (cell in ("lstm", "peephole-lstm", "coupled-lstm"))


WORDS = [f"w{'abcdefghijkl'[at]}" for at in range(12)]
SENTENCE = ["wc", "wa", "wk", "wf", "wb", "wi"]


def keras_tagger(**changes):
    """A Keras model of word embeddings alone, and the same in NumPy."""
    from nertagger.models.random_models import TAGS, random_model
    from nertagger.models.tensors import named_tensors

    head = changes.get("head", "crf")
    architecture = Architecture(
        tags=("NAME",) if head == "sigmoid" else TAGS,
        vocabulary_size=len(WORDS) + 2,
        units=5,
        word_dimension=4,
        character_encoding="none",
        dropout=0.0,
        **changes,
    )
    model = random_model(architecture, allowed_transitions(TAGS) if head == "crf" else None, 3)
    encoder = TokenEncoder(Vocabulary(WORDS), case=False)
    config = {"architecture": architecture.to_dict()}
    return model, TracedTagger(config, encoder, named_tensors(model)), encoder


@pytest.mark.parametrize(
    "changes",
    [*({"cell": cell, "layers": 2} for cell in CELLS), {"head": "softmax"}, {"head": "sigmoid"}],
    ids=str,
)
def test_gradient_times_input_is_tensorflow_s(changes):
    import tensorflow as tf

    model, traced, encoder = keras_tagger(**changes)
    reading = traced.read([SENTENCE])
    decision = Decision(1, 3, traced.best_tags(reading)[0])
    inside, tags = slice(1, 4), decision.tags[1:4]
    ids = encoder.encode(SENTENCE)["words"]
    embeddings = model.get_layer("word").embeddings
    head = changes.get("head", "crf")
    with tf.GradientTape() as tape:
        logits = model({"words": ids[None]})
        if head == "sigmoid":
            signs = 2.0 * tags - 1
            log_p = tf.reduce_sum(tf.math.log_sigmoid(signs * logits[0, inside, 0]))
        elif head == "softmax":
            logs = tf.nn.log_softmax(logits[0, inside])
            log_p = tf.reduce_sum(tf.gather(logs, tags, batch_dims=1))
        else:
            allowed = np.ones((1, len(SENTENCE), logits.shape[2]), np.float32)
            allowed[0, inside] = np.eye(logits.shape[2])[tags]
            mask = tf.ones((1, len(SENTENCE)), bool)
            log_p = model.get_layer("crf").set_log_likelihood(logits, allowed, mask)[0]
        log_odds = log_p - tf.math.log(-tf.math.expm1(log_p))
    gradient = tf.convert_to_tensor(tape.gradient(log_odds, embeddings.value)).numpy()[ids]
    np.testing.assert_allclose(
        traced.log_odds(reading.logits, decision), float(log_odds), rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(
        traced.input_gradient(reading, decision)[0], gradient, rtol=2e-3, atol=2e-4
    )
    np.testing.assert_allclose(
        traced.attributions(reading, decision),
        (gradient * embeddings.numpy()[ids]).sum(axis=1),
        rtol=2e-3,
        atol=5e-4,
    )


def test_leaving_a_word_out_is_taking_its_embedding_away():
    _, traced, encoder = keras_tagger(cell="gru", layers=2)
    reading = traced.read([SENTENCE])
    decision = Decision(0, 1, traced.best_tags(reading)[0])
    lost = traced.left_out(reading, decision)
    odds = traced.log_odds(reading.logits, decision)
    row = encoder.encode(["wk"])["words"][0]
    traced._features._words = traced._features._words.copy()
    traced._features._words[row] = 0
    without = traced.log_odds(traced.read([SENTENCE]).logits, decision)
    np.testing.assert_allclose(lost[SENTENCE.index("wk")], odds - without, atol=1e-9)


def test_a_sure_decision_has_a_finite_gradient():
    config, encoder, tensors = tiny_models.make()
    traced = TracedTagger(config, encoder, tensors)
    reading = traced.read(SENTENCES[:1])
    decision = Decision(0, 1, traced.best_tags(reading)[0])
    gradient = traced.logit_gradient(1000 * reading.logits, decision)
    assert np.isfinite(gradient).all()


def test_correlations_are_pearson_s():
    config, encoder, tensors = tiny_models.make(cell="coupled-lstm", layers=2)
    traced = TracedTagger(config, encoder, tensors)
    random = np.random.default_rng(1)
    sentences = [
        NamedSentence(sentence, random.random((2, len(sentence))) < 0.4)
        for sentence in (*SENTENCES, tiny_models.WORDS[3:8])
    ]
    found = correlations(traced, sentences)
    assert len(found["units"]) == 2 * 2 * 4 * 6
    for at in (0, 31, 95):
        unit = Unit(*found["units"][at])
        values, events = [], []
        for sentence in sentences:
            layer = activations(traced.read([sentence.tokens]), unit.layer, unit.direction)
            values += layer[unit.activation][0, :, unit.number].tolist()
            events.append(sentence.events)
        for event, happens in zip(EVENTS, np.concatenate(events, axis=1), strict=True):
            expected = np.corrcoef(values, happens)[0, 1]
            assert found[event][at] == pytest.approx(expected, abs=1e-9)


def test_units_are_chosen_on_train_and_reported_on_dev():
    units = [Unit(0, "forward", "state", number) for number in range(3)]
    train = {"units": units, "start": [0.3, -0.8, 0.5], "end": [0, 0, 0]}
    dev = {"units": units, "start": [0.9, -0.1, 0.4], "end": [0, 0, 0]}
    best, second = best_units(train, dev, "start", 2)
    assert (best["number"], best["train"], best["dev"]) == (1, -0.8, -0.1)
    assert second["number"] == 2


def test_names_start_and_end_at_their_first_and_last_token():
    text = "Ada met Charles Babbage in Rome.\nNobody else."
    document = Document(text, [Entity("Ada", "PER", 0, 3), Entity("Charles Babbage", "PER", 8, 23)])
    first, second = named_sentences([document])
    assert first.tokens == ["Ada", "met", "Charles", "Babbage", "in", "Rome", "."]
    assert first.events.astype(int).tolist() == [[1, 0, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 0]]
    assert not second.events.any()


@pytest.mark.parametrize("changes", [{"cell": "simple-rnn"}, {"cell": "gru", "layers": 2}], ids=str)
def test_every_tagger_can_be_looked_into(tmp_path, changes):
    config, encoder, tensors = tiny_models.make(**changes)
    directory = ModelDirectory(tmp_path, config, encoder, tensors)
    tokens = first_sentence("Ada knew the numbers. London did not.")
    assert tokens == ["Ada", "knew", "the", "numbers", "."]
    seen = look(directory, tokens)
    for decision in seen["decisions"]:
        assert len(decision["attributions"]) == len(decision["left_out"]) == len(tokens)
    unit = {**Unit(0, "backward", "state", 4)._asdict(), "train": 0.5, "dev": 0.4}
    result = report(directory, tokens, seen, {event: [unit] for event in EVENTS}, "en")
    json.dumps(result.numbers, allow_nan=False)
    if changes["cell"] == "simple-rnn":
        assert result.finding.startswith("A simple-rnn cell has no gates")
        assert set(result.pictures) == {"gates", "gates-names", "gates-words"}
    else:
        assert "no gates" not in result.finding
        assert {"gates-layer-1", "gates-layer-2"} < set(result.pictures)


def test_the_english_model_has_units_for_the_start_and_the_end_of_names(tmp_path):
    with Workbench("gates", tmp_path, quick=True) as workbench:
        result = run(workbench, "en")
    for event in EVENTS:
        best = result.numbers["units"][event][0]
        assert abs(best["dev"]) > 0.4
        assert best["dev"] * best["train"] > 0
    assert [decision["words"] for decision in result.numbers["decisions"]] == [
        "Harry Potter",
        "Hermione Granger",
    ]
    architecture = read_model(find_model("en")).config["architecture"]
    (layer,) = result.numbers["activations"]
    forget = np.array(layer["backward"]["forget gate"])
    assert forget.shape == (10, architecture["units"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", " \n "], "--text"),
        (["--text", "word " * 61], "61"),
        (["--model", "no-such-model"], "no-such-model"),
        (["--language", "xx"], "'xx'"),
    ],
)
def test_bad_input_is_one_line(tmp_path, capsys, arguments, said):
    with pytest.raises(SystemExit) as left:
        cli.main(["lab", "gates", "--output", str(tmp_path), *arguments])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
