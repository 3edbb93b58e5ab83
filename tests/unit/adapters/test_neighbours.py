"""What a device's console tools feel of the network: real listeners, and a gate that can be shut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from leaselab.appliance.adapters.neighbours import Neighbours
from leaselab.appliance.config import CloudConfig, HostEntry, Ports, Tls
from leaselab.appliance.console.tools import AddNeighbour, ClearNeighbours, Neighbour, Probe

ADDRESS = "127.0.0.1"
HARDWARE_ADDRESS = "02:42:7f:00:00:01"


class WayOut:
    """Lets everything through, until the gate is exchanged."""

    def __init__(self) -> None:
        self.gate: Callable[[str, str], str] = lambda _to, _network: ""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A peer's HTTPS port, or what is left of it."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, ADDRESS, 0) as server:
        yield server.sockets[0].getsockname()[1]


def neighbours(port: int, way_out: WayOut) -> Neighbours:
    config: Any = CloudConfig(
        name="gw1",
        addresses={"internal": "127.0.0.2"},
        ports=Ports(ssh=0, https=0, metrics=0),
        hosts={"vls1": HostEntry(addresses={"internal": ADDRESS}, https_port=port)},
        tls=Tls(certificate="", key="", authority=""),
        authority_key="",
        auth_codes={},
        seed="",
    )
    return Neighbours(config, way_out)


async def test_a_peer_that_listens_answers_and_its_hardware_address_is_learned(port: int) -> None:
    network = neighbours(port, WayOut())

    echo = await network.act(Probe(address=ADDRESS))

    assert echo.milliseconds > 0
    assert network.entries() == (Neighbour(ADDRESS, HARDWARE_ADDRESS, "internal"),)


async def test_a_peer_that_is_cut_off_does_not_answer_and_is_forgotten(port: int) -> None:
    way_out = WayOut()
    network = neighbours(port, way_out)
    await network.act(Probe(address=ADDRESS))

    way_out.gate = lambda to, _network: f"{to} is cut off"
    echo = await network.act(Probe(address=ADDRESS))

    assert echo.milliseconds is None
    assert network.entries() == ()


@pytest.mark.parametrize("address", ["127.0.0.2", "192.0.2.1"], ids=["switched off", "nobody's"])
async def test_who_does_not_listen_does_not_answer(port: int, address: str) -> None:
    network = neighbours(port, WayOut())

    assert (await network.act(Probe(address=address))).milliseconds is None


async def test_what_was_entered_by_hand_is_believed_and_outlives_clearing(port: int) -> None:
    network = neighbours(port, WayOut())
    await network.act(Probe(address=ADDRESS))

    await network.act(ClearNeighbours())
    assert network.entries() == ()
    await network.act(AddNeighbour(address=ADDRESS, hardware_address="02:42:00:00:00:99"))
    await network.act(ClearNeighbours())

    assert [entry.hardware_address for entry in network.entries()] == ["02:42:00:00:00:99"]
    assert (await network.act(Probe(address=ADDRESS))).milliseconds is None
    await network.act(AddNeighbour(address=ADDRESS, hardware_address=HARDWARE_ADDRESS))
    assert (await network.act(Probe(address=ADDRESS))).milliseconds is not None
