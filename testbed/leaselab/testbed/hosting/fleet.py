"""The nodes of a running lab: switched on and off, how far each has come, and what they tell by themselves."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from leaselab.appliance.adapters.control import ERASED, SHUT_DOWN, ControlError
from leaselab.appliance.conditions import CALM, Conditions
from leaselab.appliance.config import CloudConfig, NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.models.phases import Phase
from leaselab.testbed.errors import LeaselabError, NodeFailedError, UnknownNodeError, nearest
from leaselab.testbed.eventkinds import EventKind
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.runtimes.protocol import RunningNode, Runtime
from leaselab.testbed.timekeeper.keeper import Timekeeper
from leaselab.testbed.topology.plan import Entry, NodePlan
from leaselab.testbed.views import NodeStatus, Progress


@dataclass(slots=True)
class Seat:
    """A node of the plan and how it stands.

    Attributes:
        plan: what it is to be.
        running: the node itself while it is switched on.
        entering: what is to be entered to get it there.
        provisioned: all of that has been.
        users_set: the plan's users have been signed in.
    """

    plan: NodePlan
    running: RunningNode | None = None
    entering: tuple[Entry, ...] = ()
    phase: str = Phase.OFF
    prompt: str = ""
    provisioned: bool = False
    users_set: bool = False
    clone_of: str = ""
    """The node that this one is a clone of; a clone is in no plan."""
    tried: bool = False
    """Provisioning was refused; it is tried again at the next `up`."""
    failure: str = ""

    def begin_anew(self) -> None:
        """Note that the device is as it left the factory: everything is to be entered again."""
        self.provisioned = self.users_set = self.tried = False
        self.entering = self.plan.provision

    @property
    def settled(self) -> bool:
        """Whether it has come as far as it comes by itself."""
        return self.phase in (Phase.OFF, Phase.READY, Phase.HALTED) or (
            self.phase == Phase.WIZARD and bool(self.prompt)
        )


class Surroundings(Protocol):
    """What is wrong around nodes (:mod:`leaselab.testbed.faults`)."""

    def around(self, node: str) -> Conditions:
        """Return what is wrong around a node now."""
        ...

    def was_skewed(self, node: str) -> bool:
        """Tell whether a node's clock was ever wrong."""
        ...


