"""The load of a simulation: users by number, as :mod:`leaselab.testbed.hosting.attendance` says."""

import heapq
from collections.abc import Iterator
from typing import Final, NamedTuple

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing.commands import SetCrowd
from leaselab.testbed.hosting.attendance import totals
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.plan import NodePlan

LOADS: Final = "}users"
"""Comes after every node's name: users come to gateways that have done what was due, as in a running lab."""

_NO_MORE: Final = (NEVER, 0)


class _Stream(NamedTuple):
    """The users of one feature of a gateway: how many there are to be next, and the changes after that."""

    gateway: str
    feature: str
    users: int
    changes: Iterator[tuple[Instant, int]]


class Loads:
    """The loads of all gateways. The gateways of a time zone share their instants, which so cost one turn.

    Args:
        world: the devices.
        nodes: of the plan, those with a load among them; it acts on them from now on.
        seed: of what is drawn.
    """

    def __init__(self, world: World, nodes: tuple[NodePlan, ...], seed: str) -> None:
        self._world = world
        self._instants: list[Instant] = []
        self._due: dict[Instant, list[_Stream]] = {}
        for node in nodes:
            for feature in sorted({load.feature for load in node.load}):
                loads = [load for load in node.load if load.feature == feature]
                self._follow(node.name, feature, totals(loads, world.clock.now(), f"{seed}/{node.name}/{feature}"))
        world.schedule(LOADS, self._next(), self._turn)

    def _follow(self, gateway: str, feature: str, changes: Iterator[tuple[Instant, int]]) -> None:
        due_at, users = next(changes, _NO_MORE)
        if due_at == NEVER:
            return
        if due_at not in self._due:
            self._due[due_at] = []
            heapq.heappush(self._instants, due_at)
        self._due[due_at].append(_Stream(gateway, feature, users, changes))

    def _next(self) -> Instant:
        return self._instants[0] if self._instants else NEVER

    def _turn(self, _now: Instant) -> Instant:
        """Bring the users of one instant. Who is turned away comes again with the next change."""
        for gateway, feature, users, changes in self._due.pop(heapq.heappop(self._instants)):
            if gateway not in self._world.held:  # nobody can sign in at a device that is off
                self._world.ask(gateway, SetCrowd(users, feature))
            self._follow(gateway, feature, changes)
        return self._next()
