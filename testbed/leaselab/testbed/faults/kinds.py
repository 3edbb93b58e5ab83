"""The faults there are: one table that file, command line, Python, checks and docs/faults.md all go by."""

from collections.abc import Collection, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from leaselab.appliance.instants import DAY, Duration, Instant, format_duration
from leaselab.testbed.errors import nearest

CLONE: Final = "clone"
SAME: Final = "same"
NEW: Final = "new"
IDENTITIES: Final = (SAME, NEW)
"""Whose hardware ID a clone has: the original's, as a hypervisor that moves a machine lets it, or one of its own."""
LINK: Final = "link"
NODE: Final = "node"


class Kind(NamedTuple):
    """One kind of fault.

    Attributes:
        target: ``link`` takes ``between`` two nodes, or a ``network``; ``node`` takes a ``node``.
        meaning: in one line.
        parameter: the field that it needs beside its target, if any.
        lasting: whether it is in force for a while; otherwise it is over as soon as it has happened.
    """

    target: Literal["link", "node"]
    meaning: str
    parameter: str = ""
    lasting: bool = True


KINDS: Final[dict[str, Kind]] = {
    "cut": Kind(LINK, "Nothing gets through; with `one-way`, not from the first node to the second."),
    "delay": Kind(LINK, "Requests arrive later by `delay`; past 30 s the asker has given up.", "delay"),
    "loss": Kind(LINK, "The part `loss` of all messages is lost, requests and answers alike.", "loss"),
    "throttle": Kind(LINK, "Requests take as long as `bytes-per-second` lets them.", "bytes_per_second"),
    "kill": Kind(NODE, "The node loses its power; it is switched on again when the fault is over."),
    "restart": Kind(NODE, "The node shuts down in good order and starts again.", lasting=False),
    "pause": Kind(NODE, "The node is frozen, its serial console too; afterwards it goes on where it was."),
    "skew": Kind(NODE, "The node's clock is ahead by `skew`, or behind where that is negative.", "skew"),
    "slow": Kind(NODE, "The node answers other nodes later by `delay`.", "delay"),
    "error": Kind(NODE, "The node's HTTPS server answers everything with status 500."),
    "wrong": Kind(NODE, "The node's HTTPS server answers everything with a page that is none of its own."),
    "bad-certificate": Kind(NODE, "The node shows a certificate that nobody has signed."),
    "disk-full": Kind(NODE, "The node can write nothing any more; what it is asked for fails and changes nothing."),
    CLONE: Kind(NODE, "The virtual machine runs a second time, from a copy of its state, under the `identity` given."),
}
"""By name."""

