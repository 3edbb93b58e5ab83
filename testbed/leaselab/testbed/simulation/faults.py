"""A simulated lab as the fault engine moves it."""

from collections import Counter
from collections.abc import Collection
from http import HTTPStatus
from typing import Any, Final

from leaselab.appliance.conditions import Conditions
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.models.platforms import PLATFORMS
from leaselab.appliance.passage import Passage
from leaselab.testbed.faults.engine import Engine
from leaselab.testbed.faults.kinds import Fault
from leaselab.testbed.simulation.world import World, settled

FAULTS: Final = "!faults"
"""Comes before every node's name, and so before all that is due at the same instant."""

_STATUSES: Final = {"error": HTTPStatus.INTERNAL_SERVER_ERROR, "wrong": HTTPStatus.OK}
"""What is answered, with a body that is none."""


class SimulatedWorld:
    """Simulated devices under faults.

    Args:
        world: the devices.

    Attributes:
        begun: how often each kind of fault has begun.
    """

    def __init__(self, world: World) -> None:
        self.begun = Counter[str]()
        self._world = world

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

    async def clone(self, node: str, copy: str) -> None:
        """Let a copy of a device live beside it, unless one does."""
        if copy not in self._world.devices:
            self._world.clone(node, copy)

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


def bring_faults(world: World, faults: Collection[Fault]) -> Counter[str]:
    """Let faults befall a world from now on; return the count, kept up to date, of those that have begun."""
    simulated = SimulatedWorld(world)
    engine = Engine(simulated)

    def turn(now: Instant) -> Instant:
        return settled(engine.grant(now))

    settled(engine.declare(faults, world.clock.now()))
    world.schedule(FAULTS, engine.book.next_at(), turn)
    return simulated.begun
