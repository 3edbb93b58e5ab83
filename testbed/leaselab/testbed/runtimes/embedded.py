"""All nodes in the lab's own event loop, with one store between them.

Real TLS and SSH on loopback addresses, no process of its own for anybody: two hundred nodes start in the time that one
process takes, and what they say to each other needs no barrier, since one commit covers both sides.
"""

from pathlib import Path
from typing import Any

from leaselab.appliance.adapters.clocks import LabClock
from leaselab.appliance.adapters.sqlite import SqliteStore
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.main import Node
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.files import explained
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.runtimes.protocol import Watcher


class EmbeddedNode:
    """A node in this process."""

    process: ProcessId | None = None
    machine = ""

    def __init__(self, node: Node, nodes: dict[str, Node]) -> None:
        self.node = node
        self.next_due = node.next_due
        self.now = node.now
        self.grant = node.grant  # one call a grant, no wrapping: this is the hot path of every advance
        self._nodes = nodes

    async def observe(self, at: Instant) -> None:
        """Show it an instant; the clock is everybody's, so the first of all nodes moves it."""
        self.node.observe(at)

    async def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request over its control channel."""
        return await self.node.control(request)

    async def stop(self) -> None:
        """Shut it down in good order."""
        self._nodes.pop(self.node.name, None)
        await self.node.stop()

    async def kill(self) -> None:
        """Drop it at once."""
        self._nodes.pop(self.node.name, None)
        self.node.kill()


class EmbeddedRuntime:
    """Runs nodes in this event loop.

    Args:
        folder: the lab's.
        watcher: told what nodes do.
        now: the lab's instant.
    """

    def __init__(self, folder: Path, watcher: Watcher, *, now: Instant) -> None:
        self._path = folder / "lab.db"
        self._watcher = watcher
        self._clock = LabClock(now)
        self._nodes: dict[str, Node] = {}
        self._store: SqliteStore | None = None

    async def open(self) -> None:
        """Open the store."""
        with explained("open the lab's store"):
            self._store = SqliteStore(self._path)

    async def start(self, config: NodeConfig, *, now: Instant) -> EmbeddedNode:
        """Switch a node on."""
        self._clock.observe(now)
        try:
            node = await Node.start(
                config,
                store=self._opened(),
                clock=self._clock,
                timekeeper=_Timekeeper(self._watcher),
                local_nodes=self._nodes,
                on_phase=self._watcher.phase,
            )
        except OSError as error:
            raise NodeFailedError(
                f"{config.name}: {error}", hint="`leaselab doctor` checks ports and limits"
            ) from error
        self._nodes[config.name] = node
        return EmbeddedNode(node, self._nodes)

    async def erase(self, node: str) -> None:
        """Forget all that a node has ever stored."""
        store = self._opened()
        store.erase(node)
        await store.durable()

    async def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored."""
        store = self._opened()
        store.erase(copy)
        store.copy(node, copy)
        await store.durable()

    async def keep(self) -> None:
        """Commit: within a process order is enough, and a commit a grant would cost more than the grant."""
        if self._store is not None:
            await self._store.durable()

    async def close(self) -> None:
        """Stop what still runs and close the store."""
        for node in tuple(self._nodes.values()):
            await node.stop()
        self._nodes.clear()
        if self._store:
            self._store.close()
            self._store = None

    def _opened(self) -> SqliteStore:
        if self._store is None:
            raise RuntimeError("the runtime is not open")
        return self._store


class _Timekeeper:
    """Hands a device's wishes on; the lab's timekeeper is in this very loop."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Tell the timekeeper."""
        self._watcher.wakes(device, next_due)
