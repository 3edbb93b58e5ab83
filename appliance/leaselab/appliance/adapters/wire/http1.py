"""HTTP/1.1 as every listener of a device speaks it: parsing by httptools, limits and time-outs by us.

One light protocol object a connection, so that hundreds of devices in a process cost nothing while they are idle, and
twice the requests a second of a general-purpose server. A handler is given a whole request and returns a
:class:`Response`. A request whose sender has gone is still seen through: what it decided is in the store, and its
wake-ups must be announced. A client that does not read its answers gets no further ones, and after a while none at all.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NoReturn, cast
from urllib.parse import urlsplit

import httptools

log = logging.getLogger(__name__)

LINGER_SECONDS: Final = 2.0
"""How long a closing connection may take to hear its last answer."""

_FOREVER: Final = float("inf")
_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_CHUNK_OVERHEAD: Final = 8
"""Bytes on the wire a byte of body, at most: the shortest chunks there are cost six."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a client may ask of a listener, so that none can hurt the others.

    Attributes:
        head_bytes: request line and headers together; more is answered 431.
        headers: their number.
        body_bytes: more is answered 413.
        head_seconds: from connecting, or from a request's first byte, to the end of its headers; then 408.
        body_seconds: from there to the end of the body; then 408.
        idle_seconds: between requests; then the connection is closed.
        write_seconds: that a client may leave an answer unread; then the connection is cut.
        pipelined: requests read ahead of their answers.
        connections: at once; one more is closed as it comes.
    """

    head_bytes: int = 16 * 1024
    headers: int = 64
    body_bytes: int = 4 * 1024 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    write_seconds: float = 30.0
    pipelined: int = 16
    connections: int = 4_096


class Request:
    """One request, its body included. Header names are in lower case."""

    __slots__ = ("body", "headers", "http_version", "keep_alive", "method", "target")

    def __init__(self) -> None:
        self.method = b""
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.http_version = "1.1"
        self.keep_alive = False
        self.body = b""

    def header(self, name: bytes) -> bytes:
        """Return the value of a header, empty where there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return b""


class Response:
    """A whole answer; ``headers`` is ready wire text, each line with its end."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int, body: bytes, headers: bytes = b"content-type: text/plain; charset=utf-8\r\n"
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers


Handler = Callable[[Request, "Connection"], Awaitable[Response]]
"""Answers a request."""


class _RefusedError(Exception):
    """Leaves the C parser, which hides what it carries: the connection's ``_refusal`` says why."""


