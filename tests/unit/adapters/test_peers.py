"""The way to other devices, against peers that answer what they should not."""

import contextlib
import ssl
from collections.abc import AsyncIterator

import msgspec
import pytest

from leaselab.appliance.adapters.peers import HttpsPeers
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.appliance.adapters.wire.tls import server_context
from leaselab.appliance.conditions import Conditions, LinkCondition
from leaselab.appliance.config import ApplianceConfig, HostEntry, Ports, Ssh, Tls
from leaselab.appliance.instants import parse_instant
from leaselab.appliance.machine import Envelope, Settle
from leaselab.testbed.topology.credentials import Credentials

ADDRESS = "127.0.0.1"
CREDENTIALS = Credentials("peers", "ab" * 32)
ENVELOPE = Envelope(id="1", to="vls1", path="/licensing/v1/renew", body=msgspec.Raw(b"{}"))
NOW = parse_instant("2018-01-01")
TRANSPORT: Tls = CREDENTIALS.tls("vls1", names=["vls1"], addresses=[ADDRESS])


def gateway(port: int) -> ApplianceConfig:
    return ApplianceConfig(
        name="gw1",
        kind="psa3000",
        personality="pcs",
        release="8.3R1",
        hardware_id="0123456789ABCDEF",
        serial_number="1",
        addresses={"internal": ADDRESS},
        ports=Ports(ssh=0, https=0, metrics=0),
        hosts={"vls1": HostEntry(addresses={"internal": ADDRESS}, https_port=port)},
        tls=TRANSPORT,
        ssh=Ssh(host_key=""),
        authority_key="",
        user_password="",
        seed="s",
        peer_secret="lab",
    )


class Peer:
    """Answers everything with one response, and keeps what it was asked."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.asked: list[Request] = []
        self.connections: set[Connection] = set()

    async def answer(self, request: Request, connection: Connection) -> Response:
        self.asked.append(request)
        self.connections.add(connection)
        return self.response


@contextlib.asynccontextmanager
async def reached(peer: Peer, *, local: tuple[str, ...] = ()) -> AsyncIterator[HttpsPeers]:
    listener = Listener(peer.answer)
    context: ssl.SSLContext = server_context(TRANSPORT)
    await listener.open([ADDRESS], 0, tls=context)
    peers = HttpsPeers(gateway(listener.ports[0]), store_id="our-store", local=local)
    try:
        yield peers
    finally:
        peers.close()
        await listener.close()


async def test_an_answer_comes_back_as_it_was_sent() -> None:
    async with reached(Peer(Response(409, b'{"type":"denied"}'))) as peers:
        assert await peers.send(ENVELOPE, NOW) == Settle(id="1", status=409, body=msgspec.Raw(b'{"type":"denied"}'))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b'{"type":"leases","features":{"\xff":1}}',
        b"[" * 100_000,
        b'{"type":"leases"',
    ],
    ids=["nothing", "a page", "not UTF-8", "nested without end", "cut off"],
)
async def test_an_answer_that_is_not_json_is_an_answer_without_a_body(body: bytes) -> None:
    async with reached(Peer(Response(200, body))) as peers:
        assert await peers.send(ENVELOPE, NOW) == Settle(id="1", status=200, body=msgspec.Raw(b"null"))


async def test_one_connection_is_kept_for_all_that_is_sent() -> None:
    peer = Peer(Response(200, b"{}"))
    async with reached(peer) as peers:
        for _ in range(3):
            await peers.send(ENVELOPE, NOW)

    assert (len(peer.asked), len(peer.connections)) == (3, 1)


async def test_a_kept_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    peer = Peer(Response(200, b"{}"))
    async with reached(peer) as peers:
        await peers.send(ENVELOPE, NOW)
        next(iter(peer.connections)).cut()

        answer = await peers.send(ENVELOPE, NOW)

    assert isinstance(answer, Settle)
    assert answer.status == 200
    assert len(peer.connections) == 2


async def test_only_a_peer_of_this_process_is_shown_the_store() -> None:
    stranger, neighbour = Peer(Response(200, b"{}")), Peer(Response(200, b"{}"))
    async with reached(stranger) as peers:
        await peers.send(ENVELOPE, NOW)
    async with reached(neighbour, local=("vls1",)) as peers:
        await peers.send(ENVELOPE, NOW)

    assert stranger.asked[0].header(b"x-leaselab-store") == b""
    assert neighbour.asked[0].header(b"x-leaselab-store") == b"our-store"
    assert stranger.asked[0].header(b"x-virtual-time") == str(NOW).encode()


async def test_a_cut_is_told_in_its_words_and_nothing_is_sent() -> None:
    peer = Peer(Response(200, b"{}"))
    async with reached(peer) as peers:
        peers.passage.conditions = Conditions(links=(LinkCondition(peer="vls1", cut=True),))

        answer = await peers.send(ENVELOPE, NOW)

    assert answer == Settle(id="1", status=0, failure="vls1 is out of reach")
    assert peer.asked == []
