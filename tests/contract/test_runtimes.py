"""What every runtime must do, tried on each of them."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from tests.swarm.hosts import SWARM_PARTS, Host, swarm_of_two

from leaselab.appliance.adapters.control import ControlError
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import DAY, HOUR, Instant, parse_instant
from leaselab.appliance.licensing.commands import SetServerRole
from leaselab.testbed import processes
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.containers.images import current_image
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.journal import Journal, Thing, read, standing
from leaselab.testbed.labs import Slot, take_slot
from leaselab.testbed.runtimes.docker import DockerRuntime
from leaselab.testbed.runtimes.embedded import EmbeddedRuntime
from leaselab.testbed.runtimes.process import ProcessRuntime
from leaselab.testbed.runtimes.protocol import RunningNode, Runtime
from leaselab.testbed.runtimes.swarm import SwarmNode, SwarmRuntime
from leaselab.testbed.topology.credentials import Credentials
from leaselab.testbed.topology.files import load
from leaselab.testbed.topology.planner import plan

START = parse_instant("2018-01-01T00:00:00Z")
TOPOLOGY = """
name: contract
nodes:
  server:
    kind: psa5000
    boot: {accept-license: true, admin: {name: admin, password: admin123}}
    license-server: {}
  gw1:
    kind: psa3000
    boot: {accept-license: true, admin: {name: admin, password: admin123}}
