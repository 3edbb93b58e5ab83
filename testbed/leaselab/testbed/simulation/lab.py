"""A simulated lab to act on and to look at: the very objects of a running one, over a line that leads to a world.

What needs a wire has no answer here: a console to type at, a page to scrape. It is refused, and says so.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import NEVER, format_instant
from leaselab.appliance.licensing import eventlog
from leaselab.appliance.licensing.appliance import ApplianceEvent
from leaselab.appliance.licensing.commands import AnyCommand, SignIn, SignOut
from leaselab.appliance.licensing.report import report
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Refusal
from leaselab.appliance.models.releases import Release, ReleaseError
from leaselab.testbed.clock import Clock
from leaselab.testbed.errors import CallError, ClockStoppedError, NodeFailedError, UnknownNodeError
from leaselab.testbed.faults.engine import row
from leaselab.testbed.faults.front import Faults
from leaselab.testbed.faults.kinds import Fault
from leaselab.testbed.hosting.signins import last_on_first
from leaselab.testbed.node import Node
from leaselab.testbed.simulation.boot import boot, provision
from leaselab.testbed.simulation.faults import SimulatedFaults
from leaselab.testbed.simulation.world import World, settled
from leaselab.testbed.topology.plan import NodePlan, Plan
from leaselab.testbed.views import Advanced, ClockStatus, FaultRow, NodeLogLine, NodeStatus, UserRefusal, UsersOutcome

_event: Final = msgspec.json.Decoder(ApplianceEvent)

OWN: Final = "127.0.0.1"
"""Where simulated users come from."""


class SimulatedLab:
    """What a check needs of a lab (:class:`~leaselab.testbed.checking.lab.CheckedLab`).

    Args:
        plan: of the lab.
        world: its devices, booted and provisioned.
        faults: of the world.
    """

    def __init__(self, plan: Plan, world: World, faults: SimulatedFaults) -> None:
        self.name = plan.lab
        self.plan = plan
        self._line = SimulatedLine(plan, world, faults)
        self.clock = Clock(self._line)
        self.faults = Faults(self._line)
        self._world = world

    def __getitem__(self, name: str) -> Node:
        """Return a node by name.

        Raises:
            UnknownNodeError: there is none.
        """
        if name not in self._world.devices:
            raise UnknownNodeError(f"the lab {self.name} has no node {name}", hint=f"it has {', '.join(self.names())}")
        return Node(name, self._line, Path())

    def names(self) -> tuple[str, ...]:
        """Return the nodes' names in the file's order, the cloud first."""
        return tuple(self._world.devices)

    def logs(self, nodes: Iterable[str] = ()) -> Iterator[NodeLogLine]:
        """Yield the appliances' own log lines, in order of the lab's time; of all nodes by default."""
        names = list(nodes) or list(self.names())
        lines = [line for name in names for line in self._line.log(name)]
        return iter(sorted(lines, key=lambda line: (line.at, names.index(line.node), line.n)))


class SimulatedLine:
    """Answers what the host of a running lab answers (:mod:`leaselab.testbed.hosting.verbs`).

    Args:
        plan: of the lab.
        world: its devices.
        faults: of the world.
    """

    def __init__(self, plan: Plan, world: World, faults: SimulatedFaults) -> None:
        self._plans = {node.name: node for node in plan.nodes}
        self._world = world
        self._faults = faults
        self._verbs: dict[str, Callable[[dict[str, Any]], Any]] = {
            "clock": lambda _request: self._clock(),
            "advance": self._advance,
            "node_status": lambda request: self._status(request["node"]),
            "node": lambda request: self._node(request["node"], request["request"]),
            "users": lambda request: self._users(request["node"], request["count"]),
            "faults": lambda _request: [row(entry) for entry in faults.entries],
            "fault_inject": self._inject,
            "fault_clear": self._clear,
            "upgrade": self._upgrade,
            **dict.fromkeys(("start", "stop", "kill", "restart", "reset"), self._switch),
        }

    def call(
        self,
        do: str,
        *,
        on_progress: Callable[[dict[str, Any]], None] | None = None,  # noqa: ARG002 - over before it could be told
        **arguments: Any,
    ) -> Any:
        """Answer one request.

        Raises:
            LeaselabError: the lab says no, or a simulation has no such thing.
        """
        if do not in self._verbs:
            raise CallError(f"a simulation cannot do {do!r}", hint="bring the file's lab up for that")
        answer = self._verbs[do]({"do": do, **arguments})
        self._world.run(self._world.clock.now())  # what follows at this instant has happened when the caller hears
        return msgspec.to_builtins(answer)

    def stream(self, do: str, **_arguments: Any) -> Iterator[Any]:
        """Refuse: a simulation keeps no events beside its devices' own.

        Raises:
            CallError: always.
        """
        raise CallError(f"a simulation has no {do}", hint="bring the file's lab up for that")

    def log(self, name: str) -> Iterator[NodeLogLine]:
        """Yield the lines of a node's log, oldest first."""
        config = self._world.config(name)
        if not isinstance(config, ApplianceConfig):
            return
        host = config.hostname or name
        for number, at, body in self._world.store.history(name):
            for line in eventlog.lines(_event.decode(body), at):
                text = eventlog.format_line(line, at, host, config.time_zone)
                yield NodeLogLine(node=name, n=number, at=at, severity=line.severity, code=line.code, text=text)

    # --- time ---

    def _clock(self) -> ClockStatus:
        world = self._world
        return ClockStatus(now=world.clock.now(), mode="virtual", rate=0, next_due=min(world.next_due(), NEVER))

    def _advance(self, request: dict[str, Any]) -> Advanced:
        start = self._world.clock.now()
        to = request["to"] if "to" in request else start + request["by"]
        if to < start:
            raise ClockStoppedError(f"the lab is at {format_instant(start)} already; time does not go back")
        self._world.run(to)
        return Advanced(start=start, to=to, now=to, grants=0, state="ready")

    # --- nodes ---

    def _status(self, name: str) -> NodeStatus:
        config = self._world.config(name)
        return NodeStatus(
            name=name,
            kind=config.kind if isinstance(config, ApplianceConfig) else "cloud",
            phase="off" if name in self._world.network.refusing else "ready",
            prompt="",
            provisioned=True,
            waits_for="",
            failure="",
            addresses=config.addresses,
            ports={},
            admin_url="",
            metrics_url="",
        )

    def _node(self, name: str, request: dict[str, Any]) -> Any:
        state = self._appliance(name)
        if request["do"] == "report":
            return report(state, self._world.now(name))
        if request["do"] != "command":
            raise CallError(f"{name}: a simulation has no {request['do']}", hint="bring the file's lab up for that")
        command = request["command"]
        reply = self._world.ask(name, msgspec.convert(command, AnyCommand))
        if isinstance(reply, Refusal):
            refused = {"reason": reply.reason, "message": f"{command['type']}: {reply.message}"}
            return {"reply": None, "refused": refused}
        return {"reply": reply, "refused": None}

    def _appliance(self, name: str) -> ApplianceState:
        """Return the state of an appliance that is on."""
        state = self._world.devices[name].state
        if not isinstance(state, ApplianceState):
            raise CallError(f"{name} is the vendor's cloud", hint="name an appliance")
        if name in self._world.held:
            raise NodeFailedError(f"{name} is off, or a fault holds it", hint="start it, or clear the fault")
        return state

    def _users(self, name: str, count: int) -> UsersOutcome:
        """Sign users in, the lowest numbers first, or out, the highest first, as on a running lab."""
        sessions = [msgspec.to_builtins(session) for session in self._appliance(name).sessions.values()]
        signed_in, refused = len(sessions), list[UserRefusal]()
        for session in sorted(sessions, key=last_on_first)[: max(0, signed_in - count)]:
            self._world.ask(name, SignOut(session=session["id"]))
            signed_in -= 1
        taken = {session["user"] for session in sessions}
        missing = (user for number in range(1, count + 1) if (user := f"user{number}") not in taken)
        while signed_in + len(refused) < count:
            user = next(missing)
            reply = self._world.ask(name, SignIn(user=user, source=OWN))
            if isinstance(reply, Refusal):
                refused.append(UserRefusal(user=user, why=reply.message))
            else:
                signed_in += 1
        return UsersOutcome(signed_in=signed_in, refused=tuple(refused))

    def _switch(self, request: dict[str, Any]) -> None:
        name, act = request["node"], request["do"]
        if act == "reset":
            self._reset(self._plans[name])
        else:
            settled(self._faults.world.power(name, "kill" if act == "stop" else act))

    def _reset(self, node: NodePlan) -> None:
        """Begin a device's life anew, and enter what the file wants of it."""
        world = self._world
        world.store.erase(node.name)
        world.switch_on(node.config)
        if isinstance(node.config, ApplianceConfig):
            boot(world, node.config)
        provision(world, node)

    def _upgrade(self, request: dict[str, Any]) -> None:
        name = request["node"]
        self._appliance(name)
        try:
            release = str(Release.parse(request["release"]))
        except ReleaseError as error:
            raise CallError(str(error)) from None
        self._world.restart(name, release=release)

    # --- faults ---

    def _inject(self, request: dict[str, Any]) -> FaultRow:
        return row(self._faults.inject(msgspec.convert(request["fault"], Fault)))

    def _clear(self, request: dict[str, Any]) -> list[FaultRow]:
        there = {entry.number: entry for entry in self._faults.entries}
        unknown = [number for number in request["numbers"] if number not in there]
        if unknown:
            raise CallError(f"there is no fault {unknown[0]}", hint=f"there are {sorted(there) or 'none'}")
        rows = [row(there[number]) for number in request["numbers"] or there]
        self._faults.clear([there[one.n] for one in rows])
        return rows
