"""One device's HTTPS server: the protocol by the fast path, everything else by the pages all devices share."""

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
from leaselab.appliance.adapters.wire.tls import server_context

READY: Final = "ready"
_API: Final = "/api/v1/"
_HEALTH: Final = "/api/v1/health"
_ADMINISTRATION: Final = (_API, "/admin", "/dana-admin/", "/dana-na/auth/url_admin/")
"""Where administrators are served, and nobody at the external port, unless it has another port's address."""

_ELSEWHERE: Final = b"Administrators are served at the internal and the management port, not at the external one.\n"


class HttpsServer:
    """Listens for one device.

    Args:
        context: the device.
    """

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._tls: ssl.SSLContext = server_context(context.config.tls)
        self._listener = Listener(self._handle)

    async def open(self, addresses: Iterable[str], port: int) -> None:
        """Listen.

        Raises:
            ListenError: an address cannot be had.
        """
        await self._listener.open(addresses, port, tls=self._tls)

    async def close(self) -> None:
        """See through what is under way, then close."""
        await self._listener.close()

    def abort(self) -> None:
        """Drop everything at once."""
        self._listener.abort()

    async def _handle(self, request: Request, connection: Connection) -> Response:
        if protocol.is_protocol(request.target):
            return await protocol.answer(self._context, request, connection)
        path = unquote(request.target.partition(b"?")[0].decode("latin-1"))
        if self._context.phase() != READY and path != _HEALTH:
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
