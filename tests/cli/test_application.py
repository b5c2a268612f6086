"""The command line as a whole."""

from __future__ import annotations

import pytest

from nertagger.cli import COMMANDS, main


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=str)
def test_help_names_every_command(capsys, arguments):
    with pytest.raises(SystemExit):
        main(arguments)
    output = "".join(capsys.readouterr())
    for command in COMMANDS:
        assert f"  {command} " in output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "Usage: nertagger" in capsys.readouterr().out


def test_an_unknown_command_is_one_line_that_names_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["tga", "text"])
    assert stop.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "no command 'tga'" in lines[0]
    assert all(command in lines[0] for command in COMMANDS)
