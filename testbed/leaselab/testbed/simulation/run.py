"""A whole simulation: a plan and a seed in, figures and broken invariants out. Same plan and seed, same figures."""

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from leaselab.appliance.config import CloudConfig
from leaselab.appliance.instants import HOUR, Duration, Instant
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.testbed.checking.plan import Outcome
from leaselab.testbed.checking.runner import Runner
from leaselab.testbed.simulation.boot import bring_up
from leaselab.testbed.simulation.faults import SimulatedFaults
from leaselab.testbed.simulation.invariants import Invariants, Violation
from leaselab.testbed.simulation.lab import SimulatedLab
from leaselab.testbed.simulation.load import Loads
from leaselab.testbed.simulation.stores import MemoryStore, NullStore
from leaselab.testbed.simulation.tally import Tally
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.plan import NodePlan, Plan
from leaselab.testbed.topology.planner import plan as plan_of
from leaselab.testbed.topology.topology import Topology

CHECK_EVERY: Final[Duration] = 25 * HOUR
"""Between checks of the invariants: another hour of the day each time, and little beside the work of a day."""

CHECKS: Final = "~checks"
"""Comes after every node's name, and so after all that is due at the same instant."""

KEPT_VIOLATIONS: Final = 100
"""What follows from a broken rule breaks others; the first ones tell the story."""

_COUNTERS: Final = (
    "grants",
    "renewals",
    "reclaims",
    "expiries",
    "auto_leases",
    "penalties",
    "requests_denied",
    "contacts_lost",
)
"""Of the devices' own counters, those that tell what became of leases."""


class PoolFigures(msgspec.Struct, frozen=True):
    """One feature of one license server.

    Attributes:
        server: its name.
        feature: what is counted.
        capacity: of its pools, at the end.
        promised: of them, at the end.
        most_promised: at any check.
    """

    server: str
    feature: str
    capacity: int
    promised: int
    most_promised: int


class Figures(msgspec.Struct, frozen=True):
    """What came of a simulation.

    Attributes:
        lab: its name.
        seed: as given.
        start: the first instant.
        end: the last one.
        nodes: how many devices took part, the vendor's cloud included.
        events: what happened, on all devices together.
        lease_events: what happened to single leases, the sum of ``leases``. A lease is the reserved count or one
            increment of one client and feature; what a server did to it counts once, not again at the client.
        leases: of them, how many were granted, renewed, given back, reclaimed, and how many clients gave themselves.
        events_by_type: the same by their types.
        faults: how often each kind of fault has begun.
        messages: requests that reached their node.
        messages_failed: requests that got no answer.
        leasing: totals of the devices' own counters.
        sign_ins: users that came.
        turned_away: users that were refused at the door.
        most_users: on all gateways together, at any check.
        pools: of the license servers.
        outcomes: what became of the file's checks.
        checks: how often the invariants were checked.
        broken: the first of those that did not hold.
        broken_in_all: how many did not.
        digest: of all that the devices know at the end; two runs with one digest had one history.
    """

    lab: str
    seed: int
    start: Instant
    end: Instant
    nodes: int
    events: int
    lease_events: int
    leases: dict[str, int]
    events_by_type: dict[str, int]
    faults: dict[str, int]
    messages: int
    messages_failed: int
    leasing: dict[str, int]
    sign_ins: int
    turned_away: int
    most_users: int
    pools: tuple[PoolFigures, ...]
    outcomes: tuple[Outcome, ...]
    checks: int
    broken: tuple[Violation, ...]
    broken_in_all: int
    digest: str


def simulated_plan(topology: Topology) -> Plan:
    """Plan a lab that is only simulated: it opens no door to the world, so its secrets need not be any."""
    secret = hashlib.sha256(b"simulation").hexdigest()
    plan = plan_of(topology, slot=1, privileged=True, runtime="simulate", secret=secret)
    return msgspec.structs.replace(plan, nodes=tuple(_with_cheap_passwords(node) for node in plan.nodes))


def _with_cheap_passwords(node: NodePlan) -> NodePlan:
    if isinstance(node.config, CloudConfig):
        return node
    config = msgspec.structs.replace(node.config, password_cost_log2=1)
    return msgspec.structs.replace(node, config=config)


def simulate(
    plan: Plan,
    duration: Duration,
    seed: int = 0,
    *,
    check_every: Duration = CHECK_EVERY,
    on_progress: Callable[[Instant], None] = lambda _now: None,
) -> Figures:
    """Bring a lab up, carry its checks out, and let time pass on it.

    Args:
        plan: of the lab.
        duration: how long it runs, the checks included; they are seen through in any case.
        seed: of what is drawn: how many users come when.
        check_every: how often the invariants are checked; they are checked at the end in any case.
        on_progress: told of the present instant at each check.

    Raises:
        LeaselabError: a node did not come up, or waits at its console.
    """
    return Simulation(plan, seed, on_progress).run(duration, check_every)


