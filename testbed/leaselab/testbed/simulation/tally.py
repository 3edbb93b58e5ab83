"""What happened in a simulation, counted as it happens: events by type, and what became of single leases."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.events import AutoLeaseTaken, LeasesAnswered, LeasesReclaimed
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Event


class Tally:
    """A listener that counts.

    A lease is what ends by itself: the reserved count or one increment of one client and feature (LSE-05).

    Attributes:
        events: by type, on all devices together.
        renewed: leases whose end a renewal moved.
        reclaimed: leases that ran out at their server (LSE-07).
        auto_leased: increments that clients gave themselves (AUT-05).
    """

    def __init__(self) -> None:
        self.events = Counter[type[Event]]()
        self.renewed = self.reclaimed = self.auto_leased = 0
        self._reserved_granted = self._increments_granted = self._increments_reclaimed = 0
        self._counting: dict[type[Event], Callable[[Any], None]] = {
            LeasesAnswered: self._answered,
            LeasesReclaimed: self._reclaim,
            AutoLeaseTaken: self._auto_lease,
        }

    def __call__(self, event: Event, _at: Instant) -> None:
        """Count an event."""
        kind = type(event)
        self.events[kind] += 1
        count = self._counting.get(kind)
        if count is not None:
            count(event)

    @property
    def granted(self) -> int:
        """Leases that a server gave: reserved counts at first contact, and increments."""
        return self._reserved_granted + self._increments_granted

    def given_back(self, states: Iterable[ApplianceState]) -> int:
        """Return how many increments went back before their end: granted, not reclaimed, and not there any more."""
        live = sum(
            len(lease.increments)
            for state in states
            for record in state.server.clients.values()
            for lease in record.leases.values()
        )
        return self._increments_granted - self._increments_reclaimed - live

    def _answered(self, event: LeasesAnswered) -> None:
        if event.verb == "renew":
            for lease in event.reply.features.values():
                self.renewed += len(lease.increments) + bool(lease.reserved)
        elif event.granted or event.auto:
            self._increments_granted += len(event.granted) + len(event.auto)
        else:
            self._reserved_granted += sum(bool(lease.reserved) for lease in event.reply.features.values())

    def _auto_lease(self, _event: AutoLeaseTaken) -> None:
        self.auto_leased += 1

    def _reclaim(self, event: LeasesReclaimed) -> None:
        self.reclaimed += len(event.increments) + bool(event.reserved)
        self._increments_reclaimed += len(event.increments)
