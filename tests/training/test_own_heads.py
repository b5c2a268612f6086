"""A corpus whose labels are learnt by a head of its own, over the encoder of all."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from small_corpus import write_corpus

from nertagger.corpora.corpus import Corpus
from nertagger.errors import InputError
from nertagger.models.architecture import Architecture
from nertagger.models.tagger import build
from nertagger.runtime.tagger import load
from nertagger.text.tags import tags_of_labels
from nertagger.training.dataset import read_dataset
from nertagger.training.options import TrainingOptions
from nertagger.training.sources import LabelledCorpus, Source
from nertagger.training.tag_sets import TagNumbers
from nertagger.training.train import train


def source(*annotated: str) -> LabelledCorpus:
    return LabelledCorpus(Corpus("made up", [], (), "BIO", Path("x")), annotated, {})


def test_a_further_head_numbers_its_tags_after_the_model_s():
    tags = tags_of_labels(["LOC", "PER"], "BIOES")
    numbers = TagNumbers(tags, "BIOES", [["person", "PER"], ["town"]])
    assert numbers.heads == (
        tuple(tags),
        tuple(tags_of_labels(["PER", "person"], "BIOES")),
        tuple(tags_of_labels(["town"], "BIOES")),
    )
    every = [tag for head in numbers.heads for tag in head]
    own = numbers.of_corpus(source("PER", "person"), [["B-PER", "O"], ["B-person"]], head=1)
    assert [every[number] for number in own] == ["S-PER", "O", "S-person"]
    assert all(len(tags) <= number < len(tags) + 9 for number in own)
    last = numbers.of_corpus(source("town"), [["B-town", "I-town"]], head=2)
    assert [every[number] for number in last] == ["B-town", "E-town"]
    model = numbers.of_corpus(source("LOC", "PER"), [["B-PER", "O"]])
    assert [every[number] for number in model] == ["S-PER", "O"]
    assert numbers.table() is None
    sizes = [len(head) for head in numbers.heads]
    of_tag = np.repeat([0, 1, 2], sizes)
    np.testing.assert_array_equal(numbers.head_table(), of_tag[:, None] == of_tag)


def test_what_is_unknown_in_a_head_is_one_of_its_own_tags():
    tags = tags_of_labels(["LOC"], "BIOES")
    numbers = TagNumbers(tags, "BIOES", [["person", "town"]])
    # It uses towns and annotates them not.
    unknown = numbers.of_corpus(source("person"), [["O", "B-person"]], head=1)
    every = [tag for head in numbers.heads for tag in head]
    table, head_tags = numbers.table(), numbers.head_table()
    meant = [every[tag] for tag in np.flatnonzero(table[unknown[0]])]
    assert meant == ["O", "B-town", "I-town", "E-town", "S-town"]
    assert np.flatnonzero(table[unknown[0]]).min() >= len(tags)
    np.testing.assert_array_equal(np.flatnonzero(head_tags[unknown[0]]), np.arange(5, 14))


def test_one_head_alone_has_no_table():
    assert TagNumbers(["O", "B-LOC", "I-LOC"], "BIO").head_table() is None


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_the_loss_of_a_sentence_is_that_of_its_head_alone(head):
    """A model of the head's tags alone, with its part of the weights, has the same losses."""
    random = np.random.default_rng(1)
    sizes = (5, 9)
    tags = [f"B-{number}" for number in range(sum(sizes))]
    shape = {"vocabulary_size": 30, "units": 4, "word_dimension": 6, "character_encoding": "none"}
    shape |= {"dropout": 0.0, "head": head}
    model = build(Architecture(tuple(tags), **shape), seed=1)
    for variable in model.trainable_variables:
        variable.assign(random.normal(size=variable.shape))
    of_tag = np.repeat([0, 1], sizes)
    model.head_tags = of_tag[:, None] == of_tag
    words = random.integers(1, 30, (4, 7))
    lengths = np.array([7, 1, 4, 6])
    words[np.arange(7) >= lengths[:, None]] = 0
    owner = np.array([0, 1, 1, 0])
    first = np.array([0, sizes[0]])[owner]
    local = random.integers(0, np.array(sizes)[owner][:, None], (4, 7))
    numbers = np.where(words == 0, 0, local + first[:, None])
    for which in (0, 1):
        alone = build(Architecture(tuple(tags[: sizes[which]]), **shape), seed=1)
        kept = of_tag == which
        for variable, whole in zip(
            alone.trainable_variables, model.trainable_variables, strict=True
        ):
            values = keras.ops.convert_to_numpy(whole)
            for axis, size in enumerate(values.shape):
                if size == sum(sizes):
                    values = np.compress(kept, values, axis)
            variable.assign(values)
        rows = owner == which
        inputs = {"words": words[rows]}
        expected = alone.compute_loss(
            inputs, np.where(words == 0, 0, local)[rows], alone(inputs), training=False
        )
        found = model.compute_loss(inputs, numbers[rows], model(inputs), training=False)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    # And both together are their mean.
    inputs = {"words": words}
    both = model.compute_loss(inputs, numbers, model(inputs), training=False)
    parts = [
        model.compute_loss({"words": words[[i]]}, numbers[[i]], model({"words": words[[i]]}))
        for i in range(4)
    ]
    np.testing.assert_allclose(both, np.mean(parts), rtol=1e-5)


