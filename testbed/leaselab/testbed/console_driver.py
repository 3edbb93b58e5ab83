"""The serial line of a node as a test reads and types on it: expect, send, screen. Over SSH, by Paramiko."""

import re
import time
from pathlib import Path
from typing import Final

from leaselab.testbed.errors import LeaselabError

USER: Final = "console"
CONNECT_SECONDS: Final = 10.0
EXPECT_SECONDS: Final = 10.0
COLUMNS: Final = 100
ROWS: Final = 40
KEPT: Final = 256 * 1024
"""Characters of output kept for :attr:`ConsoleDriver.screen`."""


class ConsoleError(LeaselabError):
    """The console does not answer, or did not show what was expected."""


class ConsoleDriver:
    """Attached to one node's serial line.

    Args:
        node: its name, for messages.
        address: where its console listens.
        port: the console's port.
        key: file of the private key that opens it.

    Raises:
        ConsoleError: it cannot be reached.
    """

    def __init__(self, node: str, address: str, port: int, *, key: Path) -> None:
        import paramiko

        self._node = node
        self._seen = 0
        self._output = ""
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.MissingHostKeyPolicy())
        try:
            self._client.connect(
                address,
                port,
                username=USER,
                key_filename=str(key),
                look_for_keys=False,
                allow_agent=False,
                timeout=CONNECT_SECONDS,
            )
            self._channel = self._client.invoke_shell(term="vt100", width=COLUMNS, height=ROWS)
        except (OSError, paramiko.SSHException) as error:
            self._client.close()
            raise ConsoleError(
                f"{node}: no console at {address}:{port}: {error}", hint=f"`leaselab status` shows whether {node} is on"
            ) from error

    @property
    def screen(self) -> str:
        """All that was seen on the line, the latest last."""
        self._read(0.0)
        return self._output

    def expect(self, text: str | re.Pattern[str], timeout: float = EXPECT_SECONDS) -> str:
        """Wait until the line shows a text (or a pattern) that was not expected before; return what came up to it.

        Raises:
            ConsoleError: it did not, in time; the message ends with what the line showed instead.
        """
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text
        until = time.monotonic() + timeout
        while True:
            found = pattern.search(self._output, self._seen)
            if found:
                before = self._output[self._seen : found.end()]
                self._seen = found.end()
                return before
            left = until - time.monotonic()
            if left <= 0 or not self._read(left):
                tail = self._output[self._seen :][-200:].strip()
                raise ConsoleError(
                    f"{self._node}: the console did not show {pattern.pattern!r} within {timeout:g} s; "
                    f"it shows {tail!r}"
                )

    def send(self, text: str) -> None:
        """Type something.

        Raises:
            ConsoleError: the line is gone.
        """
        try:
            self._channel.sendall(text.encode())
        except OSError as error:
            raise ConsoleError(f"{self._node}: the console is gone: {error}") from error

    def sendline(self, text: str = "") -> None:
        """Type a line and Enter."""
        self.send(f"{text}\r")

    def close(self) -> None:
        """Leave the line."""
        self._client.close()

    def _read(self, seconds: float) -> bool:
        """Take in what comes within a time; tell whether the line still lives."""
        self._channel.settimeout(max(seconds, 0.001))
        try:
            data = self._channel.recv(65536)
        except TimeoutError:
            return seconds <= 0.0
        if not data:
            return False
        self._output += data.decode(errors="replace")
        if len(self._output) > KEPT:
            gone = len(self._output) - KEPT
            self._output = self._output[gone:]
            self._seen = max(0, self._seen - gone)
        return True
