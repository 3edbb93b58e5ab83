"""Instants and durations of the lab's clock: whole milliseconds, so that sums are exact and runs replay.

An instant counts from 1970-01-01T00:00:00Z *on the lab's clock*; it is never compared with the host's time.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Instant: TypeAlias = int
"""Milliseconds since 1970 on the lab's clock."""

Duration: TypeAlias = int
"""Milliseconds."""

MILLISECOND: Final = 1
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
NEVER: Final[Instant] = 2**62
"""Later than every instant a lab can reach."""

LAST: Final[Instant] = 221_845_392_000 * SECOND
"""9000-01-01: as far as a lab's clock goes. What begins before it still ends at a date that can be written."""

_UNITS: Final = {"ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d|w)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration(text: str) -> Duration:
    """Read ``10d``, ``90m``, ``1h30m`` or ``250ms``.

    Raises:
        ValueError: the text is not a sum of whole numbers with units, or longer than a lab can live.
    """
    wanted = text.strip().lower()
    parts = _DURATION.findall(wanted)
    if not parts or "".join(number + unit for number, unit in parts) != wanted:
        raise ValueError(f"{text!r} is not a duration; write for example 10d, 36h, 1h30m or 45s")
    duration = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if duration > LAST:
        raise ValueError(f"{text!r} is longer than a lab can live; its clock goes up to {format_instant(LAST)}")
    return duration


def parse_signed(text: str) -> Duration:
    """Read a duration that may have a sign.

    Raises:
        ValueError: the text is none.
    """
    return -parse_duration(text[1:]) if text.startswith("-") else parse_duration(text)


def format_duration(duration: Duration) -> str:
    """Write a duration the way :func:`parse_duration` reads it, without superfluous parts."""
    if duration < 0:
        return "-" + format_duration(-duration)
    parts: list[str] = []
    rest = duration
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_instant(text: str) -> Instant:
    """Read an ISO 8601 date or time; without an offset it is UTC.

    Raises:
        ValueError: the text is no such time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write for example 2018-01-01T00:00:00Z") from None
    return instant_of(moment)


def instant_of(moment: datetime) -> Instant:
    """Return the instant of a datetime; a naive one is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def as_datetime(instant: Instant) -> datetime:
    """Return the instant as an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=instant)


def format_instant(instant: Instant) -> str:
    """Write an instant as ISO 8601 in UTC, with milliseconds only where it has some."""
    if instant >= NEVER:
        return "never"
    moment = as_datetime(instant)
    precise = "milliseconds" if instant % SECOND else "seconds"
    return moment.isoformat(timespec=precise).replace("+00:00", "Z")
