"""What happened on a license server."""

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.licensing.commands import Allocation
from leaselab.appliance.licensing.messages import AutoLeased, Leases, SurrenderedLicense
from leaselab.appliance.machine import Event


class ServerSwitched(Event, frozen=True):
    """License server on or off (SRV-01)."""

    enabled: bool


class LeasePeriodSet(Event, frozen=True):
    """Incremental lease duration (SRV-02)."""

    incremental_lease: Duration


class RenewalIntervalSet(Event, frozen=True):
    """Lease renewal interval (SRV-02)."""

    renewal_interval: Duration


class ClientSaved(Event, frozen=True):
    """A client record was added or changed (SRV-03)."""

    id: str
    password_hash: str
    platform: str
    product: str
    allocations: dict[str, Allocation]
    expires_at: Instant
    new: bool


class ClientDeleted(Event, frozen=True):
    """A client record was deleted; its leases run out (SRV-08)."""

    id: str


class ClientReleased(Event, frozen=True):
    """An admin lets another hardware ID take the client ID (SRV-11)."""

    id: str


class ClientRegistered(Event, frozen=True):
    """A client made itself known."""

    id: str
    hardware_id: str
    source: str
    cluster: str = ""


class RequestRefused(Event, frozen=True):
    """A request got nothing: unknown client, wrong password, another hardware ID … (SRV-10, SRV-11)."""

    id: str
    hardware_id: str
    source: str
    verb: str
    reason: str
    message: str


class LeasesAnswered(Event, frozen=True):
    """A leasing request was answered; ``reply`` is all the client now holds.

    ``granted`` names the increments that this answer added, as ``(feature, increment ID)``; ``auto`` those taken over
    from an auto-lease history (AUT-08).
    """

    id: str
    verb: str
    request_id: str
    source: str
    reply: Leases
    granted: tuple[tuple[str, str], ...] = ()
    auto: tuple[AutoLeased, ...] = ()
    heard: str = ""
    """The request whose answer the client had taken when it asked."""


class AnswerConfirmed(Event, frozen=True):
    """The client has taken the last answer: what it took back is free (LSE-10)."""

    id: str


class DoubtEnded(Event, frozen=True):
    """What a client may have gone on counting has ended by itself (LSE-07)."""

    id: str


class SurrendersCounted(Event, frozen=True):
    """The server counts what a client has surrendered, and no more what it has recalled."""

    id: str
    licenses: tuple[SurrenderedLicense, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


class LeasesReclaimed(Event, frozen=True):
    """Leases ran out and their counts went back (LSE-07)."""

    id: str
    feature: str
    reserved: int
    increments: tuple[str, ...]


class ClientConfigurationExpired(Event, frozen=True):
    """A client record's expiration date passed (SRV-08)."""

    id: str


class PenaltyBegan(Event, frozen=True):
    """Auto-leasing is off for all features until then (AUT-09)."""

    id: str
    until: Instant


class PenaltyEnded(Event, frozen=True):
    """Auto-leasing may be on again: the penalty ran out, or new counts were added (AUT-10)."""

    early: bool


class AutoLeaseSwitched(Event, frozen=True):
    """The server found auto-leasing to have become on or off for a feature (AUT-02)."""

    feature: str
    enabled: bool
