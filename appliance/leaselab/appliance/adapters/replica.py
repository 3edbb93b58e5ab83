"""A device's history that is kept on the lab's disk: the device has a copy in memory, and its machine keeps nothing.

What is appended goes to the lab over the control channel, and is durable when the lab says that it is on disk. So a
device that has lost its machine has lost nothing that it ever answered, and goes on wherever it is started next.
"""

import asyncio
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, Final

from leaselab.appliance.adapters.control import Channel, ControlError
from leaselab.appliance.instants import Instant

PAGE: Final = 10_000
"""Events of one answer when a history is fetched: a few megabytes, far below what a line of the channel may hold."""


class ReplicaError(OSError):
    """The lab does not keep what it was told; the message says why."""


class ReplicatedStore:
    """The history of one device. Use :meth:`fetch`.

    Args:
        channel: to the lab, which keeps the history.
        device: whose it is.
    """

    def __init__(self, channel: Channel, device: str) -> None:
        self.id = secrets.token_hex(16)
        self.keeps_history = True
        self._channel = channel
        self._device = device
        self._snapshot: tuple[int, bytes | None] = (0, None)
        self._events: list[tuple[int, Instant, bytes]] = []
        self._pending: list[dict[str, Any]] = []
        self._under_way: asyncio.Task[None] | None = None
        self._failed: ReplicaError | None = None

    @classmethod
    async def fetch(cls, channel: Channel, device: str) -> "ReplicatedStore":
        """Return the store with all that the lab has of a device.

        Raises:
            ConnectionError: the lab has gone.
            ControlError: the lab cannot read it.
        """
        store = cls(channel, device)
        more = True
        while more:
            page = await channel.ask({"event": "recall", "node": device, "after": store._last})
            if page["snapshot"] is not None:
                store._snapshot = (page["snapshot_number"], page["snapshot"].encode())
            store._events += [(number, at, body.encode()) for number, at, body in page["events"]]
            more = len(page["events"]) == PAGE
        return store

    def load(self, device: str) -> tuple[bytes | None, Iterable[tuple[Instant, bytes]]]:
        """Return the latest snapshot, if any, and the events after it, oldest first."""
        number, state = self._snapshot
        return state, [(at, body) for _, at, body in self.history(device, number)]

    def append(self, _device: str, at: Instant, events: list[bytes]) -> None:
        """Add events.

        Raises:
            ReplicaError: the lab did not keep what it was told before; memory and disk no longer agree.
        """
        if self._failed is not None:
            raise self._failed
        first = self._last + 1
        self._events += [(first + offset, at, body) for offset, body in enumerate(events)]
        self._pending.append({"append": [body.decode() for body in events], "at": at})

    def snapshot(self, _device: str, state: bytes) -> None:
        """Keep the whole state as of the last event appended."""
        self._snapshot = (self._last, state)
        self._pending.append({"snapshot": state.decode()})

    def history(self, _device: str, after: int = 0, latest: int = -1) -> Iterator[tuple[int, Instant, bytes]]:
        """Return number, instant and text of each event later than number ``after``, or of the ``latest`` of them."""
        if not self._events:
            return iter(())
        first = max(0, after + 1 - self._events[0][0])
        return iter(self._events[first if latest < 0 else max(first, len(self._events) - latest) :])

    def erase(self, _device: str) -> None:
        """Forget all of the device (factory reset)."""
        self._events, self._snapshot = [], (0, None)
        self._pending.append({"erase": True})

    async def durable(self) -> None:
        """Return once all that was appended is on the lab's disk; those who ask meanwhile share the next message."""
        if self._failed is not None:
            raise self._failed
        while self._pending or self._under_way is not None:
            if self._under_way is None:
                self._under_way = asyncio.get_running_loop().create_task(self._send())
            await asyncio.shield(self._under_way)

    async def _send(self) -> None:
        acts, self._pending = self._pending, []
        try:
            await self._channel.ask({"event": "keep", "node": self._device, "acts": acts})
        except (ControlError, ConnectionError) as error:
            self._failed = ReplicaError(f"the lab does not keep the history of {self._device}: {error}")
            raise self._failed from error
        finally:
            self._under_way = None

    @property
    def _last(self) -> int:
        return self._events[-1][0] if self._events else 0

    def close(self) -> None:
        """Do nothing: the lab has it."""
