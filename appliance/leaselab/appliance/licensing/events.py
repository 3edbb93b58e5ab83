"""Everything that can have happened to an appliance: its whole history, and the only thing that changes its state."""

import msgspec

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.licensing.commands import Allocation, KeyOutcome, Session
from leaselab.appliance.licensing.inventory import InstalledLicense
from leaselab.appliance.licensing.messages import AutoLeased, Leases, SurrenderedLicense
from leaselab.appliance.machine import Envelope, Event

# --- the device itself -----------------------------------------------------------------------------------------------


class Booted(Event, frozen=True):
    """Switched on with a release; ``secret`` is kept from the first time only."""

    release: str
    secret: bytes


class AgreementAccepted(Event, frozen=True):
    """The license agreement was accepted (KEY-04)."""


class ModeChosen(Event, frozen=True):
    """Virtual License Server or gateway (VLS-01)."""

    virtual_license_server: bool


class NetworkSet(Event, frozen=True):
    """A port was given its addresses."""

    port: str
    address: str
    netmask: str
    gateway: str
    dns: tuple[str, ...]
    domains: str
    wins: str
    enabled: bool


class AdministratorSaved(Event, frozen=True):
    """A local administrator was made or given a new password."""

    name: str
    password_hash: str


class CertificateCreated(Event, frozen=True):
    """The self-signed web certificate of first boot."""

    common_name: str
    organization: str


class FirstBootFinished(Event, frozen=True):
    """The wizard is through."""


# --- license keys ----------------------------------------------------------------------------------------------------


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
    scheduled: bool = False


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


# --- the cluster -----------------------------------------------------------------------------------------------------


class ClusterJoined(Event, frozen=True):
    """The device is a node of a cluster (CLU-01)."""

    name: str
    members: tuple[str, ...]
    heartbeat: Duration


class BeatsSent(Event, frozen=True):
    """Beats to the other members are on their way."""

    envelopes: tuple[Envelope, ...]
    next_at: Instant


class MemberHeard(Event, frozen=True):
    """Another member told what it has; ``answered`` says that it did so in answer to a beat of ours."""

    id: str
    node: str
    answered: bool
    installed: dict[str, int]
    leased: dict[str, int]
    users: dict[str, int]


class MemberLost(Event, frozen=True):
    """A member does not answer, or is none of ours."""

    id: str
    node: str
    why: str
    since: Instant


class BorrowingEnded(Event, frozen=True):
    """These members were lost for ten days; what they had does not count any more (CLU-05)."""

    nodes: tuple[str, ...]


# --- end users -------------------------------------------------------------------------------------------------------


class SignedIn(Event, frozen=True):
    """An end user signed in."""

    session: Session


class SignedOut(Event, frozen=True):
    """An end user signed out."""

    session: str
    user: str
    feature: str


class SignInRefused(Event, frozen=True):
    """An end user was refused (ENF-04, PLT-06)."""

    user: str
    source: str
    feature: str
    reason: str
    message: str


class LicenseSurrendered(Event, frozen=True):
    """A license stops counting here; the server hears of it at the next contact (SUR-02)."""

    serial: str
    sku: str


class LicenseRecalled(Event, frozen=True):
    """A surrendered license was asked back (SUR-03)."""

    serial: str
    sku: str


class SurrendersConfirmed(Event, frozen=True):
    """The server's pools are as this client said; what it recalled counts here again (SUR-03)."""

    id: str
    serials: tuple[str, ...]
    returned: tuple[str, ...]


# --- the server's side -----------------------------------------------------------------------------------------------


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


# --- the client's side -----------------------------------------------------------------------------------------------


class ServerSet(Event, frozen=True):
    """Configure Server was saved (CLT-01)."""

    server: str
    client_id: str
    password: str
    preferred_network: str
    verify_certificate: bool


class ServerRemoved(Event, frozen=True):
    """The device leases from no server any more."""

    server: str


