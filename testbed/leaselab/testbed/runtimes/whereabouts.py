"""Where a swarm's nodes call the lab, where people find them, and what their services are called."""

import hashlib
import os
import re
import socket
from collections.abc import Iterator
from typing import Final

from leaselab.appliance.config import NodeConfig
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.errors import EngineError
from leaselab.testbed.topology.plan import Container

ADDRESS: Final = "LEASELAB_SWARM_ADDRESS"
"""Variable: the address of this machine that nodes dial; by default the one that leads to the swarm's manager."""

CLUSTER_PORT: Final = 2377
"""Of a swarm's managers; only to find the way there."""

LONGEST_NAME: Final = 63
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-_]*[A-Za-z0-9]+)*")
"""What a swarm takes for the name of a service; names of labs and nodes may be longer and have dots."""


def service_name(name: str) -> str:
    """Return a name as it is, or one that stands for it and that a swarm takes."""
    if len(name) <= LONGEST_NAME and _NAME.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name)[: LONGEST_NAME - 9].strip("-")
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def own_address(engine: Engine) -> str:
    """Return the address of this machine that nodes dial.

    Raises:
        EngineError: the engine manages no swarm.
    """
    swarm = engine.do("ask for the swarm", lambda api: api.info())["Swarm"]
    if not swarm.get("ControlAvailable"):
        raise EngineError(
            f"the engine at {engine.address} is no manager of a swarm",
            hint="`docker swarm init` makes it one; DOCKER_HOST names another engine",
        )
    if given := os.environ.get(ADDRESS):
        return given
    manager: str = swarm["NodeAddr"]
    if manager.startswith("127."):  # a swarm of one machine: its containers reach it by their bridge
        bridge = engine.do("ask for the bridge", lambda api: api.inspect_network("docker_gwbridge"))
        return str(bridge["IPAM"]["Config"][0]["Gateway"])
    with socket.socket(socket.AF_INET6 if ":" in manager else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((manager, CLUSTER_PORT))  # sends nothing; the kernel chooses the way
        return str(probe.getsockname()[0])


def overlaid(address: str) -> str:
    """Return a planned address, one of this machine's, as one of the overlay network that stands for it there."""
    return f"10.{address.partition('.')[2]}"


def places(config: NodeConfig, wanted: Container) -> Iterator[tuple[str, int, str, int]]:
    """Yield where visitors of a node knock on this machine, and where that leads to."""
    ports, internal = config.ports, config.addresses["internal"]
    for network, address in config.addresses.items():
        for port in (ports.https, ports.metrics):
            yield address, port, network, port
    yield internal, ports.ssh, "internal", ports.ssh
    for published in wanted.published:
        yield published.address, published.port, "internal", published.node_port
