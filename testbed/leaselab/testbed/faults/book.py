"""What is in force when: every fault of a lab, those to come and those that repeat included. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from leaselab.appliance.instants import NEVER, Instant
from leaselab.testbed.faults.kinds import KINDS, Fault


class Entry(msgspec.Struct):
    """One fault and how it stands.

    Attributes:
        number: its name in the lab; never used twice.
        fault: what it is.
        starts_at: when it next begins; ``NEVER`` while it is in force or once it is over for good.
        ends_at: when it ends; ``NEVER`` while it is not in force, or until it is cleared.
        in_force: whether it is just now.
        times: how often it could have begun so far.
        first_at: when it began, or could have, for the first time.
        declared: it stands in the file.
    """

    number: int
    fault: Fault
    starts_at: Instant
    ends_at: Instant = NEVER
    in_force: bool = False
    times: int = 0
    first_at: Instant = 0
    declared: bool = False

    @property
    def next_at(self) -> Instant:
        """When it next begins or ends."""
        return min(self.starts_at, self.ends_at)

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return not self.in_force and self.starts_at >= NEVER


class Change(NamedTuple):
    """A fault has begun, or is over."""

    entry: Entry
    begun: bool


class Book(msgspec.Struct):
    """All faults of a lab. It is part of what must outlive the lab's host."""

    entries: list[Entry] = []
    declared: list[Fault] = []
    """What the file has, over or not, so that a second `up` begins nothing anew."""
    skewed: list[str] = []
    """Nodes whose clock was ever wrong: their histories say nothing of the lab's time."""
    last: int = 0

    def add(self, fault: Fault, now: Instant, *, declared: bool = False) -> Entry:
        """Enter a fault; the next :meth:`turn` puts it in force if its time has come."""
        self.last += 1
        starts_at = now if fault.at is None else fault.at
        entry = Entry(number=self.last, fault=fault, starts_at=starts_at, first_at=starts_at, declared=declared)
        self.entries.append(entry)
        return entry

    def next_at(self) -> Instant:
        """Return when the next change is due."""
        return min((entry.next_at for entry in self.entries), default=NEVER)

    def turn(self, now: Instant) -> Iterator[Change]:
        """Make the changes that are due: what ends before what begins, the earlier entered first."""
        for entry in self.entries:
            if entry.ends_at <= now:
                entry.in_force, entry.ends_at = False, NEVER
                yield Change(entry, begun=False)
        for entry in self.entries:
            if entry.starts_at <= now:
                yield from self._begin(entry, now)
        self.entries = [entry for entry in self.entries if not entry.over]

    def clear(self, entries: Iterable[Entry]) -> Iterator[Change]:
        """Take faults back, in force or to come."""
        gone = {entry.number for entry in entries}
        for entry in self.entries:
            if entry.number in gone and entry.in_force:
                entry.in_force = False
                yield Change(entry, begun=False)
        self.entries = [entry for entry in self.entries if entry.number not in gone]

    def in_force(self) -> Iterator[Fault]:
        """Yield the faults in force, the earlier entered first."""
        return (entry.fault for entry in self.entries if entry.in_force)

    def _begin(self, entry: Entry, now: Instant) -> Iterator[Change]:
        fault = entry.fault
        began_at, entry.starts_at = entry.starts_at, NEVER
        if fault.every is not None:
            missed = (now - entry.first_at) // fault.every  # a lab whose clock jumped does not catch up
            entry.starts_at = entry.first_at + (missed + 1) * fault.every
        happens = _draw(entry) < fault.probability
        entry.times += 1
        if not happens:
            return
        entry.in_force = KINDS[fault.kind].lasting
        if entry.in_force and fault.lasts is not None:
            entry.ends_at = max(began_at, now) + fault.lasts
        yield Change(entry, begun=True)


def _draw(entry: Entry) -> float:
    """Return a number from 0 to below 1: the same for the same seed, fault and time of happening."""
    text = f"{entry.fault.seed}/{entry.fault.kind}/{entry.fault.target}/{entry.times}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48
