"""The line to a lab's host: JSON lines over the Unix socket in the lab's folder, one request a connection.

A request is ``{"do": VERB, …}``. The host answers with any number of ``{"progress": …}`` or ``{"item": …}`` lines and
one ``{"ok": …}`` or ``{"error": …}``. Hanging up withdraws the request: that is how Ctrl-C reaches the host.
"""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from leaselab.appliance.adapters.wire.unix import SocketAddress
from leaselab.testbed import errors
from leaselab.testbed.errors import LabGoneError, LeaselabError

LINE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one line: the report of a license server with thousands of clients is large, an endless one is an error."""


class Line(Protocol):
    """Where requests to a lab go: to its host, or to a simulation."""

    def call(self, do: str, *, on_progress: Callable[[dict[str, Any]], None] | None = None, **arguments: Any) -> Any:
        """Send one request and return its answer."""
        ...

    def stream(self, do: str, **arguments: Any) -> Iterator[Any]:
        """Send one request and yield each item of its answer."""
        ...


class HostLine:
    """Asks the host of one lab.

    Args:
        lab: its name, for messages.
        path: of the socket.
    """

    def __init__(self, lab: str, path: Path) -> None:
        self._lab = lab
        self._path = path

    def call(
        self,
        do: str,
        *,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
        timeout: float | None = None,
        **arguments: Any,
    ) -> Any:
        """Send one request and return its answer.

        Args:
            do: the verb.
            on_progress: called with each line of progress.
            timeout: seconds of silence after which the host counts as gone; waits for ever by default.
            arguments: of the verb.

        Raises:
            LeaselabError: the host's own error, or it does not answer.
        """
        for line in self._ask({"do": do, **arguments}, timeout):
            if "progress" in line:
                if on_progress:
                    on_progress(line["progress"])
            elif "ok" in line:
                return line["ok"]
        raise self._gone()

    def stream(self, do: str, **arguments: Any) -> Iterator[Any]:
        """Send one request and yield each item of its answer as it comes; closing the iterator withdraws it."""
        for line in self._ask({"do": do, **arguments}, None):
            if "item" in line:
                yield line["item"]
            elif "ok" in line:
                return
        raise self._gone()

    def _ask(self, request: dict[str, Any], timeout: float | None) -> Iterator[dict[str, Any]]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            try:
                with SocketAddress(self._path) as address:
                    connection.connect(address)
                connection.sendall(msgspec.json.encode(request) + b"\n")
                with connection.makefile("rb") as answer:
                    while text := answer.readline(LINE_LIMIT):
                        line = msgspec.json.decode(text, type=dict[str, Any])
                        if "error" in line:
                            raise revive(line["error"])
                        yield line
            except OSError as error:
                raise self._gone() from error

    def _gone(self) -> LabGoneError:
        return LabGoneError(
            f"the lab {self._lab} does not answer at {self._path}",
            hint=f"{self._path.with_name('host.log')} has its last words; `leaselab up FILE` goes on with the lab, "
            f"`leaselab down {self._lab}` removes it",
        )


def flatten(error: LeaselabError) -> dict[str, Any]:
    """Return an error as JSON; :func:`revive` makes it again on the other side."""
    return {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }


def revive(flat: dict[str, Any]) -> LeaselabError:
    """Make the error that :func:`flatten` wrote."""
    kind = getattr(errors, flat["type"], LeaselabError)
    if not (isinstance(kind, type) and issubclass(kind, LeaselabError)) or kind is errors.TopologyError:
        kind = LeaselabError
    return kind(flat["message"], hint=flat["hint"], exit_code=flat["exit_code"])
