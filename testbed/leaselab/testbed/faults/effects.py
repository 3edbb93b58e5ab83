"""What the faults in force mean for each node: its :class:`~leaselab.appliance.conditions.Conditions`. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from leaselab.appliance.conditions import Conditions, LinkCondition
from leaselab.testbed.faults.kinds import Fault

_OF_NODES: dict[str, dict[str, Any]] = {
    "pause": {"paused": True},
    "error": {"answers": "error"},
    "wrong": {"answers": "wrong"},
    "bad-certificate": {"bad_certificate": True},
    "disk-full": {"disk_full": True},
}
"""Kinds that a node suffers by itself, and what they set."""


def conditions(node: str, faults: Iterable[Fault]) -> Conditions:
    """Return what is wrong around a node while these faults are in force."""
    found = Conditions()
    links: list[LinkCondition] = []
    for fault in faults:
        if fault.node == node and fault.kind == "skew":
            found = msgspec.structs.replace(found, skew=found.skew + fault.skew)
        elif fault.node == node and fault.kind in _OF_NODES:
            found = msgspec.structs.replace(found, **_OF_NODES[fault.kind])
        links += _links(node, fault)
    return msgspec.structs.replace(found, links=tuple(links)) if links else found


def _links(node: str, fault: Fault) -> Iterator[LinkCondition]:
    """Yield what a fault does to a node's own messages."""
    if fault.node and fault.node != node:  # the trouble of a peer, as those who ask it feel it
        if fault.kind == "pause":
            yield LinkCondition(peer=fault.node, cut=True)
        elif fault.kind == "slow":
            yield LinkCondition(peer=fault.node, delay=fault.delay)
    if node in fault.between:
        (peer,) = (name for name in fault.between if name != node)
        yield from _between(node, peer, fault)
    elif fault.network:
        yield from _between(node, "", fault)


def _between(node: str, peer: str, fault: Fault) -> Iterator[LinkCondition]:
    if fault.kind == "cut" and fault.one_way and node != fault.between[0]:
        yield LinkCondition(peer=peer, cut_replies=True)
    elif fault.kind == "cut":
        yield LinkCondition(peer=peer, network=fault.network, cut=True)
    else:
        yield LinkCondition(
            peer=peer,
            network=fault.network,
            delay=fault.delay,
            loss=fault.loss,
            seed=f"{fault.seed}/{node}/{fault.target}" if fault.loss else "",
            bytes_per_second=fault.bytes_per_second,
        )
