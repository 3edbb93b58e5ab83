"""What a running lab answers: the verbs of the front door and the command line, as its host carries them out."""

import asyncio
import heapq
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import NEVER, format_instant
from leaselab.appliance.models.phases import Phase
from leaselab.testbed.errors import CallError, ClockStoppedError
from leaselab.testbed.faults.engine import row
from leaselab.testbed.faults.kinds import Fault
from leaselab.testbed.hosting.control_server import Emit, stream
from leaselab.testbed.hosting.metrics import metrics_url
from leaselab.testbed.hosting.raising import RaisedLab
from leaselab.testbed.labs import LabRecord
from leaselab.testbed.timekeeper.keeper import Advance, ClockError
from leaselab.testbed.views import Advanced, ClockStatus, FaultRow, LabStatus, NodeLogLine, NodeStatus

FOLLOW_SECONDS: Final = 0.25
"""How often a followed log looks for new lines; appliances do not push theirs."""

Verb = Callable[[dict[str, Any], Emit], Awaitable[Any]]


class Verbs:
    """Answers requests about one lab.

    Args:
        lab: the lab.
        record: what it is.
    """

    def __init__(self, lab: RaisedLab, record: LabRecord) -> None:
        self._lab = lab
        self._record = record
        self._verbs: dict[str, Verb] = {
            "names": self._names,
            "status": self._status,
            "node_status": self._node_status,
            "clock": self._clock,
            "advance": self._advance,
            "rate": self._rate,
            "pause": self._pause,
            "node": self._node,
            "users": self._users,
            "events": self._events,
            "logs": self._logs,
            "snapshot": self._snapshot,
            "faults": self._faults,
            "upgrade": self._upgrade,
            "fault_inject": self._inject,
            "fault_clear": self._clear,
            **dict.fromkeys(("start", "stop", "restart", "kill", "reset"), self._switch),
        }

    async def answer(self, request: dict[str, Any], emit: Emit) -> Any:
        """Answer one request.

        Raises:
            LeaselabError: the lab says no.
            CallError: there is no such request, or a part of it is missing.
        """
        verb = self._verbs.get(request.get("do", ""))
        if verb is None:
            raise CallError(
                f"a lab's host knows no request {request.get('do')!r}", hint="both ends must be one release"
            )
        try:
            return await verb(request, emit)
        except ClockError as error:
            raise ClockStoppedError(str(error)) from error
        except KeyError as error:
            raise CallError(f"request {request['do']} lacks {error}", hint="both ends must be one release") from error

    async def _names(self, _request: dict[str, Any], _emit: Emit) -> list[str]:
        return list(self._lab.fleet.seats)

    async def _status(self, _request: dict[str, Any], _emit: Emit) -> LabStatus:
        nodes = tuple(self._of_node(name) for name in self._lab.fleet.seats)
        return LabStatus(
            name=self._record.name,
            runtime=self._record.runtime,
            topology=self._record.topology,
            state=_state(nodes),
            clock=self._of_clock(),
            nodes=nodes,
            pid=os.getpid(),
            folder=str(self._lab.folder),
            metrics_url=metrics_url(self._record.slot),
        )

    async def _node_status(self, request: dict[str, Any], _emit: Emit) -> NodeStatus:
        return self._of_node(request["node"])

    def _of_node(self, name: str) -> NodeStatus:
        return self._lab.fleet.status(
            name, self._lab.provisioner.waits_for(name) if name in self._lab.fleet.seats else ""
        )

    async def _clock(self, _request: dict[str, Any], _emit: Emit) -> ClockStatus:
        return self._of_clock()

    def _of_clock(self) -> ClockStatus:
        keeper = self._lab.timekeeper
        next_due = min(keeper.scheduler.next_due(), NEVER)
        return ClockStatus(
            now=keeper.now, mode="real" if keeper.real else "virtual", rate=keeper.rate, next_due=next_due
        )

    async def _advance(self, request: dict[str, Any], emit: Emit) -> Advanced:
        keeper = self._lab.timekeeper
        to = request["to"] if "to" in request else keeper.now + request["by"]
        if "by" in request and request["by"] < 0:
            raise CallError("time does not go back", hint="advance by a duration such as 6h or 10d")
        run = await keeper.advance(to, on_progress=lambda run: emit("progress", _advanced(run)))
        self._lab.events.add("advanced", start=format_instant(run.start), to=format_instant(run.now), grants=run.grants)
        self._lab.remember()
        return _advanced(run)

    async def _rate(self, request: dict[str, Any], _emit: Emit) -> None:
        self._lab.timekeeper.set_rate(request["rate"])
        self._lab.events.add("rate", rate=request["rate"])

    async def _pause(self, _request: dict[str, Any], _emit: Emit) -> None:
        await self._lab.timekeeper.pause()
        self._lab.events.add("paused")
        self._lab.remember()

    async def _node(self, request: dict[str, Any], _emit: Emit) -> Any:
        answer = await self._lab.fleet.request(request["node"], request["request"])
        if request["request"].get("do") == "command":
            await self._lab.timekeeper.settle()
        return answer

    async def _users(self, request: dict[str, Any], _emit: Emit) -> Any:
        seat = self._lab.fleet.seat(request["node"])
        config = seat.plan.config
        if not isinstance(config, ApplianceConfig):
            raise CallError(f"{request['node']} is the vendor's cloud; it has no users", hint="name a gateway")
        running = self._lab.fleet.running(request["node"])
        outcome = await self._lab.sign_ins.set(config, running, request["count"])
        self._lab.events.add("users", request["node"], signed_in=outcome.signed_in, refused=len(outcome.refused))
        return outcome

    async def _upgrade(self, request: dict[str, Any], _emit: Emit) -> None:
        await self._lab.upgrade(request["node"], request["release"])

    async def _faults(self, _request: dict[str, Any], _emit: Emit) -> list[FaultRow]:
        return [row(entry) for entry in self._lab.faults.book.entries]

    async def _inject(self, request: dict[str, Any], _emit: Emit) -> FaultRow:
        entry = await self._lab.faults.inject(msgspec.convert(request["fault"], Fault), self._lab.timekeeper.now)
        await self._lab.after_faults()
        return row(entry)

    async def _clear(self, request: dict[str, Any], _emit: Emit) -> list[FaultRow]:
        there = {entry.number: entry for entry in self._lab.faults.book.entries}
        for number in request["numbers"]:
            if number not in there:
                raise CallError(f"there is no fault {number}", hint="`leaselab fault list` shows those there are")
        rows = [row(there[number]) for number in request["numbers"] or there]
        await self._lab.faults.clear([there[one.n] for one in rows])
        await self._lab.after_faults()
        return rows

    async def _switch(self, request: dict[str, Any], _emit: Emit) -> None:
        await self._lab.switch(request["node"], request["do"])

    async def _snapshot(self, request: dict[str, Any], _emit: Emit) -> None:
        """Save the lab between two grants, all that its nodes have done being on disk."""
        from leaselab.testbed.snapshots import save

        lab = self._lab
        async with lab.timekeeper.held():
            await lab.fleet.keep()
            lab.remember()
            save(Path(request["archive"]), lab.folder, self._record, at=lab.timekeeper.now)
        lab.events.add("snapshot", archive=request["archive"])

    async def _events(self, request: dict[str, Any], emit: Emit) -> None:
        items = self._lab.events.read(request.get("after", 0), follow=request.get("follow", False))
        await stream(items, emit)

    async def _logs(self, request: dict[str, Any], emit: Emit) -> None:
        names = request.get("nodes") or [
            name for name, seat in self._lab.fleet.seats.items() if isinstance(seat.plan.config, ApplianceConfig)
        ]
        for name in names:
            self._lab.fleet.seat(name)
        await stream(self._merged(names, follow=request.get("follow", False)), emit)

    async def _merged(self, names: list[str], *, follow: bool) -> AsyncIterator[NodeLogLine]:
        """Yield the nodes' log lines in order of the lab's time; of one instant by node, as they were written."""
        after = dict.fromkeys(names, 0)
        while True:
            batches = []
            for name in names:
                lines = [line async for line in self._lines(name, after[name])]
                if lines:
                    after[name] = lines[-1].n
                    batches.append(lines)
            for line in heapq.merge(*batches, key=lambda line: (line.at, names.index(line.node), line.n)):
                yield line
            if not follow:
                return
            await asyncio.sleep(FOLLOW_SECONDS)

    async def _lines(self, name: str, after: int) -> AsyncIterator[NodeLogLine]:
        if self._lab.fleet.seat(name).running is None:
            return
        answer = await self._lab.fleet.request(name, {"do": "logs", "after": after})
        for n, at, severity, code, text in answer["lines"]:
            yield NodeLogLine(node=name, n=n, at=at, severity=severity, code=code, text=text)


def _state(nodes: tuple[NodeStatus, ...]) -> str:
    if any(node.failure for node in nodes):
        return "failed"
    if any(node.prompt and node.phase == Phase.WIZARD for node in nodes):
        return "waiting"
    return "up" if all(node.provisioned or node.phase == Phase.OFF for node in nodes) else "starting"


def _advanced(run: Advance) -> Advanced:
    return Advanced(start=run.start, to=run.to, now=run.now, grants=run.grants, state=run.state, failure=run.failure)
