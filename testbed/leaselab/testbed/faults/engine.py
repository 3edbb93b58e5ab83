"""Puts faults in force and takes them back: the same engine for a running lab and for a simulation."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Any, Protocol

from leaselab.appliance.conditions import Conditions
from leaselab.appliance.instants import Instant, format_duration
from leaselab.testbed.errors import CallError
from leaselab.testbed.eventkinds import EventKind
from leaselab.testbed.faults.book import Book, Change, Entry
from leaselab.testbed.faults.effects import conditions
from leaselab.testbed.faults.kinds import CLONE, SAME, Fault, clone_of, misfits, written
from leaselab.testbed.views import FaultRow

ENGINE = "~faults"
"""Its name among those who are given turns: no node's, and before all of them at one instant by its priority."""


class World(Protocol):
    """What the engine moves."""

    def nodes(self) -> Collection[str]:
        """Return the names of all nodes."""
        ...

    def networks(self) -> Collection[str]:
        """Return the names of all networks."""
        ...

    def virtual(self) -> Collection[str]:
        """Return the names of those nodes that are virtual machines."""
        ...

    async def suffer(self, node: str, conditions: Conditions) -> None:
        """Put these conditions around a node, on or off, in place of those of before."""
        ...

    async def power(self, node: str, act: str) -> None:
        """``start``, ``kill`` or ``restart`` a node; nothing to do if it is so already."""
        ...

    async def clone(self, node: str, copy: str, *, same_identity: bool) -> None:
        """Let a node run a second time under another name, from a copy of what it has stored; unless it does so."""
        ...

    async def remove_clone(self, copy: str) -> None:
        """Take a clone away with all that it has stored; nothing to do if it is gone."""
        ...

    async def packets(self, fault: Fault, *, begun: bool) -> None:
        """Cut the packets of a link, or heal it, where the nodes have a network of their own."""
        ...

    def tell(self, kind: EventKind, node: str, fields: dict[str, Any]) -> None:
        """Note that a fault has begun or is over."""
        ...


class Engine:
    """The faults of one lab.

    Args:
        world: the lab.
        book: what is known of its faults already.
    """

    def __init__(self, world: World, book: Book | None = None) -> None:
        self.book = book or Book()
        self._world = world
        self._spread_before = list(self.book.in_force())
        self._one_change = asyncio.Lock()

    def was_skewed(self, node: str) -> bool:
        """Tell whether a node's clock was ever wrong."""
        return node in self.book.skewed

    def around(self, node: str) -> Conditions:
        """Return what is wrong around a node now; also where an earlier host of the lab put it in force."""
        return conditions(node, self.book.in_force())

    async def declare(self, faults: Iterable[Fault], now: Instant) -> None:
        """Take over the faults of a file, in place of those it had before; injected ones stay."""
        wanted = list(faults)
        known = [entry for entry in self.book.entries if entry.declared]
        gone = [entry for entry in known if entry.fault not in wanted]
        await self._make(self.book.clear(gone))
        declared = self.book.declared
        for fault in wanted:
            if fault not in declared:
                self.book.add(fault, now, declared=True)
        self.book.declared = wanted
        await self.grant(now)

    async def inject(self, fault: Fault, now: Instant) -> Entry:
        """Add a fault, in force at once unless it says when.

        Raises:
            CallError: there is no such fault or target, or what it says does not go together.
        """
        world = self._world
        for misfit in misfits(fault, nodes=world.nodes(), networks=world.networks(), virtual=world.virtual()):
            hint = f"did you mean {misfit.suggestion}?" if misfit.suggestion else "docs/faults.md has every fault"
            raise CallError(f"fault {fault.kind}: {misfit.field}: {misfit.message}", hint=hint)
        entry = self.book.add(fault, now)
        await self.grant(now)
        return entry

    async def clear(self, entries: Iterable[Entry]) -> None:
        """Take faults back."""
        await self._make(self.book.clear(list(entries)))

    async def grant(self, to: Instant) -> Instant:
        """Make what is due; return when the next is (a turn from the timekeeper)."""
        while self.book.next_at() <= to:
            await self._make(self.book.turn(to))
        return self.book.next_at()

    async def observe(self, at: Instant) -> None:
        """Need nothing: only turns matter."""

    async def _make(self, changes: Iterable[Change]) -> None:
        async with self._one_change:
            await self._carry_out(list(changes))

    async def _carry_out(self, made: list[Change]) -> None:
        for change in made:
            fault = change.entry.fault
            self._world.tell("fault" if change.begun else "fault-over", fault.node, shown(change.entry))
            await self._world.packets(fault, begun=change.begun)
            if fault.kind == "skew" and fault.node not in self.book.skewed:
                self.book.skewed.append(fault.node)
            if fault.kind == "kill":
                await self._world.power(fault.node, "kill" if change.begun else "start")
            elif fault.kind == "restart":
                await self._world.power(fault.node, "restart")
            elif fault.kind == CLONE and change.begun:
                await self._world.clone(fault.node, clone_of(fault.node), same_identity=fault.identity == SAME)
            elif fault.kind == CLONE:
                await self._world.remove_clone(clone_of(fault.node))
        if made:
            await self._spread()

    async def _spread(self) -> None:
        in_force = list(self.book.in_force())
        before, self._spread_before = self._spread_before, in_force
        for node in tuple(self._world.nodes()):
            now = conditions(node, in_force)
            if now != conditions(node, before):
                await self._world.suffer(node, now)


def row(entry: Entry) -> FaultRow:
    """Return a fault as lists show it."""
    fault = entry.fault
    state = "in-force" if entry.in_force else "over" if entry.over else "to-come"
    return FaultRow(
        n=entry.number,
        kind=fault.kind,
        target=fault.target,
        state=state,
        between=fault.between,
        network=fault.network,
        node=fault.node,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        declared=entry.declared,
        fields=_details(fault),
    )


def shown(entry: Entry) -> dict[str, Any]:
    """Return a fault as events show it: kind, number, target and what it says beyond its schedule."""
    fault = entry.fault
    return {"fault": fault.kind, "n": entry.number, "target": fault.target, **_details(fault)}


def _details(fault: Fault) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("one_way", "loss", "bytes_per_second"):
        if value := getattr(fault, name):
            fields[written(name)] = value
    for name in ("delay", "skew"):
        if value := getattr(fault, name):
            fields[written(name)] = format_duration(value)
    if fault.kind == CLONE:
        fields |= {"clone": clone_of(fault.node), "identity": fault.identity}
    return fields
