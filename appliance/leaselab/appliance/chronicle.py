"""What a device's history shows to people: the latest lines of its log, and how many users were on when.

It is read when somebody looks, and then only what is new: a device that nobody looks at pays nothing.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from leaselab.appliance.instants import MINUTE, Instant
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.licensing.events import ApplianceEvent
from leaselab.appliance.ports import Store

LINES_KEPT: Final = 2_000
"""The latest ones; a page of the log shows 100 at a time."""

COUNTS_KEPT: Final = 5_000
"""At one a minute at most, three and a half days of sign-ins without a pause."""

Write: TypeAlias = Callable[[Any, Instant], Sequence[tuple[int, str, str]]]
"""What an event writes into the log: severity, code and text of each line."""


class Line(NamedTuple):
    """One line of the log, by its number."""

    number: int
    severity: int
    code: str
    text: str


class Chronicle:
    """Reads one device's history.

    Args:
        store: holds it.
        device: whose.
        write: prints an event as log lines.
    """

    def __init__(self, store: Store, device: str, write: Write) -> None:
        self._store = store
        self._device = device
        self._write = write
        self.forget()

    def forget(self) -> None:
        """Begin anew: the store has forgotten the device (factory reset)."""
        self._booted_at: Instant | None = None
        self._lines: deque[Line] | None = None
        self._counts: deque[tuple[Instant, int]] | None = None
        self._read = self._written = self._users = self._crowd = 0

    def booted_at(self) -> Instant | None:
        """Return when the device was last switched on."""
        self._catch_up()
        return self._booted_at

    def lines(self) -> Sequence[Line]:
        """Return the latest lines, oldest first."""
        self._catch_up()
        return self._lines or ()

    def tail(self, count: int) -> list[str]:
        """Return the text of the latest lines, oldest first."""
        self._catch_up()
        return [line.text for line in islice(reversed(self._lines or ()), count)][::-1]

    def users(self) -> Sequence[tuple[Instant, int]]:
        """Return how many concurrent users were on, each time since when; the last of a minute counts."""
        self._catch_up()
        return self._counts or ()

    def _catch_up(self) -> None:
        for number, at, body in self._store.history(self._device, self._read):
            self._read = number
            event = _EVENT.decode(body)
            self._count(event, at)
            for severity, code, text in self._write(event, at):
                self._written += 1
                if self._lines is None:
                    self._lines = deque(maxlen=LINES_KEPT)
                self._lines.append(Line(self._written, severity, code, text))

    def _count(self, event: Any, at: Instant) -> None:
        match event:
            case e.SignedIn() if event.session.feature == CONCURRENT_USERS:
                self._users += 1
            case e.SignedOut() if event.feature == CONCURRENT_USERS:
                self._users -= 1
            case e.CrowdChanged() if event.feature == CONCURRENT_USERS:
                self._users += event.users - self._crowd
                self._crowd = event.users
            case e.Booted():
                self._booted_at = at
                return
            case _:
                return
        if self._counts is None:
            self._counts = deque(maxlen=COUNTS_KEPT)
        if self._counts and self._counts[-1][0] // MINUTE == at // MINUTE:
            self._counts.pop()
        self._counts.append((at, self._users))


_EVENT: Final = msgspec.json.Decoder(ApplianceEvent)
