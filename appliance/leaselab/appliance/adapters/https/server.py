"""One device's HTTPS server: the protocol by the fast path, everything else by the pages all devices share."""

import ssl
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from leaselab.appliance.adapters.https import protocol
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.appliance.adapters.wire.tls import server_context

READY: Final = "ready"
_HEALTH: Final = b"/api/v1/health"


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
        phase = self._context.phase()
        if request.target == _HEALTH:
            body = b'{"status":"%s","phase":"%s"}' % (b"ok" if phase == READY else b"starting", phase.encode())
            return Response(HTTPStatus.OK, body, protocol.JSON)
        if phase != READY:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, b"This device has not finished its first boot.\n")
        return await _ask_pages(self._context, request, connection)


async def _ask_pages(context: NodeContext, request: Request, connection: Connection) -> Response:
    """Have the shared ASGI application answer; it is built when the first page is asked for, not at start-up."""
    from leaselab.appliance.adapters.https.pages import application

    path, _, query = request.target.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.http_version,
        "method": request.method.decode("ascii"),
        "scheme": "https",
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": request.headers,
        "client": connection.peer,
        "state": {"node": context},
    }
    answer = _Answer(request.body)
    await application()(scope, answer.receive, answer.send)
    return answer.response()


class _Answer:
    """The two ends that an ASGI application is given, around a request and an answer that are whole."""

    def __init__(self, body: bytes) -> None:
        self._request: dict[str, Any] | None = {"type": "http.request", "body": body, "more_body": False}
        self._status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._headers: list[bytes] = []
        self._body: list[bytes] = []

    async def receive(self) -> dict[str, Any]:
        """Give the request's body, once."""
        message, self._request = self._request, None
        return message or {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Take a piece of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [
                b"%s: %s\r\n" % (name, value) for name, value in message["headers"] if name != b"content-length"
            ]
        else:
            self._body.append(message.get("body", b""))

    def response(self) -> Response:
        """Return the whole answer."""
        return Response(self._status, b"".join(self._body), b"".join(self._headers))
