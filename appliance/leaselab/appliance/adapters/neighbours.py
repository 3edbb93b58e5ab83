"""The network as a device's console tools feel it: who answers, how quickly, and with which hardware address.

A probe is a TCP handshake with the peer's HTTPS port, through the same passage that cuts stand at: what the lease
protocol cannot reach a ping does not reach either. ICMP would need root and know of no fault.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from typing import Any, Final

from leaselab.appliance.config import NodeConfig
from leaselab.appliance.console.tools import AddNeighbour, ClearNeighbours, Echo, Errand, Neighbour, Probe

PROBE_SECONDS: Final = 1.0
"""After which a probe counts as lost."""

_NETWORK: Final = "internal"


Reaches = Callable[[str, str], bool]
"""Tells whether a peer can be reached over a network: a cut keeps pings back as well."""


class Neighbours:
    """One device's view of the lab's network.

    Args:
        config: the device's: the hosts it knows.
        reaches: knows of cuts.
    """

    def __init__(self, config: NodeConfig, reaches: Reaches) -> None:
        self._config = config
        self._reaches = reaches
        self._entries: dict[str, Neighbour] = {}

    def entries(self) -> tuple[Neighbour, ...]:
        """Return the hardware addresses known, in the order of the addresses."""
        return tuple(sorted(self._entries.values(), key=lambda entry: ipaddress.IPv4Address(entry.address)))

    async def act(self, command: Errand) -> Any:
        """Do what the console asks and return the reply."""
        match command:
            case Probe(address=address):
                return await self._probe(address)
            case AddNeighbour(address=address, hardware_address=hardware_address):
                self._entries[address] = Neighbour(address, hardware_address, _NETWORK, by_hand=True)
            case ClearNeighbours():
                self._entries = {address: entry for address, entry in self._entries.items() if entry.by_hand}
        return None

    async def _probe(self, address: str) -> Echo:
        began = time.perf_counter()
        known = self._entries.get(address)
        if known is not None and known.hardware_address != hardware_address_of(address):
            return Echo(milliseconds=None)  # it went to whoever has that hardware address
        if not await self._answers(address):
            if known is not None and not known.by_hand:
                del self._entries[address]
            return Echo(milliseconds=None)
        if known is None:
            self._entries[address] = Neighbour(address, hardware_address_of(address), _NETWORK)
        return Echo(milliseconds=(time.perf_counter() - began) * 1_000)

    async def _answers(self, address: str) -> bool:
        """Whether a device of the lab has that address, is switched on, and is not cut off from us."""
        for name, host in self._config.hosts.items():
            for network, each in host.addresses.items():
                if each == address:
                    return self._reaches(name, network) and await _accepts(address, host.https_port)
        own = address in self._config.addresses.values()
        return own and await _accepts(address, self._config.ports.https)


async def _accepts(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.transport.abort()
    return True


def hardware_address_of(address: str) -> str:
    """Return the hardware address that goes with an IPv4 address, as bridges of container engines give them out."""
    return "02:42:" + ipaddress.IPv4Address(address).packed.hex(":")
