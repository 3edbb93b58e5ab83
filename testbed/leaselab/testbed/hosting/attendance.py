"""How many users are at a gateway when: the curve of a working day, and bursts, drawn from a seed.

A running lab signs them in (:mod:`leaselab.testbed.hosting.crowds`), a simulation counts them
(:mod:`leaselab.testbed.simulation.load`).
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from leaselab.appliance.instants import Instant, as_datetime, instant_of
from leaselab.testbed.topology.plan import Burst, Load, OfficeHours

STEP: Final = timedelta(minutes=30)
"""How often the number of users follows the curve."""

FIRST_STEP: Final = time(7)
CURVE: Final = (
    *(5, 15, 35, 60, 80, 90, 95, 100, 100, 95),  # 07:00 to 11:30: people come
    *(80, 70, 75, 85),  # 12:00 to 13:30: lunch
    *(95, 100, 98, 95, 85, 70, 50, 35, 22, 14, 8, 4, 0),  # 14:00 to 20:00: people leave
)
"""Per cent of the way from base to peak at each step of a working day; at night and at the weekend it is none."""

WORKING_DAYS: Final = range(5)
"""Monday to Friday."""

QUIETEST_DAY: Final = 0.8
"""Of the peak, on the quietest of days: no day is quite like another."""

UNREST: Final = 0.05
"""How far a step may lie off the curve, as a part of it."""


@lru_cache(maxsize=1_024)
def steps_of(day: date, time_zone: str) -> tuple[Instant, ...]:
    """Return the instants of a day's steps; kept, since all the gateways of a time zone share them."""
    zone: tzinfo = UTC if time_zone == "UTC" else ZoneInfo(time_zone)
    first = datetime.combine(day, FIRST_STEP)
    return tuple(instant_of((first + number * STEP).replace(tzinfo=zone)) for number in range(len(CURVE)))


def levels(load: Load, start: Instant, random: Random) -> Iterator[tuple[Instant, int]]:
    """Yield how many users a load brings, from ``start`` on: each instant at which that changes, and the number."""
    if isinstance(load, Burst):
        yield load.at, load.users
        yield load.at + load.lasts, 0
        return
    yield start, load.base
    zone: tzinfo = UTC if load.time_zone == "UTC" else ZoneInfo(load.time_zone)
    day = as_datetime(start).astimezone(zone).date()
    while True:
        if day.weekday() in WORKING_DAYS:
            yield from _working_day(load, day, start, random.random)
        day += timedelta(days=1)


def _working_day(load: OfficeHours, day: date, start: Instant, draw: Callable[[], float]) -> list[tuple[Instant, int]]:
    """Return the levels of a day, drawn by a function whose numbers are the same in all versions of Python."""
    peak, base = load.peak, load.base
    height = (peak - base) / 100 * (QUIETEST_DAY + (1 - QUIETEST_DAY) * draw())
    least, most = height * (1 - UNREST), height * 2 * UNREST
    return [
        (at, min(peak, base + round(part * (least + most * draw()))))
        for at, part in zip(steps_of(day, load.time_zone), CURVE, strict=True)
        if at >= start
    ]


def totals(loads: Sequence[Load], start: Instant, seed: str) -> Iterator[tuple[Instant, int]]:
    """Yield how many users several loads bring together: each instant at which that may change, and the number."""
    streams = [
        levels(load, start, Random(f"{seed}/{number}"))  # noqa: S311 - users, not secrets
        for number, load in enumerate(loads)
    ]
    if len(streams) == 1:
        yield from streams[0]
        return
    now = [0] * len(streams)
    for at, number, users in heapq.merge(*(_numbered(number, stream) for number, stream in enumerate(streams))):
        now[number] = users
        yield at, sum(now)


def _numbered(number: int, changes: Iterator[tuple[Instant, int]]) -> Iterator[tuple[Instant, int, int]]:
    return ((at, number, users) for at, users in changes)
