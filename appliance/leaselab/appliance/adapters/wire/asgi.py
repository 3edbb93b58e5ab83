"""An ASGI application behind our HTTP: a whole request in, a whole answer out."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response


async def ask(application: Any, request: Request, connection: Connection, *, scheme: str, **state: Any) -> Response:
    """Have an ASGI application answer a request.

    Args:
        application: of ASGI 3.
        request: whole, with its body.
        connection: it came over.
        scheme: ``http`` or ``https``.
        **state: what the application finds in ``request.state``.
    """
    path, _, query = request.target.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.http_version,
        "method": request.method.decode("ascii"),
        "scheme": scheme,
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": request.headers,
        "client": connection.peer,
        "state": state,
    }
    answer = _Answer(request.body)
    await application(scope, answer.receive, answer.send)
    return answer.response()


class WithHeaders:
    """Middleware that adds headers to each answer which has none of that name.

    Args:
        app: the application.
        headers: names in lower case, and values.
    """

    def __init__(self, app: Any, *, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, and put the headers on its answer."""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                missing = [(name, value) for name, value in self._headers if name not in given]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._app(scope, receive, with_headers)


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
