"""Training from end to end, on a corpus of made-up sentences."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from small_corpus import write_corpus

from nertagger.corpora.reading import read_corpus
from nertagger.errors import InputError
from nertagger.evaluation.evaluate import evaluate
from nertagger.recurrent import numpy_ops
from nertagger.runtime.directory import read_model
from nertagger.runtime.tagger import load
from nertagger.text.vector_packing import unpack
from nertagger.training import fit as fit_module
from nertagger.training.train import train


def tensors(model: str) -> dict[str, np.ndarray]:
    return {name: np.array(value) for name, value in read_model(Path(model)).tensors.items()}


def test_what_is_trained_tags_as_well_as_it_said(small_options, quiet):
    options = dataclasses.replace(small_options, epochs=8)
    result = train(options, console=quiet)
    assert result["scores"]["micro"]["f1"] > 0.9
    tagger = load(small_options.output)
    gold = read_corpus(small_options.dev).documents
    again = evaluate(gold, tagger.pipe(document.text for document in gold))
    assert again["micro"] == result["scores"]["micro"]
    document = tagger("in Tarn , Mira Stone sells honey .")
    assert [(entity.text, entity.label) for entity in document.entities] == [
        ("Tarn", "LOC"),
        ("Mira Stone", "PER"),
    ]
    assets = Path(result["model"], "assets.extra", "nertagger")
    assert {path.name for path in assets.iterdir()} == {
        "config.json",
        "vocabulary.txt",
        "characters.txt",
        "weights.safetensors",
        "MODEL_CARD.md",
        "history.csv",
        "learning_curve.png",
        "reliability.png",
    }
    assert len(assets.joinpath("history.csv").read_text().splitlines()) == 9
    assert sorted(os.listdir(small_options.output)) == ["1"], "nothing of the work is left"


def test_same_seed_same_model_and_another_seed_another(small_options, quiet):
    first = tensors(train(small_options, console=quiet)["model"])
    second = train(small_options, console=quiet)["model"]
    other = train(dataclasses.replace(small_options, seed=2, epochs=1), console=quiet)["model"]
    assert [Path(model).name for model in (second, other)] == ["2", "3"]
    for name, value in tensors(second).items():
        np.testing.assert_array_equal(value, first[name], err_msg=name)
    assert not np.array_equal(tensors(other)["head.kernel"], first["head.kernel"])


def test_resuming_ends_where_an_uninterrupted_training_does(small_options, quiet, monkeypatch):
    options = dataclasses.replace(small_options, averaging=0.9, recurrent_dropout=0.1)
    whole = train(options, console=quiet)
    interrupted = dataclasses.replace(options, output=small_options.output + "-interrupted")

    class Killed(Exception):
        pass

    write = fit_module.write_checkpoint

    def killed_after_two(path, variables, state):
        write(path, variables, state)
        if len(state["history"]) == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "write_checkpoint", killed_after_two)
        with pytest.raises(Killed):
            train(interrupted, console=quiet)
    assert os.listdir(interrupted.output) == [".training"]
    resumed = train(interrupted, resume=True, console=quiet)
    assert resumed["scores"] == whole["scores"]
    for name, value in tensors(resumed["model"]).items():
        np.testing.assert_array_equal(value, tensors(whole["model"])[name], err_msg=name)


def test_interrupting_keeps_the_best_so_far_and_can_go_on(small_options, quiet, monkeypatch):
    update = fit_module.WeightAverage.update

    def interrupt(self):
        update(self)
        if self.steps == 20:
            os.kill(os.getpid(), 2)

    with monkeypatch.context() as patch:
        patch.setattr(fit_module.WeightAverage, "update", interrupt)
        result = train(small_options, console=quiet)
    assert result["interrupted"]
    assert load(result["model"]).labels == ["LOC", "PER"]
    resumed = train(small_options, resume=True, console=quiet)
    assert not resumed["interrupted"]
    assert Path(resumed["model"]).name == "2"
    assert not Path(small_options.output, ".training").exists()


def test_interrupting_before_the_first_epoch_leaves_nothing(small_options, quiet, monkeypatch):
    def interrupt(self):
        os.kill(os.getpid(), 2)

    monkeypatch.setattr(fit_module.WeightAverage, "update", interrupt)
    with pytest.raises(InputError, match="interrupted before"):
        train(small_options, console=quiet)
    assert not Path(small_options.output).exists()


def test_resuming_with_other_options_or_another_corpus_is_refused(
    small_options, quiet, monkeypatch
):
    class Killed(Exception):
        pass

    def killed(console, row, best):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fit_module.TrainingProgress, "end_epoch", killed)
        with pytest.raises(Killed):
            train(small_options, console=quiet)
    with pytest.raises(InputError, match="units = 13"):
        train(dataclasses.replace(small_options, units=13), resume=True, console=quiet)
    write_corpus(Path(small_options.train), 61)
    with pytest.raises(InputError, match="the corpus has changed"):
        train(small_options, resume=True, console=quiet)


@pytest.mark.parametrize(
    "changes",
    [
        {"head": "sigmoid", "cell": "gru", "case_variation": 0.1},
        {"head": "softmax", "word_encoding": "one-hot", "cell": "simple-rnn"},
        pytest.param({"cell": "gru", "layers": 2}, marks=pytest.mark.slow),
        pytest.param({"cell": "peephole-lstm", "l2": 1e-4}, marks=pytest.mark.slow),
        pytest.param({"cell": "coupled-lstm", "characters": "none"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_every_kind_of_tagger_learns(small_options, quiet, changes):
    options = dataclasses.replace(small_options, epochs=12, **changes)
    result = train(options, console=quiet)
    assert result["scores"]["micro"]["f1"] > 0.8
    entities = load(result["model"])("they saw Ben Okoro and Lin Hale at the fair").entities
    expected = "NAME" if options.head == "sigmoid" else "PER"
    assert [(entity.text, entity.label) for entity in entities] == [
        ("Ben Okoro", expected),
        ("Lin Hale", expected),
    ]
    assert all(0 <= entity.score <= 1 for entity in entities)


def test_vectors_reach_the_model_and_tell_unknown_words_apart(small_options, quiet, tmp_path):
    vectors = tmp_path / "vectors.txt"
    words = [
        word.lower() for names in (("Zora", 1), ("Yann", 1), ("Qarth", -1)) for word in names[:1]
    ]
    rows = [
        f"{word} {' '.join([str(side)] * 4)}" for word, side in zip(words, (1, 1, -1), strict=True)
    ]
    vectors.write_text("\n".join(rows) + "\n")
    options = dataclasses.replace(small_options, vectors=str(vectors), epochs=1)
    model = read_model(Path(train(options, console=quiet)["model"]))
    tensors = model.tensors
    vectors = unpack(numpy_ops, tensors["vectors.codes"], tensors["vectors.scales"], 4)
    np.testing.assert_allclose(vectors[:, 0], [0, 1, 1, -1], rtol=1e-3)
    assert model.encoder.encode(["Qarth", "qarth", "Kesh"])["vectors"].tolist() == [3, 3, 0]


def test_without_dev_a_tenth_is_kept_for_it(small_options, quiet):
    result = train(dataclasses.replace(small_options, dev=None, epochs=1), console=quiet)
    config = json.loads(Path(result["model"], "assets.extra/nertagger/config.json").read_text())
    assert config["training"]["sentences"] == 54
    assert "54" not in quiet.file.getvalue().splitlines()[0]
    assert "6 in all" in quiet.file.getvalue()


def test_a_label_that_only_dev_has_is_told_and_counts_as_missed(small_options, quiet, tmp_path):
    dev = write_corpus(tmp_path / "other.jsonl", 20, seed=2, labels={"LOC": "PLACE"})
    result = train(dataclasses.replace(small_options, dev=str(dev), epochs=6), console=quiet)
    assert "warning: other has PLACE" in quiet.file.getvalue()
    place = result["scores"]["per_type"]["PLACE"]
    assert place["recall"] == 0
    assert place["support"] > 0


def test_two_trainings_do_not_share_a_directory(small_options, quiet, monkeypatch):
    seen = []

    def second_training(*arguments):
        with pytest.raises(InputError, match="another training") as refused:
            train(small_options, console=quiet)
        seen.append(str(refused.value))

    monkeypatch.setattr(fit_module.TrainingProgress, "start_epoch", second_training)
    train(dataclasses.replace(small_options, epochs=1), console=quiet)
    assert seen


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.conll", b"", "empty"),
        ("nul.conll", b"A\0B O\n", "NUL"),
        ("column.conll", b"Ada B-PER\nwalked\n", ":2:"),
        ("tag.conll", b"Ada X-PER\n", "X-PER"),
        ("latin.conll", b"Caf\xe9 O\n", "UTF-8"),
        ("none.conll", b"walk O\n\nrun O\n", "no entity"),
    ],
)
def test_a_corpus_that_cannot_be_used_leaves_nothing_behind(
    small_options, quiet, tmp_path, name, content, said
):
    corpus = tmp_path / name
    corpus.write_bytes(content)
    with pytest.raises(InputError) as refused:
        train(dataclasses.replace(small_options, train=str(corpus)), console=quiet)
    assert said in str(refused.value)
    assert str(corpus) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not Path(small_options.output).exists()
