"""Where the devices of a simulation keep their histories: in memory, or nowhere."""

from collections.abc import Iterable, Iterator

from leaselab.appliance.instants import Instant


class MemoryStore:
    """A store that forgets with the process."""

    def __init__(self) -> None:
        self.id = "memory"
        self.keeps_history = True
        self._snapshots: dict[str, tuple[int, bytes]] = {}
        self._events: dict[str, list[tuple[int, Instant, bytes]]] = {}
        self._number = 0

    def load(self, device: str) -> tuple[bytes | None, Iterable[tuple[Instant, bytes]]]:
        """Return the latest snapshot, if any, and the events after it."""
        number, state = self._snapshots.get(device, (0, None))
        return state, [(at, body) for _, at, body in self.history(device, number)]

    def append(self, device: str, at: Instant, events: list[bytes]) -> None:
        """Add events."""
        kept = self._events.setdefault(device, [])
        for body in events:
            self._number += 1
            kept.append((self._number, at, body))

    def snapshot(self, device: str, state: bytes) -> None:
        """Keep the whole state."""
        self._snapshots[device] = (self._number, state)

    def history(self, device: str, after: int = 0, latest: int = -1) -> Iterator[tuple[int, Instant, bytes]]:
        """Return the events later than number ``after``, or the ``latest`` so many of them."""
        kept = self._events.get(device, [])
        if latest >= 0:
            kept = kept[max(0, len(kept) - latest) :]
        return (row for row in kept if row[0] > after)

    def erase(self, device: str) -> None:
        """Forget a device."""
        self._events.pop(device, None)
        self._snapshots.pop(device, None)

    async def durable(self) -> None:
        """Return at once: memory is all there is."""


class NullStore(MemoryStore):
    """A store that keeps nothing: a year of a thousand gateways is millions of events that nobody will read again.

    Devices on it cannot be restarted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.id = "nowhere"
        self.keeps_history = False
