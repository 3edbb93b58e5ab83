"""Long work, shown per node."""

import sys

import pytest

from leaselab.appliance.instants import DAY, parse_instant
from leaselab.testbed.cli import progress
from leaselab.testbed.cli.progress import MOST_NODES, Board, moving, shown
from leaselab.testbed.views import Advanced, Progress

STEPS = [Progress("gw1", "booting"), Progress("gw1", "ready", "10 users"), Progress("", "provisioning")]


def test_in_a_pipe_each_step_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(quiet=False) as note:
        for step in STEPS:
            note(step)

    captured = capsys.readouterr()
    assert captured.err == "gw1: booting\ngw1: ready (10 users)\nlab: provisioning\n"
    assert captured.out == ""


def test_quiet_work_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(quiet=True) as note:
        note(STEPS[0])

    assert capsys.readouterr() == ("", "")


def test_the_board_shows_where_each_node_is() -> None:
    board = Board()
    for step in STEPS:
        board.note(step)

    assert board.rows() == [("gw1", "ready  10 users"), ("lab", "provisioning")]


def test_many_nodes_are_counted_by_phase() -> None:
    board = Board()
    for number in range(MOST_NODES + 1):
        board.note(Progress(f"gw{number}", "ready" if number < 10 else "booting", f"step {number}"))

    assert board.rows() == [("10 nodes", "ready"), (f"{MOST_NODES - 9} nodes", "booting")]


def test_on_a_terminal_the_board_is_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")

    with shown(quiet=False) as note:
        note(STEPS[0])
        note(STEPS[1])

    assert "gw1" in capsys.readouterr().err


START = parse_instant("2018-01-01")
HALFWAY = Advanced(start=START, to=START + 10 * DAY, now=START + 5 * DAY, grants=64, state="advancing")
SAID = "2018-01-06T00:00:00Z, 50 % of the way to 2018-01-11T00:00:00Z"


def test_a_long_advance_says_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wall = iter([0.0, 9.0, 10.0, 10.0, 19.0])
    monkeypatch.setattr(progress, "monotonic", lambda: next(wall))

    with moving(quiet=False) as say:
        say(HALFWAY)  # too early for a line
        say(HALFWAY)
        say(HALFWAY)  # too early for another

    assert capsys.readouterr() == ("", f"{SAID}\n")


def test_on_a_terminal_one_line_shows_how_far_an_advance_is_and_is_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wall = iter([0.0, 1.0, 1.0])
    monkeypatch.setattr(progress, "monotonic", lambda: next(wall))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with moving(quiet=False) as say:
        say(HALFWAY)

    assert capsys.readouterr().err == f"\r\33[K{SAID}\r\33[K"


def test_an_advance_whose_outcome_is_for_a_program_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with moving(quiet=True) as say:
        say(HALFWAY)

    assert capsys.readouterr() == ("", "")