"""


class Watcher:
    """Remembers what nodes told."""

    def __init__(self) -> None:
        self.phases: dict[str, str] = {}
        self.wishes: dict[str, Instant] = {}
        self.gone: dict[str, str] = {}
        self.changed = asyncio.Event()

    def wakes(self, node: str, next_due: Instant) -> None:
        self.wishes[node] = next_due

    def phase(self, node: str, phase: str, prompt: str) -> None:
        del prompt
        self.phases[node] = phase
        self.changed.set()

    def lost(self, node: str, why: str) -> None:
        self.gone[node] = why
        self.changed.set()

    def unrehearsed(self, why: str) -> None:
        del why  # a machine that is too slow for it does the rest all the same

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(60):
            while not holds():
                self.changed.clear()
                await self.changed.wait()


class Bench:
    """A runtime under test, and what it needs."""

    def __init__(self, runtime: Runtime, watcher: Watcher, configs: dict[str, NodeConfig], folder: Path) -> None:
        self.runtime = runtime
        self.watcher = watcher
        self.configs = configs
        self.folder = folder

    async def ready(self, name: str, *, now: Instant = START) -> RunningNode:
        """Switch a node on and wait until it has booted."""
        self.watcher.phases.pop(name, None)
        node = await self.runtime.start(self.configs[name], now=now)
        await self.watcher.until(lambda: self.watcher.phases.get(name) == "ready")
        return node


@pytest.fixture
def slot() -> Iterator[Slot]:
    """Addresses that nobody else has."""
    held = take_slot(f"contract-{os.getpid()}")
    yield held
    held.close()


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    """Two machines that are a swarm."""
    with swarm_of_two() as both:
        yield both


def made(request: pytest.FixtureRequest, folder: Path, watcher: Watcher, journal: Journal, slot: Slot) -> Runtime:
    """Make the runtime under test."""
    match request.param:
        case "swarm":
            return SwarmRuntime(
                folder,
                watcher,
                journal=journal,
                prefix=f"leaselab-contract-{slot.number}",
                credentials=Credentials("contract", secrets.token_hex(32)),
            )
        case "embedded":
            return EmbeddedRuntime(folder, watcher, now=START)
        case "process":
            return ProcessRuntime(folder, watcher, journal=journal)
    return DockerRuntime(folder, watcher, journal=journal, prefix=f"leaselab-contract-{slot.number}")


@pytest.fixture(
    params=[
        "embedded",
        "process",
        pytest.param("docker", marks=pytest.mark.needs("docker")),
        pytest.param("swarm", marks=pytest.mark.needs("docker", *SWARM_PARTS)),
    ]
)
async def bench(
    request: pytest.FixtureRequest, tmp_path: Path, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """A runtime that is open."""
    if request.param == "swarm":
        monkeypatch.setenv("DOCKER_HOST", request.getfixturevalue("hosts")[0].address)
    planned = plan(
        load(TOPOLOGY),
        slot=slot.number,
        privileged=False,
        runtime=request.param,
        secret=secrets.token_hex(32),
        name="contract",
    )
    watcher, journal = Watcher(), Journal(tmp_path)
    runtime = made(request, tmp_path, watcher, journal, slot)
    await runtime.open()
    yield Bench(runtime, watcher, {node.name: node.config for node in planned.nodes}, tmp_path)
    await runtime.close()
    journal.close()
    left = standing(read(tmp_path))
    assert [entry for entry in left.values() if entry.process and processes.lives(entry.process)] == []
    assert [name for kind, name in left if kind in get_args(Thing)] == []


@contextlib.contextmanager
def taken(config: NodeConfig, bench: Bench) -> Iterator[None]:
    """Have somebody else use what a node wants to listen on: its port or, in a network of its own, its address."""
    address = config.addresses["internal"]
    if not isinstance(bench.runtime, DockerRuntime):
        with socket.create_server((address, config.ports.https)):
            yield
        return
    engine = Engine.connect()
    network = f"{bench.runtime.prefix}-internal"
    other = engine.api.create_container(
        current_image(engine), ["-c", "import time; time.sleep(60)"], entrypoint=["python3"]
    )["Id"]
    try:
        engine.api.connect_container_to_network(other, network, ipv4_address=address)
        engine.api.start(other)
        yield
    finally:
        engine.api.remove_container(other, force=True)
        engine.close()


def enable_server() -> dict[str, Any]:
    return {"do": "command", "command": msgspec.to_builtins(SetServerRole(enabled=False, renewal_interval=2 * HOUR))}


async def test_a_node_boots_by_itself_and_shows_itself(bench: Bench) -> None:
    node = await bench.ready("gw1")

    report = await node.request({"do": "report"})

    assert (report["name"], report["kind"], report["now"]) == ("gw1", "psa3000", START)
    assert "Choose" in (await node.request({"do": "screen"}))["text"] or await node.request({"do": "screen"})
    assert bench.watcher.gone == {}


async def test_a_grant_moves_a_nodes_clock_and_tells_when_it_wants_to_wake(bench: Bench) -> None:
    node = await bench.ready("server")

    next_due = await node.grant(START + DAY)
    await node.observe(START + 2 * DAY)

    assert next_due > START + DAY
    assert (await node.request({"do": "report"}))["now"] == START + 2 * DAY


async def test_a_refusal_is_an_answer_and_a_wrong_request_an_error(bench: Bench) -> None:
    node = await bench.ready("gw1")
    command = msgspec.to_builtins(SetServerRole(renewal_interval=1))

    answer = await node.request({"do": "command", "command": command})

    assert answer["reply"] is None
    assert answer["refused"]["message"].startswith("lease renewal interval 1ms is outside 1h to 12h")
    with pytest.raises(ControlError, match="gw1"):
        await node.request({"do": "dance"})
    with pytest.raises(ControlError, match="Dance"):
        await node.request({"do": "command", "command": {"type": "Dance"}})


async def test_two_nodes_at_once_do_not_mix(bench: Bench) -> None:
    server, gateway = await asyncio.gather(bench.ready("server"), bench.ready("gw1"))

    reports = await asyncio.gather(server.request({"do": "report"}), gateway.request({"do": "report"}))

    assert [report["name"] for report in reports] == ["server", "gw1"]


@pytest.mark.rule("LSE-12")
@pytest.mark.parametrize("way", ["stop", "kill"])
async def test_what_a_node_has_answered_is_there_when_it_comes_back(bench: Bench, way: str) -> None:
    node = await bench.ready("gw1")
    await node.request(
        {"do": "command", "command": {"type": "CreateAdministrator", "name": "eve", "password": "eve123"}}
    )
    before = (await node.request({"do": "history", "after": 0}))["events"]

    await getattr(node, way)()
    again = await bench.ready("gw1", now=START + HOUR)

    after = (await again.request({"do": "history", "after": 0}))["events"]
    assert after[: len(before)] == before
    assert any(event["type"] == "AdministratorSaved" and event["name"] == "eve" for _, _, event in after)
    assert again.now == START + HOUR
    assert bench.watcher.gone == {}, "whoever switches a node off need not be told that it is off"


async def test_an_erased_node_is_as_it_left_the_factory_and_the_others_are_not(bench: Bench) -> None:
    server, gateway = await bench.ready("server"), await bench.ready("gw1")
    servers = (await server.request({"do": "history", "after": 0}))["events"]
    await gateway.stop()

    await bench.runtime.erase("gw1")
    again = await bench.ready("gw1")

    events = [event for _, _, event in (await again.request({"do": "history", "after": 0}))["events"]]
    assert sum(event["type"] == "Booted" for event in events) == 1
    assert (await server.request({"do": "history", "after": 0}))["events"] == servers


async def test_a_place_that_is_taken_is_named_and_nothing_is_left_open(bench: Bench) -> None:
    config = bench.configs["gw1"]
    await bench.ready("server")
    with taken(config, bench), pytest.raises(NodeFailedError, match=f"gw1.*{config.addresses['internal']}"):
        await bench.runtime.start(config, now=START)

    await bench.ready("gw1")


async def test_closing_stops_what_still_runs(bench: Bench) -> None:
    node = await bench.ready("gw1")
    config, process = bench.configs["gw1"], node.process
    for port in (config.ports.https, config.ports.ssh, config.ports.metrics):
        _, writer = await asyncio.open_connection(config.addresses["internal"], port)
        writer.close()

    await bench.runtime.close()

    assert process is None or processes.gone_within(process, 5.0)
    if not isinstance(
        bench.runtime, DockerRuntime
    ):  # with a container its network is gone, and the address is nobody's
        for port in (config.ports.https, config.ports.ssh, config.ports.metrics):
            with pytest.raises(OSError, match=r"Connect call failed|refused"):
                await asyncio.open_connection(config.addresses["internal"], port)


async def test_a_process_that_dies_by_itself_is_told_and_only_it_is_gone(
    bench: Bench, request: pytest.FixtureRequest
) -> None:
    node, other = await bench.ready("gw1"), await bench.ready("server")
    if isinstance(bench.runtime, EmbeddedRuntime):
        assert node.process is other.process is None  # nodes of one process live and die with it
        return
    if isinstance(node, SwarmNode):
        assert [host.kill(node.service) for host in request.getfixturevalue("hosts")].count(True) == 1
    elif node.process:
        processes.send(node.process, signal.SIGKILL)
    await bench.watcher.until(lambda: "gw1" in bench.watcher.gone)

    assert bench.watcher.gone == {"gw1": "its process ended by itself (signal 9)"}
    assert (await other.request({"do": "report"}))["name"] == "server"
    with pytest.raises(ConnectionError):
        await node.request({"do": "report"})
    await bench.ready("gw1")
