"""A store whose disk can be full: what a disk-full fault acts on."""

import errno
import os
from collections.abc import Iterable

from leaselab.appliance.instants import Instant
from leaselab.appliance.ports import Store


class LimitedStore:
    """One device's view of a store, which refuses to write while ``full``.

    Args:
        store: the store itself, which other devices may share.
    """

    def __init__(self, store: Store) -> None:
        self.id = store.id
        self.keeps_history = store.keeps_history
        self.full = False
        self._store = store

    def load(self, device: str) -> tuple[bytes | None, Iterable[tuple[Instant, bytes]]]:
        """Return the latest snapshot, if any, and the events after it."""
        return self._store.load(device)

    def append(self, device: str, at: Instant, events: list[bytes]) -> None:
        """Add events.

        Raises:
            OSError: the disk is full; nothing was added.
        """
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._store.append(device, at, events)

    def snapshot(self, device: str, state: bytes) -> None:
        """Keep the whole state; it follows what was appended, so a full disk never gets here."""
        self._store.snapshot(device, state)

    def history(self, device: str, after: int = 0, latest: int = -1) -> Iterable[tuple[int, Instant, bytes]]:
        """Return the events later than number ``after``, or the ``latest`` so many of them."""
        return self._store.history(device, after, latest)

    def erase(self, device: str) -> None:
        """Forget a device."""
        self._store.erase(device)

    async def durable(self) -> None:
        """Return once all that was appended is on disk."""
        await self._store.durable()
