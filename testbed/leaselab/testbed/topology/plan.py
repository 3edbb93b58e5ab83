"""The plan: everything that a lab is made from. The dry run prints it, runtimes carry it out, tests compare it.

It holds the lab's secrets, so whoever writes it to disk gives it mode 0600.
"""

from typing import Literal, TypeAlias

import msgspec

from leaselab.appliance.config import ApplianceConfig, CloudConfig
from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.licensing.commands import (
    AddKeys,
    CreateAdministrator,
    DeleteClient,
    DeleteLicense,
    DownloadKeys,
    JoinCluster,
    RemoveServer,
    SaveClient,
    SetDownloads,
    SetServer,
    SetServerRole,
)
from leaselab.testbed.checking.plan import Check
from leaselab.testbed.faults.kinds import Fault

FORMAT = 1
"""Of the JSON text; a plan written by another version is not read."""

Entry: TypeAlias = (
    AddKeys
    | DownloadKeys
    | SetDownloads
    | SetServerRole
    | JoinCluster
    | SaveClient
    | SetServer
    | DeleteClient
    | DeleteLicense
    | RemoveServer
    | CreateAdministrator
)
"""A command that the lab enters on a node as an admin would."""


class ClockPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lab's clock.

    Attributes:
        start: where it begins; ``None`` with ``mode: real``: the present when the lab comes up.
        mode: ``virtual``, or ``real`` for a rate of 1 from the present.
        rate: lab seconds a wall second; 0 stands still until it is advanced.
    """

    start: Instant | None
    mode: Literal["virtual", "real"] = "virtual"
    rate: float = 0.0


class OfficeHours(msgspec.Struct, frozen=True, tag="office-hours", forbid_unknown_fields=True):
    """Users that come in the morning and leave in the evening of every working day in their time zone."""

    feature: str
    peak: int
    base: int
    time_zone: str


class Burst(msgspec.Struct, frozen=True, tag="burst", forbid_unknown_fields=True):
    """Users that come all at once, and leave all at once."""

    feature: str
    at: Instant
    users: int
    lasts: Duration


Load: TypeAlias = OfficeHours | Burst
"""What brings users to a gateway over time; several add up."""


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A port of the container's machine that leads to a port of the node."""

    node_port: int
    address: str
    port: int


class Container(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a node's container runs. 0 is no limit."""

    cpus: float = 0.0
    memory_bytes: int = 0
    published: tuple[Published, ...] = ()
    labels: dict[str, str] = {}
    """What the machine must be labelled with, of several."""
    reschedule: bool = True
    """Whether it goes on elsewhere when its machine is lost."""


Role: TypeAlias = Literal["cloud", "license-server", "virtual-license-server", "gateway"]


class NodePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node of the lab.

    Attributes:
        name: unique in the lab.
        index: what its addresses are made from; a node keeps it as long as the lab has it. The cloud has 0.
        config: what the device is told when it is switched on.
        provision: what is entered once it is ready, in order.
        after: nodes that must be ready and provisioned before this one is provisioned.
        users: how many end users the lab signs in once all nodes are provisioned.
        load: what brings users to it over time.
        container: how it runs where nodes are containers.
    """

    name: str
    index: int
    config: ApplianceConfig | CloudConfig
    provision: tuple[Entry, ...] = ()
    after: tuple[str, ...] = ()
    users: int = 0
    load: tuple[Load, ...] = ()
    container: Container = Container()

    @property
    def role(self) -> Role:
        """What it is to be: by its first boot (PLT-05), or by what is entered on it."""
        if isinstance(self.config, CloudConfig):
            return "cloud"
        if self.config.boot.get("virtual-license-server") == "y":
            return "virtual-license-server"
        enabled = any(isinstance(entry, SetServerRole) and entry.enabled for entry in self.provision)
        return "license-server" if enabled else "gateway"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole lab.

    Attributes:
        lab: its name on this machine.
        slot: 1 to 254, its share of the loopback addresses.
        runtime: ``embedded``, ``process``, ``docker`` or ``swarm``.
        seed: what its history follows from: same file and seed, same hardware IDs, keys and events.
        clock: where time begins.
        nodes: the cloud first, then in the file's order.
        secret: 32 random bytes as hex, made once for a lab. All passwords and private keys derive from it, so the
            credentials of one lab open nothing in another.
        authority_certificate: PEM of the authority that signed the nodes' certificates.
        console_key: private OpenSSH key that every node's console accepts.
        faults: what goes wrong, and when.
        checks: what `leaselab check` does and expects.
    """

    lab: str
    slot: int
    runtime: str
    seed: str
    clock: ClockPlan
    nodes: tuple[NodePlan, ...]
    secret: str
    authority_certificate: str
    console_key: str
    faults: tuple[Fault, ...] = ()
    checks: tuple[Check, ...] = ()
    format: int = FORMAT

    def node(self, name: str) -> NodePlan:
        """Return one node by name.

        Raises:
            KeyError: there is none of that name.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def to_json(self) -> bytes:
        """Return the plan as JSON, secrets included."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> "Plan":
        """Read a plan.

        Raises:
            ValueError: the text is no plan of this format.
        """
        try:
            plan = msgspec.json.decode(text, type=cls)
        except msgspec.ValidationError as error:
            raise ValueError(
                f"this plan is of another version of leaselab ({error}); take the lab down and up"
            ) from None
        if plan.format != FORMAT:
            raise ValueError(
                f"this plan has format {plan.format}, this version reads {FORMAT}; take the lab down and up"
            )
        return plan
