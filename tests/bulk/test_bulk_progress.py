"""What is said of how far a file is, and when."""

import io
import sys

import pytest

from nertagger.bulk import progress
from nertagger.bulk.progress import Progress
from nertagger.bulk.tagged import Counts


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def test_a_line_now_and_then_where_there_is_no_terminal(clock, capsys):
    shown = Progress(4000, 1000)
    for second in range(1, 42):
        clock.now = 1000.0 + second
        shown.advance(1000 + 50 * second, Counts(tokens=1200 * second))
    shown.stop()
    lines = capsys.readouterr().err.split("\n")
    assert lines == [
        "nertagger: 38 %, 1,200 tokens/s, 0:00:50 left",
        "nertagger: 75 %, 1,200 tokens/s, 0:00:20 left",
        "",
    ]
    clock.now = 1000.0 + 3725
    assert shown.summary(Counts(3, 7450, 5)) == (
        "3 documents, 7,450 tokens, 5 entities in 1:02:05 (2 tokens/s)"
    )


def test_of_a_pipe_nobody_knows_the_end(clock, capsys):
    shown = Progress(None)
    clock.now += 20
    shown.advance(100, Counts(tokens=4000))
    assert capsys.readouterr().err == "nertagger: 4,000 tokens, 200 tokens/s\n"


def test_a_short_run_and_one_that_is_watched_are_silent(clock, capsys):
    Progress(100).advance(50, Counts(tokens=10))
    clock.now += 1
    watched = Progress(100, quiet=True)
    clock.now += 100
    watched.advance(50, Counts(tokens=10))
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar_that_goes_away(clock, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    shown = Progress(4000)
    shown.advance(10, Counts(tokens=10))
    assert terminal.getvalue() == ""
    clock.now += 5
    shown.advance(2000, Counts(tokens=5000))
    shown.stop()
    assert "50 %, 1,000 tokens/s, 0:00:05 left" in terminal.getvalue()
    # The bar's line is erased.
    assert terminal.getvalue().endswith("\033[2K")
