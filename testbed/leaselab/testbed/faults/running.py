"""A running lab as the fault engine moves it."""

from collections.abc import Callable, Collection
from typing import Any, Protocol, runtime_checkable

from leaselab.appliance.conditions import Conditions
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.models.platforms import PLATFORMS
from leaselab.testbed.eventkinds import EventKind
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.faults.kinds import Fault
from leaselab.testbed.hosting.fleet import Fleet
from leaselab.testbed.topology.plan import Plan


@runtime_checkable
class CutsPackets(Protocol):
    """What a runtime can do whose nodes have a network of their own: cut what others send as well.

    The emulator's own messages are cut in every runtime (:mod:`leaselab.appliance.passage`); this is for all the rest.
    """

    async def cut(self, one: str, other: str, *, one_way: bool) -> None:
        """Let no packet through between two nodes; ``one_way``: none from the first to the second."""
        ...

    async def heal(self, one: str, other: str) -> None:
        """Take back what :meth:`cut` did to these two."""
        ...


class RunningWorld:
    """The nodes of one lab under faults.

    Args:
        fleet: the nodes.
        events: of the lab.
        plan: what the lab was last brought to.
    """

    def __init__(self, fleet: Fleet, events: EventLog, *, plan: Callable[[], Plan | None]) -> None:
        self._fleet = fleet
        self._events = events
        self._plan = plan

    def nodes(self) -> Collection[str]:
        """Return the names of all nodes."""
        return self._fleet.seats

    def networks(self) -> Collection[str]:
        """Return the names of all networks."""
        plan = self._plan()
        return {} if plan is None else {name: None for node in plan.nodes for name in node.config.addresses}

    def virtual(self) -> Collection[str]:
        """Return the names of those nodes that are virtual machines."""
        configs = {name: seat.plan.config for name, seat in self._fleet.seats.items()}
        return [
            name
            for name, config in configs.items()
            if isinstance(config, ApplianceConfig) and PLATFORMS[config.kind].virtual
        ]

    async def suffer(self, node: str, conditions: Conditions) -> None:
        """Put these conditions around a node; one that is off gets them when it is switched on."""
        await self._fleet.suffer(node, conditions)

    async def power(self, node: str, act: str) -> None:
        """``start``, ``kill`` or ``restart`` a node."""
        if act == "restart":
            await self._fleet.stop(node)
        await (self._fleet.kill if act == "kill" else self._fleet.start)(node)

    async def clone(self, node: str, copy: str, *, same_identity: bool) -> None:
        """Switch a copy of a node on beside it, unless there is one."""
        plan = self._plan()
        if plan is not None and copy not in self._fleet.seats:
            from leaselab.testbed.topology.planner import cloned  # with it comes the schema; few labs have clones

            clone = cloned(self._fleet.seat(node).plan, copy, plan, same_identity=same_identity)
            await self._fleet.clone(node, clone)

    async def remove_clone(self, copy: str) -> None:
        """Take the copy away, and all that it has stored."""
        if copy in self._fleet.seats:
            await self._fleet.remove(copy)

    async def packets(self, fault: Fault, *, begun: bool) -> None:
        """Cut the packets of a link, or heal it, where the runtime can."""
        runtime = self._fleet.runtime
        if fault.kind != "cut" or not fault.between or not isinstance(runtime, CutsPackets):
            return
        one, other = fault.between
        if begun:
            await runtime.cut(one, other, one_way=fault.one_way)
        else:
            await runtime.heal(one, other)

    def tell(self, kind: EventKind, node: str, fields: dict[str, Any]) -> None:
        """Note in the lab's events that a fault has begun or is over."""
        self._events.add(kind, node, **fields)
