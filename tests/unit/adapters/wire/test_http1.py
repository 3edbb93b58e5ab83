"""HTTP/1.1 on a listener: what it answers, and each of its limits."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from leaselab.appliance.adapters.wire.http1 import Connection, Limits, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener, ListenError

ADDRESS = "127.0.0.1"
LARGE = b"x" * 256 * 1024
PATIENCE_SECONDS = 60


async def echo(request: Request, _connection: Connection) -> Response:
    if request.target == b"/slow":
        await asyncio.sleep(0.2)
    if request.target == b"/broken":
        raise RuntimeError("on purpose")
    if request.target == b"/large":
        return Response(200, LARGE)
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


async def settled(listener: Listener) -> int:
    """Wait until a device writes and reads no more on its one connection; return the bytes that it holds for it."""
    (connection,) = listener.connections
    held, quiet = -1, 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while quiet < 20:
            await asyncio.sleep(0.01)
            now = connection.transport.get_write_buffer_size()
            quiet = quiet + 1 if now == held else 0
            held = now
    return held


async def test_answers_that_nobody_reads_do_not_pile_up_and_come_in_order_once_they_are_read() -> None:
    wanted = 200
    async with listening(pipelined=4) as listener:
        reader, writer = await asyncio.open_connection(ADDRESS, listener.ports[0], limit=1_024)
        for number in range(wanted):
            writer.write(get("/large", close=number == wanted - 1))
        await asyncio.sleep(0)

        assert await settled(listener) < 8 * len(LARGE)

        async with asyncio.timeout(PATIENCE_SECONDS):
            text = await reader.read()
        writer.close()
        assert statuses(text) == [200] * wanted


async def test_a_client_that_never_reads_is_cut() -> None:
    async with listening(write_seconds=0.1) as listener:
        _, writer = await asyncio.open_connection(ADDRESS, listener.ports[0], limit=1_024)
        for _ in range(200):
            writer.write(get("/large", close=False))

        async with asyncio.timeout(PATIENCE_SECONDS):
            while listener.connections:  # noqa: ASYNC110 - a listener tells nobody that a client has gone
                await asyncio.sleep(0.02)
        writer.close()


async def test_headers_that_come_drop_by_drop_are_not_waited_for_longer_than_others() -> None:
    async with listening(head_seconds=0.3) as listener:
        reader, writer = await asyncio.open_connection(ADDRESS, listener.ports[0])
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n")
        dripping = asyncio.create_task(drip(writer))

        async with asyncio.timeout(PATIENCE_SECONDS):
            with contextlib.suppress(ConnectionError):  # cut while a drop was on its way
                assert statuses(await reader.read()) in ([408], [])
        dripping.cancel()
        writer.close()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a header that never ends, a byte at a time."""
    while not writer.is_closing():
        writer.write(b"a")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nname : value\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n folded: value\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\na: b\x00c\r\n\r\n",
    ],
)
async def test_a_request_that_two_servers_would_read_differently_is_refused(smuggled: bytes) -> None:
    async with listening() as listener:
        answered = statuses(await exchange(listener, smuggled + get("/smuggled")))

    assert answered in ([400], [413])


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
