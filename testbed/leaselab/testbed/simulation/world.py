"""A simulated lab: devices, the network between them, and whose turn it is.

Whoever is due earliest acts next; equal instants go by name. A device lives in its own time, which is the lab's but
for its skew: its clock, its history and its agenda alike, as those of a real device whose clock is wrong. The world
translates.
"""

import hashlib
import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import msgspec

from leaselab.appliance.cloud.center import CloudMachine, initial_cloud_state
from leaselab.appliance.config import ApplianceConfig, CloudConfig, NodeConfig
from leaselab.appliance.device import Device
from leaselab.appliance.instants import NEVER, Duration, Instant
from leaselab.appliance.licensing.appliance import ApplianceMachine, initial_state
from leaselab.appliance.licensing.commands import PowerOn
from leaselab.appliance.machine import Command
from leaselab.testbed.simulation.network import Line, Network
from leaselab.testbed.simulation.stores import MemoryStore

T = TypeVar("T")

Actor: TypeAlias = Callable[[Instant], Instant]
"""Does what is due at the lab's instant that it is given, and returns when it wants its next turn."""


def settled(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never really waits, without an event loop.

    Raises:
        RuntimeError: it waited after all: some port is not a simulated one.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    coroutine.close()
    raise RuntimeError("a simulated device waited for something; its ports must answer at once")


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: Instant) -> None:
        self.present = now

    def now(self) -> Instant:
        """Return the present instant."""
        return self.present

    def observe(self, instant: Instant) -> None:
        """Move on, never back."""
        self.present = max(self.present, instant)


class DeviceClock:
    """The lab's clock as one device reads it. Only the world moves it.

    Args:
        lab: the lab's clock.

    Attributes:
        skew: how far ahead of the lab's clock it is.
    """

    def __init__(self, lab: HandClock) -> None:
        self.skew: Duration = 0
        self._lab = lab

    def now(self) -> Instant:
        """Return the present instant by this clock."""
        return self._lab.present + self.skew

    def observe(self, instant: Instant) -> None:
        """Need nothing: the world has moved on already, and a history may be of a time when the skew was another."""


