"""A node on another machine than its lab: how it dials, whom it meets, and how visitors get to it.

The lab cannot reach into the networks that nodes on several machines share, but every node can reach the lab. So a node
calls for everything: one line for control, and one more for each visitor that knocks at the lab for it. Lines are TLS,
and each end shows a certificate of an authority that signs nothing else.
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import os
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.control import Channel, ControlError, Verb
from leaselab.appliance.adapters.wire.pump import Pump
from leaselab.appliance.adapters.wire.sockets import connected, stay_awake
from leaselab.appliance.adapters.wire.tls import use_certificate
from leaselab.appliance.config import HostEntry, NodeConfig, Tls

LAB: Final = "lab"
"""The name in the lab's certificate."""

CONTROL: Final = "control"
VISIT: Final = "visit"
"""A caller's first word; a visit's number follows."""

MEET_SECONDS: Final = 30.0
"""For the networks of two machines to learn of each other's nodes; they gossip."""

RETRY_SECONDS: Final = 0.1

SIOCGIFADDR: Final = 0x8915
ADDRESS_AT: Final = 20
"""Linux's request for an interface's address, and where in its answer that is (netdevice(7))."""


class Papers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a node is handed: how it is configured, and what it shows when it calls the lab."""

    config: NodeConfig
    line: Tls


class Outpost:
    """What a node does for its lab, beside being a node.

    Args:
        papers: what it was handed.
        lab: where the lab listens, ``ADDRESS:PORT``.
    """

    def __init__(self, papers: Papers, lab: str) -> None:
        address, _, port = lab.rpartition(":")
        self.config = _at_home(papers.config)
        self._lab = (address, int(port))
        self.planned = dict(self.config.hosts)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.load_verify_locations(cadata=papers.line.authority)
        use_certificate(self._context, papers.line)
        self._verbs: dict[str, Verb] = {"visit": self._visit, "meet": self._meet, "part": self._part, "die": self._die}

    async def call(self, handle: Verb, on_lost: Callable[[], None]) -> Channel:
        """Return the control channel.

        Raises:
            OSError: the lab does not answer, or is not ours.
        """

        async def answer(request: dict[str, Any]) -> dict[str, Any]:
            return await self._verbs.get(request.get("do", ""), handle)(request)

        channel = Channel(answer, on_lost=on_lost)
        await self._dial(channel, CONTROL)
        return channel

    async def _dial(self, protocol: asyncio.Protocol, word: str) -> None:
        own = await connected(None, *self._lab)
        stay_awake(own)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: protocol, sock=own, ssl=self._context, server_hostname=LAB)
        transport.write(f"{word}\n".encode())

    async def _visit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Lead a visitor of the lab's to one of our own ports."""
        inner, outer = Pump(), Pump()
        address = self.config.addresses[request["network"]]
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: inner, sock=await connected(None, address, request["port"])
            )
            await self._dial(outer, f"{VISIT} {request['visit']}")
        except OSError as error:
            inner.close()
            raise ControlError(f"{self.config.name}: no way to {address}:{request['port']}: {error}") from error
        inner.join(outer)
        return {}

    async def _meet(self, request: dict[str, Any]) -> dict[str, Any]:
        """Learn where other nodes are, and wait until they are within reach."""
        for name, addresses in request["hosts"].items():
            self.config.hosts[name] = entry = HostEntry(addresses, self.planned[name].https_port)
            for network in addresses.keys() & self.config.addresses.keys():
                try:
                    await asyncio.wait_for(_within_reach(addresses[network], entry.https_port), MEET_SECONDS)
                except TimeoutError:
                    raise ControlError(
                        f"{self.config.name} does not reach {name} over network {network}, at {addresses[network]}"
                    ) from None
        return {}

    async def _part(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget where a node was that is off: whoever has its address next is another."""
        self.config.hosts[request["host"]] = self.planned[request["host"]]
        return {}

    async def _die(self, _request: dict[str, Any]) -> dict[str, Any]:
        """End as a power cut ends it: the first process of a container is deaf to its own SIGKILL."""
        os._exit(137)


async def _within_reach(address: str, port: int) -> None:
    while True:
        try:
            (await connected(None, address, port)).close()
        except OSError:
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def own_addresses() -> list[ipaddress.IPv4Address]:
    """Return the addresses of this machine's interfaces, one each: a container's host file names the first alone."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        for _, interface in socket.if_nameindex():
            with contextlib.suppress(OSError):  # one without an address
                answer = fcntl.ioctl(asker, SIOCGIFADDR, struct.pack("256s", interface.encode()))
                found.append(ipaddress.IPv4Address(answer[ADDRESS_AT : ADDRESS_AT + 4]))
    return found


def _at_home(config: NodeConfig) -> NodeConfig:
    """Put our own addresses where the lab could only say which networks they will be of."""
    own, addresses = own_addresses(), {}
    for network, subnet in config.addresses.items():
        inside = [str(address) for address in own if address in ipaddress.IPv4Network(subnet)]
        if not inside:
            raise OSError(f"{config.name} has no address on its network {network} ({subnet})")
        addresses[network] = inside[0]
    return msgspec.structs.replace(config, addresses=addresses, hosts=dict(config.hosts))
