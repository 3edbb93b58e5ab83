"""This terminal as the far end of a serial line."""

from typing import Final

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
