"""A lab's networks in a container engine: made when the first node needs them, removed with the lab."""

import asyncio
import contextlib
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leaselab.testbed.containers.engine import LAB, Engine
from leaselab.testbed.errors import EngineError, LeaselabError
from leaselab.testbed.journal import Journal

if TYPE_CHECKING:
    from docker import APIClient

NETWORK_BITS: Final = 18
"""A network's share of an address: 10.S.(64 k).0/18 (see the planner)."""

DRIVERS: Final = {
    "bridge": {"com.docker.network.bridge.enable_ip_masquerade": "false"},
    "overlay": {},
}
"""Of networks within one engine and over many, with what each is told: nothing leads out of a bridge."""


class Networks:
    """The networks of one lab.

    Args:
        engine: where they are.
        journal: told of each before it is made.
        prefix: of their names.
        lab: the lab's folder, for their label.
        driver: one of :data:`DRIVERS`.
    """

    def __init__(self, engine: Engine, journal: Journal, *, prefix: str, lab: Path, driver: str) -> None:
        self._engine = engine
        self._journal = journal
        self._prefix = prefix
        self._lab = lab
        self._driver = driver
        self._made: dict[str, asyncio.Future[None]] = {}

    async def have(self, network: str, subnet: ipaddress.IPv4Network) -> str:
        """Return the name of a network, which is there from now on.

        Raises:
            EngineError: it cannot be made, as its addresses are in use.
        """
        name = f"{self._prefix}-{network}"
        if name not in self._made:
            self._made[name] = asyncio.ensure_future(self._make(name, subnet))
        await asyncio.shield(self._made[name])
        return name

    async def remove(self) -> None:
        """Remove them all."""
        await asyncio.gather(*(self._remove(network) for network in tuple(self._made)))

    async def _make(self, name: str, subnet: ipaddress.IPv4Network) -> None:
        from docker.types import IPAMConfig, IPAMPool

        self._journal.will_make("network", [name])
        # No node has the last address but one: the planner numbers them 1 to 250.
        pool = IPAMPool(subnet=str(subnet), gateway=str(subnet.broadcast_address - 1))

        def make(api: "APIClient") -> None:
            if taken := _overlapping(api, subnet):
                raise EngineError(f"cannot make the network {name}: its addresses, {subnet}, overlap with {taken}")
            api.create_network(
                name,
                driver=self._driver,
                ipam=IPAMConfig(pool_configs=[pool]),
                labels={LAB: str(self._lab)},
                options=DRIVERS[self._driver],
                check_duplicate=True,
            )

        try:
            await self._engine.ask(
                f"make the network {name} ({subnet})",
                make,
            )
        except EngineError as error:
            hint = error.hint or f"`docker network ls --filter label={LAB}` lists those of labs; free {subnet}"
            raise EngineError(error.message, hint=hint) from error

    async def _remove(self, name: str) -> None:
        made = self._made.pop(name)
        with contextlib.suppress(LeaselabError):
            await made
            await self._engine.discard(("network", name), lab=str(self._lab))
            self._journal.gone("network", [name])


def _overlapping(api: "APIClient", subnet: ipaddress.IPv4Network) -> str:
    """Name a network that has some of these addresses: a swarm takes both, and then starts no task on the second."""
    for network in api.networks():
        for pool in (network.get("IPAM") or {}).get("Config") or ():
            other = ipaddress.ip_network(pool.get("Subnet", "0.0.0.0/32"))
            if isinstance(other, ipaddress.IPv4Network) and subnet.overlaps(other):
                return f"{network['Name']}, {other}"
    return ""


def subnet_of(address: str) -> ipaddress.IPv4Network:
    """Return the network that an address of the plan is of."""
    return ipaddress.IPv4Network(f"{address}/{NETWORK_BITS}", strict=False)
