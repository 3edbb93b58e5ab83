"""A simulated lab as the fault engine moves it."""

from collections import Counter
from collections.abc import Collection
from http import HTTPStatus
from typing import Any, Final

from leaselab.appliance.conditions import Conditions
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.models.platforms import PLATFORMS
from leaselab.appliance.passage import Passage
from leaselab.testbed.faults.book import Entry
from leaselab.testbed.faults.engine import Engine
from leaselab.testbed.faults.kinds import Fault
from leaselab.testbed.simulation.world import World, settled
from leaselab.testbed.topology.identities import Identities

FAULTS: Final = "!faults"
"""Comes before every node's name, and so before all that is due at the same instant."""

_STATUSES: Final = {"error": HTTPStatus.INTERNAL_SERVER_ERROR, "wrong": HTTPStatus.OK}
"""What is answered, with a body that is none."""


class SimulatedWorld:
    """Simulated devices under faults.

    Args:
        world: the devices.
        identities: of the lab.

    Attributes:
        begun: how often each kind of fault has begun.
    """

    def __init__(self, world: World, identities: Identities) -> None:
        self.begun = Counter[str]()
        self._world = world
        self._identities = identities

    def nodes(self) -> Collection[str]:
        """Return the names of all devices."""
        return self._world.devices

    def networks(self) -> Collection[str]:
        """Return the names of all networks."""
        return {network for ports in self._world.network.ports.values() for network in ports}

    def virtual(self) -> Collection[str]:
        """Return the names of those devices that are virtual machines."""
        configs = [self._world.config(name) for name in self._world.devices]
        return [one.name for one in configs if isinstance(one, ApplianceConfig) and PLATFORMS[one.kind].virtual]

    async def suffer(self, node: str, conditions: Conditions) -> None:
        """Put these conditions around a device, in place of those of before."""
        world, network = self._world, self._world.network
        network.passages.setdefault(node, Passage()).conditions = conditions
        if conditions.skew != world.skew(node):
            world.set_skew(node, conditions.skew)
        (network.bad_certificates.add if conditions.bad_certificate else network.bad_certificates.discard)(node)
        network.statuses.pop(node, None)
        if conditions.answers:
            network.statuses[node] = _STATUSES[conditions.answers]
        if conditions.disk_full:
            network.statuses[node] = HTTPStatus.INSUFFICIENT_STORAGE
        self._keep_still(node, still=conditions.paused or conditions.disk_full or node in network.refusing)

    async def power(self, node: str, act: str) -> None:
        """``start``, ``kill`` or ``restart`` a device. It keeps what it had acknowledged, which here is everything."""
        refusing = self._world.network.refusing
        (refusing.add if act == "kill" else refusing.discard)(node)
        self._keep_still(node, still=act == "kill")
        if act != "kill":
            await self._world.devices[node].resume()

    async def clone(self, node: str, copy: str, *, same_identity: bool) -> None:
        """Let a copy of a device live beside it, unless one does."""
        if copy not in self._world.devices:
            hardware_id = "" if same_identity else self._identities.hardware_id(copy)
            self._world.clone(node, copy, hardware_id=hardware_id)

    async def remove_clone(self, copy: str) -> None:
        """Take the copy away."""
        if copy in self._world.devices:
            self._world.remove(copy)

    async def packets(self, fault: Fault, *, begun: bool) -> None:
        """Need nothing: messages are all there is."""

    def tell(self, kind: str, node: str, fields: dict[str, Any]) -> None:  # noqa: ARG002 - the shape of a world
        """Count a fault that has begun."""
        if kind == "fault":
            self.begun[fields["fault"]] += 1

    def _keep_still(self, node: str, *, still: bool) -> None:
        if still:
            self._world.hold(node)
        elif node in self._world.held:
            self._world.release(node)


class SimulatedFaults:
    """The faults of a simulated lab.

    Args:
        world: its devices.
        declared: the faults that befall it from now on.
        seed: of the lab.

    Attributes:
        world: as the fault engine moves it.
    """

    def __init__(self, world: World, declared: Collection[Fault], *, seed: str) -> None:
        self.world = SimulatedWorld(world, Identities(seed))
        self._devices = world
        self._engine = Engine(self.world)
        settled(self._engine.declare(declared, world.clock.now()))
        self._schedule()

    @property
    def begun(self) -> Counter[str]:
        """How often each kind has begun."""
        return self.world.begun

    @property
    def entries(self) -> list[Entry]:
        """Those in force and to come, the earlier entered first."""
        return self._engine.book.entries

    def inject(self, fault: Fault) -> Entry:
        """Add a fault, in force at once unless it says when.

        Raises:
            CallError: there is no such fault or target, or what it says does not go together.
        """
        entry = settled(self._engine.inject(fault, self._devices.clock.now()))
        self._schedule()
        return entry

    def clear(self, entries: Collection[Entry]) -> None:
        """Take faults back."""
        settled(self._engine.clear(entries))

    def _schedule(self) -> None:
        self._devices.schedule(FAULTS, self._engine.book.next_at(), lambda now: settled(self._engine.grant(now)))
