"""Nodes that live elsewhere and dial out to the lab: what the lab holds of one, and how their calls are taken."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Final, Generic, TypeVar

from leaselab.appliance.adapters.control import Channel
from leaselab.appliance.instants import Instant
from leaselab.testbed.errors import EngineError, GoneError, NodeFailedError
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.runtimes.protocol import Watcher

LAST_WORDS_SECONDS: Final = 0.5
"""For what a node said of its failure to arrive, once an engine knows already that it has ended."""

Hello = tuple[Channel, dict[str, Any]]
"""A node's connection, and what it said on it first."""


class DialledNode:
    """A node at the other end of a channel. Who runs it says how it stops.

    Args:
        name: of the node.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: ProcessId | None = None
        self.machine = ""
        self.next_due: Instant = 0
        self.now: Instant = 0
        self.stopping = False
        self.channel: Channel | None = None

    @property
    def up(self) -> bool:
        """Whether it has said hello."""
        return self.channel is not None

    def met(self, channel: Channel, hello: dict[str, Any]) -> None:
        """Take the connection and what the node said on it first."""
        self.channel = channel
        self.next_due, self.now = hello["next_due"], hello["now"]

    async def grant(self, to: Instant) -> Instant:
        """Let it do all that is due by ``to``; return when it wants to wake next."""
        next_due: Instant = (await self.request({"do": "grant", "to": to}))["next_due"]
        return next_due

    async def observe(self, at: Instant) -> None:
        """Set its clock."""
        await self.request({"do": "observe", "at": at})

    async def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request over its control channel."""
        if self.channel is None:
            raise ConnectionResetError(f"{self.name} has not said hello")
        return await self.channel.ask(request)

    def hang_up(self) -> None:
        """Close the channel, which a node takes for the order to stop in good order."""
        if self.channel:
            self.channel.close()


class Reception:
    """Takes nodes' calls.

    Args:
        watcher: told what nodes do by themselves.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._hellos: dict[str, asyncio.Future[Hello]] = {}

    @contextlib.contextmanager
    def expecting(self, name: str) -> Iterator["asyncio.Future[Hello]"]:
        """Expect a node's first words inside: a hello, or why it cannot be up."""
        hello = self._hellos[name] = asyncio.get_running_loop().create_future()
        try:
            yield hello
        finally:
            del self._hellos[name]
            if hello.done() and not hello.cancelled():
                hello.exception()  # looked at: whoever expected it may have failed for another reason
            hello.cancel()

    def connection(self, *, only: str = "", on_lost: Callable[[], None] = lambda: None) -> Channel:
        """Take a call. With ``only`` nobody but that node may speak on it, whatever it says it is."""
        channel: Channel = Channel(partial(self.heard, lambda: channel, only), on_lost=on_lost)
        return channel

    async def heard(self, channel: Callable[[], Channel], only: str, message: dict[str, Any]) -> dict[str, Any]:
        """Take what a node says.

        Raises:
            PermissionError: it says so in another's name.
        """
        if only and message.get("node") != only:
            raise PermissionError(f"this is the line of {only}")
        match message:
            case {"event": "wakes", "node": node, "next_due": next_due}:
                self._watcher.wakes(node, next_due)
            case {"event": "phase", "node": node, "phase": phase, "prompt": prompt}:
                self._watcher.phase(node, phase, prompt)
            case {"event": "hello", "node": node} if self._expects(node):
                self._hellos[node].set_result((channel(), message))
            case {"event": "failed", "node": node, "why": why} if self._expects(node):
                self._hellos[node].set_exception(NodeFailedError(f"{node}: {why}"))
        return {}

    def _expects(self, node: str) -> bool:
        return node in self._hellos and not self._hellos[node].done()


async def first_words(
    hello: "asyncio.Future[Hello]",
    *,
    look_seconds: float,
    failure: Callable[[], Awaitable[NodeFailedError | None]],
) -> Hello:
    """Wait for a node's first words.

    Args:
        hello: done once they are there.
        look_seconds: how often whoever runs the node is asked meanwhile.
        failure: asks, and returns why there will be none: it has ended, or cannot run.

    Raises:
        NodeFailedError: it told so itself, or ``failure`` did.
    """
    while not hello.done():
        await asyncio.wait([hello], timeout=look_seconds)
        if not hello.done() and (error := await failure()):
            await asyncio.wait([hello], timeout=LAST_WORDS_SECONDS)
            if not hello.done():
                raise error
    return hello.result()


N = TypeVar("N", bound=DialledNode)


class Losses(Generic[N]):
    """Finds out of nodes in an engine why they have gone, if nobody has stopped them.

    Args:
        cause: asks the engine how a node ended.
        remove: removes what is left of it.
        tell: told of the node and why, once nothing of it is left.
    """

    def __init__(
        self,
        *,
        cause: Callable[[N], Awaitable[str]],
        remove: Callable[[N], Awaitable[None]],
        tell: Callable[[N, str], None],
    ) -> None:
        self._cause = cause
        self._remove = remove
        self._tell = tell
        self._looking: set[asyncio.Task[None]] = set()

    def look_into(self, node: N) -> None:
        """Look into the loss of a node's line, beside everything else."""
        if node.up and not node.stopping:
            looking = asyncio.ensure_future(self._find_out(node))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    async def settled(self) -> None:
        """Return once nothing is left to find out."""
        if self._looking:
            await asyncio.wait(self._looking)

    async def _find_out(self, node: N) -> None:
        try:
            why = await self._cause(node)
        except GoneError:
            why = "it was removed from the engine"
        except EngineError as error:
            why = error.message
        with contextlib.suppress(EngineError):  # the journal still has it
            await self._remove(node)
        if not node.stopping:
            self._tell(node, why)
