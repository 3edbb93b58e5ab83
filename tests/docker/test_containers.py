"""What is particular about containers: how they are confined, what they are not told, which way packets go."""

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.containers.images import tag
from leaselab.testbed.errors import EngineError, MachineError, NodeFailedError

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
        status = run(engine, gateway["Id"], "python3", "-c", "print(open('/proc/1/status').read())")
        seen = run(engine, server["Id"], "python3", "-c", PEERS)

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
    told = json.dumps([gateway, server])
    config = plan.node("gw1").config
    for secret in (plan.secret, config.tls.key, config.peer_secret, "admin123", "secret1"):
        assert json.dumps(secret)[1:-1] not in told


PEERS = """
for line in open("/proc/net/tcp").readlines()[1:]:
    local, remote, state = line.split()[1:4]
    if state == "01" and local.endswith(":01BB"):
        print(".".join(str(int(remote[at:at + 2], 16)) for at in (6, 4, 2, 0)))
"""
"""Prints who is connected to port 443."""


def test_a_published_port_leads_to_the_node_and_one_that_is_taken_is_named(engine: Engine) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.listen()
        text = f"name: published\nnodes: {{gw1: {{kind: psa3000, publish: {{https: {port}}}}}}}"
        with pytest.raises(MachineError, match=rf"published ports.*:{port} of gw1"):
            Lab.up(text, runtime="docker", timeout=110)
    with Lab.up(text, runtime="docker", timeout=110) as lab:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        assert [bound["HostIp"] for bound in inspect(engine, lab, "gw1")["HostConfig"]["PortBindings"]["443/tcp"]] == [
            "127.0.0.1"
        ]


def test_a_container_that_cannot_be_up_fails_fast_with_its_last_words() -> None:
    text = "name: doomed\nnodes: {gw1: {kind: psa3000, limits: {memory: 32MiB}}}"

    with pytest.raises(NodeFailedError, match=r"gw1: its container ended before it was up \(.*32 MiB|signal 9"):
        Lab.up(text, runtime="docker", timeout=110)


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
