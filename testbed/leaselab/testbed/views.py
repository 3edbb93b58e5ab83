"""What a lab shows of itself: the records that the front door returns and the command line prints as JSON."""

from typing import Any

import msgspec

from leaselab.appliance.instants import Instant


class NodeStatus(msgspec.Struct, frozen=True):
    """One node as it stands.

    Attributes:
        name: in the file, after expansion.
        kind: e.g. ``psa3000``; ``cloud`` for the vendor's side.
        phase: ``off``, ``booting``, ``wizard``, ``ready`` or ``halted``.
        prompt: the console prompt it waits at, or empty.
        provisioned: whether all that the file wants of it has been entered.
        waits_for: what its provisioning waits for, in words, or empty.
        failure: what went wrong last, in words, or empty.
        addresses: by network.
        ports: by service: ``ssh``, ``https``, ``metrics``.
        pid: of its own process; 0 where it shares the lab's.
        machine: host name and address of the one that it runs on, where a lab is on several; else empty.
    """

    name: str
    kind: str
    phase: str
    prompt: str
    provisioned: bool
    waits_for: str
    failure: str
    addresses: dict[str, str]
    ports: dict[str, int]
    admin_url: str
    metrics_url: str
    pid: int = 0
    machine: str = ""


class ClockStatus(msgspec.Struct, frozen=True):
    """The lab's clock: ``mode`` is ``virtual`` or ``real``; ``rate`` is 0 while it stands."""

    now: Instant
    mode: str
    rate: float
    next_due: Instant


class LabStatus(msgspec.Struct, frozen=True):
    """The whole lab. ``state`` is ``starting``, ``up``, ``waiting`` (on a console prompt) or ``failed``."""

    name: str
    runtime: str
    topology: str
    state: str
    clock: ClockStatus
    nodes: tuple[NodeStatus, ...]
    pid: int
    folder: str
    metrics_url: str = ""
    """Of the lab itself; each node has its own."""


class LabInfo(msgspec.Struct, frozen=True):
    """A lab in the labs folder.

    ``state`` is ``up``, ``down`` (nobody hosts it: `up` goes on with it, `down` removes it) or ``unreadable``.
    """

    name: str
    runtime: str
    topology: str
    state: str
    slot: int
    pid: int
    folder: str


class Advanced(msgspec.Struct, frozen=True):
    """What an advance came to: ``grants`` nodes were woken on the way from ``start`` to ``now``."""

    start: Instant
    to: Instant
    now: Instant
    grants: int
    state: str
    failure: str = ""


class UserRefusal(msgspec.Struct, frozen=True):
    """An end user whose sign-in the gateway refused, and its reason."""

    user: str
    why: str


class UsersOutcome(msgspec.Struct, frozen=True):
    """What :meth:`Users.set` came to: how many are signed in now, and who was refused."""

    signed_in: int
    refused: tuple[UserRefusal, ...] = ()


class LabEvent(msgspec.Struct, frozen=True):
    """Something the testbed did or saw. ``at`` is the lab's instant, ``wall`` the host's time in ISO 8601."""

    n: int
    at: Instant
    wall: str
    kind: str
    node: str
    fields: dict[str, Any] = {}


class FaultRow(msgspec.Struct, frozen=True):
    """A fault in force or to come.

    Attributes:
        n: its number in the lab.
        kind: e.g. ``cut``; docs/faults.md has all.
        target: whom it befalls, in words.
        state: ``in-force``, ``to-come`` (once, or again), or ``over``.
        between: its two nodes, if it befalls a link.
        network: the network that it befalls, or empty.
        node: the node that it befalls, or empty.
        starts_at: when it next begins; never while it is in force, unless it repeats.
        ends_at: when it ends; never: when it is cleared.
        declared: it stands in the file.
        fields: what else it says: ``delay``, ``loss``, ``one-way`` …
    """

    n: int
    kind: str
    target: str
    state: str
    between: tuple[str, ...]
    network: str
    node: str
    starts_at: Instant
    ends_at: Instant
    declared: bool
    fields: dict[str, Any] = {}


class NodeLogLine(msgspec.Struct, frozen=True):
    """A line of an appliance's own log: ``n`` is the number of the device event it tells of."""

    node: str
    n: int
    at: Instant
    severity: int
    code: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """One thing that `up` did, or found unnecessary.

    ``action`` is ``create``, ``change``, ``restart``, ``remove`` or ``keep``.
    """

    node: str
    action: str
    reason: str


class UpOutcome(msgspec.Struct, frozen=True):
    """What `up` came to. ``waiting`` maps a node to the console prompt it waits at."""

    steps: tuple[Step, ...]
    waiting: dict[str, str] = {}
    refused: dict[str, tuple[UserRefusal, ...]] = {}
    """End users of the file's ``users`` who could not sign in, by node."""


class Progress(msgspec.Struct, frozen=True):
    """A line of progress during long work: which node (or the lab, empty) is where."""

    node: str
    phase: str
    text: str = ""
