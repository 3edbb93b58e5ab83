"""What the pages and the protocol need of the device they belong to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leaselab.appliance.chronicle import Chronicle
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.console import Effect
from leaselab.appliance.device import Device
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.views import Report


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
    """

    config: NodeConfig
    device: Device[Any]
    store_id: str
    report: Callable[[], Report] | None
    phase: Callable[[], str]
    observe_request: Callable[[str, float], None]
    chronicle: Chronicle
    take_effect: Callable[[Effect], None]
    admin_sessions: dict[str, "AdminSession"] = field(default_factory=dict)
    pending_admins: dict[str, "AdminSession"] = field(default_factory=dict)
    failures: dict[str, "Failures"] = field(default_factory=dict)

    @property
    def now(self) -> Instant:
        """The device's time."""
        return self.device.clock.now()


@dataclass(slots=True)
class AdminSession:
    """A signed-in administrator.

    Attributes:
        name: who.
        xsauth: what every changing form must carry.
        since: when it began.
        last_seen_at: for the idle expiry, on the lab's clock.
        notes: what the next page says of the form before it.
    """

    name: str
    xsauth: str
    since: Instant
    last_seen_at: Instant
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Failures:
    """Wrong administrator passwords in a row from one address; wall time, since guessing happens there."""

    count: int
    closed_until: float