PARAMETERS: Final = {parameter for kind in KINDS.values() if (parameter := kind.parameter)}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault and its schedule.

    Attributes:
        kind: one of :data:`KINDS`.
        between: two nodes, for a kind of links.
        network: all that goes over one network, for a kind of links.
        node: the node, for a kind of nodes.
        at: when it begins; ``None``: at once.
        lasts: how long it is in force; ``None``: until it is cleared.
        every: how long from one beginning to the next; ``None``: once.
        probability: that it happens at all, drawn anew for each time.
        seed: of what is drawn.
        one_way: of ``cut``.
        delay: of ``delay`` and ``slow``.
        loss: of ``loss``, 0 to 1.
        bytes_per_second: of ``throttle``.
        skew: of ``skew``.
        identity: of ``clone``, one of :data:`IDENTITIES`.
    """

    kind: str
    between: tuple[str, ...] = ()
    network: str = ""
    node: str = ""
    at: Instant | None = None
    lasts: Duration | None = None
    every: Duration | None = None
    probability: float = 1.0
    seed: int = 0
    one_way: bool = False
    delay: Duration = 0
    loss: float = 0.0
    bytes_per_second: int = 0
    skew: Duration = 0
    identity: str = SAME

    @property
    def target(self) -> str:
        """Whom it befalls, in words: ``gw1 vls1``, ``network external``, ``gw1``."""
        return " ".join(self.between) or self.node or f"network {self.network}"


class Misfit(NamedTuple):
    """What is wrong with a fault: the field, as in the file, and what would be right."""

    field: str
    message: str
    suggestion: str = ""


def misfits(
    fault: Fault, *, nodes: Collection[str], networks: Collection[str], virtual: Collection[str]
) -> Iterator[Misfit]:
    """Yield what is wrong with a fault.

    Args:
        fault: as it was given.
        nodes: that the lab has.
        networks: that the lab has.
        virtual: those of the nodes that are virtual machines.
    """
    kind = KINDS.get(fault.kind)
    if kind is None:
        yield Misfit(
            "kind", f"there is no fault {fault.kind!r}; there are {', '.join(KINDS)}", nearest(fault.kind, KINDS)
        )
        return
    yield from _target(fault, kind, nodes, networks)
    if fault.kind == CLONE and fault.node in nodes:
        yield from _clone(fault.node, nodes, virtual)
    yield from _parameters(fault, kind)
    if fault.one_way and (fault.kind != "cut" or not fault.between):
        yield Misfit("one-way", "is for a cut between two nodes")
    if not 0 <= fault.probability <= 1:
        yield Misfit("probability", f"takes 0 to 1, not {fault.probability:g}")
    if not 0 <= fault.loss <= 1:
        yield Misfit("loss", f"takes 0 to 1, not {fault.loss:g}")
    yield from _schedule(fault, kind)


def _target(fault: Fault, kind: Kind, nodes: Collection[str], networks: Collection[str]) -> Iterator[Misfit]:
    if kind.target == NODE:
        if not fault.node or fault.between or fault.network:
            yield Misfit("node", f"{fault.kind} befalls one node: give it as `node`")
    elif bool(fault.between) == bool(fault.network) or fault.node:
        yield Misfit(
            "between", f"{fault.kind} befalls what goes `between` two nodes or over a `network`: give one of them"
        )
    if fault.between and (len(fault.between) != len({*fault.between}) or len(fault.between) != len(("one", "other"))):
        yield Misfit("between", "takes two different nodes")
    for field, name in (("node", fault.node), *(("between", each) for each in fault.between)):
        if name and name not in nodes:
            yield Misfit(field, f"there is no node {name!r}", nearest(name, nodes))
    if fault.network and fault.network not in networks:
        yield Misfit("network", f"there is no network {fault.network!r}", nearest(fault.network, networks))


def _parameters(fault: Fault, kind: Kind) -> Iterator[Misfit]:
    if kind.parameter and not getattr(fault, kind.parameter):
        yield Misfit(written(kind.parameter), f"is missing; {fault.kind} needs it")
    for parameter in sorted(PARAMETERS - {kind.parameter}):
        if getattr(fault, parameter):
            yield Misfit(written(parameter), f"is nothing to {fault.kind}")
    if fault.identity not in IDENTITIES:
        known = " or ".join(IDENTITIES)
        yield Misfit("identity", f"is {known}, not {fault.identity!r}", nearest(fault.identity, IDENTITIES))
    elif fault.identity != SAME and fault.kind != CLONE:
        yield Misfit("identity", f"is nothing to {fault.kind}")


def _clone(node: str, nodes: Collection[str], virtual: Collection[str]) -> Iterator[Misfit]:
    if node not in virtual:
        yield Misfit("node", f"{node} is no virtual machine; only one that is can be cloned")
    elif clone_of(node) in nodes:
        yield Misfit("node", f"there is a node {clone_of(node)} already, which is what the clone would be called")


def clone_of(node: str) -> str:
    """Return what the clone of a node is called."""
    return f"{node}-clone"


def _schedule(fault: Fault, kind: Kind) -> Iterator[Misfit]:
    if not kind.lasting and fault.lasts is not None:
        yield Misfit("for", f"is nothing to {fault.kind}, which is over at once")
    if fault.lasts is not None and fault.lasts <= 0:
        yield Misfit("for", "takes a duration above 0")
    if fault.every is not None:
        if fault.every <= 0:
            yield Misfit("every", "takes a duration above 0")
        elif kind.lasting and (fault.lasts is None or fault.lasts >= fault.every):
            yield Misfit("every", f"needs a shorter `for`: less than {format_duration(fault.every)}")
    if abs(fault.skew) > MAX_SKEW:
        yield Misfit("skew", f"takes at most {format_duration(MAX_SKEW)} either way")


MAX_SKEW: Final[Duration] = 365 * DAY
"""A clock that is wrong by more is no clock."""


def written(field: str) -> str:
    """Return a field's name as the file has it."""
    return {"lasts": "for"}.get(field, field.replace("_", "-"))