class Connection(asyncio.Protocol):
    """One client's connection: its requests one after another, answered in order.

    Args:
        handler: answers requests.
        limits: what the client may ask.
        admit: told when the connection is there; says whether it may stay.
        leave: told when it is gone and nothing of it is under way.
    """

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        *,
        admit: Callable[["Connection"], bool],
        leave: Callable[["Connection"], None],
    ) -> None:
        self.peer: tuple[str, int] = ("", 0)
        self.closed = False
        self.deadline = _FOREVER
        self.transport: asyncio.Transport
        self._handler = handler
        self._limits = limits
        self._admit = admit
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._deaf = False  # hears no further request
        self._paused = False
        self._refusal: Response | None = None
        self._unread = False  # the client leaves so much unread that the transport has said so
        self._request = Request()  # the one that is arriving
        self._begun = self._head_done = self._continue_due = False
        self._body: list[bytes] = []
        self._head_bytes = self._body_bytes = self._raw_bytes = 0

    @property
    def own_address(self) -> str:
        """The address of ours that the client has connected to."""
        own = self.transport.get_extra_info("sockname")
        return str(own[0]) if own else ""

    # --- what the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock for the first request."""
        self.transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        if address:
            self.peer = (str(address[0]), int(address[1]))
        if self._admit(self):
            self._due_in(self._limits.head_seconds)
        else:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Drop what waits to be answered; a request under way is seen through."""
        self.closed = True
        self._waiting.clear()
        if self._task is None:
            self._leave(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; refuse what is malformed or too much."""
        if self._deaf:
            return
        self._raw_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # no other protocol here: the request was taken in HTTP/1.1, as the last one
        except httptools.HttpParserError:
            if not self._deaf:
                self._refuse(self._refusal or Response(400, b"This is not a valid HTTP/1.1 request.\n"))
            return
        # A header or chunk extension without end shows in no callback, only in the bytes since the request began.
        if self._begun and not self._head_done and self._raw_bytes > self._limits.head_bytes:
            self._refuse(Response(431, b"The headers of this request are too long.\n"))
        elif self._begun and self._raw_bytes > _CHUNK_OVERHEAD * self._limits.body_bytes + self._limits.head_bytes:
            self._refuse(Response(413, b"The body of this request is too large.\n"))

    def pause_writing(self) -> None:
        """Begin with no further request: the client leaves answers unread, and they would pile up here."""
        self._unread = True
        self._due_in(self._limits.write_seconds)

    def resume_writing(self) -> None:
        """Go on with the next request, unless the connection was closing."""
        self._unread = False
        if self._task is None and not self.transport.is_closing():
            self._next()

    # --- what the parser says

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._request = Request()
        self._begun = True
        self._head_done = False
        self._body = []
        self._head_bytes = self._body_bytes = self._raw_bytes = 0
        if self._idle:
            self._due_in(self._limits.head_seconds)

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._request.target += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header; after the body it is a trailer, which nobody here wants."""
        self._count_head(len(name) + len(value))
        if not self._head_done:
            self._request.headers.append((name.lower(), value))
            if len(self._request.headers) > self._limits.headers:
                self._stop(431, b"This request has too many headers.\n")

    def on_headers_complete(self) -> None:
        """The head is there: check what must hold before a body is taken."""
        request, parser = self._request, self._parser
        request.method = parser.get_method()
        request.http_version = parser.get_http_version()
        modern = request.http_version == "1.1"
        request.keep_alive = modern and parser.should_keep_alive() and not parser.should_upgrade()
        if not request.target.startswith(b"/"):
            request.target = self._path_of(request)
        if modern and sum(name == b"host" for name, _ in request.headers) != 1:
            self._stop(400, b"A request needs exactly one Host header.\n")
        if int(request.header(b"content-length") or b"0") > self._limits.body_bytes:
            self._stop(413, b"The body of this request is too large.\n")
        expects = request.header(b"expect").lower()
        if expects not in (b"", b"100-continue"):
            self._stop(417, b"This server knows no expectation but 100-continue.\n")
        self._head_done = True
        self._continue_due = bool(expects)
        if self._idle:
            self._due_in(self._limits.body_seconds)
            self._continue()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._stop(413, b"The body of this request is too large.\n")
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: answer it, or keep it till those before it are answered."""
        self._request.body = b"".join(self._body)
        self._begun = self._continue_due = False
        self._deaf = not self._request.keep_alive
        self._waiting.append(self._request)
        if self._task is None:
            self._next()
        if len(self._waiting) >= self._limits.pipelined and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _path_of(self, request: Request) -> bytes:
        """Return the path of an absolute target (RFC 9112, 3.2.2)."""
        target = request.target.decode("latin-1")
        if request.method == b"CONNECT" or not target.startswith(("http://", "https://")):
            self._stop(400, b"The target of this request is no path.\n")
        parts = urlsplit(target)
        return ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("latin-1")

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.head_bytes:
            self._stop(431, b"The headers of this request are too long.\n")

    def _stop(self, status: int, words: bytes) -> NoReturn:
        self._refusal = Response(status, words)
        raise _RefusedError

    # --- answering

    @property
    def _idle(self) -> bool:
        """Whether what arrives is what the connection waits for, and its deadline that of the request."""
        return self._task is None and not self._unread

    def _next(self) -> None:
        """Begin with the oldest request that waits, or wait for one; a client that does not read waits itself."""
        if self._unread:
            return
        if self._waiting:
            request = self._waiting.popleft()
            if self._paused and not self._waiting:
                self._paused = False
                self.transport.resume_reading()
            self.deadline = _FOREVER
            self._task = self._loop.create_task(self._answer(request))
        elif self._refusal is not None:
            self._refuse(self._refusal)
        elif self._begun:
            self._due_in(self._limits.body_seconds if self._head_done else self._limits.head_seconds)
            self._continue()
        else:
            self._due_in(self._limits.idle_seconds)

    async def _answer(self, request: Request) -> None:
        try:
            response = await self._handler(request, self)
        except Exception:
            log.exception("%s %s failed", request.method.decode(), request.target.partition(b"?")[0].decode("latin-1"))
            request.keep_alive = False
            response = Response(500, b"This device could not answer; its log says why.\n")
        self._task = None
        if not self.closed:
            self._write(request, response)
        if self.closed:
            self._leave(self)
        elif request.keep_alive:
            self._next()
        else:
            self._close()

    def _write(self, request: Request, response: Response) -> None:
        parts = [_STATUS_LINES[response.status], response.headers]
        if response.status not in _BODILESS:
            parts.append(b"content-length: %d\r\n" % len(response.body))
        parts.append(b"\r\n" if request.keep_alive else b"connection: close\r\n\r\n")
        if request.method != b"HEAD":
            parts.append(response.body)
        self.transport.write(b"".join(parts))

    def _continue(self) -> None:
        if self._continue_due:
            self._continue_due = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, refusal: Response) -> None:
        """Answer what is no request, after the requests before it; then hear no more."""
        self._deaf = True
        self._refusal = refusal
        if self._task is not None:
            return
        self._write(Request(), refusal)
        if refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            self._due_in(LINGER_SECONDS)  # to close on unread data would reset the answer away
        else:
            self._close()

    def _close(self) -> None:
        self._deaf = True
        self._due_in(self._limits.write_seconds if self._unread else LINGER_SECONDS)
        self.transport.close()

    def _due_in(self, seconds: float) -> None:
        self.deadline = self._loop.time() + seconds

    # --- what the listener says

    def expire(self) -> None:
        """End a connection that is past its deadline, with 408 if a request had begun."""
        if self._deaf or self._unread or self._task is not None:
            self.transport.abort()
        elif self._begun:
            self._refuse(Response(408, b"This request took too long to arrive.\n"))
        else:
            self._close()

    async def finish(self) -> None:
        """Let the request under way be answered, then close."""
        self._waiting.clear()
        self._deaf = True
        if self._task is not None:
            await asyncio.wait([self._task])
        if not self.closed:
            self._close()

    def cut(self) -> None:
        """Drop the connection and what it was about."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.transport.abort()
