"""What can be seen of an appliance: one report that command line, REST, admin pages and metrics all show."""

import msgspec

from leaselab.appliance.instants import Duration, Instant


class FeatureCounts(msgspec.Struct, frozen=True):
    """The counts of one feature on this device, in units of the feature.

    ``installed`` counts active licenses usable here; ``leased`` is all held from a server (reserved, incremental and
    auto-leased); ``available`` is what a server could still promise to the best-fitting client.
    """

    feature: str
    signed_in: int
    limit: int
    installed: int
    leased: int
    reserved: int
    incremental: int
    auto_leased: int
    available: int = 0
    promised: int = 0
    """On a server: reserved counts and live increments of all clients."""
    auto_lease: bool = False
    average_available: float = 0.0
    """On a server: over the last 24 hours, weighted by time (AUT-03)."""


class LeaseRow(msgspec.Struct, frozen=True):
    """One lease. On a server ``client`` names who holds it; on a client it is its own client ID."""

    client: str
    feature: str
    kind: str
    """``reserved``, ``incremental`` or ``auto``."""
    units: int
    acquired_at: Instant
    ends_at: Instant


class LicenseRow(msgspec.Struct, frozen=True):
    """One installed license."""

    serial: str
    sku: str
    description: str
    feature: str
    units: int
    starts_at: Instant
    ends_at: Instant
    state: str
    """``active``, ``inactive``, ``grace``, ``expired``, ``surrendered`` or ``unusable``."""


class ClientFeature(msgspec.Struct, frozen=True):
    """One feature of a client record as the server sees it."""

    reserved: int
    increment: int
    maximum: int
    leased: int
    available: int


class ClientRow(msgspec.Struct, frozen=True):
    """A client record on a server."""

    id: str
    platform: str
    product: str
    hardware_id: str
    cluster: str
    expires_at: Instant
    last_contact_at: Instant | None
    features: dict[str, ClientFeature]


class ServerStanding(msgspec.Struct, frozen=True):
    """The license server's side of a device; ``enabled`` is false on a gateway."""

    enabled: bool
    can_enable: bool
    incremental_lease: Duration
    renewal_interval: Duration
    clients: tuple[ClientRow, ...] = ()
    penalty_until: Instant = 0
    """Auto-leasing is off until then (AUT-09); past or 0 where there is no penalty."""


class ClientStanding(msgspec.Struct, frozen=True):
    """The license client's side of a device."""

    server: str
    client_id: str
    preferred_network: str
    verify_certificate: bool
    contact: str
    """``none`` (no server set), ``never``, ``up`` or ``down``."""
    why: str
    """Why the last attempt failed; empty when it did not."""
    last_contact_at: Instant | None
    next_contact_at: Instant
    renewal_interval: Duration


class EmergencyStanding(msgspec.Struct, frozen=True):
    """Emergency mode of a device (ICE)."""

    state: str = "none"
    """``none`` (no ICE license), ``off``, ``admin`` or ``system`` (who enabled it), or ``spent``."""
    left: Duration = 0
    """Of the eight weeks."""


class CloudStanding(msgspec.Struct, frozen=True):
    """How a Virtual License Server stands with the cloud licensing service (VLS-06 to VLS-09)."""

    state: str = "none"
    """``none`` (no Virtual License Server), ``ok``, ``grace``, ``stopped`` or ``duplicate``."""
    grace_left: Duration = 0
    """Until licensing stops without an answered heartbeat."""
    heartbeats: int = 0
    failed: int = 0
    """Heartbeats that got no answer."""


class Report(msgspec.Struct, frozen=True):
    """Everything about one appliance at one instant."""

    name: str
    hostname: str
    kind: str
    model: str
    """As the product prints it, e.g. ``PSA-3000``."""
    personality: str
    product: str
    """E.g. ``Pulse Connect Secure``."""
    release: str
    hardware_id: str
    serial_number: str
    role: str
    """``gateway``, ``license-server`` or ``virtual-license-server``."""
    now: Instant
    agreement_accepted: bool
    first_boot_done: bool
    enforces: bool
    maximum_users: int
    out_of_compliance: str
    """The notice of ENF-09, or empty."""
    features: dict[str, FeatureCounts]
    licenses: tuple[LicenseRow, ...]
    leases: tuple[LeaseRow, ...]
    server: ServerStanding
    client: ClientStanding
    counters: dict[str, int]
    """Totals since first boot: grants, renewals, denials:<reason>, expiries, reclaims, sign_ins, refused_sign_ins …"""
    next_due: Instant
    emergency: EmergencyStanding = EmergencyStanding()
    cloud: CloudStanding = CloudStanding()

    @property
    def is_gateway(self) -> bool:
        """Whether it admits users; a license server of either sort does not (PLT-06)."""
        return self.role == "gateway"
