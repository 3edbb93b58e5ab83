"""Entering what the file wants: node by node, in the plan's order, as soon as what a node needs is there.

One node at a time and in a fixed order, so that the same file gives the same history; a node that waits at a console
prompt holds up those that need it and nobody else, for as long as it takes.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import msgspec

from leaselab.appliance.cloud.center import ALREADY_PROVISIONED
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.licensing.commands import TAKEN
from leaselab.appliance.models.phases import Phase
from leaselab.testbed.errors import LeaselabError, NodeFailedError
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.hosting.fleet import Fleet, Seat
from leaselab.testbed.hosting.signins import SignIns
from leaselab.testbed.timekeeper.keeper import StalledError, Timekeeper
from leaselab.testbed.views import Progress, UsersOutcome

DONE: Final = "provisioned"
"""The phase that progress shows after ``ready``."""

"""Outcomes of a license key that are no refusal."""


class Provisioner:
    """Brings nodes that are ready to what the plan wants of them.

    Args:
        fleet: the nodes.
        timekeeper: of the lab.
        sign_ins: signs in the file's users.
        events: of the lab.
        on_progress: told of each node that is done or refused.
        on_done: called when a node's standing must be remembered.
    """

    def __init__(
        self,
        fleet: Fleet,
        timekeeper: Timekeeper,
        sign_ins: SignIns,
        events: EventLog,
        *,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[], None],
    ) -> None:
        self.users: dict[str, UsersOutcome] = {}
        self.broken: NodeFailedError | None = None
        """The first node that failed rather than refused, e.g. because its disk is full."""
        self._fleet = fleet
        self._timekeeper = timekeeper
        self._sign_ins = sign_ins
        self._events = events
        self._on_progress = on_progress
        self._on_done = on_done
        self._busy = False

    async def run(self) -> None:
        """Work for as long as the lab lives."""
        while True:
            await self._fleet.until(lambda: self._next() is not None)
            work = self._next()
            if work is None:
                continue
            self._busy = True
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - whatever it was, `up` must hear of it and not wait for ever
                self.broken = self.broken or NodeFailedError(str(error))
            finally:
                self._busy = False
                self._fleet.changed.set()

    async def rest(self) -> None:
        """Return once nothing is left to do but for what waits on a person, or was refused."""
        await self._fleet.until(lambda: not self._busy and self._all_settled() and self._next() is None)

    def waits_for(self, name: str) -> str:
        """Say what a node's provisioning waits for, or nothing."""
        seat = self._fleet.seat(name)
        if seat.provisioned:
            return ""
        if seat.prompt and seat.phase != Phase.READY:
            return f"an answer at its console: {seat.prompt}"
        if seat.phase != Phase.READY:
            return f"its boot; it is {seat.phase}"
        return ", ".join(name for name in seat.plan.after if not self._is_there(name))

    def _all_settled(self) -> bool:
        return all(seat.settled for seat in self._fleet.seats.values())

    def _is_there(self, name: str) -> bool:
        seat = self._fleet.seats.get(name)
        return seat is not None and seat.phase == Phase.READY and seat.provisioned

    def _next(self) -> Callable[[], Awaitable[None]] | None:
        """Return the next piece of work. While a node still boots there is none, lest the order depend on its pace."""
        if self.broken is not None or not self._all_settled():
            return None
        ready = [seat for seat in self._fleet.seats.values() if seat.phase == Phase.READY and not seat.tried]
        for seat in ready:
            if not seat.provisioned and all(map(self._is_there, seat.plan.after)):
                return lambda: self._provision(seat)
        for seat in ready:
            if seat.provisioned and seat.plan.users and not seat.users_set:
                return lambda: self._sign_in(seat)
        return None

    async def _provision(self, seat: Seat) -> None:
        name = seat.plan.name
        try:
            for command in seat.entering:
                refusals = list(await self._enter(name, msgspec.to_builtins(command)))
                if refusals:
                    self._give_up(seat, "; ".join(refusals))
                    return
            await self._timekeeper.settle()
        except NodeFailedError as error:
            self.broken = self.broken or error
            self._give_up(seat, error.message)
            return
        except StalledError as error:
            self.broken = self.broken or NodeFailedError(str(error))
            self._give_up(seat, str(error))
            return
        except LeaselabError as error:
            self._give_up(seat, error.message)
            return
        self._events.add(DONE, name, commands=len(seat.entering))
        seat.provisioned, seat.failure, seat.entering = True, "", ()
        self._on_progress(Progress(node=name, phase=DONE))
        self._on_done()

    async def _enter(self, name: str, command: dict[str, Any]) -> Iterator[str]:
        """Enter one command; return what was refused of it. A record that is there already is changed, not added."""
        outcome = await self._ask(name, command)
        if outcome["refused"] and command.get("new"):
            changed = await self._ask(name, command | {"new": False})
            outcome = outcome if changed["refused"] else changed
        return _refusals(command["type"], outcome)

    async def _ask(self, name: str, command: dict[str, Any]) -> dict[str, Any]:
        answer = await self._fleet.request(name, {"do": "provision", "commands": [command]})
        outcome: dict[str, Any] = answer["outcomes"][0]
        return outcome

    async def _sign_in(self, seat: Seat) -> None:
        name, config = seat.plan.name, seat.plan.config
        seat.users_set = True
        if not isinstance(config, ApplianceConfig):
            return
        try:
            outcome = await self._sign_ins.set(config, self._fleet.running(name), seat.plan.users)
        except LeaselabError as error:
            self._give_up(seat, error.message)
            return
        self.users[name] = outcome
        self._events.add("users", name, signed_in=outcome.signed_in, refused=len(outcome.refused))
        self._on_progress(Progress(node=name, phase="users", text=f"{outcome.signed_in} signed in"))
        self._on_done()

    def _give_up(self, seat: Seat, why: str) -> None:
        seat.tried, seat.failure = True, why
        self._events.add("refused", seat.plan.name, why=why)
        self._on_progress(Progress(node=seat.plan.name, phase="refused", text=why))


def _refusals(command: str, outcome: dict[str, Any]) -> Iterator[str]:
    """Yield, in words, what an appliance refused of one command: all of it, or single license keys."""
    if outcome["refused"]:
        yield f"{command}: {outcome['refused']['message']}"
    reply = outcome["reply"]
    if isinstance(reply, dict):
        if reply.get("error") and ALREADY_PROVISIONED not in reply["error"]:  # an earlier `up` got as far as that
            yield f"{command}: {reply['error']}"
        reply = reply.get("outcomes")
    for each in reply or ():
        if isinstance(each, dict) and each.get("result", "installed") not in TAKEN:
            yield f"{command}: {each['key']}: {each['message']}"
