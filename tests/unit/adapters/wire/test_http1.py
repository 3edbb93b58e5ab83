"""HTTP/1.1 on a listener: what it answers, and each of its limits."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from leaselab.appliance.adapters.wire.http1 import Connection, Limits, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener, ListenError

ADDRESS = "127.0.0.1"


async def echo(request: Request, _connection: Connection) -> Response:
    if request.target == b"/slow":
        await asyncio.sleep(0.2)
    if request.target == b"/broken":
        raise RuntimeError("on purpose")
    return Response(200, request.method + b" " + request.target + b" " + request.body)


@asynccontextmanager
async def listening(**limits: float) -> AsyncIterator[Listener]:
    listener = Listener(echo, Limits(**limits))  # type: ignore[arg-type] # a test's keywords
    await listener.open([ADDRESS], 0)
    yield listener
    await listener.close()


async def exchange(listener: Listener, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces and return all that comes until the server closes."""
    reader, writer = await asyncio.open_connection(ADDRESS, listener.ports[0])
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


def get(path: str, *, close: bool = True, extra: str = "") -> bytes:
    connection = "connection: close\r\n" if close else ""
    return f"GET {path} HTTP/1.1\r\nhost: x\r\n{connection}{extra}\r\n".encode()


def statuses(text: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", text)]


async def test_a_request_is_answered_and_the_connection_closed_when_asked() -> None:
    async with listening() as listener:
        text = await exchange(listener, get("/a"))

    assert statuses(text) == [200]
    assert text.endswith(b"GET /a ")


async def test_requests_sent_ahead_are_answered_in_order() -> None:
    async with listening() as listener:
        text = await exchange(listener, get("/slow", close=False) + get("/b", close=False) + get("/c"))

    assert statuses(text) == [200, 200, 200]
    assert text.index(b"GET /slow") < text.index(b"GET /b") < text.index(b"GET /c")


async def test_a_chunked_body_is_put_together_and_expect_is_answered() -> None:
    head = b"POST /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n"
    head += b"expect: 100-continue\r\n\r\n"
    async with listening() as listener:
        text = await exchange(listener, head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n", pause=0.02)

    assert statuses(text) == [100, 200]
    assert text.endswith(b"POST /a abcde")


async def test_a_head_request_gets_the_head_only() -> None:
    async with listening() as listener:
        text = await exchange(listener, get("/a").replace(b"GET", b"HEAD", 1))

    assert b"content-length: 8" in text
    assert text.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"\x16\x03\x01 nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", 400),
        (b"CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nhost: x\r\na: " + b"b" * 2_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 20 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2_000 + b"\r\n", 413),
    ],
)
async def test_what_is_no_request_or_too_much_is_refused(request_text: bytes, status: int) -> None:
    async with listening(head_bytes=1_024, headers=16, body_bytes=1_024) as listener:
        assert statuses(await exchange(listener, request_text)) == [status]


async def test_headers_that_do_not_come_are_not_waited_for() -> None:
    async with listening(head_seconds=0.1) as listener:
        assert statuses(await exchange(listener, b"GET / HTTP/1.1\r\nhos")) == [408]


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with listening(body_seconds=0.1) as listener:
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab"
        assert statuses(await exchange(listener, head)) == [408]


async def test_an_idle_connection_is_closed() -> None:
    async with listening(idle_seconds=0.1) as listener:
        assert statuses(await exchange(listener, get("/a", close=False))) == [200]


async def test_one_connection_too_many_is_closed_as_it_comes() -> None:
    async with listening(connections=1) as listener:
        reader, writer = await asyncio.open_connection(ADDRESS, listener.ports[0])
        writer.write(get("/a", close=False))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")

        try:
            second = await exchange(listener, get("/b"))
        except ConnectionError:
            second = b""
        assert second == b""
        writer.close()


async def test_a_handler_that_fails_answers_500_and_the_listener_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as listener:
        assert statuses(await exchange(listener, get("/broken"))) == [500]
        assert statuses(await exchange(listener, get("/a"))) == [200]
    assert "on purpose" in caplog.text


async def test_closing_sees_the_request_under_way_through() -> None:
    async with listening() as listener:
        asked = asyncio.ensure_future(exchange(listener, get("/slow")))
        await asyncio.sleep(0.05)
        await listener.close()

        assert statuses(await asked) == [200]


async def test_a_port_in_use_is_named_and_nothing_is_left_open() -> None:
    async with listening() as listener:
        port = listener.ports[0]
        other = Listener(echo)

        with pytest.raises(ListenError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*free the port"):
            await other.open([ADDRESS], port)
        assert other.ports == []