class World:
    """Devices on a simulated network, under one clock.

    Args:
        start: the first instant.
        store: keeps the devices' histories.

    Attributes:
        clock: the lab's.
        network: between the devices.
        devices: by name, switched on.
        held: those that are given no turns.
        clones: those that are copies of others (VLS-09).
        listeners: told of every event of every device that is switched on from now on.
    """

    def __init__(self, start: Instant, store: MemoryStore | None = None) -> None:
        self.clock = HandClock(start)
        self.store = store if store is not None else MemoryStore()
        self.network = Network()
        self.devices = self.network.nodes
        self.listeners: list[Any] = []
        self._clocks: dict[str, DeviceClock] = {}
        self._configs: dict[str, NodeConfig] = {}
        self.held: set[str] = set()
        self.clones: set[str] = set()
        self._turns: list[tuple[Instant, str]] = []
        self._next: dict[str, Instant] = {}
        self._actors: dict[str, Actor] = {}

    # --- devices ---

    def switch_on(self, config: NodeConfig, *, state: Any = None) -> Device[Any]:
        """Add a device, or switch it off without warning and on again: only its history survives.

        Args:
            config: what it is told.
            state: where its history begins; as it left the factory by default.
        """
        name = config.name
        self._configs[name] = config
        clock = self._clocks.setdefault(name, DeviceClock(self.clock))
        machine: Any = CloudMachine() if isinstance(config, CloudConfig) else ApplianceMachine()
        device: Device[Any] = Device(
            name,
            machine=machine,
            initial=factory_state(config) if state is None else state,
            store=self.store,
            clock=clock,
            peers=Line(self.network, name, self.store.id),
            timekeeper=self,
        )
        device.listeners += self.listeners
        self.devices[name] = device
        self.network.ports[name] = frozenset(config.addresses)
        self._next.pop(name, None)
        self._actors[name] = lambda now: settled(device.run_due(now + clock.skew)) - clock.skew
        if isinstance(config, ApplianceConfig):
            secret = hashlib.blake2b(f"{config.seed}/{name}/secret".encode(), digest_size=32).digest()
            self.ask(name, PowerOn(release=config.release, secret=secret, hardware_id=config.hardware_id))
        return device

    def restart(self, name: str, *, release: str | None = None) -> None:
        """Switch a device off without warning and on again; a changed release is an upgrade (ENF-07)."""
        config = self._configs[name]
        if release is not None and isinstance(config, ApplianceConfig):
            config = msgspec.structs.replace(config, release=release)
        self.switch_on(config)
        settled(self.devices[name].resume())

    def clone(self, name: str, copy: str, *, hardware_id: str = "") -> Device[Any]:
        """Copy a virtual machine with all that it holds; both go on from here (VLS-09).

        Args:
            name: of the machine.
            copy: of its clone.
            hardware_id: of the clone; the original's by default.
        """
        for _, at, body in list(self.store.history(name)):
            self.store.append(copy, at, [body])
        config = msgspec.structs.replace(self._configs[name], name=copy)
        if hardware_id and isinstance(config, ApplianceConfig):
            config = msgspec.structs.replace(config, hardware_id=hardware_id)
        self.clones.add(copy)
        return self.switch_on(config, state=None if self.store.keeps_history else _copied(self.devices[name].state))

    def remove(self, name: str) -> None:
        """Take a device away, and all that is known of it."""
        self.store.erase(name)
        del self.devices[name], self._actors[name], self._configs[name], self._clocks[name]
        self._next.pop(name, None)
        self.held.discard(name)
        self.clones.discard(name)

    def config(self, name: str) -> NodeConfig:
        """Return what a device was told when it was switched on."""
        return self._configs[name]

    def now(self, name: str) -> Instant:
        """Return the present instant by a device's clock."""
        return self._clocks[name].now()

    def skew(self, name: str) -> Duration:
        """Return how far a device's clock is ahead of the lab's."""
        return self._clocks[name].skew

    def set_skew(self, name: str, skew: Duration) -> None:
        """Set a device's clock this far ahead of the lab's, or behind; also of one that is yet to be switched on."""
        self._clocks.setdefault(name, DeviceClock(self.clock)).skew = skew
        if name in self.devices:
            self._set(name, self.devices[name].next_due - skew)

    def hold(self, name: str) -> None:
        """Give a device no turns; whoever holds it sees to it that nobody reaches it either."""
        self.held.add(name)
        self._next.pop(name, None)

    def release(self, name: str) -> None:
        """Let a device go on where it was; what came due meanwhile is done now."""
        self.held.discard(name)
        self._set(name, self.devices[name].next_due - self._clocks[name].skew)

    def ask(self, name: str, command: Command) -> Any:
        """Give a device a command; return its reply or the refusal."""
        return settled(self.devices[name].handle(command))

    # --- time ---

    def schedule(self, name: str, due_at: Instant, actor: Actor) -> None:
        """Give something beside the devices its turns, the first at ``due_at``; its name decides between equals."""
        self._actors[name] = actor
        self._set(name, due_at)

    def run(self, until: Instant) -> None:
        """Let time pass: everybody does what is due, in order of time and name."""
        turns, next_turn, actors, clock = self._turns, self._next, self._actors, self.clock
        while turns and turns[0][0] <= until:
            due_at, name = heapq.heappop(turns)
            if next_turn.get(name) != due_at:
                continue  # it was moved
            clock.present = max(clock.present, due_at)
            del next_turn[name]
            following = actors[name](clock.present)
            if following < next_turn.get(name, NEVER):  # else it was moved meanwhile, or has nothing more to do
                next_turn[name] = following
                heapq.heappush(turns, (following, name))
        clock.observe(until)

    def next_due(self) -> Instant:
        """Return when somebody next has a turn."""
        return min(self._next.values(), default=NEVER)

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Hear that a device wants to wake earlier than it said last (the timekeeper's port)."""
        self._set(device, next_due - self._clocks[device].skew)

    def _set(self, name: str, due_at: Instant) -> None:
        if due_at < self._next.get(name, NEVER):
            self._next[name] = due_at
            heapq.heappush(self._turns, (due_at, name))


def _copied(state: Any) -> Any:
    """Return a state that shares nothing with this one."""
    return msgspec.json.decode(msgspec.json.encode(state), type=type(state))


def factory_state(config: NodeConfig) -> Any:
    """Return a device's state before its first event."""
    return initial_cloud_state(config) if isinstance(config, CloudConfig) else initial_state(config)
