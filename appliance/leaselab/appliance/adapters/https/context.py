"""What the pages and the protocol need of the device they belong to."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from leaselab.appliance.adapters.https.recovery import Recovery
from leaselab.appliance.adapters.https.sessions import Attempts, SessionLimits, Sessions
from leaselab.appliance.adapters.https.snapshots import SystemSnapshots
from leaselab.appliance.chronicle import Chronicle
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.console import Effect, Errand
from leaselab.appliance.console.tools import ListSnapshots, Neighbour, OpenSuperAdminSession, TakeSnapshot
from leaselab.appliance.device import Device
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.commands import ADMINISTRATORS_ROLE
from leaselab.appliance.licensing.events import AdministratorDeleted, AdministratorSaved, RestAccessSet
from leaselab.appliance.licensing.views import Report
from leaselab.appliance.machine import Event

EXTERNAL: Final = "external"
"""The network of end users, where the product serves no administrators unless it is told to."""


class Network(Protocol):
    """The network that the device is attached to, as its console and its page of commands feel it."""

    async def act(self, command: Errand) -> Any:
        """Do what a network tool asks and return the reply."""
        ...

    def entries(self) -> tuple[Neighbour, ...]:
        """Return the hardware addresses known."""
        ...


@dataclass(kw_only=True, slots=True)
class NodeContext:
    """One device, as its HTTPS edge sees it.

    Attributes:
        config: what it was told at switch-on.
        device: its one writer.
        store_id: the secret by which devices of one process know each other.
        report: its view of itself; ``None`` for the vendor's cloud, which has none.
        phase: how far it has booted.
        observe_request: told of each protocol request: its verb and how many seconds it took.
        chronicle: its log and its users over time, as they are shown.
        take_effect: does what an administrator asks for beyond commands, e.g. a reboot.
        network: what the network tools reach.
    """

    config: NodeConfig
    device: Device[Any]
    store_id: str
    report: Callable[[], Report] | None
    phase: Callable[[], str]
    observe_request: Callable[[str, float], None]
    chronicle: Chronicle
    take_effect: Callable[[Effect], None]
    network: Network
    sessions: Sessions = field(init=False)
    """Administrators on the pages."""
    pending: Sessions = field(init=False)
    """Administrators whose password was right, until it is known what becomes of their other sessions."""
    api_keys: Sessions = field(init=False)
    """Administrators over REST."""
    attempts: Attempts = field(init=False)
    recovery: Recovery = field(init=False)
    snapshots: SystemSnapshots = field(init=False)
    cookie_key: bytes = field(init=False)
    """What end users' cookies are made with: of the lab's own secret, since a device's follows from its topology."""

    def __post_init__(self) -> None:
        """Begin as a device that nobody has signed in to."""
        self.forget()
        self.snapshots = SystemSnapshots(self.config.name)
        text = f"cookies/{self.config.name}/{self.config.peer_secret}"
        self.cookie_key = hashlib.blake2b(text.encode(), digest_size=32).digest()
        self.device.listeners.append(self._hear)

    def forget(self) -> None:
        """Know nobody: the device is new, or new again (factory reset)."""
        self.attempts = Attempts()
        self.recovery = Recovery(self.device.clock.now)
        self.sessions, self.pending, self.api_keys = (
            Sessions(now=self.device.clock.now, limits=self._limits, make_token=make_token)
            for make_token in (_cookie, _cookie, _api_key)
        )

    async def act(self, errand: Errand) -> Any:
        """Do an errand of the console and return the reply."""
        match errand:
            case OpenSuperAdminSession():
                return self.recovery.issue()
            case TakeSnapshot():
                return self.take_snapshot()
            case ListSnapshots():
                return tuple((one.name, one.at) for one in self.snapshots.all())
        return await self.network.act(errand)

    def take_snapshot(self) -> str:
        """Take a system snapshot and return its name."""
        report = self.report() if self.report is not None else None
        lines = (line.text for line in self.chronicle.lines())
        return self.snapshots.take(report=report, lines=lines, at=self.now).name

    @property
    def now(self) -> Instant:
        """The device's time."""
        return self.device.clock.now()

    def account(self, name: str) -> str:
        """Return an administrator's stored password, empty where there is none of this name."""
        accounts: dict[str, str] = getattr(self.device.state, "administrators", {})
        return accounts.get(name, "")

    def may_administer(self, address: str) -> bool:
        """Tell whether administrators are served at an address of the device: not at its external port's."""
        networks = {network for network, own in self.config.addresses.items() if own == address}
        return networks != {EXTERNAL}

    def _hear(self, event: Event, _at: Instant) -> None:
        """End what an administrator's account no longer stands for (facts 7.1)."""
        if isinstance(event, AdministratorSaved | AdministratorDeleted):
            self.sessions.end_all(event.name)
            self.pending.end_all(event.name)
        if isinstance(event, AdministratorSaved | AdministratorDeleted | RestAccessSet):
            self.api_keys.end_all(event.name)

    def _limits(self) -> SessionLimits:
        options = self.device.state.options_of(ADMINISTRATORS_ROLE)
        return SessionLimits(idle=options.idle_timeout, longest=options.max_timeout)


def _cookie() -> str:
    return secrets.token_hex(16)


def _api_key() -> str:
    """Return what an api_key looks like: 32 bytes in base64 (facts 7.1)."""
    return base64.b64encode(secrets.token_bytes(32)).decode()
