"""A node's past, from its event log: the states it had, replayed by the rules that made them.

Nothing is kept for this. The events of a device are all there is of it, so its report at any instant of its life can be
had again: for the timeline, and for Prometheus.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.appliance import ApplianceEvent, ApplianceMachine, initial_state
from leaselab.appliance.licensing.report import report
from leaselab.appliance.licensing.views import Report
from leaselab.testbed.lab import Lab

MOMENTS: Final = 2_000
"""Instants of one life that are looked at; of a longer one every second, third … is."""


class Life(NamedTuple):
    """A node and all its events, oldest first, as plain data."""

    config: ApplianceConfig
    events: tuple[tuple[Instant, dict[str, Any]], ...]


def lives(lab: Lab, nodes: Iterable[str] = ()) -> dict[str, Life]:
    """Return the lives of a lab's nodes that are switched on, the cloud left out; of all of them by default."""
    wanted = set(nodes)
    on = {status.name for status in lab.status().nodes if status.phase != "off"}
    found = {}
    for node in lab.plan.nodes:
        if isinstance(node.config, ApplianceConfig) and node.name in on and (not wanted or node.name in wanted):
            events = lab[node.name].history()
            found[node.name] = Life(node.config, tuple((at, event) for _, at, event in events))
    return found


def reports(life: Life, instants: Iterable[Instant]) -> Iterator[Report]:
    """Yield the node's report at each instant, which must not go back.

    Args:
        life: the node's.
        instants: when to look; events of that instant have happened.
    """
    machine, state = ApplianceMachine(), initial_state(life.config)
    decode = msgspec.json.Decoder(ApplianceEvent).decode
    events = iter(life.events)
    coming = next(events, None)
    for instant in instants:
        while coming is not None and coming[0] <= instant:
            at, event = coming
            machine.evolve(state, decode(msgspec.json.encode(event)), at)  # a message inside stays raw JSON
            coming = next(events, None)
        yield report(state, instant)


def changes(life: Life) -> list[Instant]:
    """Return the instants at which something happened, thinned out where they are very many; the last is kept."""
    instants = list(dict.fromkeys(at for at, _ in life.events))
    step = -(-len(instants) // MOMENTS) or 1
    return instants if step == 1 else [*instants[::-1][::step][::-1]]


def span(found: Mapping[str, Life], until: Instant) -> tuple[Instant, Instant]:
    """Return the first instant of any life, and the last one to show."""
    begins = [life.events[0][0] for life in found.values() if life.events]
    return min(begins, default=until), until
