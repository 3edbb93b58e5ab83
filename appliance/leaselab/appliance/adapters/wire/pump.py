"""Two connections that are one: what comes in on either goes out on the other, no faster than it is taken."""

import asyncio
from typing import cast


class Pump(asyncio.Protocol):
    """One end. It waits until it is joined to another; when one end closes, so does the other.

    Attributes:
        transport: its connection, once there is one.
        closed: it has closed, or is to close once it is connected.
    """

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self._other: Pump | None = None
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, and read nothing from it before there is somewhere to put it."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.pause_reading()

    def join(self, other: "Pump") -> None:
        """Let it flow; both ends have been connected."""
        self.lead_to(other)
        other.lead_to(self)

    def lead_to(self, other: "Pump") -> None:
        """Send on to another end what comes in at this one."""
        self._other = other
        other.write(self._early)
        if self.closed:
            other.close()
        else:
            self.read()

    def read(self) -> None:
        """Read on: the other end takes it."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def wait(self) -> None:
        """Read no more for a while: the other end is full."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def write(self, data: bytes) -> None:
        """Send what came in at the other end."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        """Hang up, once all that was written has been sent."""
        self.closed = True
        if self.transport is not None:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Hand it over."""
        if self._other is None:
            self._early += data
        else:
            self._other.write(data)

    def pause_writing(self) -> None:
        """Have the other end read no more."""
        if self._other is not None:
            self._other.wait()

    def resume_writing(self) -> None:
        """Have the other end read on."""
        if self._other is not None:
            self._other.read()

    def connection_lost(self, _error: Exception | None) -> None:
        """Close the other end as well."""
        self.closed = True
        if self._other is not None:
            self._other.close()
