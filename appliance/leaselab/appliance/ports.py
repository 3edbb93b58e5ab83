"""What a device needs from the world, as protocols; :mod:`leaselab.appliance.adapters` has the real ones."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.machine import Envelope, Settle


class Clock(Protocol):
    """The lab's clock as this device reads it (a skew fault changes the reading, never the agenda)."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...

    def observe(self, instant: Instant) -> None:
        """Move on to ``instant`` if that is later: a peer or the timekeeper has shown it."""
        ...


class Store(Protocol):
    """The histories of one or more devices, shared by all of a process so that they commit together."""

    id: str
    """A secret unique to this open store: two devices that share it need no barrier between them."""

    keeps_history: bool
    """Whether it keeps what is appended. To one that does not, as a long simulation has, nothing is appended."""

    def load(self, device: str) -> tuple[bytes | None, Iterable[tuple[Instant, bytes]]]:
        """Return the latest snapshot, if any, and the events after it, oldest first."""
        ...

    def append(self, device: str, at: Instant, events: list[bytes]) -> None:
        """Add events to the open transaction."""
        ...

    def snapshot(self, device: str, state: bytes) -> None:
        """Keep the whole state as of the last event appended."""
        ...

    def history(self, device: str, after: int = 0, latest: int = -1) -> Iterable[tuple[int, Instant, bytes]]:
        """Return number, instant and text of each event later than number ``after``, or of the ``latest`` of them."""
        ...

    def erase(self, device: str) -> None:
        """Forget all of a device (factory reset)."""
        ...

    async def durable(self) -> None:
        """Return once all that was appended is on disk. What a device answers to outsiders waits for this."""
        ...


class Later(msgspec.Struct, frozen=True):
    """A message that is still on its way: ask again at this instant, by the device's clock (a delay fault)."""

    at: Instant


class Peers(Protocol):
    """The way to other devices."""

    def share_store(self, to: str) -> bool:
        """Tell whether that peer lives in this process and commits with us."""
        ...

    async def send(self, envelope: Envelope, now: Instant) -> Settle | Later:
        """Deliver an envelope and return its answer, or when it arrives; never raises for what the network does."""
        ...


class Timekeeper(Protocol):
    """Who must know when this device wants to wake."""

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Return once the timekeeper knows. Called only when ``next_due`` became earlier than it was told."""
        ...
