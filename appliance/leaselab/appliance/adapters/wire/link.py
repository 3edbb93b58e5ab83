"""The client's end of a kept HTTPS connection: one request at a time, its answer parsed by httptools."""

import asyncio
from typing import Any, Final, NamedTuple, cast

import httptools

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""An answer larger than this is none of a device's."""


class Answer(NamedTuple):
    """What came back. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class StaleError(Exception):
    """A kept connection turned out closed before anything of the answer came."""


class Link(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self) -> None:
        self.open = False
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[Answer] | None = None
        self._parser: Any = None
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._keep = True
        self._turn = asyncio.Lock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    def certificate(self) -> dict[str, Any]:
        """Return the peer's verified certificate."""
        certificate: dict[str, Any] = self._transport.get_extra_info("peercert") or {}
        return certificate

    async def ask(self, request: bytes) -> Answer:
        """Send a request and return its answer.

        Raises:
            StaleError: the connection was closed before anything of an answer came.
            OSError: it broke in the middle of an answer.
        """
        async with self._turn:
            if not self.open:
                raise StaleError
            self._answer = asyncio.get_running_loop().create_future()
            self._parser = httptools.HttpResponseParser(self)
            self._headers, self._body, self._size = {}, [], 0
            self._transport.write(request)
            try:
                return await self._answer
            finally:
                if not self._answer.done() or self._answer.cancelled() or not self._keep:
                    self.close()  # an answer that comes late must not be taken for the next one
                self._answer = None

    def close(self) -> None:
        """Hang up."""
        self.open = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._size += len(data)
        if self._answer is None or self._answer.done() or self._size > MAX_ANSWER_BYTES:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._break(ConnectionResetError(0, "its answer is no HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Fail the request under way: stale if nothing of an answer had come."""
        self.open = False
        self._break(ConnectionResetError(0, "the connection broke") if self._size else StaleError())

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the answer."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """A piece of the answer's body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self._keep = self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(
                Answer(status=self._parser.get_status_code(), headers=self._headers, body=b"".join(self._body))
            )

    def _break(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
