"""This terminal as the far end of a serial line."""

import os
import select
import shutil
import signal
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

ESCAPE: Final = ord("~")
LEAVE: Final = ord(".")
HELP: Final = ord("?")
LINE_ENDS: Final = b"\r\n"

HELP_TEXT: Final = b"\r\n~.  leave the console (it goes on without you)\r\n~~  send one ~\r\n~?  this help\r\n"


class Escapes:
    """Finds ``~.`` and the like at the start of a line in what a person types, as SSH and console servers do."""

    def __init__(self) -> None:
        self._line_start = True
        self._pending = False
        self.left = False

    def read(self, typed: bytes) -> tuple[bytes, bytes]:
        """Take what was typed; return what goes to the line, and what to show the person. ``left`` may become true."""
        forward = bytearray()
        show = b""
        for byte in typed:
            if self._pending:
                self._pending = False
                if byte == LEAVE:
                    self.left = True
                    break
                if byte == HELP:
                    show += HELP_TEXT
                    continue
                if byte != ESCAPE:
                    forward.append(ESCAPE)
            elif byte == ESCAPE and self._line_start:
                self._pending = True
                continue
            forward.append(byte)
            self._line_start = byte in LINE_ENDS
        return bytes(forward), show


class Line(Protocol):
    """The console's end, as paramiko's channels have it."""

    def fileno(self) -> int:
        """Return what to wait on."""
        ...

    def recv(self, nbytes: int) -> bytes:
        """Return what the console wrote; nothing once it has hung up."""
        ...

    def sendall(self, s: bytes) -> Any:
        """Type something."""
        ...

    def shutdown_write(self) -> None:
        """Say that no more will be typed."""
        ...


def pump(line: Line, stdin: int, stdout: int, escapes: Escapes | None = None) -> None:
    """Carry bytes between a terminal, or pipes, and a console until one of them ends it.

    Args:
        line: the console.
        stdin: where typed bytes come from; its end is passed on, and the console hangs up when it has answered.
        stdout: where the console's output goes.
        escapes: finds ``~.`` in what is typed; not looked for where no person types.
    """
    sources: list[Any] = [line, stdin]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if line in ready:
            output = line.recv(_CHUNK)
            if not output:
                return
            _write(stdout, output)
        if stdin in ready:
            typed = os.read(stdin, _CHUNK)
            if not typed:
                line.shutdown_write()
                sources.remove(stdin)
                continue
            show = b""
            if escapes:
                typed, show = escapes.read(typed)
            _write(stdout, show)
            line.sendall(typed)
            if escapes and escapes.left:
                return


@contextmanager
def raw(terminal: int, *, on_resize: Callable[[int, int], object]) -> Iterator[None]:
    """Hand every key to the console as it is pressed, and keep it told of the window's size; undone on leaving."""
    before = termios.tcgetattr(terminal)
    resized = signal.signal(signal.SIGWINCH, lambda _signal, _frame: on_resize(*shutil.get_terminal_size()))
    try:
        tty.setraw(terminal, termios.TCSADRAIN)  # what was typed meanwhile is not lost, as it would be by default
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, resized)


_CHUNK: Final = 16 * 1024


def _write(stdout: int, output: bytes) -> None:
    """Write all of it: a pipe may take less at once."""
    while output:
        output = output[os.write(stdout, output) :]
