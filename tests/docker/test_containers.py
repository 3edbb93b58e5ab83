"""What is particular about containers: how they are confined, what they are not told, which way packets go."""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.capacity import survey
from leaselab.testbed.containers.engine import LAB, Engine
from leaselab.testbed.containers.images import tag
from leaselab.testbed.errors import EngineError, LeaselabError, MachineError, NodeFailedError
from leaselab.testbed.timekeeper.keeper import GRANT_LIMIT_SECONDS

pytestmark = pytest.mark.needs("docker")

TOPOLOGY = """
name: contained
networks: {external: {}}
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  server:
    kind: psa5000
    licenses: [CONSEC-100U-1YR]
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 20, increment: 25, maximum: 100}}}
  gw1:
    kind: psa3000
    license-client: {server: server, id: GW1, preferred-network: external}
    limits: {cpus: 1.5, memory: 96MiB}
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    found = Engine.connect()
    yield found
    found.close()


def inspect(engine: Engine, lab: Lab, node: str) -> dict[str, Any]:
    found: dict[str, Any] = engine.api.inspect_container(f"leaselab-{lab.name}-{lab.plan.slot}-{node}")
    return found


def run(engine: Engine, container: str, *command: str) -> str:
    output: bytes = engine.api.exec_start(engine.api.exec_create(container, command)["Id"])
    return output.decode()


def test_a_lab_of_containers_leases_over_the_preferred_network_and_its_containers_are_confined(engine: Engine) -> None:
    with Lab.up(TOPOLOGY, runtime="docker", timeout=110) as lab:
        assert lab["gw1"].leased("concurrent-users") == 20
        lab["gw1"].users.set(25)
        assert lab["gw1"].leased("concurrent-users") == 45
        gateway, server = inspect(engine, lab, "gw1"), inspect(engine, lab, "server")
        plan = lab.plan
        told = [(event.kind, event.fields.get("phase")) for event in lab.events()]
        status = run(engine, gateway["Id"], "python3", "-c", "print(open('/proc/1/status').read())")
        seen = run(engine, server["Id"], "python3", "-c", PEERS)

    starts = [at for at, (kind, _) in enumerate(told) if kind == "power-on"]
    assert len(starts) == 2
    assert max(starts) < told.index(("phase", "ready")), "they come up side by side"
    host = gateway["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (1_500_000_000, 96 << 20)
    assert (host["ReadonlyRootfs"], host["Privileged"]) == (True, False)
    assert set(re.findall(r"^Cap\w+:\s+(\w+)$", status, re.MULTILINE)) == {"0" * 16}
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert gateway["Config"]["User"] not in ("", "0", "0:0", "root")
    addresses = plan.node("gw1").config.addresses
    assert {f"{end['IPAddress']}" for end in gateway["NetworkSettings"]["Networks"].values()} == set(addresses.values())
    assert addresses["external"] in seen.split(), "CLT-02: the server sees the preferred network's address"
    assert addresses["internal"] not in seen.split()
    shown = json.dumps([gateway, server])
    config = plan.node("gw1").config
    for secret in (plan.secret, config.tls.key, config.peer_secret, "admin123", "secret1"):
        assert json.dumps(secret)[1:-1] not in shown


PEERS = """
for line in open("/proc/net/tcp").readlines()[1:]:
    local, remote, state = line.split()[1:4]
    if state == "01" and local.endswith(":01BB"):
        print(".".join(str(int(remote[at:at + 2], 16)) for at in (6, 4, 2, 0)))
