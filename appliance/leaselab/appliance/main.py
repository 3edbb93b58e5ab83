"""A running node: the only place that builds adapters. ``python -m leaselab.appliance`` runs one in a process."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from leaselab.appliance.adapters.clocks import SkewedClock
from leaselab.appliance.adapters.control import ERASED, SHUT_DOWN, Control
from leaselab.appliance.adapters.fullstore import LimitedStore
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.server import HttpsServer
from leaselab.appliance.adapters.metrics import DeviceCollector, DeviceMetrics, MetricsServer
from leaselab.appliance.adapters.neighbours import Neighbours
from leaselab.appliance.adapters.peers import HttpsPeers
from leaselab.appliance.adapters.serial import SerialLine
from leaselab.appliance.adapters.ssh import SshConsole
from leaselab.appliance.adapters.syslog import SyslogSender
from leaselab.appliance.chronicle import Chronicle
from leaselab.appliance.cloud.center import CloudEvent, CloudMachine, CloudState, initial_cloud_state
from leaselab.appliance.conditions import Conditions
from leaselab.appliance.config import ApplianceConfig, CloudConfig, NodeConfig
from leaselab.appliance.console import Effect, Facts
from leaselab.appliance.console.facts import facts_of
from leaselab.appliance.device import Device
from leaselab.appliance.instants import MINUTE, Duration, Instant
from leaselab.appliance.licensing import eventlog
from leaselab.appliance.licensing.appliance import ApplianceEvent, ApplianceMachine, initial_state
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, AnyCommand, PowerOn
from leaselab.appliance.licensing.report import report
from leaselab.appliance.models.phases import Phase
from leaselab.appliance.passage import Passage
from leaselab.appliance.ports import Clock, Store, Timekeeper

OnPhase = Callable[[str, str, str], None]
"""Told of a node, its boot phase, and the prompt it waits at."""

_LOG: Final = logging.getLogger(__name__)


DISK_RETRY: Final[Duration] = MINUTE
"""How soon a device whose disk is full tries again."""

LOG_TAIL: Final = 20
"""Lines of its log that the console shows."""


class Node:
    """One node, switched on: device, listeners, serial line.

    Use :meth:`start`. A node ends by :meth:`stop` or :meth:`kill`.
    """

    def __init__(
        self,
        config: NodeConfig,
        *,
        store: Store,
        clock: Clock,
        timekeeper: Timekeeper,
        local_nodes: Mapping[str, Any],
        on_phase: OnPhase,
    ) -> None:
        self.name = config.name
        self._config = config
        self._store = LimitedStore(store)
        self._on_phase = on_phase
        self._passage = Passage()
        self._clock = SkewedClock(clock, config.clock_skew if isinstance(config, ApplianceConfig) else None)
        self._peers = HttpsPeers(config, store_id=store.id, local=local_nodes, passage=self._passage)
        self.device: Device[Any] = Device(
            config.name,
            machine=CloudMachine() if isinstance(config, CloudConfig) else ApplianceMachine(),
            initial=_factory_state(config),
            store=self._store,
            clock=self._clock,
            peers=self._peers,
            timekeeper=_LabTime(self._clock, timekeeper),
        )
        self._neighbours = Neighbours(config, self._passage.reaches)
        self._lines_written: Counter[str] = Counter()
        kind = config.kind if isinstance(config, ApplianceConfig) else "cloud"
        read = self._report if isinstance(config, ApplianceConfig) else None
        if read is not None:
            self.device.listeners.append(self._count_lines)
        self._syslog = SyslogSender(config.syslog if isinstance(config, ApplianceConfig) else ())
        collector = DeviceCollector(
            node=config.name,
            kind=kind,
            read=read or (lambda: None),
            phase=lambda: self.phase,
            now=clock.now,
            log_lines=self._lines_written,
        )
        metrics = DeviceMetrics(collector, node=config.name, kind=kind)
        self._metrics = MetricsServer(metrics.registry)
        self._chronicle = Chronicle(store, config.name, self._log_text, signed_in=self._signed_in)
        self._context = NodeContext(
            config=config,
            device=self.device,
            store_id=store.id,
            report=read,
            phase=lambda: self.phase,
            observe_request=metrics.observe_request,
            chronicle=self._chronicle,
            take_effect=self._take_effect,
            network=self._neighbours,
        )
        self._https = HttpsServer(self._context)
        self._line: SerialLine | None = None
        self._console: SshConsole | None = None
        if isinstance(config, ApplianceConfig):
            self._line = SerialLine(
                self.device,
                partial(self._facts, config),
                config.boot,
                surroundings=self._context,
                faults=config.ssh.faults,
                on_phase=lambda phase, prompt: on_phase(self.name, str(phase), prompt),
                on_effect=self._take_effect,
            )
            self._console = SshConsole(self._line, config.ssh)
        self._control = Control(
            self.device,
            store=store,
            command_type=AnyCommand,
            event_type=CloudEvent if isinstance(config, CloudConfig) else ApplianceEvent,
            report=report if isinstance(config, ApplianceConfig) else _cloud_report,
            log_text=self._log_text,
            console=self._line,
            switch=self,
        )
        self._boot: asyncio.Task[None] | None = None
        self._rebooting: asyncio.Task[None] | None = None

    @property
    def cookie_key(self) -> bytes:
        """What its end users' cookies are made with."""
        return self._context.cookie_key

    @classmethod
    async def start(
        cls,
        config: NodeConfig,
        *,
        store: Store,
        clock: Clock,
        timekeeper: Timekeeper,
        local_nodes: Mapping[str, Any],
        on_phase: OnPhase = lambda _node, _phase, _prompt: None,
    ) -> "Node":
        """Open a node's listeners and begin its boot, which goes on by itself.

        Args:
            config: what the node is told.
            store: where its history is, or will be.
            clock: the lab's time.
            timekeeper: who wakes it.
            local_nodes: the nodes of this process by name; they share the store.
            on_phase: told how far the boot is.

        Raises:
            OSError: an address cannot be had; nothing is left open.
            ValueError: a key in the configuration cannot be read.
        """
        node = cls(
            config,
            store=store,
            clock=clock,
            timekeeper=timekeeper,
            local_nodes=local_nodes,
            on_phase=on_phase,
        )
        try:
            await node._open()
        except BaseException:
            node.kill()
            raise
        node._boot = asyncio.get_running_loop().create_task(node._power_on())
        return node

    @property
    def phase(self) -> str:
        """How far it has booted."""
        return str(self._line.phase) if self._line is not None else Phase.READY

    @property
    def now(self) -> Instant:
        """The lab's instant as this node knows it."""
        return self._clock.lab.now()

    @property
    def next_due(self) -> Instant:
        """When it next wants to wake, in the lab's time."""
        return self._clock.lab_time(self.device.next_due)

    @property
    def paused(self) -> bool:
        """Whether a fault has frozen it."""
        return self._passage.conditions.paused

    async def grant(self, to: Instant) -> Instant:
        """Let it do all that is due by ``to``, in the lab's time; return when it wants to wake next."""
        self._clock.lab.observe(to)
        try:
            return self._clock.lab_time(await self.device.run_due(to + self._clock.skew))
        except OSError:
            if not self._store.full:
                raise
            return to + DISK_RETRY  # what is due stays due; it is done as soon as there is room for it

    def observe(self, at: Instant) -> None:
        """Show it the lab's instant."""
        self._clock.lab.observe(at)

    def suffer(self, conditions: Conditions) -> None:
        """Put these faults in force, and no other."""
        self._passage.conditions = conditions
        self._clock.set(conditions.skew)
        self._store.full = conditions.disk_full
        self._https.suffer(conditions)
        self._metrics.freeze(frozen=conditions.paused)
        if self._line is not None:
            self._line.freeze(frozen=conditions.paused)

    async def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer the lab (see :mod:`leaselab.appliance.adapters.control`).

        Raises:
            ControlError: it is no request, or it failed.
        """
        return await self._control.handle(request)

    async def stop(self) -> None:
        """Shut down in good order: what is under way is seen through, and everything is on disk."""
        under_way = [task for task in (self._boot, self._rebooting) if task is not None]
        if under_way:
            await asyncio.wait(under_way)
        if self._line is not None:
            await self._line.stop()
        if self._console is not None:
            await self._console.stop()
        await self._https.close()
        await self._metrics.close()
        self._peers.close()
        await self._syslog.close()
        await self._store.durable()

    def kill(self) -> None:
        """Drop everything at once, as a power cut does."""
        for task in (self._boot, self._rebooting):
            if task is not None:
                task.cancel()
        if self._line is not None:
            self._line.abort()
        self._syslog.abort()
        if self._console is not None:
            self._console.abort()
        self._https.abort()
        self._metrics.abort()
        self._peers.close()

    @property
    def _addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._config.addresses.values()))

    async def _open(self) -> None:
        ports, addresses = self._config.ports, self._addresses
        await self._https.open(addresses, ports.https)
        await self._metrics.open(addresses, ports.metrics)
        self._syslog.open()
        if self._console is not None:
            await self._console.start(addresses[0], ports.ssh)

    async def _power_on(self, *, reset: bool = False) -> None:
        """Boot: the software starts, then the console takes over, then what was on its way is sent again."""
        try:
            await self._boot_up(reset=reset)
        except OSError as error:
            _LOG.exception("%s cannot boot", self.name)
            self._on_phase(self.name, Phase.HALTED, str(error))

    async def _boot_up(self, *, reset: bool) -> None:
        config = self._config
        if isinstance(config, ApplianceConfig):
            secret = hashlib.blake2b(f"{config.seed}/{config.name}/secret".encode(), digest_size=32).digest()
            await self.device.handle(PowerOn(release=config.release, secret=secret, hardware_id=config.hardware_id))
        if self._line is not None:
            await self._line.power_on(reset=reset)
        await self.device.resume()

    def _take_effect(self, effect: Effect) -> None:
        """Do what the console asked for beyond commands; the console itself has gone dark by then."""
        self._rebooting = asyncio.get_running_loop().create_task(self._do_effect(effect))

    async def _do_effect(self, effect: Effect) -> None:
        if effect is Effect.SHUTDOWN:
            self._on_phase(self.name, SHUT_DOWN, "")  # the lab then switches it off, and everything goes with it
            return
        try:
            await self._restart_services()
        except OSError as error:
            _LOG.exception("%s cannot restart its services", self.name)
            self._on_phase(self.name, Phase.HALTED, str(error))
            return
        if effect in {Effect.FACTORY_RESET, Effect.CLEAR_CONFIGURATION}:
            self._erase()
        if effect is not Effect.RESTART_SERVICES:
            await self._power_on(reset=effect is Effect.FACTORY_RESET)

    async def _restart_services(self) -> None:
        """Close what users, admins and peers are connected to and open it again; the console stays."""
        await self._https.close()
        await self._https.open(self._addresses, self._config.ports.https)

    def _erase(self) -> None:
        self._store.erase(self.name)
        self._chronicle.forget()
        self.device.reset(_factory_state(self._config))
        self._context.forget()
        self._context.snapshots.clear()
        self._on_phase(self.name, ERASED, "")

    def _facts(self, config: ApplianceConfig) -> Facts:
        return facts_of(
            self.device.state, config, log_tail=self._chronicle.tail(LOG_TAIL), neighbours=self._neighbours.entries()
        )

    def _report(self) -> Any:
        return report(self.device.state, self.device.clock.now())

    def _signed_in(self) -> int:
        return int(self.device.state.signed_in.get(CONCURRENT_USERS, 0))

    def _count_lines(self, event: Any, at: Instant) -> None:
        for line in eventlog.lines(event, at):
            self._lines_written[eventlog.severity_word(line.severity).lower()] += 1
            if isinstance(self._config, ApplianceConfig) and self._config.syslog:
                self._syslog.send(eventlog.syslog_line(line, at, *self._own_place()))

    def _log_text(self, event: Any, at: Instant) -> list[tuple[int, str, str]]:
        host, zone = self._own_place()
        return [
            (line.severity, line.code, eventlog.format_line(line, at, host, zone)) for line in eventlog.lines(event, at)
        ]

    def _own_place(self) -> tuple[str, str]:
        """Return host name and time zone, as lines of the log have them."""
        config = self._config
        if isinstance(config, CloudConfig):
            return config.name, "UTC"
        return config.hostname or config.name, config.time_zone


def _factory_state(config: NodeConfig) -> Any:
    return initial_cloud_state(config) if isinstance(config, CloudConfig) else initial_state(config)


def _cloud_report(state: CloudState, _now: Instant) -> dict[str, Any]:
    """What can be seen of the vendor's side."""
    return {
        "name": state.name,
        "kind": "cloud",
        "role": "cloud",
        "claims": {code: claim.hardware_id for code, claim in state.claims.items()},
        "heartbeats": {hardware_id: beats.heard for hardware_id, beats in state.beats.items()},
        "next_due": state.agenda.next()[0],
    }


# --- a node in a process of its own ----------------------------------------------------------------------------------


def warm() -> None:
    """Import and build what the first page, handshake and connection of a node would."""
    from leaselab.appliance.adapters.https.pages import application

    application()


class _LabTime:
    """A device's way to the timekeeper: what it says in its own time is told in the lab's."""

    def __init__(self, clock: SkewedClock, timekeeper: Timekeeper) -> None:
        self._clock = clock
        self._timekeeper = timekeeper

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Tell the timekeeper."""
        await self._timekeeper.wakes(device, self._clock.lab_time(next_due))