class StatePulled(Event, frozen=True):
    """An admin pulled the state from the server (CFG-01)."""


class ContactDue(Event, frozen=True):
    """It is time to contact the server: to renew, or to try again."""


class RequestQueued(Event, frozen=True):
    """A request to the license server is on its way."""

    envelope: Envelope
    verb: str


class RequestDropped(Event, frozen=True):
    """A request did not get as far as the server: the lease leader it was handed to is gone. It is made anew."""

    id: str


class RegistrationTaken(Event, frozen=True):
    """The server knows this device."""

    id: str
    token: str


class RegistrationLost(Event, frozen=True):
    """The server asks to register anew."""

    id: str
    reason: str


class Held(msgspec.Struct, frozen=True):
    """One increment a client holds. ``auto`` means it helped itself (AUT-05)."""

    id: str
    units: int
    acquired_at: Instant
    ends_at: Instant
    auto: bool = False


class Holding(msgspec.Struct, frozen=True):
    """All a client holds of one feature, by its own clock."""

    reserved: int
    reserved_since: Instant
    reserved_ends_at: Instant
    increment: int
    maximum: int
    increments: tuple[Held, ...] = ()
    auto_lease: bool = False
    denied: str = ""

    @property
    def leased(self) -> int:
        """Units held, of all kinds."""
        return self.reserved + sum(held.units for held in self.increments)


class LeasesTaken(Event, frozen=True):
    """The server's answer is in force here."""

    id: str
    verb: str
    holdings: dict[str, Holding]
    renewal_interval: Duration
    incremental_lease: Duration
    next_contact_at: Instant
    permanent: bool = False


class RequestDenied(Event, frozen=True):
    """The server answered no; the device tries again at the next contact."""

    id: str
    verb: str
    reason: str
    message: str
    next_contact_at: Instant


class ContactLost(Event, frozen=True):
    """The server did not answer (CLT-05)."""

    id: str
    why: str
    retry_at: Instant
    request_id: str = ""
    """Of the request for an increment that got no answer, if it was one."""


class LeasesEnded(Event, frozen=True):
    """Leases ran out on the client, by its own clock (LSE-07): ``(reserved units, increment IDs)`` by feature."""

    ended: dict[str, tuple[int, tuple[str, ...]]]


class AutoLeaseTaken(Event, frozen=True):
    """Out of contact, the client gave itself one increment (AUT-05)."""

    feature: str
    held: Held


ApplianceEvent = (
    Booted
    | AgreementAccepted
    | ModeChosen
    | NetworkSet
    | AdministratorSaved
    | CertificateCreated
    | FirstBootFinished
    | LicenseInstalled
    | LicenseRemoved
    | KeyRefused
    | LicensesChanged
    | DownloadsSet
    | DownloadAsked
    | DownloadAnswered
    | HeartbeatSent
    | HeartbeatAnswered
    | HeartbeatMissed
    | LicensingStopped
    | LicensingRestored
    | LicenseSurrendered
    | LicenseRecalled
    | SurrendersConfirmed
    | SurrendersCounted
    | ClusterJoined
    | BeatsSent
    | MemberHeard
    | MemberLost
    | BorrowingEnded
    | SignedIn
    | SignedOut
    | SignInRefused
    | ServerSwitched
    | LeasePeriodSet
    | RenewalIntervalSet
    | ClientSaved
    | ClientDeleted
    | ClientReleased
    | ClientRegistered
    | RequestRefused
    | LeasesAnswered
    | LeasesReclaimed
    | ClientConfigurationExpired
    | PenaltyBegan
    | PenaltyEnded
    | AutoLeaseSwitched
    | ServerSet
    | ServerRemoved
    | StatePulled
    | ContactDue
    | RequestQueued
    | RequestDropped
    | RegistrationTaken
    | RegistrationLost
    | LeasesTaken
    | RequestDenied
    | ContactLost
    | LeasesEnded
    | AutoLeaseTaken
)
