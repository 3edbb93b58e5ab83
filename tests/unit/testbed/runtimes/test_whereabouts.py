"""Where a swarm's nodes call, where they are found, and what their services are called."""

import re
from typing import Any, cast

import msgspec
import pytest

from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.errors import EngineError
from leaselab.testbed.runtimes.whereabouts import ADDRESS, overlaid, own_address, places, service_name
from leaselab.testbed.topology.files import load
from leaselab.testbed.topology.plan import Container, Published
from leaselab.testbed.topology.planner import plan

A_SWARMS = re.compile(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*")


class Swarm:
    """An engine that says of its swarm what it is told to."""

    def __init__(self, **swarm: Any) -> None:
        self.address = "unix:///nowhere"
        self.swarm = swarm

    def do(self, _what: str, call: Any) -> Any:
        return call(self)

    def info(self) -> dict[str, Any]:
        return {"Swarm": self.swarm}

    def inspect_network(self, name: str) -> dict[str, Any]:
        assert name == "docker_gwbridge"
        return {"IPAM": {"Config": [{"Gateway": "172.18.0.1"}]}}


def address_for(**swarm: Any) -> str:
    return own_address(cast("Engine", Swarm(**swarm)))


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)


def test_nodes_dial_the_address_that_a_person_gives_or_the_bridge_of_a_swarm_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert address_for(ControlAvailable=True, NodeAddr="127.0.0.1") == "172.18.0.1"
    monkeypatch.setenv(ADDRESS, "192.0.2.7")
    assert address_for(ControlAvailable=True, NodeAddr="127.0.0.1") == "192.0.2.7"


def test_an_engine_that_manages_no_swarm_is_refused() -> None:
    with pytest.raises(EngineError, match="is no manager of a swarm"):
        address_for(NodeAddr="", LocalNodeState="inactive")


@pytest.mark.parametrize("name", ["leaselab-lab-1-gw1", "leaselab-my.lab-1-gw1", f"leaselab-{'x' * 60}-1-gw1"])
def test_a_services_name_is_one_that_a_swarm_takes(name: str) -> None:
    assert A_SWARMS.fullmatch(service_name(name))
    assert len(service_name(name)) <= 63
    assert service_name(name) != service_name(f"{name}1")


def test_a_usual_name_stays_as_it_is() -> None:
    assert service_name("leaselab-lab-1-gw1") == "leaselab-lab-1-gw1"


def test_a_node_is_found_at_its_planned_addresses_and_where_it_is_published() -> None:
    text = "name: found\nnetworks: {external: {}}\nnodes: {gw1: {kind: psa3000, publish: {https: 8443}}}"
    planned = plan(load(text), slot=7, privileged=True, runtime="swarm", secret="0" * 64).nodes[0]

    found = list(places(planned.config, planned.container))

    assert found == [
        ("127.7.0.2", 443, "internal", 443),
        ("127.7.0.2", 9100, "internal", 9100),
        ("127.7.64.2", 443, "external", 443),
        ("127.7.64.2", 9100, "external", 9100),
        ("127.7.0.2", 22, "internal", 22),
        ("127.0.0.1", 8443, "internal", 443),
    ]
    assert overlaid("127.7.64.2") == "10.7.64.2"
    assert msgspec.structs.replace(planned.container, published=()) == Container()
    assert planned.container.published == (Published(node_port=443, address="127.0.0.1", port=8443),)
