from __future__ import annotations

import dataclasses

import pytest

from nertagger.errors import InputError
from nertagger.training.options import RECIPES, VARIATION, TrainingOptions, options_of, read_options


def test_a_file_of_options_gives_plain_values(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text('cell = "gru"\nunits = 20\nclip_norm = 1\ntrain = "a.conll"\nepochs = 3\n')
    values = read_options(path)
    assert values == {"cell": "gru", "units": 20, "clip_norm": 1.0, "train": "a.conll", "epochs": 3}
    assert isinstance(values["clip_norm"], float)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"unit = 3", "unknown key 'unit'"),
        (b"units = 'many'", "units is 'many'; expected a whole number"),
        (b"units = 3.5", "expected a whole number"),
        (b"units = true", "expected a whole number"),
        (b"cell = 3", "expected a string"),
        (b"units = ", "not TOML"),
        (b"# \xff", "not UTF-8 at byte 2"),
    ],
)
def test_a_wrong_file_of_options_is_refused(tmp_path, content, said):
    path = tmp_path / "train.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_options(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_options_that_go_together_and_others_that_are_given_win(recipe, tmp_path):
    expected = TrainingOptions(**RECIPES[recipe])
    assert options_of({"recipe": recipe}) == expected
    path = tmp_path / "train.toml"
    path.write_text(f'recipe = "{recipe}"\nunits = 7\n')
    assert options_of(read_options(path)) == dataclasses.replace(expected, units=7)


def test_without_a_recipe_it_is_the_default_one():
    assert options_of({"epochs": 3}) == TrainingOptions(epochs=3)
    assert RECIPES["default"] == {}
    assert RECIPES["accurate"]["units"] > TrainingOptions().units


def test_a_recipe_that_there_is_not_is_refused(tmp_path):
    said = "recipe is 'best'; expected one of default, plain, accurate"
    with pytest.raises(InputError, match=said):
        options_of({"recipe": "best"})
    path = tmp_path / "train.toml"
    path.write_text('recipe = "best"\n')
    with pytest.raises(InputError, match=f"train.toml: {said}"):
        read_options(path)
    path.write_text('recipe = ["best"]\n')
    with pytest.raises(InputError, match=r"train.toml: recipe is .'best'.; expected a string"):
        read_options(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"vocabulary_size": 1},
        {"vocabulary_size": 2_000_000},
        {"units": 0},
        {"dropout": 1.0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"clip_norm": -1.0},
        {"cell": "transformer"},
        {"l2": -0.1},
        {"epochs": 0},
        {"unknown_probability": 1.5},
    ],
)
def test_values_out_of_bounds_are_refused_with_what_is_expected(changes):
    with pytest.raises(InputError, match="expected") as refused:
        TrainingOptions(**changes)
    assert next(iter(changes)) in str(refused.value)


def test_a_small_corpus_gets_small_batches_and_more_epochs():
    small, large = TrainingOptions().for_corpus(100), TrainingOptions().for_corpus(14_000)
    assert (small.batch_size, large.batch_size) == (8, 32)
    assert small.epochs > large.epochs
    given = {"epochs": 2, "batch_size": 5, "patience": 1, **RECIPES["plain"]}
    assert TrainingOptions(**given).for_corpus(100) == TrainingOptions(**given)


def test_a_small_corpus_is_read_as_it_is_unless_it_is_said_otherwise():
    small, large = TrainingOptions().for_corpus(100), TrainingOptions().for_corpus(14_000)
    for name in VARIATION:
        assert getattr(small, name) == 0 < getattr(large, name)
    assert TrainingOptions(case_variation=0.1).for_corpus(100).case_variation == 0.1
    assert options_of({"recipe": "plain"}).for_corpus(14_000).case_variation == 0
