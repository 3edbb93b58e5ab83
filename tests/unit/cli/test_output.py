"""How verbs print, in a pipe and on a terminal."""

import io
import sys

import pytest

from leaselab.testbed.cli.output import following, print_json, print_table


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


ROWS = [("gw1", "psa3000", 10), ("frankfurt", "", None)]


def test_in_a_pipe_a_table_is_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["node", "kind", "#users"], ROWS, empty="none")

    assert capsys.readouterr().out == (
        "NODE       KIND     USERS\ngw1        psa3000     10\nfrankfurt  -            -\n"
    )


def test_on_a_terminal_a_table_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "dumb")

    print_table(["node", "kind", "#users"], ROWS, empty="none")

    heading, rule, first, second, *_ = [line for line in screen.getvalue().splitlines() if line.strip()]
    assert heading.split() == ["node", "kind", "users"]
    assert "─" in rule
    assert first.split() == ["gw1", "psa3000", "10"]
    assert second.split() == ["frankfurt", "-", "-"]


def test_on_a_terminal_too_narrow_for_a_table_nothing_is_cut_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "25")  # both, or the drawing goes by the terminal that it asks
    monkeypatch.setenv("TERM", "dumb")

    print_table(["node", "admin"], [("gw1", "https://127.32.200.103:8443/admin")], empty="none")

    assert screen.getvalue() == "NODE  ADMIN\ngw1   https://127.32.200.103:8443/admin\n"


def test_a_cell_with_brackets_is_text_and_not_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "dumb")

    print_table(["prompt"], [("continue [bold]?",)], empty="none")

    assert "continue [bold]?" in screen.getvalue()


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["node"], [], empty="no node is here")

    assert capsys.readouterr().out == "no node is here\n"


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"what": "line one\nline two", "count": 2})

    assert capsys.readouterr().out == '{"what":"line one\\nline two","count":2}\n'


def test_ctrl_c_ends_following() -> None:
    with following(True):
        raise KeyboardInterrupt


def test_ctrl_c_is_not_swallowed_where_nothing_is_followed() -> None:
    with pytest.raises(KeyboardInterrupt), following(False):
        raise KeyboardInterrupt
