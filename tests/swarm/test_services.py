"""What is particular about a swarm: where nodes run, how this machine gets to them, what becomes of a lost machine."""

import json
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docker.test_containers import PEERS
from tests.swarm.hosts import SWARM_PARTS, Host, label, left, until

from leaselab.testbed import Lab
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.labs import LabFolder

pytestmark = pytest.mark.needs("docker", *SWARM_PARTS)

TOPOLOGY = """
name: spread
networks: {external: {}}
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  server:
    kind: psa5000
    licenses: [CONSEC-200U-1YR]
    placement: {labels: {place: near}}
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 20, increment: 25, maximum: 100}}}
        GW2: {node: gw2, password: secret2, features: {concurrent-users: {reserved: 10, increment: 25, maximum: 100}}}
  gw1:
    kind: psa3000
    placement: {labels: {place: far}}
    license-client: {server: server, id: GW1, preferred-network: external}
    limits: {cpus: 1.5, memory: 96MiB}
  gw2:
    kind: psa3000
    placement: {labels: {place: near}}
    license-client: {server: server, id: GW2}
"""


@pytest.fixture(scope="module")
def lab(hosts: tuple[Host, Host]) -> Iterator[Lab]:
    """A lab over both machines."""
    del hosts
    with Lab.up(TOPOLOGY, runtime="swarm", timeout=200) as up:
        yield up


def containers(host: Host) -> dict[str, dict[str, Any]]:
    """Return what runs on a machine, by node."""
    with host.connected() as engine:
        found = [engine.api.inspect_container(each["Id"]) for each in engine.api.containers()]
    return {each["Config"]["Hostname"]: each for each in found}


def test_nodes_run_where_their_labels_say_and_lease_from_machine_to_machine(lab: Lab, hosts: tuple[Host, Host]) -> None:
    near, far = map(containers, hosts)

    assert (set(near), set(far)) == ({"server", "gw2"}, {"gw1"})
    machines = {node.name: node.machine for node in lab.status().nodes}
    assert machines["server"] == machines["gw2"] != machines["gw1"]
    assert all(machines.values())
    assert lab["gw1"].leased("concurrent-users") == 20
    lab["gw1"].users.set(25)
    assert lab["gw1"].leased("concurrent-users") == 45
    with hosts[0].connected() as engine:
        call = engine.api.exec_create(near["server"]["Id"], ["python3", "-c", PEERS])["Id"]
        peers = engine.api.exec_start(call).decode().split()
    external = far["gw1"]["NetworkSettings"]["Networks"][f"leaselab-spread-{lab.plan.slot}-external"]["IPAddress"]
    assert external in peers, "CLT-02: the server sees the preferred network's address"


def test_containers_are_confined_and_are_not_told_a_secret(lab: Lab, hosts: tuple[Host, Host]) -> None:
    near, far = map(containers, hosts)
    host = far["gw1"]["HostConfig"]

    assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (1_500_000_000, 96 << 20, 64)
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"], host["Binds"]) == (True, ["ALL"], False, None)
    assert far["gw1"]["Config"]["User"] == "10001:10001"
    config = lab.plan.node("gw1").config
    with hosts[0].connected() as engine:
        told = json.dumps([near, far, engine.api.services(), engine.api.secrets(), engine.api.tasks()])
    for secret in (lab.plan.secret, config.tls.key, config.peer_secret, "admin123", "secret1"):
        assert json.dumps(secret)[1:-1] not in told


def test_consoles_pages_and_metrics_of_every_node_are_at_addresses_of_this_machine(lab: Lab) -> None:
    trust = ssl.create_default_context(cafile=str(Path(lab.folder) / "keys" / "ca.pem"))
    for name in ("gw1", "gw2"):
        node = lab[name]
        assert node.address().startswith("127.")
        with urllib.request.urlopen(node.admin_url, context=trust, timeout=60) as page:
            assert page.status == 200
        with urllib.request.urlopen(node.metrics_url, timeout=60) as page:
            assert f'node="{name}"' in page.read().decode()
        node.console.sendline()
        node.console.expect("Choice:", timeout=60)
        node.console.close()


