"""What a person types at a console: what goes to the line, and how one leaves."""

import contextlib
import os
import pty
import select
import signal
import socket
import termios
import threading
from collections.abc import Iterator

import pytest

from leaselab.testbed.cli.terminal import HELP_TEXT, Escapes, pump, raw


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


class Echo:
    """A console that answers each thing typed in capitals, and hangs up after the last."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._near = near
        self._thread = threading.Thread(target=self._answer, args=(far,))
        self._thread.start()

    def _answer(self, far: socket.socket) -> None:
        with far:
            while typed := far.recv(1024):
                far.sendall(typed.upper())

    def fileno(self) -> int:
        return self._near.fileno()

    def recv(self, nbytes: int) -> bytes:
        return self._near.recv(nbytes)

    def sendall(self, s: bytes) -> None:
        self._near.sendall(s)

    def shutdown_write(self) -> None:
        self._near.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._near.close()
        self._thread.join()


@pytest.fixture
def console() -> Iterator[Echo]:
    near, far = socket.socketpair()
    echo = Echo(near, far)
    yield echo
    echo.close()


@pytest.fixture
def pipes() -> Iterator[tuple[int, int, int, int]]:
    ends = (*os.pipe(), *os.pipe())
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def test_what_is_piped_in_is_typed_and_answered_to_the_last(console: Echo, pipes: tuple[int, int, int, int]) -> None:
    stdin, typing, reading, stdout = pipes
    os.write(typing, b"hello\n~.\n")
    os.close(typing)

    pump(console, stdin, stdout)

    assert os.read(reading, 1024) == b"HELLO\n~.\n"


def test_a_person_leaves_with_tilde_dot_while_the_console_goes_on(
    console: Echo, pipes: tuple[int, int, int, int]
) -> None:
    stdin, typing, _, stdout = pipes
    os.write(typing, b"y\r~.")

    pump(console, stdin, stdout, Escapes())

    console.sendall(b"still there?")
    assert b"".join(iter(lambda: console.recv(1), b"?")).endswith(b"STILL THERE")


def test_a_terminal_is_as_it_was_after_the_console() -> None:
    far, near = pty.openpty()
    before = termios.tcgetattr(near)

    with raw(near, on_resize=lambda _columns, _rows: None):
        assert termios.tcgetattr(near) != before
    assert termios.tcgetattr(near) == before

    os.close(far)
    os.close(near)


def test_the_console_hears_of_a_new_window_size() -> None:
    far, near = pty.openpty()
    sizes: list[tuple[int, int]] = []

    with raw(near, on_resize=lambda columns, rows: sizes.append((columns, rows))):
        signal.raise_signal(signal.SIGWINCH)

    assert len(sizes) == 1
    os.close(far)
    os.close(near)


def test_what_was_typed_before_the_terminal_was_raw_is_not_lost() -> None:
    far, near = pty.openpty()
    os.write(far, b"early\r")
    select.select([near], [], [])  # until the kernel has brought it over

    with raw(near, on_resize=lambda _columns, _rows: None):
        assert os.read(near, 100) == b"early\n"

    os.close(far)
    os.close(near)
