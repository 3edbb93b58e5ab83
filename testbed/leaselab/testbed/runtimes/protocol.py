"""What the lab asks of whatever runs its nodes."""

from typing import Any, Protocol

from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.testbed.processes import ProcessId


class Watcher(Protocol):
    """Who is told what nodes do by themselves."""

    def wakes(self, node: str, next_due: Instant) -> None:
        """Note that the node wants to wake earlier than was known. Once this returns, it is known."""
        ...

    def phase(self, node: str, phase: str, prompt: str) -> None:
        """Note that the node's boot has got to a phase, or that its console waits at another prompt."""
        ...

    def lost(self, node: str, why: str) -> None:
        """Note that a node is gone that nobody stopped."""
        ...

    def unrehearsed(self, why: str) -> None:
        """Note that the nodes' processes will be larger than they need be."""
        ...


class RunningNode(Protocol):
    """A node that is switched on.

    Attributes:
        next_due: when it wanted to wake, at its start.
        now: how late it was by its own history, at its start.
        process: its own process; ``None`` where it shares the lab's.
        machine: host name and address of the one that it runs on, where a runtime has several; else empty.
    """

    next_due: Instant
    now: Instant
    process: ProcessId | None
    machine: str

    async def grant(self, to: Instant) -> Instant:
        """Let it do all that is due by ``to``; return when it wants to wake next."""
        ...

    async def observe(self, at: Instant) -> None:
        """Show it an instant at which it has nothing to do."""
        ...

    async def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request over its control channel.

        Raises:
            ControlError: it cannot answer that.
            ConnectionError: it has gone.
        """
        ...

    async def stop(self) -> None:
        """Shut it down in good order."""
        ...

    async def kill(self) -> None:
        """Drop it at once, as a power cut does."""
        ...


class Runtime(Protocol):
    """Runs nodes. Made for one lab, opened once, closed once."""

    async def open(self) -> None:
        """Make ready for nodes."""
        ...

    async def start(self, config: NodeConfig, *, now: Instant) -> RunningNode:
        """Switch a node on; returns when its listeners are open, which is before it has booted.

        Raises:
            NodeFailedError: it did not start; says why.
        """
        ...

    async def erase(self, node: str) -> None:
        """Forget all that a node, which is off, has ever stored."""
        ...

    async def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored, and nothing else."""
        ...

    async def keep(self) -> None:
        """Return once all that nodes did in their grants is on disk."""
        ...

    async def close(self) -> None:
        """Stop what still runs and leave nothing behind."""
        ...
