"""A lab as its host has it: the nodes brought to a plan, and kept there; all that must outlive the host is on disk."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.control import SHUT_DOWN
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import MILLISECOND, Instant
from leaselab.appliance.models.phases import Phase
from leaselab.appliance.models.releases import Release, ReleaseError
from leaselab.testbed.errors import CallError, LeaselabError, NodeFailedError, ProvisioningRefusedError
from leaselab.testbed.eventkinds import EventKind
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.faults.book import Book
from leaselab.testbed.faults.engine import ENGINE, Engine
from leaselab.testbed.faults.kinds import CLONE, SAME, clone_of
from leaselab.testbed.faults.running import RunningWorld
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.hosting.crowds import Crowds
from leaselab.testbed.hosting.fleet import Fleet, Seat
from leaselab.testbed.hosting.provisioning import Provisioner
from leaselab.testbed.hosting.signins import SignIns
from leaselab.testbed.journal import Journal
from leaselab.testbed.runtimes.protocol import Runtime
from leaselab.testbed.timekeeper.keeper import Timekeeper
from leaselab.testbed.topology import steps
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.topology.steps import CREATE, REMOVE, RESTART
from leaselab.testbed.views import Progress, Step, UpOutcome

STANDING: Final = "standing.json"
"""What the plan does not say: how late the lab is, and how far each node has been brought."""

UPGRADE_SECONDS: Final = 60.0
"""For a node to come back with another release."""

FIRST: Final = -1
"""Among those due at one instant: a fault that begins then is felt by what happens then."""

AT_ONCE: Final = 64
"""Nodes started side by side. They share commits: more at once means fewer waits for the disk."""


class NodeStanding(msgspec.Struct, frozen=True):
    """How far a node has been brought. ``off`` says that a person switched it off."""

    provisioned: bool = False
    users_set: bool = False
    off: bool = False


class Standing(msgspec.Struct, frozen=True):
    """What a new host must know of a lab that an earlier one had."""

    now: Instant
    nodes: dict[str, NodeStanding] = {}
    faults: Book = msgspec.field(default_factory=Book)


class RaisedLab:
    """One lab: its nodes, clock and events.

    Args:
        folder: the lab's.
        plan: what it is to be, or was when the last host had it.
        now: the first instant of a new lab.
        runtime: makes the runtime that nodes run in.
        journal: of what the lab makes.
        on_progress: told of each step of each node.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        *,
        now: Instant,
        runtime: Callable[["RaisedLab"], Runtime],
        journal: Journal,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.folder = folder
        self.plan: Plan | None = None
        self.journal = journal
        standing = _read_standing(folder / STANDING)
        self._standing = standing.nodes if standing else {}
        self.timekeeper = Timekeeper(
            standing.now if standing else now,
            real=plan.clock.mode == "real",
            on_event=self._clock_event,
            keep=self._keep,
        )
        self.events = EventLog(folder, now=lambda: self.timekeeper.now)
        self.fleet = Fleet(self.timekeeper, self.events, on_progress=on_progress, on_console=self._done_at_console)
        self._switching: set[asyncio.Task[None]] = set()
        self.faults = Engine(
            RunningWorld(self.fleet, self.events, plan=lambda: self.plan), standing.faults if standing else None
        )
        self.fleet.surroundings = self.faults
        self.sign_ins = SignIns(plan.authority_certificate)
        self.crowds = Crowds(self.timekeeper, self.fleet, self.sign_ins, self.events)
        self.provisioner = Provisioner(
            self.fleet,
            self.timekeeper,
            self.sign_ins,
            self.events,
            on_progress=on_progress,
            on_done=self.remember,
        )
        self._make_runtime = runtime
        self._rate = plan.clock.rate
        self._provisioning: asyncio.Task[None] | None = None

    async def _keep(self) -> None:
        await self.fleet.keep()

    async def open(self) -> None:
        """Make ready for nodes."""
        await self.fleet.open(self._make_runtime(self))
        self._provisioning = asyncio.get_running_loop().create_task(self.provisioner.run())

    async def bring_to(self, plan: Plan, existing: Plan | None, within_seconds: float) -> UpOutcome:
        """Bring the lab to a plan; nothing is touched that does not differ, or is not off by accident.

        Raises:
            NodeFailedError: a node did not start, or not everything was ready in time.
        """
        done = steps.steps(plan, existing)
        try:
            async with asyncio.timeout(within_seconds):
                await self._take(plan, existing, done)
                await self.provisioner.rest()
        except TimeoutError:
            raise self._too_late(within_seconds) from None
        self._complain()
        self.crowds.follow(plan)
        await self.faults.declare(plan.faults, self.timekeeper.now)
        await self.after_faults()
        self.timekeeper.start()
        if self._rate and not self.timekeeper.real and not self.timekeeper.rate:
            self.timekeeper.set_rate(self._rate)
        waiting = {
            name: seat.prompt for name, seat in self.fleet.seats.items() if seat.prompt and seat.phase != Phase.READY
        }
        refused = {name: one.refused for name, one in self.provisioner.users.items() if one.refused}
        self.events.add("up", steps=sum(step.action != steps.KEEP for step in done))
        return UpOutcome(steps=done, waiting=waiting, refused=refused)

    async def _take(self, plan: Plan, existing: Plan | None, done: tuple[Step, ...]) -> None:
        """Carry the steps out, then see to it that every node is on that nobody switched off."""
        actions: dict[str, set[str]] = {}
        for step in done:
            actions.setdefault(step.node, set()).add(step.action)
        for name, wanted in actions.items():
            if name in self.fleet.seats:
                if REMOVE in wanted:
                    await self.fleet.remove(name)
                elif RESTART in wanted:
                    await self.fleet.stop(name)
        self.provisioner.broken = None
        self._seat(plan, existing, actions)
        self.plan = plan
        with explained("write the lab's plan"):
            write_whole(self.folder / "plan.json", plan.to_json())
        await self._start([seat for seat in self.fleet.seats.values() if not self._is_meant_off(seat)])

    def _seat(self, plan: Plan, existing: Plan | None, actions: dict[str, set[str]]) -> None:
        """Give every node of the plan its seat, in the plan's order."""
        seats: dict[str, Seat] = {}
        known = {node.name: node for node in existing.nodes} if existing is not None else {}
        for node in plan.nodes:
            seat = self.fleet.seats.get(node.name)
            if seat is None:
                before = self._standing.get(node.name, NodeStanding())
                seat = Seat(plan=node, provisioned=before.provisioned, users_set=before.users_set)
            before_node = None if CREATE in actions.get(node.name, ()) else known.get(node.name)
            seat.entering = steps.entering(node, before_node, provisioned=seat.provisioned)
            seat.provisioned = before_node is not None and seat.provisioned and not seat.entering
            seat.users_set = before_node is not None and seat.users_set and before_node.users == node.users
            seat.plan, seat.tried = node, False
            seats[node.name] = seat
        clones = {name: seat for name, seat in self.fleet.seats.items() if seat.clone_of in seats}
        self.fleet.seats.clear()
        self.fleet.seats.update({**clones, **seats})
        self._seat_clones(plan)
        self.fleet.changed.set()  # there may be something to provision

    def _seat_clones(self, plan: Plan) -> None:
        """Give the clones that an earlier host of the lab had their seats again."""
        nodes = {node.name: node for node in plan.nodes}
        for fault in self.faults.book.in_force():
            copy = clone_of(fault.node)
            if fault.kind == CLONE and fault.node in nodes and copy not in self.fleet.seats:
                from leaselab.testbed.topology.planner import cloned  # with it comes the schema; few labs have clones

                clone = cloned(nodes[fault.node], copy, plan, same_identity=fault.identity == SAME)
                self.fleet.seat_clone(fault.node, clone)

    async def _start(self, seats: list[Seat]) -> None:
        """Switch nodes on, some at once; the first that fails stops it, and is named."""
        at_once = asyncio.Semaphore(AT_ONCE)

        async def start(seat: Seat) -> None:
            async with at_once:
                await self.fleet.start(seat.plan.name)

        starting = [asyncio.ensure_future(start(seat)) for seat in seats if seat.running is None]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            raise

    def _is_meant_off(self, seat: Seat) -> bool:
        return self._standing.get(seat.plan.name, NodeStanding()).off

    def _too_late(self, seconds: float) -> NodeFailedError:
        late = {
            name: self.provisioner.waits_for(name) or "its users"
            for name, seat in self.fleet.seats.items()
            if not seat.provisioned or (seat.plan.users and not seat.users_set)
        }
        words = "; ".join(f"{name} waits for {what}" for name, what in list(late.items())[:3])
        return NodeFailedError(
            f"not everything was up within {seconds:g} s: {words or 'the lab is slow'}",
            hint="`leaselab up FILE` goes on where it stopped; `--timeout` gives it longer",
        )

    def _complain(self) -> None:
        """Fail an `up` whose file a node refused; the lab stays, so that it can be looked at."""
        if self.provisioner.broken is not None:
            raise self.provisioner.broken
        halted = {
            name: seat.prompt for name, seat in self.fleet.seats.items() if seat.phase == Phase.HALTED and seat.prompt
        }
        for name, why in halted.items():
            raise NodeFailedError(f"{name}: {why}", hint="mend that, then call `leaselab up` again")
        failed = {name: seat.failure for name, seat in self.fleet.seats.items() if seat.tried and seat.failure}
        if failed:
            name, why = next(iter(failed.items()))
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise ProvisioningRefusedError(
                f"{name} did not take what the file wants: {why}{more}",
                hint="mend the file and call `leaselab up` again; `leaselab status` shows what stands",
            )

    def remember(self) -> None:
        """Write down what the plan does not say."""
        nodes = {
            name: NodeStanding(provisioned=seat.provisioned, users_set=seat.users_set, off=self._is_meant_off(seat))
            for name, seat in self.fleet.seats.items()
        }
        self._standing = nodes
        standing = Standing(now=self.timekeeper.now, nodes=nodes, faults=self.faults.book)
        with explained("write how the lab stands"):
            write_whole(self.folder / STANDING, msgspec.json.encode(standing), sync=False)

    async def after_faults(self) -> None:
        """Let happen what the faults that have just begun or ended bring about, and remember them."""
        self.timekeeper.register(ENGINE, self.faults, self.faults.book.next_at(), priority=FIRST)
        await self.timekeeper.settle()
        self.remember()

    async def upgrade(self, name: str, release: str) -> None:
        """Restart a node with another release.

        Raises:
            CallError: there is no such release, or the node has none.
        """
        plan, config = self.plan, self.fleet.seat(name).plan.config
        if plan is None or not isinstance(config, ApplianceConfig):
            raise CallError(f"{name} is the vendor's cloud; it has no release", hint="name an appliance")
        try:
            wanted = str(Release.parse(release))
        except ReleaseError as error:
            raise CallError(str(error)) from None
        upgraded = msgspec.structs.replace(config, release=wanted)
        nodes = tuple(
            msgspec.structs.replace(node, config=upgraded) if node.name == name else node for node in plan.nodes
        )
        await self.bring_to(msgspec.structs.replace(plan, nodes=nodes), plan, UPGRADE_SECONDS)

    async def switch(self, name: str, act: str) -> None:
        """Switch one node: ``start``, ``stop``, ``restart``, ``kill`` or ``reset``.

        Raises:
            LeaselabError: there is no such node, or it does not start.
        """
        seat = self.fleet.seat(name)
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "start": lambda: self.fleet.start(name),
            "stop": lambda: self.fleet.stop(name),
            "kill": lambda: self.fleet.kill(name),
            "restart": lambda: self._again(name, self.fleet.stop),
            "reset": lambda: self._again(name, self.fleet.erase),
        }
        await acts[act]()
        self._standing[name] = NodeStanding(
            provisioned=seat.provisioned, users_set=seat.users_set, off=seat.phase == Phase.OFF
        )
        self.remember()
        if seat.phase != Phase.OFF:
            await self.timekeeper.settle()
            await self.provisioner.rest()

    def _done_at_console(self, name: str, what: str) -> None:
        """Keep in mind what somebody did at a node's console, as if it had been done with the lab's own verbs."""
        if what == SHUT_DOWN:
            self._switch_soon(name, "stop")
        else:
            self.remember()

    def machine_lost(self, name: str) -> None:
        """Start a node elsewhere whose machine has gone, if the file has it so. Where that fails its event says why."""
        if self.fleet.seat(name).plan.container.reschedule:
            self._switch_soon(name, "start")

    def _switch_soon(self, name: str, act: str) -> None:
        async def switch() -> None:
            with contextlib.suppress(LeaselabError):
                await self.switch(name, act)

        task = asyncio.get_running_loop().create_task(switch())
        self._switching.add(task)
        task.add_done_callback(self._switching.discard)

    async def _again(self, name: str, first: Callable[[str], Awaitable[None]]) -> None:
        await first(name)
        self.fleet.seat(name).tried = False
        await self.fleet.start(name)

    async def close(self) -> None:
        """Stop the clock and every node, in good order."""
        await self.timekeeper.close()
        if self._provisioning is not None:
            self._provisioning.cancel()
            with contextlib.suppress(asyncio.CancelledError, LeaselabError):
                await self._provisioning
        if self._switching:
            await asyncio.wait(self._switching)
        self.sign_ins.close()
        try:
            await self.fleet.close()
        finally:  # also where the engine does not answer
            self.events.close()

    def _clock_event(self, kind: EventKind, fields: dict[str, Any]) -> None:
        self.events.add(kind, str(fields.pop("node", "")), **fields)


def first_instant(plan: Plan, wall_seconds: float) -> Instant:
    """Return where a new lab's time begins: the file's start, or the present with ``mode: real``."""
    return int(wall_seconds * 1_000) * MILLISECOND if plan.clock.start is None else plan.clock.start


def _read_standing(path: Path) -> Standing | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(content, type=Standing)
    except msgspec.MsgspecError as error:
        raise LeaselabError(
            f"{path} is damaged: {error}", hint="take the lab down, and up again: it then begins anew"
        ) from error
