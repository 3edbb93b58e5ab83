"""The lab's clock, as tests and tools use it."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

import msgspec

from leaselab.appliance.instants import (
    MILLISECOND,
    Duration,
    Instant,
    format_instant,
    instant_of,
    parse_duration,
    parse_instant,
)
from leaselab.testbed.errors import CallError
from leaselab.testbed.hostline import Line
from leaselab.testbed.views import Advanced, ClockStatus


class Clock:
    """The clock that every node of a lab lives by. It stands still until it is moved or given a rate."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def now(self) -> Instant:
        """The lab's present instant, in milliseconds since 1970; ``leaselab.appliance.instants`` has the arithmetic."""
        return self.status().now

    def status(self) -> ClockStatus:
        """Return instant, mode and rate."""
        return msgspec.convert(self._line.call("clock"), ClockStatus)

    def advance(
        self,
        by: str | timedelta | Duration | None = None,
        *,
        on_progress: Callable[[Advanced], None] | None = None,
        **units: float,
    ) -> Advanced:
        """Let the lab live for a while: ``advance("10d")``, ``advance(hours=6)``.

        Everything that comes due on the way happens, in order, before this returns.

        Args:
            by: a duration as text (``10d``, ``1h30m``), a timedelta, or milliseconds.
            on_progress: called on the way with how far it is.
            units: as of ``timedelta``: ``weeks``, ``days``, ``hours``, ``minutes``, ``seconds``.

        Raises:
            CallError: that is no duration.
            ClockStoppedError: the clock is real time, or a node hung.
        """
        return self._move({"by": _duration(by, units)}, on_progress)

    def to(
        self, instant: str | datetime | Instant, *, on_progress: Callable[[Advanced], None] | None = None
    ) -> Advanced:
        """Let the lab live until an instant: ISO 8601, a datetime, or milliseconds since 1970.

        Raises:
            CallError: that is no instant.
            ClockStoppedError: it is past, the clock is real time, or a node hung.
        """
        return self._move({"to": _instant(instant)}, on_progress)

    def rate(self, rate: float) -> None:
        """Let the clock run by itself, that many lab seconds a second.

        Raises:
            CallError: that is no number.
            ClockStoppedError: no such rate, or the clock is real time.
        """
        if not math.isfinite(rate):  # JSON has no word for it
            raise CallError(f"a rate of {rate} is no number", hint="for example rate(60)")
        self._line.call("rate", rate=rate)

    def pause(self) -> None:
        """Stop the clock where it is.

        Raises:
            ClockStoppedError: the clock is real time.
        """
        self._line.call("pause")

    def __str__(self) -> str:
        """Return the instant as ISO 8601."""
        return format_instant(self.now)

    def _move(self, where: dict[str, int], on_progress: Callable[[Advanced], None] | None) -> Advanced:
        def report(progress: dict[str, object]) -> None:
            if on_progress:
                on_progress(msgspec.convert(progress, Advanced))

        return msgspec.convert(self._line.call("advance", on_progress=report, **where), Advanced)


def _duration(by: str | timedelta | Duration | None, units: dict[str, float]) -> Duration:
    try:
        if by is None:
            by = timedelta(**units)
        elif units:
            return _nonsense("give a duration or units, not both")
        if isinstance(by, str):
            return parse_duration(by)
        if isinstance(by, timedelta):
            return by // timedelta(milliseconds=MILLISECOND)
    except ValueError as error:  # says what a duration looks like
        raise CallError(str(error)) from None
    except (TypeError, OverflowError) as error:
        return _nonsense(str(error))
    return by


def _nonsense(why: str) -> NoReturn:
    raise CallError(why, hint='for example advance("10d") or advance(days=9, hours=23)') from None


def _instant(instant: str | datetime | Instant) -> Instant:
    if isinstance(instant, datetime):
        return instant_of(instant)
    if isinstance(instant, str):
        try:
            return parse_instant(instant)
        except ValueError as error:
            raise CallError(str(error)) from None
    return instant