def options_of(small_options: TrainingOptions, tmp_path: Path, **changes) -> TrainingOptions:
    """A corpus as dev is annotated, and one that says the opposite in the same words."""

    def swapped(path: Path) -> str:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            other = {"PER": "LOC", "LOC": "PER"}
            line["label"] = [[start, end, other[label]] for start, end, label in line["label"]]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(path)

    sources = (
        Source(str(write_corpus(tmp_path / "right.jsonl", 60, seed=3))),
        Source(swapped(write_corpus(tmp_path / "wrong.jsonl", 60, seed=4)), own_head=True),
    )
    return dataclasses.replace(small_options, train=sources, epochs=12, **changes)


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_what_another_corpus_calls_a_name_does_not_confuse(small_options, quiet, tmp_path, head):
    options = options_of(small_options, tmp_path, head=head)
    result = train(options, console=quiet)
    assert result["scores"]["micro"]["f1"] > 0.9
    tagger = load(result["model"])
    assert tagger.labels == ["LOC", "PER"]
    # Nothing of the other head is left.
    count = len(tagger.config["architecture"]["tags"])
    assert count == (9 if head == "crf" else 5)
    mixed = tuple(dataclasses.replace(one, own_head=False) for one in options.train)
    confused = dataclasses.replace(options, train=mixed, output=str(tmp_path / "confused"))
    assert train(confused, console=quiet)["scores"]["micro"]["f1"] < 0.7


@pytest.mark.parametrize(
    ("repeats", "expected"),
    [
        ((None, None, None), [5, 5, 1]),
        ((None, 2, None), [5, 2, 1]),
        ((None, None, 3), [15, 15, 3]),
        ((1, 1, 1), [1, 1, 1]),
    ],
)
def test_a_small_corpus_beside_a_large_one_is_read_more_often(
    small_options, tmp_path, repeats, expected
):
    """So often that the corpora whose labels are kept are a fifth of what an epoch reads."""
    sizes = (4, 6, 200)
    sources = tuple(
        Source(str(write_corpus(tmp_path / f"{n}.jsonl", size, seed=n)), None, "", None, repeat)
        for n, (size, repeat) in enumerate(zip(sizes, repeats, strict=True))
    )
    sources = (*sources[:2], dataclasses.replace(sources[2], own_head=True))
    dataset = read_dataset(dataclasses.replace(small_options, train=sources), print)
    assert [row["repeat"] for row in dataset.corpora] == expected
    sentences = sum(row["sentences"] * row["repeat"] for row in dataset.corpora)
    assert len(dataset.offsets) - 1 == sentences


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"all": True}, "every corpus to learn from has own_head; expected one without"),
        ({"head": "sigmoid"}, "wrong has own_head, but --head sigmoid .* expected .*--head crf"),
    ],
)
def test_heads_that_cannot_be_are_refused(small_options, quiet, tmp_path, changes, said):
    options = options_of(small_options, tmp_path, head=changes.get("head", "crf"))
    if changes.get("all"):
        own = tuple(dataclasses.replace(one, own_head=True) for one in options.train)
        options = dataclasses.replace(options, train=own)
    with pytest.raises(InputError, match=said):
        train(options, console=quiet)
    assert not Path(small_options.output).exists()


def test_own_head_is_true_or_false():
    with pytest.raises(ValueError, match="own_head of train is 'yes'; expected true or false"):
        Source.from_value({"path": "a", "own_head": "yes"})
    value = {"path": "a", "own_head": True}
    assert Source.from_value(value).to_value() == value