class Fleet:
    """The nodes of one lab.

    Args:
        timekeeper: of the lab.
        events: of the lab.
        on_progress: told of every phase a node reaches.
        on_console: told of what somebody did to a node at its console: ``erased`` or ``shut-down``.
    """

    def __init__(
        self,
        timekeeper: Timekeeper,
        events: EventLog,
        *,
        on_progress: Callable[[Progress], None],
        on_console: Callable[[str, str], None],
    ) -> None:
        self.seats: dict[str, Seat] = {}
        self.changed = asyncio.Event()
        self._timekeeper = timekeeper
        self._events = events
        self._on_progress = on_progress
        self._on_console = on_console
        self._runtime: Runtime | None = None
        self.surroundings: Surroundings | None = None

    @property
    def runtime(self) -> Runtime | None:
        """What nodes run in, once it is open."""
        return self._runtime

    async def open(self, runtime: Runtime) -> None:
        """Take the runtime that nodes run in."""
        await runtime.open()
        self._runtime = runtime

    def seat(self, name: str) -> Seat:
        """Return a node's seat.

        Raises:
            UnknownNodeError: the lab has no such node.
        """
        if name not in self.seats:
            near = nearest(name, self.seats)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(self.seats)}"
            raise UnknownNodeError(f"the lab has no node {name}", hint=hint)
        return self.seats[name]

    def running(self, name: str) -> RunningNode:
        """Return a node that is switched on.

        Raises:
            UnknownNodeError: the lab has no such node.
            NodeFailedError: it is off.
        """
        running = self.seat(name).running
        if running is None:
            raise NodeFailedError(f"{name} is off", hint=f"`leaselab start {name}` switches it on")
        return running

    async def start(self, name: str) -> None:
        """Switch a node on and wait until it has booted or waits at a prompt; nothing to do if it is on.

        One that has halted is switched off first: that is what its console asks for.

        Raises:
            NodeFailedError: it did not start.
        """
        seat = self.seat(name)
        if seat.running and seat.phase != Phase.HALTED:
            return
        await self.stop(name)
        seat.failure = ""
        self._events.add("power-on", name)
        self.phase(name, Phase.BOOTING, "")
        try:
            seat.running = await self._opened().start(self._told(seat), now=self._timekeeper.now)
        except LeaselabError as error:
            seat.failure = error.message
            self._switched_off(seat, "failed", why=error.message)
            raise
        self._timekeeper.scheduler.reach(seat.running.now)
        self._timekeeper.register(name, seat.running, seat.running.next_due)
        if self.surroundings is not None and (wrong := self.surroundings.around(name)) != CALM:
            await self.suffer(name, wrong)
        standing = await seat.running.request({"do": "phase"})
        begun = standing["phase"] != Phase.OFF  # else its boot has not had its first turn
        self.phase(name, standing["phase"] if begun else Phase.BOOTING, standing["prompt"])
        await self.until(lambda: seat.settled)

    async def suffer(self, name: str, conditions: Conditions) -> None:
        """Put faults in force around a node, and no other; one that is off gets them at its start.

        A node that is paused gets no turns; what comes due meanwhile is overdue when it goes on.
        """
        running = self.seat(name).running
        if running is None:
            return
        request = {"do": "conditions", "conditions": msgspec.to_builtins(conditions)}
        next_due = (await self.request(name, request))["next_due"]
        if conditions.paused:
            self._timekeeper.hold(name)
        else:
            self._timekeeper.register(name, running, next_due)

    def is_paused(self, name: str) -> bool:
        """Tell whether a fault has frozen a node."""
        return self.surroundings is not None and self.surroundings.around(name).paused

    def _told(self, seat: Seat) -> NodeConfig:
        """Return what a node is told at its start: the plan's word, and how wrong its clock is if it ever was."""
        config, surroundings = seat.plan.config, self.surroundings
        if surroundings is None or isinstance(config, CloudConfig) or not surroundings.was_skewed(config.name):
            return config
        return msgspec.structs.replace(config, clock_skew=surroundings.around(config.name).skew)

    async def stop(self, name: str) -> None:
        """Shut a node down in good order; nothing to do if it is off."""
        seat = self.seat(name)
        running, seat.running = seat.running, None
        if running:
            await running.stop()
            self._switched_off(seat, "stopped")

    async def kill(self, name: str) -> None:
        """Cut a node's power; nothing to do if it is off."""
        seat = self.seat(name)
        running, seat.running = seat.running, None
        if running:
            self._timekeeper.forget(name, why="was killed within its grant")
            await running.kill()
            self._switched_off(seat, "killed")

    async def erase(self, name: str) -> None:
        """Forget all that a node has stored; it is off before and after."""
        await self.stop(name)
        await self._opened().erase(name)
        seat = self.seat(name)
        seat.begin_anew()
        self._events.add("erased", name)

    async def clone(self, name: str, plan: NodePlan) -> None:
        """Switch a second machine on that begins with all that a node has stored (VLS-09).

        Args:
            name: the node.
            plan: of the clone.
        """
        await self._opened().copy(name, plan.name)
        self.seat_clone(name, plan)
        await self.start(plan.name)

    def seat_clone(self, name: str, plan: NodePlan) -> None:
        """Give a node's clone its seat: it has all that its original had, so nothing is to be entered."""
        self.seats[plan.name] = Seat(plan=plan, provisioned=True, users_set=True, clone_of=name)

    async def remove(self, name: str) -> None:
        """Take a node out of the lab."""
        await self.erase(name)
        del self.seats[name]

    async def keep(self) -> None:
        """Return once all that nodes did in their grants is on disk."""
        if self._runtime is not None:
            await self._runtime.keep()

    async def close(self) -> None:
        """Switch everything off, all nodes side by side, and leave the runtime.

        A node that does not stop as it should holds up nobody: its failure is raised once all else is done.
        """
        on = [(seat, seat.running) for seat in self.seats.values() if seat.running is not None]
        for seat, _ in on:
            seat.running = None
        ends = await asyncio.gather(*(running.stop() for _, running in on), return_exceptions=True)
        for (seat, _), failure in zip(on, ends, strict=True):
            if failure is None:
                self._switched_off(seat, "stopped")
            else:
                self._switched_off(seat, "failed", why=f"did not stop: {failure}")
        runtime, self._runtime = self._runtime, None
        if runtime:
            await runtime.close()
        for failure in ends:
            if failure is not None:
                raise failure

    async def request(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request over a node's control channel.

        Raises:
            NodeFailedError: it is off, gone, or cannot answer that.
        """
        try:
            return await self.running(name).request(request)
        except ControlError as error:
            raise LeaselabError(str(error)) from error
        except ConnectionError as error:
            raise NodeFailedError(f"{name}: {error}", hint=f"`leaselab start {name}` switches it on") from error
        except OSError as error:  # its disk, in a node that shares our process
            raise NodeFailedError(f"{name}: {error}", hint="`leaselab doctor` looks at the disk") from error

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something about the nodes holds."""
        while not holds():
            self.changed.clear()
            await self.changed.wait()

    def status(self, name: str, waits_for: str = "") -> NodeStatus:
        """Return how a node stands."""
        seat = self.seat(name)
        config = seat.plan.config
        address = config.addresses["internal"]
        process = seat.running.process if seat.running else None
        return NodeStatus(
            name=name,
            kind="cloud" if isinstance(config, CloudConfig) else config.kind,
            phase=seat.phase,
            prompt=seat.prompt,
            provisioned=seat.provisioned,
            waits_for=waits_for,
            failure=seat.failure,
            addresses=config.addresses,
            ports={"ssh": config.ports.ssh, "https": config.ports.https, "metrics": config.ports.metrics},
            admin_url="" if isinstance(config, CloudConfig) else f"{config.ports.web_address(address)}/admin",
            metrics_url=f"http://{address}:{config.ports.metrics}/metrics",
            pid=process.pid if process else 0,
            machine=seat.running.machine if seat.running else "",
        )

    def wakes(self, node: str, next_due: Instant) -> None:
        """Hear that a node wants to wake earlier."""
        self._timekeeper.wakes(node, next_due)

    def phase(self, node: str, phase: str, prompt: str) -> None:
        """Hear how far a node has come."""
        seat = self.seats.get(node)
        if seat is None or (seat.phase, seat.prompt) == (phase, prompt):
            return
        if phase in (ERASED, SHUT_DOWN):
            if phase == ERASED:
                seat.begin_anew()
            self._events.add("erased" if phase == ERASED else "shut-down", node, by="console")
            self._on_console(node, phase)
            return
        if seat.phase != phase:
            self._events.add("phase", node, phase=phase)
        seat.phase, seat.prompt = phase, prompt
        self._on_progress(Progress(node=node, phase=phase, text=prompt))
        self.changed.set()

    def lost(self, node: str, why: str) -> None:
        """Hear that a node has gone that nobody stopped."""
        seat = self.seats.get(node)
        if seat is None or seat.running is None:
            return
        seat.running = None
        seat.failure = why
        self._timekeeper.forget(node, why=why)
        self._switched_off(seat, "lost", why=why)

    def unrehearsed(self, why: str) -> None:
        """Hear that the nodes' processes share less than they could."""
        self._events.add("unrehearsed", why=why)

    def _switched_off(self, seat: Seat, kind: EventKind, **fields: str) -> None:
        self._events.add(kind, seat.plan.name, **fields)
        self._timekeeper.forget(seat.plan.name)
        self.phase(seat.plan.name, Phase.OFF, "")

    def _opened(self) -> Runtime:
        if self._runtime is None:
            raise RuntimeError("the fleet has no runtime yet")
        return self._runtime
