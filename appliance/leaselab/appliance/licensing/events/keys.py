"""What happened to license keys: installed, surrendered, downloaded; and the standing with the vendor's cloud."""

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.commands import KeyOutcome
from leaselab.appliance.licensing.inventory import InstalledLicense
from leaselab.appliance.machine import Envelope, Event


class LicenseInstalled(Event, frozen=True):
    """A key was installed; ``downloaded`` says it came from the download center."""

    license: InstalledLicense
    downloaded: bool = False


class LicenseRemoved(Event, frozen=True):
    """A license was deleted."""

    serial: str
    sku: str


class KeyRefused(Event, frozen=True):
    """A key was not installed, and why (KEY-02, KEY-03)."""

    outcome: KeyOutcome
    downloaded: bool = False


class LicensesChanged(Event, frozen=True):
    """Licenses began, ran into grace, or ended (KEY-06 to KEY-08): ``(serial, sku, new state)`` each."""

    changes: tuple[tuple[str, str, str], ...]


class DownloadsSet(Event, frozen=True):
    """Automatic download was switched (DLD-01)."""

    enabled: bool
    preferred_network: str


class DownloadAsked(Event, frozen=True):
    """A request to the download center is on its way; ``scheduled`` says that the schedule asked (DLD-01)."""

    envelope: Envelope
    scheduled: bool = False


class DownloadAnswered(Event, frozen=True):
    """The download center answered, or could not be reached."""

    id: str
    host: str
    reachable: bool
    error: str
    outcomes: tuple[KeyOutcome, ...] = ()


class HeartbeatSent(Event, frozen=True):
    """A heartbeat to the cloud licensing service is on its way (VLS-06)."""

    envelope: Envelope


class HeartbeatAnswered(Event, frozen=True):
    """The service answered: all is well, or another instance beats under this identity (VLS-09)."""

    id: str
    host: str
    token: str
    duplicate: bool
    message: str
    next_at: Instant


class HeartbeatMissed(Event, frozen=True):
    """A heartbeat got no answer (VLS-07)."""

    id: str
    host: str
    why: str
    next_at: Instant


class LicensingStopped(Event, frozen=True):
    """The grace period without heartbeats is over: nothing is granted or renewed any more (VLS-07)."""

    days: int
    why: str


class LicensingRestored(Event, frozen=True):
    """An authentication code was entered and the service took it (VLS-08)."""
