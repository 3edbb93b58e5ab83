"""One device's HTTPS server: the protocol by the fast path, everything else by the pages all devices share."""

import asyncio
import ssl
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from leaselab.appliance.adapters.https import protocol
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.wire import asgi
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.appliance.adapters.wire.tls import hold_to, server_context, untrusted, use_certificate
from leaselab.appliance.conditions import CALM, Conditions
from leaselab.appliance.console.tools import RECOVERY
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.commands import LOWEST_TLS
from leaselab.appliance.licensing.events import Booted, MinimumTlsSet
from leaselab.appliance.machine import Event
from leaselab.appliance.models.phases import Phase

_API: Final = "/api/v1/"
_HEALTH: Final = "/api/v1/health"
_ADMINISTRATION: Final = (_API, "/admin", "/dana-admin/", "/dana-na/auth/url_admin/", RECOVERY)
"""Where administrators are served, and nobody at the external port, unless it has another port's address."""

_ELSEWHERE: Final = b"Administrators are served at the internal and the management port, not at the external one.\n"

_BROKEN: Final = {
    "error": Response(HTTPStatus.INTERNAL_SERVER_ERROR, b"Internal Server Error\n"),
    "wrong": Response(HTTPStatus.OK, b"<html><title>Welcome</title><p>Please sign in to the network.</p></html>\n"),
}
"""What a server in trouble says to everything (a fault): an error, or what a portal on the way says instead of it."""


class HttpsServer:
    """Listens for one device.

    Args:
        context: the device.
    """

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._tls: ssl.SSLContext = server_context(context.config.tls)
        self._listener = Listener(self._handle)
        self._conditions = CALM
        self._awake = asyncio.Event()
        self._awake.set()
        context.device.listeners.append(self._hear)

    async def open(self, addresses: Iterable[str], port: int) -> None:
        """Listen.

        Raises:
            ListenError: an address cannot be had.
        """
        self._hold_to_tls()
        await self._listener.open(addresses, port, tls=self._tls)

    def _hear(self, event: Event, _at: Instant) -> None:
        if isinstance(event, MinimumTlsSet | Booted):  # a factory reset ends with a boot
            self._hold_to_tls()

    def _hold_to_tls(self) -> None:
        hold_to(self._tls, getattr(self._context.device.state, "minimum_tls", LOWEST_TLS))

    def suffer(self, conditions: Conditions) -> None:
        """Put these faults in force, and no other."""
        before, self._conditions = self._conditions, conditions
        if conditions.bad_certificate != before.bad_certificate:
            tls = self._context.config.tls
            use_certificate(self._tls, untrusted(self._context.config.name) if conditions.bad_certificate else tls)
            self._listener.hang_up()  # a connection that is kept would go on with the certificate it began with
        if conditions.paused:
            self._awake.clear()
        else:
            self._awake.set()

    async def close(self) -> None:
        """See through what is under way, then close."""
        self._awake.set()
        await self._listener.close()

    def abort(self) -> None:
        """Drop everything at once."""
        self._listener.abort()

    async def _handle(self, request: Request, connection: Connection) -> Response:
        try:
            return await self._answer(request, connection)
        except OSError as error:
            if not self._conditions.disk_full:
                raise
            return Response(HTTPStatus.INSUFFICIENT_STORAGE, f"{error.strerror}\n".encode())

    async def _answer(self, request: Request, connection: Connection) -> Response:
        if self._conditions is not CALM:
            await self._awake.wait()
            if self._conditions.answers:
                return _BROKEN[self._conditions.answers]
        if protocol.is_protocol(request.target):
            return await protocol.answer(self._context, request, connection)
        path = unquote(request.target.partition(b"?")[0].decode("latin-1"))
        if self._context.phase() != Phase.READY and path != _HEALTH:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, b"This device has not finished its first boot.\n")
        administration = path.startswith(_ADMINISTRATION) and path != _HEALTH
        if administration and not self._context.may_administer(connection.own_address):
            return Response(HTTPStatus.FORBIDDEN, _ELSEWHERE)
        if path.startswith(_API):
            from leaselab.appliance.adapters.https.api import dispatch  # as the pages, when first asked for

            return await dispatch.answer(self._context, request, connection)
        return await _ask_pages(self._context, request, connection)


async def _ask_pages(context: NodeContext, request: Request, connection: Connection) -> Response:
    """Have the shared ASGI application answer; it is built when the first page is asked for, not at start-up."""
    from leaselab.appliance.adapters.https.pages import application

    return await asgi.ask(application(), request, connection, scheme="https", node=context)
