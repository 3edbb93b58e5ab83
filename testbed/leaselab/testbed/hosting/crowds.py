"""The load of a running lab: the users that its file brings to gateways over the day, over real sign-ins."""

from collections.abc import Iterator
from typing import Final

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.models.phases import Phase
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.hosting.attendance import totals
from leaselab.testbed.hosting.fleet import Fleet
from leaselab.testbed.hosting.signins import SignIns
from leaselab.testbed.timekeeper.keeper import Timekeeper
from leaselab.testbed.topology.plan import Load, Plan

LAST: Final = 1
"""Among those due at one instant: users come to gateways that have done what was due."""

USERS_A_TURN: Final = 100
"""A turn has a limit in wall time, and a sign-in costs milliseconds; a larger crowd takes several at one instant."""


class Crowd:
    """The users of one gateway, given turns like a node.

    Args:
        name: of the gateway.
        changes: when their number changes, and to what.
        fleet: the nodes.
        sign_ins: signs users in and out.
        events: of the lab.
    """

    def __init__(
        self,
        name: str,
        changes: Iterator[tuple[Instant, int]],
        fleet: Fleet,
        sign_ins: SignIns,
        events: EventLog,
    ) -> None:
        self._name = name
        self._changes = changes
        self._following = next(changes, None)
        self._wanted: int | None = None
        self._there = 0
        self._fleet = fleet
        self._sign_ins = sign_ins
        self._events = events

    @property
    def next_due(self) -> Instant:
        """When the number next changes."""
        return NEVER if self._following is None else self._following[0]

    async def grant(self, to: Instant) -> Instant:
        """Bring the users of this instant; whom a gateway turns away comes again with the next change."""
        while self._following is not None and self._following[0] <= to:
            self._wanted, self._following = self._following[1], next(self._changes, None)
        if self._wanted is not None:
            await self._bring(self._wanted)
        return self.next_due if self._wanted is None else to

    async def observe(self, at: Instant) -> None:
        """Need nothing: only turns matter."""

    async def _bring(self, wanted: int) -> None:
        """Bring some of those that are wanted, or send some home."""
        seat = self._fleet.seats.get(self._name)
        config = None if seat is None else seat.plan.config
        running = seat.running if seat is not None and seat.phase == Phase.READY else None
        if running is None or self._fleet.is_paused(self._name) or not isinstance(config, ApplianceConfig):
            self._wanted = None  # nobody can sign in at a gateway that is off
            return
        count = max(self._there - USERS_A_TURN, min(self._there + USERS_A_TURN, wanted))
        outcome = await self._sign_ins.set(config, running, count)
        self._there = outcome.signed_in
        if count == wanted or outcome.refused:
            self._wanted = None
            self._events.add("users", self._name, signed_in=outcome.signed_in, refused=len(outcome.refused))


class Crowds:
    """The users of all gateways of a lab.

    Args:
        timekeeper: gives them their turns.
        fleet: the nodes.
        sign_ins: signs users in and out.
        events: of the lab.
    """

    def __init__(self, timekeeper: Timekeeper, fleet: Fleet, sign_ins: SignIns, events: EventLog) -> None:
        self._timekeeper = timekeeper
        self._fleet = fleet
        self._sign_ins = sign_ins
        self._events = events
        self._loads: dict[str, tuple[Load, ...]] = {}

    def follow(self, plan: Plan) -> None:
        """Let the loads of a plan act on its gateways from now on. One that has not changed goes on as it was.

        Sign-ins are for concurrent users; other features have their load in a simulation alone.
        """
        wanted = {
            node.name: loads
            for node in plan.nodes
            if (loads := tuple(load for load in node.load if load.feature == CONCURRENT_USERS))
        }
        for name in self._loads.keys() - wanted.keys():
            self._timekeeper.forget(_actor(name))
        for name, loads in wanted.items():
            if self._loads.get(name) != loads:
                changes = self._from_now(plan, name, loads)
                crowd = Crowd(name, changes, self._fleet, self._sign_ins, self._events)
                self._timekeeper.register(_actor(name), crowd, crowd.next_due, priority=LAST)
        self._loads = wanted

    def _from_now(self, plan: Plan, name: str, loads: tuple[Load, ...]) -> Iterator[tuple[Instant, int]]:
        """Yield the changes from now on, the present number first, as the lab's whole life has them."""
        now = self._timekeeper.now
        start = now if plan.clock.start is None else plan.clock.start
        present: int | None = None
        for at, users in totals(loads, start, f"{plan.seed}/0/{name}/{CONCURRENT_USERS}"):
            if at <= now:
                present = users
                continue
            if present is not None:
                yield now, present
                present = None
            yield at, users
        if present is not None:
            yield now, present


def _actor(name: str) -> str:
    return f"~users/{name}"
