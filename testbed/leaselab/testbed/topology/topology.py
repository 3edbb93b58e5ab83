"""A topology as it is meant: every node with its own settings, inherited ones included."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from leaselab.appliance.config import AuthCode
from leaselab.appliance.instants import Instant, parse_instant
from leaselab.appliance.models.platforms import PCS, PLATFORMS, Platform
from leaselab.appliance.models.releases import Release, matching_release
from leaselab.testbed.topology.marks import Value
from leaselab.testbed.topology.schema import DEFAULT_START, Load, Network, Node, TopologyFile

CLOUD: Final = "cloud"
"""The name of the vendor's side among the nodes."""

INTERNAL: Final = "internal"


@dataclass(frozen=True, slots=True)
class LabNode:
    """One appliance of the lab.

    Attributes:
        name: unique in the lab.
        written: its key in the file, which has ``{n}`` where one entry makes several nodes.
        spec: its settings.
        tree: the same with their places in the file.
    """

    name: str
    written: str
    spec: Node
    tree: Value

    @property
    def platform(self) -> Platform | None:
        """The platform, or ``None`` while the kind is missing or unknown."""
        return PLATFORMS.get(self.spec.kind or "")

    @property
    def personality(self) -> str:
        """``pcs`` or ``pps``."""
        return self.spec.personality or PCS

    @property
    def boots_as_license_server(self) -> bool:
        """Whether it boots as Virtual License Server: told to, or the file counts on a person's yes at the console."""
        answer = self.spec.boot.virtual_license_server if self.spec.boot is not None else None
        if answer is None:
            return self.platform is not None and self.platform.virtual and self.spec.license_server is not None
        return answer

    @property
    def is_license_server(self) -> bool:
        """Whether it admits no users because it is a license server (PLT-06)."""
        return self.spec.license_server is not None or self.boots_as_license_server

    def release(self, of_the_lab: str) -> Release:
        """Return its own release, or the one of its personality that goes with the lab's (PLT-03).

        Raises:
            ReleaseError: there is no such release.
        """
        if self.spec.release is not None:
            return Release.parse(self.spec.release)
        return matching_release(Release.parse(of_the_lab), self.personality)


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole file, found right.

    Attributes:
        file: what it is called in messages.
        spec: the file as it was read.
        nodes: every appliance, in the file's order.
        auth_codes: what the cloud's codes entitle to; ``None`` without a cloud.
    """

    file: str
    spec: TopologyFile
    nodes: tuple[LabNode, ...]
    auth_codes: dict[str, AuthCode] | None = None
    _by_name: dict[str, LabNode] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The lab's name as the file gives it."""
        return self.spec.name

    @property
    def start(self) -> Instant:
        """Where a virtual clock begins."""
        start = self.spec.clock.start
        return start if start is not None else parse_instant(DEFAULT_START)

    def find(self, name: str | None) -> LabNode | None:
        """Return a node by name, if there is one."""
        if not self._by_name:
            self._by_name.update({node.name: node for node in self.nodes})
        return self._by_name.get(name or "")

    def names(self) -> list[str]:
        """Return what all nodes are called, the vendor's cloud last if there is one."""
        return [node.name for node in self.nodes] + ([CLOUD] if self.auth_codes is not None else [])

    def virtual(self) -> list[str]:
        """Return the names of those nodes that are virtual machines."""
        return [node.name for node in self.nodes if node.platform is not None and node.platform.virtual]

    def networks_of(self, node: LabNode) -> tuple[str, ...]:
        """Return the networks a node is on, ``internal`` first."""
        ports = node.platform.ports if node.platform else (INTERNAL,)
        return (INTERNAL, *(name for name, network in self.networks() if name in ports and is_on(network, node)))

    def loads_of(self, node: LabNode) -> list[Load]:
        """Return the loads of a gateway; a license server has none (PLT-06)."""
        return [load for load in self.spec.load if not node.is_license_server and has_load(load, node)]

    def networks(self) -> list[tuple[str, Network]]:
        """Return the networks beside the internal one; ``external:`` with nothing after it is one with all nodes."""
        given = self.spec.networks
        if given is None:
            return []
        there = (("external", given.external), ("management", given.management))
        return [(name, network or Network()) for name, network in there if name in given.model_fields_set]


def is_on(network: Network, node: LabNode) -> bool:
    """Tell whether a network's list of nodes takes one in."""
    return network.nodes is None or any(matches(pattern, node) for pattern in network.nodes)


def has_load(load: Load, node: LabNode) -> bool:
    """Tell whether a load is for a node: named, of the group named, or any where none is."""
    if load.nodes is not None:
        return any(matches(pattern, node) for pattern in load.nodes)
    return load.group is None or load.group == node.spec.group


def matches(pattern: str, node: LabNode) -> bool:
    """Tell whether a name, a name with ``{n}`` as in the file, or a pattern means a node."""
    return pattern in {node.name, node.written} or fnmatchcase(node.name, pattern)
