"""What a check says: steps in the order of the file, each with a time to wait, acts, and expectations."""

import msgspec

from leaselab.appliance.instants import Duration, Instant
from leaselab.testbed.faults.kinds import Fault

Number = int | str
"""A number, or a comparison such as ``>= 50``."""


class LicenseOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A license of a node by its SKU."""

    node: str
    sku: str


class Upgrade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another release for a node."""

    node: str
    release: str


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is typed at a node's console, with an Enter at the end."""

    node: str
    text: str


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that a check does; exactly one of these is given."""

    users: dict[str, int] | None = None
    fault: Fault | None = None
    clear_faults: bool | None = None
    surrender: LicenseOf | None = None
    recall: LicenseOf | None = None
    license: LicenseOf | None = None
    pull: str | None = None
    power: dict[str, str] | None = None
    upgrade: Upgrade | None = None
    type: Typed | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to hold of one node; what is not given is not looked at."""

    feature: str = "concurrent-users"
    leased: Number | None = None
    auto_leased: Number | None = None
    available: Number | None = None
    installed: Number | None = None
    promised: Number | None = None
    limit: Number | None = None
    users: Number | None = None
    refused: Number | None = None
    auto_lease: bool | None = None
    compliant: bool | None = None
    contact: str | None = None
    phase: str | None = None
    release: str | None = None
    licenses: dict[str, str] | None = None
    metrics: dict[str, Number] | None = None
    logs: str | None = None
    screen: str | None = None


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step.

    Attributes:
        name: what it shows, as a sentence.
        at: lets the lab live until that instant first.
        after: lets it live that long first.
        within: waits for what is expected, at most that long.
        do: acts, in order, once the time has come.
        expect: what is to hold then, by node.
    """

    name: str
    at: Instant | None = None
    after: Duration | None = None
    within: Duration | None = None
    do: tuple[Act, ...] = ()
    expect: dict[str, Expectation] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What became of one check.

    Attributes:
        name: the check's.
        passed: whether all that it expects held.
        at: when that was seen, on the lab's clock.
        problems: what was expected and what was there; or what could not be done.
        seconds: how long it took, by the host's clock.
    """

    name: str
    passed: bool
    at: Instant
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
