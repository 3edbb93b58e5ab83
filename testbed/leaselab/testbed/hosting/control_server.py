"""The host's end of the line (:mod:`~leaselab.testbed.hostline`): one request a connection, withdrawn by hanging up."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.wire.unix import KEEP_SOCKET
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.hostline import LINE_LIMIT, flatten

_LOG: Final = logging.getLogger(__name__)

Emit = Callable[[str, Any], None]
"""Sends a line of a kind (``progress`` or ``item``) to whoever asked."""

Answer = Callable[[dict[str, Any], Emit], Awaitable[Any]]
"""Answers one request."""


class ControlServer:
    """Serves requests on a listening socket.

    Args:
        answer: called with each request, in a task of its own.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def open(self, listening: socket.socket) -> None:
        """Serve on a socket that is bound already."""
        self._server = await asyncio.start_unix_server(self._connected, sock=listening, limit=LINE_LIMIT, **KEEP_SOCKET)

    async def close(self) -> None:
        """Take no new calls, and end those under way but the one this is called from."""
        if self._server:
            self._server.close()
        others = self._calls - {asyncio.current_task()}
        for call in others:
            call.cancel()
        if others:
            await asyncio.wait(others)

    async def finish(self) -> None:
        """Wait until the calls under way have been answered."""
        calls = self._calls - {asyncio.current_task()}
        if calls:
            await asyncio.wait(calls)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        if call:
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        try:
            text = await reader.readline()
            if text:
                await self._serve(msgspec.json.decode(text, type=dict[str, Any]), reader, writer)
        except (ConnectionError, msgspec.DecodeError) as error:
            _LOG.warning("a request was dropped: %s", error)
        finally:
            writer.close()

    async def _serve(self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a request, unless whoever asked hangs up first."""

        def emit(kind: str, content: Any) -> None:
            if not writer.is_closing():
                writer.write(msgspec.json.encode({kind: content}) + b"\n")

        work = asyncio.ensure_future(self._answer(request, emit))
        hung_up = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait([work, hung_up], return_when=asyncio.FIRST_COMPLETED)
        finally:
            hung_up.cancel()
            if not work.done():
                work.cancel()
        try:
            emit("ok", await work)
        except asyncio.CancelledError:
            return
        except LeaselabError as error:
            emit("error", flatten(error))
        except Exception as error:  # noqa: BLE001 - whoever asked must hear of whatever went wrong here
            _LOG.exception("request %s failed", request.get("do"))
            emit("error", flatten(_unexpected(request, error)))
        await writer.drain()


def _unexpected(request: dict[str, Any], error: Exception) -> LeaselabError:
    return LeaselabError(
        f"the lab's host failed at {request.get('do')}: {type(error).__name__}: {error}",
        hint="host.log in the lab's folder has the details; please report them",
    )


async def stream(items: AsyncIterator[Any], emit: Emit) -> None:
    """Send items as they come."""
    async for item in items:
        emit("item", item)