class Simulation:
    """One run.

    Args:
        plan: of the lab.
        seed: of what is drawn.
        on_progress: told of the present instant at each check.

    Attributes:
        world: the devices.
    """

    def __init__(self, plan: Plan, seed: int, on_progress: Callable[[Instant], None]) -> None:
        self.world = World(plan.clock.start or 0, MemoryStore() if plan.checks else NullStore())  # checks read logs
        self._plan = plan
        self._seed = seed
        self._on_progress = on_progress
        self._invariants = Invariants(self.world)
        self._tally = Tally()
        self._most_users = 0
        self._most_promised = Counter[tuple[str, str]]()
        self._broken: list[Violation] = []
        self._broken_in_all = 0
        self._checks = 0
        self._faults = Counter[str]()
        self._outcomes: tuple[Outcome, ...] = ()

    def run(self, duration: Duration, check_every: Duration) -> Figures:
        """Bring the lab up, let the time pass, and return the figures."""
        world = self.world
        start = world.clock.now()
        world.listeners.append(self._tally)
        bring_up(world, self._plan)
        Loads(world, self._plan.nodes, f"{self._plan.seed}/{self._seed}")
        faults = SimulatedFaults(world, self._plan.faults, seed=self._plan.seed)
        self._faults = faults.begun
        world.schedule(CHECKS, start + check_every, lambda now: self._check(now) + check_every)
        with collecting_seldom():
            if self._plan.checks:
                found = Runner(SimulatedLab(self._plan, world, faults)).run(self._plan.checks)
                self._outcomes = tuple(msgspec.structs.replace(outcome, seconds=0.0) for outcome in found)
            world.run(start + duration)
        self._check(world.clock.now())
        return self._figures(start)

    def _check(self, now: Instant) -> Instant:
        """Check the invariants, and look at what is promised and who is on."""
        self._checks += 1
        found = [*self._invariants.check(), *self._invariants.check_restart()]
        self._broken_in_all += len(found)
        self._broken += found[: KEPT_VIOLATIONS - len(self._broken)]
        users = 0
        for name, state in self._appliances():
            users += sum(state.signed_in.values())
            for feature, book in state.server.books.items() if state.server.enabled else ():
                self._most_promised[name, feature] = max(self._most_promised[name, feature], book.promised())
        self._most_users = max(self._most_users, users)
        self._on_progress(now)
        return now

    def _appliances(self) -> Iterator[tuple[str, ApplianceState]]:
        for name, device in self.world.devices.items():
            if isinstance(device.state, ApplianceState):
                yield name, device.state

    def _figures(self, start: Instant) -> Figures:
        totals = Counter[str]()
        for _, state in self._appliances():
            totals.update(state.counters)
        tally, network = self._tally, self.world.network
        by_type = sorted((kind.__name__, count) for kind, count in tally.events.items())
        leases = {
            "granted": tally.granted,
            "renewed": tally.renewed,
            "given_back": tally.given_back(state for _, state in self._appliances()),
            "reclaimed": tally.reclaimed,
            "auto_leased": tally.auto_leased,
        }
        return Figures(
            lab=self._plan.lab,
            seed=self._seed,
            start=start,
            end=self.world.clock.now(),
            nodes=len(self._plan.nodes),
            events=tally.events.total(),
            lease_events=sum(leases.values()),
            leases=leases,
            events_by_type=dict(by_type),
            faults=dict(sorted(self._faults.items())),
            messages=network.delivered,
            messages_failed=network.failed,
            leasing={name: totals[name] for name in _COUNTERS},
            sign_ins=totals["sign_ins"],
            turned_away=totals["refused_sign_ins:limit"],
            most_users=self._most_users,
            pools=tuple(self._pools()),
            outcomes=self._outcomes,
            checks=self._checks,
            broken=tuple(self._broken),
            broken_in_all=self._broken_in_all,
            digest=_digest({name: device.state for name, device in self.world.devices.items()}),
        )

    def _pools(self) -> Iterator[PoolFigures]:
        for name, state in self._appliances():
            for feature, book in state.server.books.items() if state.server.enabled else ():
                if book.capacity() or self._most_promised[name, feature]:
                    yield PoolFigures(
                        server=name,
                        feature=feature,
                        capacity=book.capacity(),
                        promised=book.promised(),
                        most_promised=self._most_promised[name, feature],
                    )


def _digest(states: dict[str, Any]) -> str:
    known = hashlib.sha256()
    for name in sorted(states):
        known.update(msgspec.json.encode(states[name]))
    return known.hexdigest()[:16]


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for cyclic garbage seldom, and never among the devices that are there: a run makes next to none."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
