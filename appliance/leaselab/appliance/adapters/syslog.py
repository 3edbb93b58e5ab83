"""A device's log on its way to syslog receivers: UDP datagrams, or lines over a kept TCP connection (RFC 6587, 3.4.2).

The device never waits for a receiver. What one cannot take is kept for a while and then dropped, the oldest first.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from typing import Final

from leaselab.appliance.config import SyslogReceiver

KEPT_LINES: Final = 1_000
"""For a receiver that is away; more would only be old news."""

RETRY_SECONDS: Final = 1.0
"""Wall time between attempts to reach a receiver."""


class SyslogSender:
    """Sends lines to all receivers of one device.

    Args:
        receivers: where to.
    """

    def __init__(self, receivers: Iterable[SyslogReceiver]) -> None:
        self._ways = [_Way(receiver) for receiver in receivers]
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begin to send; returns at once."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(way.run()) for way in self._ways]

    def send(self, line: str) -> None:
        """Have a line sent to each receiver."""
        for way in self._ways:
            way.put(line)

    def abort(self) -> None:
        """Stop where it is, as a power cut does."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Stop, and hang up."""
        self.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)


class _Way:
    """The way to one receiver, and what waits to go it."""

    def __init__(self, receiver: SyslogReceiver) -> None:
        self._receiver = receiver
        self._waiting: deque[str] = deque(maxlen=KEPT_LINES)
        self._grown = asyncio.Event()

    def put(self, line: str) -> None:
        """Add a line to what waits."""
        self._waiting.append(line)
        self._grown.set()

    async def run(self) -> None:
        """Send what comes until cancelled; begin again when the receiver was lost."""
        follow = self._follow_udp if self._receiver.protocol == "udp" else self._follow_tcp
        while True:
            with contextlib.suppress(OSError):
                await follow()
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow_udp(self) -> None:
        loop = asyncio.get_running_loop()
        address = (self._receiver.host, self._receiver.port)
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=address)
        try:
            while True:
                transport.sendto((await self._next()).encode())
                self._waiting.popleft()
        finally:
            transport.close()

    async def _follow_tcp(self) -> None:
        reader, writer = await asyncio.open_connection(self._receiver.host, self._receiver.port)
        try:
            while True:
                line = await self._next()
                if reader.at_eof():  # it hung up; what was written now would be lost without a word
                    return
                writer.write(line.encode() + b"\n")
                await writer.drain()
                self._waiting.popleft()
        finally:
            writer.close()

    async def _next(self) -> str:
        """Return the oldest line that waits; it stays until it has gone."""
        while not self._waiting:
            self._grown.clear()
            await self._grown.wait()
        return self._waiting[0]
