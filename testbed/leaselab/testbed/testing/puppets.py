"""A lab without devices: its nodes say what they are told to say, and remember what they were asked.

async with staged(folder, text) as stage:
    stage.node("gw1").answers["sessions"] = {"sessions": []}
    await stage.fleet.start("gw1")
    assert ("power-on", "gw1", {}) in await stage.told()
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import NEVER, Instant, parse_instant
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.hosting.fleet import Fleet, Seat
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.timekeeper.keeper import Timekeeper
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.planner import plan
from leaselab.testbed.views import Progress

START: Final = parse_instant("2018-01-01T00:00:00Z")
"""When the clock of every stage begins."""

Answer: TypeAlias = dict[str, Any] | Exception | Callable[[dict[str, Any]], dict[str, Any]]
"""What a request is answered: always the same, an error, or what a function makes of it."""


class Puppet:
    """A node, switched on or off.

    Attributes:
        config: what it was last told at its start.
        on: whether it is switched on.
        ends: how it was switched off, in order: ``stopped`` or ``killed``.
        asked: the requests that it got.
        answers: by what a request does; ``phase``, ``conditions`` and ``provision`` have an answer of their own.
        next_due: when it wants to wake.
        now: the latest instant that it was granted or shown.
        fails: raised by its next grant.
        stuck: raised by the next order to stop, which ends it all the same.
    """

    def __init__(self) -> None:
        self.config: NodeConfig | None = None
        self.on = False
        self.ends: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, Answer] = {
            "phase": {"phase": "ready", "prompt": ""},
            "conditions": {"next_due": NEVER},
            "provision": lambda request: {"outcomes": [{"refused": None, "reply": None} for _ in request["commands"]]},
        }
        self.next_due: Instant = NEVER
        self.now: Instant = 0
        self.fails: Exception | None = None
        self.stuck: Exception | None = None
        self.process: ProcessId | None = None
        self.machine = ""

    async def grant(self, to: Instant) -> Instant:
        """Take a turn."""
        if self.fails is not None:
            raise self.fails
        self.now, self.next_due = to, NEVER
        return self.next_due

    async def observe(self, at: Instant) -> None:
        """Look at the clock."""
        self.now = at

    async def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer as it was told to."""
        self.asked.append(request)
        answer = self.answers[request["do"]]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    async def stop(self) -> None:
        """Go off in good order."""
        self.on = False
        self.ends.append("stopped")
        if self.stuck is not None:
            raise self.stuck

    async def kill(self) -> None:
        """Go off at once."""
        self.on = False
        self.ends.append("killed")


class Puppets:
    """The runtime of puppets.

    Attributes:
        opened: whether it is open.
        broken: nodes that do not start, and why.
        erased: nodes that were made to forget, in order.
        copied: whose store was copied for whom, in order.
        kept: how often it was asked to put on disk what nodes did.
    """

    def __init__(self) -> None:
        self.opened = False
        self.broken: dict[str, str] = {}
        self.erased: list[str] = []
        self.copied: list[tuple[str, str]] = []
        self.kept = 0
        self._nodes: dict[str, Puppet] = {}

    def node(self, name: str) -> Puppet:
        """Return a node, which need not have been started yet."""
        return self._nodes.setdefault(name, Puppet())

    async def open(self) -> None:
        """Make ready."""
        self.opened = True

    async def start(self, config: NodeConfig, *, now: Instant) -> Puppet:
        """Switch a node on.

        Raises:
            NodeFailedError: it is one of those that do not start.
        """
        if config.name in self.broken:
            raise NodeFailedError(self.broken[config.name])
        node = self.node(config.name)
        node.config, node.on = config, True
        node.now = max(node.now, now)
        return node

    async def erase(self, node: str) -> None:
        """Note that a node forgets."""
        self.erased.append(node)

    async def copy(self, node: str, copy: str) -> None:
        """Note that a node's store is copied."""
        self.copied.append((node, copy))

    async def keep(self) -> None:
        """Count."""
        self.kept += 1

    async def close(self) -> None:
        """Be over."""
        self.opened = False


class Stage:
    """A fleet of puppets for the nodes of a file, and what it tells of them.

    Args:
        folder: for the event log.
        text: of the topology file.

    Attributes:
        progress: told so far.
        at_console: what was told of people at consoles: ``(node, what)``.
    """

    def __init__(self, folder: Path, text: str) -> None:
        self.puppets = Puppets()
        self.node = self.puppets.node
        self.timekeeper = Timekeeper(START)
        self.events = EventLog(folder, now=lambda: self.timekeeper.now)
        self.progress: list[Progress] = []
        self.at_console: list[tuple[str, str]] = []
        self.fleet = Fleet(
            self.timekeeper,
            self.events,
            on_progress=self.progress.append,
            on_console=lambda node, what: self.at_console.append((node, what)),
        )
        topology = read(text, file="stage.yml")
        for node in plan(topology, slot=1, privileged=False, runtime="embedded", secret="00" * 32).nodes:
            self.fleet.seats[node.name] = Seat(plan=node, entering=node.provision)

    async def told(self, *kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Return the events so far, of these kinds or of all: kind, node, fields."""
        return [
            (event.kind, event.node, event.fields)
            async for event in self.events.read(0, follow=False)
            if not kinds or event.kind in kinds
        ]


@contextlib.asynccontextmanager
async def staged(folder: Path, text: str) -> AsyncIterator[Stage]:
    """Set a stage, all nodes off, and clear it."""
    stage = Stage(folder, text)
    with contextlib.closing(stage.events):
        await stage.fleet.open(stage.puppets)
        try:
            yield stage
        finally:
            await stage.timekeeper.close()
