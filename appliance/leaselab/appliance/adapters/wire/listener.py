"""The sockets of one server of a device: where it listens, who is connected, and when they must go."""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Final

from leaselab.appliance.adapters.wire.http1 import Connection, Handler, Limits
from leaselab.appliance.adapters.wire.sockets import BACKLOG, listening

SWEEP_SECONDS: Final = 1.0
"""How often a listener looks for connections past their deadline; time-outs are as coarse as that."""

CLOSE_SECONDS: Final = 2.0
"""What requests under way may still take when their listener closes."""

TLS_HANDSHAKE_SECONDS: Final = 10.0


class ListenError(OSError):
    """A listener cannot open; the message says where, why and what to do."""


class Listener:
    """Listens with one handler on any number of addresses.

    Args:
        handler: answers requests.
        limits: what clients may ask.
    """

    def __init__(self, handler: Handler, limits: Limits | None = None) -> None:
        self.connections: set[Connection] = set()
        self._handler = handler
        self._limits = limits or Limits()
        self._loop = asyncio.get_running_loop()
        self._servers: list[asyncio.Server] = []
        self._sweep_timer: asyncio.TimerHandle | None = None

    @property
    def ports(self) -> list[int]:
        """The ports listened on, one an address."""
        return [server.sockets[0].getsockname()[1] for server in self._servers]

    async def open(self, addresses: Iterable[str], port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen on each address.

        Raises:
            ListenError: one of them cannot be had; none is left open.
        """
        for address in addresses:
            try:
                server = await self._loop.create_server(
                    self._connection,
                    sock=listening(address, port),
                    ssl=tls,
                    ssl_handshake_timeout=TLS_HANDSHAKE_SECONDS if tls else None,
                    backlog=BACKLOG,
                )
            except OSError as error:
                self.abort()
                raise ListenError(
                    f"cannot listen on {address}:{port}: {error.strerror or error}; "
                    "free the port, or give the device another one"
                ) from error
            self._servers.append(server)

    async def close(self) -> None:
        """Listen no more; see through what is under way, for a while, then cut the rest."""
        self._shut()
        finishing = [self._loop.create_task(connection.finish()) for connection in self.connections]
        if finishing:
            await asyncio.wait(finishing, timeout=CLOSE_SECONDS)
        self.abort()
        await asyncio.gather(*finishing)

    def abort(self) -> None:
        """Drop everything at once."""
        self._shut()
        for connection in self.connections:
            connection.cut()
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None

    def hang_up(self) -> None:
        """Drop every connection; go on listening."""
        for connection in tuple(self.connections):
            connection.cut()

    def _shut(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    def _connection(self) -> Connection:
        return Connection(self._handler, self._limits, admit=self._admit, leave=self.connections.discard)

    def _admit(self, connection: Connection) -> bool:
        if len(self.connections) >= self._limits.connections:
            return False
        self.connections.add(connection)
        if self._sweep_timer is None:
            self._sweep_timer = self._loop.call_later(SWEEP_SECONDS, self._sweep)
        return True

    def _sweep(self) -> None:
        """End what is past its time. Without connections there is no timer: an idle device costs nothing."""
        now = self._loop.time()
        for connection in [connection for connection in self.connections if connection.deadline < now]:
            connection.expire()
        self._sweep_timer = self._loop.call_later(SWEEP_SECONDS, self._sweep) if self.connections else None
