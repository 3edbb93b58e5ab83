"""Serves the pages on one loopback address until it is told to stop."""

import asyncio
from collections.abc import Callable
from typing import Final, Self

from leaselab.appliance.adapters.wire import asgi
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.testbed.web.door import Door
from leaselab.testbed.web.pages import application

ADDRESS: Final = "127.0.0.1"
"""Never another: whoever reaches the pages can do to the labs what the command line can."""


class WebServer:
    """The pages, listening. Used as an asynchronous context.

    Args:
        port: to listen on; 0 for any that is free.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._door = Door()
        self._pages = application()
        self._listener: Listener | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ListenError: the port cannot be had.
        """
        self._listener = Listener(self._handle)
        await self._listener.open([ADDRESS], self._port)
        (self._port,) = self._listener.ports
        self._door.port = self._port
        return self

    async def __aexit__(self, *_: object) -> None:
        """See through what is under way, then close."""
        if self._listener:
            await self._listener.close()

    def url(self, path: str = "/") -> str:
        """Return the address that opens a page to whoever has it."""
        return f"http://{ADDRESS}:{self._port}{path}?token={self._door.token}"

    async def _handle(self, request: Request, connection: Connection) -> Response:
        turned_away = self._door.turn_away(request)
        if turned_away is not None:
            return turned_away
        return await asgi.ask(self._pages, request, connection, scheme="http")


async def serve(port: int, on_ready: Callable[["WebServer"], None]) -> None:
    """Serve until cancelled; ``on_ready`` is called with the :class:`WebServer` once it listens."""
    async with WebServer(port) as server:
        on_ready(server)
        await asyncio.Event().wait()
