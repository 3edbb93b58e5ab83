"""Where nodes on other machines call the lab, and how visitors of this machine get to them.

Every call is TLS and shows who it is; its first line says what for. A visitor who knocks at a node's address here waits
until the node has called for him, and is then connected through. So consoles and pages of a node are at the same
addresses of this machine wherever the node is.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import count
from typing import Any, Final, cast

from leaselab.appliance.adapters.control import ControlError
from leaselab.appliance.adapters.remote import CONTROL, VISIT
from leaselab.appliance.adapters.wire.pump import Pump
from leaselab.appliance.adapters.wire.sockets import listening, stay_awake
from leaselab.appliance.adapters.wire.tls import use_certificate
from leaselab.appliance.config import Tls

FIRST_LINE_BYTES: Final = 64
"""Of a caller's first line; a longer one is none of ours."""

VISIT_SECONDS: Final = 20.0
"""For a node to call for a visitor."""

Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends a request over a node's control channel."""


class Door:
    """Takes calls of nodes, and visitors for them.

    Args:
        tls: what the lab shows, and the authority that callers' certificates are of.
        line: makes what talks to a node on its control line, given its name; nothing for one that is not expected.
    """

    def __init__(self, tls: Tls, line: Callable[[str], asyncio.Protocol | None]) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_verify_locations(cadata=tls.authority)
        use_certificate(self._context, tls)
        self._line = line
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Transport] = set()
        self._numbers = count(1)
        self._visitors: dict[int, tuple[str, asyncio.Future[Pump]]] = {}
        self._listeners: dict[str, list[asyncio.Server]] = {}
        self._leading: set[asyncio.Task[None]] = set()

    async def open(self, address: str) -> str:
        """Take calls at an address of this machine; return it with the port, as callers need it.

        Raises:
            OSError: the address cannot be had.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Caller(self), sock=listening(address, 0), ssl=self._context
        )
        return f"{address}:{self._server.sockets[0].getsockname()[1]}"

    async def admit(self, node: str, places: Iterable[tuple[str, int, str, int]], ask: Ask) -> None:
        """Take visitors for a node.

        Args:
            node: its name.
            places: address and port of this machine; network and port of the node that they lead to.
            ask: sends it a request.

        Raises:
            OSError: a place is taken; none is left open.
        """
        servers = self._listeners[node] = []
        for address, port, network, node_port in places:
            to = partial(self._visitor, node, network, node_port, ask)
            try:
                own = listening(address, port)
                servers.append(await asyncio.get_running_loop().create_server(to, sock=own))
            except OSError as error:
                self.turn_away(node)
                raise OSError(error.errno, f"cannot listen on {address}:{port}: {error.strerror}") from error

    def places(self, node: str) -> list[int]:
        """Return the ports at which visitors of a node knock."""
        return [server.sockets[0].getsockname()[1] for server in self._listeners.get(node, ())]

    def turn_away(self, node: str) -> None:
        """Take no more visitors for a node."""
        for server in self._listeners.pop(node, ()):
            server.close()

    async def close(self) -> None:
        """Take nobody any more, and hang up on whoever is there."""
        for node in tuple(self._listeners):
            self.turn_away(node)
        if self._server is not None:
            self._server.close()
        for transport in tuple(self._calls):
            transport.abort()
        for _, waiting in self._visitors.values():
            waiting.cancel()
        if self._leading:
            await asyncio.wait(self._leading)

    def take(self, name: str, words: list[str], transport: asyncio.Transport) -> asyncio.Protocol | None:
        """Return what a caller is to talk to from here on; nothing if he has no business here."""
        match words:
            case [word] if word == CONTROL:
                return self._line(name)
            case [word, number] if word == VISIT and number.isdecimal():
                node, waiting = self._visitors.get(int(number), ("", None))
                if node == name and waiting is not None and not waiting.done():
                    pump = Pump()
                    pump.connection_made(transport)
                    waiting.set_result(pump)
                    return pump
        return None

    def note(self, transport: asyncio.Transport) -> None:
        """Remember a call, to hang up at the end."""
        self._calls = {each for each in self._calls if not each.is_closing()} | {transport}

    def _visitor(self, node: str, network: str, port: int, ask: Ask) -> Pump:
        visitor = Pump()
        leading = asyncio.get_running_loop().create_task(self._lead(visitor, node, network, port, ask))
        self._leading.add(leading)
        leading.add_done_callback(self._leading.discard)
        return visitor

    async def _lead(self, visitor: Pump, node: str, network: str, port: int, ask: Ask) -> None:
        """Have a node call for a visitor, and connect the two; he is turned away if it does not."""
        number, waiting = next(self._numbers), asyncio.get_running_loop().create_future()
        self._visitors[number] = node, waiting
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                await ask({"do": "visit", "visit": number, "network": network, "port": port})
                (await waiting).join(visitor)
        except (ControlError, OSError, TimeoutError, asyncio.CancelledError):
            visitor.close()
        finally:
            del self._visitors[number]


class _Caller(asyncio.Protocol):
    """A call whose first line has not come yet."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Watch the line: the caller's machine may go without a word."""
        self._transport = cast("asyncio.Transport", transport)
        stay_awake(self._transport.get_extra_info("socket"))
        self._door.note(self._transport)

    def data_received(self, data: bytes) -> None:
        """Hand the call to what it is for."""
        transport = cast("asyncio.Transport", self._transport)
        self._head += data
        line, newline, rest = self._head.partition(b"\n")
        if not newline and len(line) <= FIRST_LINE_BYTES:
            return
        words = line.decode(errors="replace").split(" ")
        protocol = self._door.take(_name_of(transport), words, transport) if newline else None
        if protocol is None:
            transport.abort()
            return
        transport.set_protocol(protocol)
        if not isinstance(protocol, Pump):
            protocol.connection_made(transport)
        if rest:
            protocol.data_received(rest)


def _name_of(transport: asyncio.Transport) -> str:
    """Return the name in a caller's certificate, which the lab's own authority has signed."""
    certificate = transport.get_extra_info("peercert")
    return str(next(name for kind, name in certificate["subjectAltName"] if kind == "DNS"))
