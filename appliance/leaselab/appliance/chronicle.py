"""What a device's history shows to people: the latest lines of its log, and how many users were on when.

It is read when somebody looks, and then only what is new, of that the latest: a device that nobody looks at pays
nothing, and one with a long history answers as soon as another.
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

EVENTS_READ: Final = 5_000
"""At most, at a time: a tenth of a second. Lines and counts of earlier ones are passed over."""

COUNTS_KEPT: Final = 5_000
"""At one a minute at most, three and a half days of sign-ins without a pause."""

Write: TypeAlias = Callable[[Any, Instant], Sequence[tuple[int, str, str]]]
"""What an event writes into the log: severity, code and text of each line."""


class Line(NamedTuple):
    """One line of the log."""

    severity: int
    code: str
    text: str


class Chronicle:
    """Reads one device's history.

    Args:
        store: holds it.
        device: whose.
        write: prints an event as log lines.
        signed_in: how many concurrent users are on now.
    """

    def __init__(self, store: Store, device: str, write: Write, *, signed_in: Callable[[], int]) -> None:
        self._store = store
        self._device = device
        self._write = write
        self._signed_in = signed_in
        self.forget()

    def forget(self) -> None:
        """Begin anew: the store has forgotten the device (factory reset)."""
        self._lines: deque[Line] | None = None
        self._counts: deque[tuple[Instant, int]] | None = None
        self._read = self._users = 0
        self._crowd: int | None = 0

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
        rows = list(self._store.history(self._device, self._read, EVENTS_READ))
        passed_over = len(rows) == EVENTS_READ
        if passed_over:  # what is known ends before a gap
            self.forget()
            self._crowd = None
        for number, at, body in rows:
            self._read = number
            event = _EVENT.decode(body)
            self._count(event, at)
            for line in self._write(event, at):
                if self._lines is None:
                    self._lines = deque(maxlen=LINES_KEPT)
                self._lines.append(Line(*line))
        if passed_over:
            self._count_from_the_end()

    def _count(self, event: Any, at: Instant) -> None:
        match event:
            case e.SignedIn() if event.session.feature == CONCURRENT_USERS:
                self._users += 1
            case e.SignedOut() if event.feature == CONCURRENT_USERS:
                self._users -= 1
            case e.CrowdChanged() if event.feature == CONCURRENT_USERS:
                before = self._crowd if self._crowd is not None else event.users - event.came
                self._users += event.users - before
                self._crowd = event.users
            case _:
                return
        if self._counts is None:
            self._counts = deque(maxlen=COUNTS_KEPT)
        if self._counts and self._counts[-1][0] // MINUTE == at // MINUTE:
            self._counts.pop()
        self._counts.append((at, self._users))

    def _count_from_the_end(self) -> None:
        """Move the counts to where they end at the present number: what was on before the gap is not known."""
        missed = self._signed_in() - self._users
        self._users += missed
        if self._counts is not None:
            self._counts = deque(((at, max(0, users + missed)) for at, users in self._counts), maxlen=COUNTS_KEPT)


_EVENT: Final = msgspec.json.Decoder(ApplianceEvent)
