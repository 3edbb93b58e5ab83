"""What a person types at a console: what goes to the line, and how one leaves."""

import pytest

from leaselab.testbed.cli.terminal import HELP_TEXT, Escapes


def test_what_is_typed_goes_to_the_line() -> None:
    assert Escapes().read(b"show log\r") == (b"show log\r", b"")


@pytest.mark.parametrize("typed", [b"~.", b"y\r~.", b"y\n~.", b"~.never sent"])
def test_tilde_dot_at_the_start_of_a_line_leaves(typed: bytes) -> None:
    escapes = Escapes()

    forwarded, _ = escapes.read(typed)

    assert escapes.left
    assert forwarded == typed.partition(b"~")[0]


def test_tilde_dot_typed_one_key_at_a_time_leaves_too() -> None:
    escapes = Escapes()

    assert escapes.read(b"~") == (b"", b"")
    assert not escapes.left
    assert escapes.read(b".") == (b"", b"")
    assert escapes.left


def test_a_tilde_within_a_line_is_a_tilde() -> None:
    escapes = Escapes()

    assert escapes.read(b"a~.b") == (b"a~.b", b"")
    assert not escapes.left


def test_two_tildes_send_one() -> None:
    assert Escapes().read(b"~~.") == (b"~.", b"")


def test_a_tilde_and_another_key_send_both() -> None:
    assert Escapes().read(b"~a~.") == (b"~a~.", b"")


def test_tilde_question_mark_shows_help_and_sends_nothing() -> None:
    escapes = Escapes()

    assert escapes.read(b"~?") == (b"", HELP_TEXT)
    assert escapes.read(b"~.") == (b"", b"")
    assert escapes.left
