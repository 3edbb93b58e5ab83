"""Long work, shown per node."""

import sys

import pytest

from leaselab.testbed.cli.progress import MOST_NODES, Board, shown
from leaselab.testbed.views import Progress

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