"""
"""Prints who is connected to port 443."""


@pytest.mark.parametrize(("address", "asked"), [("127.0.0.1", ""), ("127.0.0.7", "127.0.0.7:")])
def test_a_published_port_leads_to_the_node_and_one_that_is_taken_is_named(
    engine: Engine, address: str, asked: str
) -> None:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
        probe.listen()
        text = f'name: published\nnodes: {{gw1: {{kind: psa3000, publish: {{https: "{asked}{port}"}}}}}}'
        with pytest.raises(MachineError, match=rf"published ports.*:{port} of gw1"):
            Lab.up(text, runtime="docker", timeout=110)
    with Lab.up(text, runtime="docker", timeout=110) as lab:
        socket.create_connection((address, port), timeout=10).close()
        bound = inspect(engine, lab, "gw1")["HostConfig"]["PortBindings"]["443/tcp"]
        assert [each["HostIp"] for each in bound] == [address]


def test_a_container_that_cannot_be_up_fails_fast_with_its_last_words_and_nothing_of_its_lab_is_left(
    engine: Engine, home: Path
) -> None:
    text = "name: doomed\nnodes: {gw1: {kind: psa3000, limits: {memory: 32MiB}}, gw2: {kind: psa3000}}"

    with pytest.raises(NodeFailedError, match=r"gw1: its container ended before it was up \(.*32 MiB|signal 9"):
        Lab.up(text, runtime="docker", timeout=110)

    of_it = {"label": f"{LAB}={home / 'labs' / 'doomed'}"}
    assert engine.api.containers(all=True, filters=of_it) == engine.api.networks(filters=of_it) == []


def test_a_network_of_a_lab_of_the_same_name_but_another_home_is_named_before_anything_is_made(engine: Engine) -> None:
    with Lab.up("name: twin\nnodes: {gw1: {kind: psa3000}}", runtime="docker", timeout=110) as lab:
        mine = f"leaselab-twin-{lab.plan.slot}-internal"
        plan = lab.plan

        others = survey.look(Path("/elsewhere/labs"), runtime="docker", plan=plan).engine
        own = survey.look(Path(lab.status().folder).parent, runtime="docker", plan=plan).engine

    assert others is not None
    assert own is not None
    assert (mine in others.networks, mine in own.networks) == (True, False)


def test_a_container_that_is_paused_from_outside_stops_an_advance_by_name_until_it_goes_on(engine: Engine) -> None:
    with Lab.up("name: frozen\nnodes: {gw1: {kind: psa3000}}", runtime="docker", timeout=110) as lab:
        container = inspect(engine, lab, "gw1")["Id"]
        engine.api.pause(container)
        with pytest.raises(LeaselabError, match=rf"gw1 did not .* within {GRANT_LIMIT_SECONDS:g} s"):
            lab.clock.advance(days=1)

        engine.api.unpause(container)
        lab.clock.advance(days=1)
        engine.api.pause(container)  # a lab goes down all the same


def test_an_engine_finds_a_node_healthy_by_its_images_own_test(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    test = engine.api.inspect_image(tag())["Config"]["Healthcheck"]["Test"][1:]
    made = engine.api.create_container(tag())["Id"]
    try:
        often = f"HEALTHCHECK --interval=1s --timeout=30s --start-period=1s CMD {json.dumps(test)}"
        image = engine.api.commit(made, "lltest/looked-at", "0", changes=often)["Id"]
    finally:
        engine.api.remove_container(made)
    try:
        monkeypatch.setenv("LEASELAB_IMAGE", "lltest/looked-at:0")
        with Lab.up("name: healthy\nnodes: {gw1: {kind: psa3000}}", runtime="docker", timeout=110) as lab:
            until = time.monotonic() + 100
            while (health := inspect(engine, lab, "gw1")["State"]["Health"])["Status"] != "healthy":
                assert time.monotonic() < until, health
                time.sleep(0.2)
    finally:
        engine.api.remove_image(image)


def test_a_container_that_ends_at_once_is_said_with_its_exit_status_and_its_last_lines(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = engine.api.create_container(tag())["Id"]
    try:
        broken = engine.api.commit(made, "lltest/broken", "0", changes=f"ENTRYPOINT {json.dumps(LAST_WORDS)}")["Id"]
    finally:
        engine.api.remove_container(made)
    try:
        monkeypatch.setenv("LEASELAB_IMAGE", "lltest/broken:0")
        with pytest.raises(NodeFailedError, match=r"gw1: its container ended .*exit status 3: no license / no lease"):
            Lab.up("name: broken\nnodes: {gw1: {kind: psa3000}}", runtime="docker", timeout=110)
    finally:
        engine.api.remove_image(broken)


LAST_WORDS = ["python3", "-c", "import sys; print('no license'); print('no lease'); sys.exit(3)"]


def test_without_the_image_of_this_code_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASELAB_IMAGE", "leaselab/never-built:0")

    with pytest.raises(EngineError, match=r"has no image leaselab/never-built:0") as failed:
        Lab.up(TOPOLOGY, runtime="docker")
    assert "leaselab images build" in failed.value.hint


@pytest.mark.needs("nft", "nsenter")
def test_a_cut_drops_packets_of_any_sort_and_healing_lets_them_through(engine: Engine) -> None:
    with Lab.up(TOPOLOGY, runtime="docker", timeout=110) as lab:
        address = lab["server"].address()

        def reaches(port: int) -> bool:
            script = f"import socket; socket.create_connection(({address!r}, {port}), 1)"
            call = engine.api.exec_create(inspect(engine, lab, "gw1")["Id"], ["python3", "-c", script])["Id"]
            engine.api.exec_start(call)
            return bool(engine.api.exec_inspect(call)["ExitCode"] == 0)

        assert [reaches(port) for port in (22, 443)] == [True, True]
        cut = lab.faults.cut("gw1", "server")
        assert [reaches(port) for port in (22, 443)] == [False, False]
        lab["gw1"].restart()
        assert [reaches(port) for port in (22, 443)] == [False, False], "a new container is cut off as well"
        lab.clock.advance(hours=7)
        lab.faults.clear(cut.n)
        assert [reaches(port) for port in (22, 443)] == [True, True]

        lab.faults.cut("gw1", "server", one_way=True)
        assert [reaches(port) for port in (22, 443)] == [False, True], "the appliances lose the protocol's messages"
