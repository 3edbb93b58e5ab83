"""Who is let in at the lab's door, and how a visitor gets to a node behind it; over real TLS on loopback."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from leaselab.appliance.adapters.control import Channel, ControlError
from leaselab.appliance.adapters.remote import LAB, Outpost, Papers
from leaselab.appliance.config import CloudConfig, HostEntry, Ports, Tls
from leaselab.testbed.runtimes.door import Door
from leaselab.testbed.topology.credentials import Credentials

SECRET = "5" * 64
LINES = Credentials("doors", SECRET).of_lines()
NO_TLS = Tls(certificate="", key="", authority="")


def outpost(place: str, *, caller: str = "1.gw1", lines: Credentials = LINES) -> Outpost:
    """Return a node that is at home on this machine's loopback interface."""
    config = CloudConfig(
        name="gw1",
        addresses={"internal": "127.0.0.0/8"},
        ports=Ports(ssh=22, https=443, metrics=9100),
        hosts={"server": HostEntry({"internal": "127.9.9.9"}, 443)},
        tls=NO_TLS,
        authority_key="",
        auth_codes={},
        seed="",
    )
    return Outpost(Papers(config=config, line=lines.tls(caller, names=[caller], calls=True)), place)


class Lobby:
    """A door, and the lines that were let in."""

    def __init__(self) -> None:
        self.door = Door(LINES.tls(LAB, names=[LAB]), self.line)
        self.place = ""
        self.lines: dict[str, Channel] = {}
        self.said: list[dict[str, Any]] = []

    def line(self, caller: str) -> Channel | None:
        if caller != "1.gw1":
            return None
        self.lines[caller] = Channel(self.hear)
        return self.lines[caller]

    async def hear(self, message: dict[str, Any]) -> dict[str, Any]:
        self.said.append(message)
        return {"heard": len(self.said)}


@pytest.fixture
async def lobby() -> AsyncIterator[Lobby]:
    lobby = Lobby()
    lobby.place = await lobby.door.open("127.0.0.1")
    yield lobby
    await lobby.door.close()


async def nothing(request: dict[str, Any]) -> dict[str, Any]:
    raise ControlError(f"nothing to do with {request}")


async def test_a_node_that_shows_its_certificate_is_let_in_and_both_ends_can_ask(lobby: Lobby) -> None:
    channel = await outpost(lobby.place).call(nothing, lambda: None)

    assert await channel.ask({"event": "hello"}) == {"heard": 1}
    with pytest.raises(ControlError, match="nothing to do"):
        await lobby.lines["1.gw1"].ask({"do": "dance"})
    channel.close()


@pytest.mark.parametrize(
    ("caller", "lines"),
    [("2.gw1", LINES), ("1.gw1", Credentials("doors", SECRET)), ("1.gw1", Credentials("other", "6" * 64).of_lines())],
    ids=["of an earlier start", "with a device's own sort of certificate", "of another lab"],
)
async def test_a_stranger_is_not_let_in(lobby: Lobby, caller: str, lines: Credentials) -> None:
    try:
        channel = await outpost(lobby.place, caller=caller, lines=lines).call(nothing, lambda: None)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(channel.ask({"event": "hello"}), 60)
    except OSError:
        pass  # the handshake failed already
    assert lobby.said == []


async def test_a_visitor_gets_to_a_port_of_the_node_and_a_node_that_does_not_call_turns_him_away(
    lobby: Lobby,
) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-here\r\n")
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as behind:
        port = behind.sockets[0].getsockname()[1]
        channel = await outpost(lobby.place).call(nothing, lambda: None)
        await channel.ask({"event": "hello"})
        await lobby.door.admit("1.gw1", [("127.0.0.1", 0, "internal", port)], lobby.lines["1.gw1"].ask)
        (knock,) = lobby.door.places("1.gw1")

        reader, writer = await asyncio.open_connection("127.0.0.1", knock)
        writer.write(b"anybody there\n")
        assert await asyncio.wait_for(reader.read(), 60) == b"SSH-2.0-here\r\nANYBODY THERE\n"
        writer.close()

    reader, writer = await asyncio.open_connection("127.0.0.1", knock)  # behind it nobody listens any more
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()
    channel.close()


async def test_a_place_that_is_taken_is_named_and_none_is_left_open(lobby: Lobby) -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        places = [("127.0.0.1", 0, "internal", 443), ("127.0.0.1", port, "internal", 22)]
        with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port}: Address already in use"):
            await lobby.door.admit("1.gw1", places, nothing)
    assert lobby.door.places("1.gw1") == []


async def test_a_node_is_told_where_others_are_and_forgets_it_when_they_are_off(lobby: Lobby) -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        node = outpost(lobby.place)
        node.config.hosts["server"] = HostEntry({"internal": "127.9.9.9"}, port)
        node.planned["server"] = node.config.hosts["server"]
        channel = await node.call(nothing, lambda: None)
        await channel.ask({"event": "hello"})

        await lobby.lines["1.gw1"].ask({"do": "meet", "hosts": {"server": {"internal": "127.0.0.1"}}})
        assert node.config.hosts["server"] == HostEntry({"internal": "127.0.0.1"}, port)
        await lobby.lines["1.gw1"].ask({"do": "part", "host": "server"})
        assert node.config.hosts["server"] == HostEntry({"internal": "127.9.9.9"}, port)
        channel.close()
