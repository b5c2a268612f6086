"""What all experiments share: parts that survive a stop, pictures, and the command around them."""

from __future__ import annotations

import json

import pytest

from nertagger import cli
from nertagger.cli.lab import run_experiment
from nertagger.errors import InputError
from nertagger.laboratory.parameters import cell_parameters, units_for
from nertagger.laboratory.result import Picture, Result, new_figure, write_result
from nertagger.laboratory.workbench import PARTS, Workbench
from nertagger.recurrent.equations import CELLS


def a_result() -> Result:
    figure = new_figure()
    figure.add_subplot().plot([1, 2, 3], [3, 1, 2])
    return Result(
        finding="The middle one is the least.",
        table=[{"cell": "lstm", "units": 12345, "loss": 0.12345, "learnt": True}],
        numbers={"values": [3, 1, 2]},
        pictures={"curve": Picture(figure, "Look at the middle: it is the least of the three.")},
    )


def test_an_interrupted_experiment_goes_on_with_the_parts_it_has(tmp_path):
    computed = []

    def part(key, stop=False):
        def compute():
            if stop:
                raise KeyboardInterrupt
            computed.append(key)
            return {"key": key}

        return compute

    with Workbench("trial", tmp_path) as workbench:
        workbench.part("a", part("a"))
        with pytest.raises(KeyboardInterrupt):
            workbench.part("b", part("b", stop=True))
    with Workbench("trial", tmp_path) as workbench:
        assert workbench.part("a", part("a")) == {"key": "a"}
        assert workbench.part("b", part("b")) == {"key": "b"}
        workbench.finish()
    assert computed == ["a", "b"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("other", [{"seed": 2}, {"quick": True}, {"settings": {"distance": 9}}])
def test_parts_of_another_setting_are_not_taken(tmp_path, other):
    with Workbench("trial", tmp_path) as workbench:
        workbench.part("a", lambda: 1)
    with Workbench("trial", tmp_path, **other) as workbench:
        assert workbench.part("a", lambda: 2) == 2


def test_a_part_that_was_half_written_is_computed_again(tmp_path):
    with Workbench("trial", tmp_path) as workbench:
        workbench.part("a", lambda: 1)
    (path,) = (tmp_path / PARTS).rglob("*.json")
    path.write_text('{"val')
    with Workbench("trial", tmp_path) as workbench:
        assert workbench.part("a", lambda: 2) == 2


def test_a_number_that_json_cannot_hold_is_refused(tmp_path):
    with Workbench("trial", tmp_path) as workbench, pytest.raises(ValueError, match="JSON"):
        workbench.part("a", lambda: float("nan"))


def test_pictures_bear_their_caption_and_come_out_the_same_each_time(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
        paths = write_result(a_result(), folder, "trial")
        assert [path.name for path in paths] == ["trial.json", "curve.png", "curve.svg"]
    drawn = (first / "curve.svg").read_text()
    assert "Look at the middle" in drawn
    assert drawn == (second / "curve.svg").read_text()
    assert (first / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((first / "trial.json").read_text()) == {
        "finding": "The middle one is the least.",
        "values": [3, 1, 2],
    }


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_are_those_of_the_keras_cell(cell):
    from nertagger.recurrent import layers

    names = {name.replace("-", ""): name for name in CELLS}
    (layer,) = (
        getattr(layers, name)
        for name in dir(layers)
        if names.get(name.lower()) == cell and isinstance(getattr(layers, name), type)
    )
    built = layer(7)
    built.build((None, None, 5))
    assert cell_parameters(cell, 5, 7) == built.count_params()


@pytest.mark.parametrize("cell", CELLS)
def test_units_for_so_many_parameters_are_the_nearest(cell):
    wanted = 4_321
    by_units = {units: abs(cell_parameters(cell, 5, units) - wanted) for units in range(1, 80)}
    assert by_units[units_for(cell, 5, wanted)] == min(by_units.values())
    assert units_for(cell, 5, 1) == 1


def test_what_was_found_goes_to_stdout_and_the_rest_to_stderr(tmp_path, capsys):
    def function(workbench):
        workbench.expect(1)
        workbench.part("the only one", lambda: 1)
        return a_result()

    folder = tmp_path / "lab"
    run_experiment("trial", function, str(folder), 1, True, {})
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "The middle one is the least."
    assert captured.out.splitlines()[1].split() == ["lstm", "12,345", "0.123", "yes"]
    assert "1/1  the only one" in captured.err
    assert "curve.svg" in captured.err
    assert {path.name for path in folder.iterdir()} == {"trial.json", "curve.png", "curve.svg"}


def test_a_stopped_experiment_says_how_to_go_on(tmp_path, capsys):
    def function(workbench):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment("trial", function, str(tmp_path), 1, True, {})
    assert "the same command goes on from here" in capsys.readouterr().err


def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(InputError, match="--output"):
        run_experiment("trial", lambda workbench: a_result(), str(path), 1, True, {})


def test_an_unknown_experiment_is_one_line(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["lab", "alchemy"])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "'alchemy'" in error