def test_administrators_are_not_served_at_the_external_address(lab: Lab) -> None:
    trust = ssl.create_default_context(cafile=str(Path(lab.folder) / "keys" / "ca.pem"))
    url = lab["gw1"].admin_url.replace(lab["gw1"].address(), lab["gw1"].address("external"))

    with pytest.raises(OSError, match=r"40[34]|Forbidden|Not Found"):
        urllib.request.urlopen(url, context=trust, timeout=60).close()


@pytest.mark.rule("LSE-12")
def test_a_node_that_was_killed_comes_back_with_all_that_it_had(lab: Lab) -> None:
    before = lab["gw1"].history()
    lab["gw1"].kill()
    assert lab["gw1"].phase == "off"

    lab["gw1"].start()

    assert lab["gw1"].history()[: len(before)] == before
    lab["server"].restart()  # it has another address now, and its clients know
    lab.clock.advance(days=1)
    assert lab["gw1"].leased("concurrent-users") >= 20


def test_a_cut_keeps_leases_from_being_renewed_and_a_pause_freezes_until_they_are_cleared(lab: Lab) -> None:
    renewals = lab["server"].report().counters["renewals"]
    pause, cut = lab.faults.inject("pause", node="gw2"), lab.faults.cut("gw1", "server")
    lab.clock.advance(hours=13)
    assert lab["server"].report().counters["renewals"] == renewals
    lab.faults.clear(pause.n, cut.n)
    lab.clock.advance(hours=13)
    assert lab["server"].report().counters["renewals"] >= renewals + 2


def test_a_place_that_no_machine_has_is_named_at_once_and_nothing_is_left(hosts: tuple[Host, Host]) -> None:
    text = "name: nowhere\nnodes: {gw1: {kind: psa3000, placement: {labels: {place: moon}}}}"

    with pytest.raises(NodeFailedError, match=r"gw1: its task cannot run: no suitable node") as failed:
        Lab.up(text, runtime="swarm", timeout=200)

    assert "placement" in failed.value.hint
    assert left(hosts[0], LabFolder("nowhere").path) == []


def test_what_ran_on_a_machine_that_is_lost_goes_on_elsewhere_or_stays_off_as_the_file_says(
    hosts: tuple[Host, Host],
) -> None:
    manager, worker = hosts
    label(manager, worker, power="on")
    with Lab.up(MOURNING, runtime="swarm", timeout=200) as lab:
        assert set(containers(worker)) >= {"moves", "stays"}
        before = lab["moves"].history()
        label(manager, manager, power="on")

        worker.crash()
        until(lambda: happened(lab, "moves") == ["lost", "power-on"], lambda: str(list(lab.events())))
        until(lambda: [lab[name].phase for name in ("moves", "stays")] == ["ready", "off"], lambda: str(lab.status()))

        assert set(containers(manager)) >= {"leaser", "moves"}
        assert lab["moves"].history()[: len(before)] == before
        assert "its machine is down" in lab["stays"].status().failure
        lab.clock.advance(days=2)
        assert lab["moves"].leased("concurrent-users") == 20
    assert left(manager, lab.folder) == []


def happened(lab: Lab, node: str) -> list[str]:
    """Return how often a node was lost, and switched on after that."""
    kinds = [event.kind for event in lab.events() if event.node == node]
    return [kind for kind in kinds[kinds.index("lost") :] if kind in ("lost", "power-on")] if "lost" in kinds else []


MOURNING = """
name: mourning
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  leaser:
    kind: psa5000
    licenses: [CONSEC-100U-1YR]
    placement: {labels: {place: near}}
    license-server:
      clients:
        GW1: {node: moves, password: secret1, features: {concurrent-users: {reserved: 20, increment: 5, maximum: 50}}}
  moves:
    kind: psa3000
    placement: {labels: {power: "on"}}
    license-client: {server: leaser, id: GW1}
  stays: {kind: psa3000, placement: {labels: {power: "on"}, reschedule: false}}
"""
