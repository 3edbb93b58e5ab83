"""Users of gateways over time: the curve of a working day, and bursts, drawn from a seed."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from leaselab.appliance.instants import NEVER, Instant, as_datetime, instant_of
from leaselab.appliance.licensing.commands import Crowd, SetCrowd
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.plan import Burst, Load, NodePlan, OfficeHours

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
            yield from _working_day(load, day, start, random)
        day += timedelta(days=1)


def _working_day(load: OfficeHours, day: date, start: Instant, random: Random) -> Iterator[tuple[Instant, int]]:
    # Only `random()` is drawn from: what it gives for a seed is the same in every version of Python.
    height = (load.peak - load.base) * (QUIETEST_DAY + (1 - QUIETEST_DAY) * random.random())
    for at, part in zip(steps_of(day, load.time_zone), CURVE, strict=True):
        unrest = 1 + UNREST * (2 * random.random() - 1)
        if at >= start:
            yield at, min(load.peak, load.base + round(height * part / 100 * unrest))


class Users:
    """Brings the users of one gateway as its loads say.

    Args:
        world: where the gateway is.
        node: its plan.
        seed: of the simulation.
        on_change: told of what became of each crowd.
    """

    def __init__(self, world: World, node: NodePlan, seed: str, on_change: Callable[[Crowd], None]) -> None:
        self._world = world
        self._name = node.name
        self._on_change = on_change
        self._level = [0] * len(node.load)
        self._features = [load.feature for load in node.load]
        self._there = dict.fromkeys(self._features, 0)
        start = world.clock.now()
        self._changes = heapq.merge(
            *(
                _numbered(number, levels(load, start, Random(f"{seed}/{node.name}/{number}")))  # noqa: S311 - a load
                for number, load in enumerate(node.load)
            )
        )
        self._next = next(self._changes, None)
        if self._next is not None:
            world.schedule(f"{node.name}/users", max(start, self._next[0]), self._turn)

    def _turn(self, now: Instant) -> Instant:
        """Bring the users to where they should be now; return when the next change is."""
        changed = set[str]()
        while self._next is not None and self._next[0] <= now:
            _, number, users = self._next
            self._level[number] = users
            changed.add(self._features[number])
            self._next = next(self._changes, None)
        for feature in sorted(changed):
            wanted = sum(
                level for level, of_feature in zip(self._level, self._features, strict=True) if of_feature == feature
            )
            if wanted != self._there[feature]:
                crowd = self._world.ask(self._name, SetCrowd(users=wanted, feature=feature))
                if isinstance(crowd, Crowd):
                    self._there[feature] = crowd.users
                    self._on_change(crowd)
        return NEVER if self._next is None else self._next[0]


def _numbered(number: int, changes: Iterable[tuple[Instant, int]]) -> Iterator[tuple[Instant, int, int]]:
    return ((at, number, users) for at, users in changes)
