"""The lease protocol, version 1: what clients and servers, and devices and the vendor's cloud, say to each other.

Bodies are JSON of these structs, posted to ``/licensing/v1/<verb>`` (docs/lease-protocol.md). The vendor's own wire
format is not public; this is the emulator's. Every request carries who asks and when it was sent; ``request_id``
makes it idempotent (LSE-11).
"""

import msgspec

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.machine import Command


class Request(Command, frozen=True, kw_only=True):
    """What every request of a license client carries."""

    client_id: str
    hardware_id: str
    sent_at: Instant
    request_id: str
    token: str = ""
    """From the last registration; absent in ``register``."""
    source: str = ""
    """The address it came from; filled in by the server's edge, never trusted from the wire."""
    heard: str = ""
    """The request whose answer the client took last: what earlier ones left it is gone (LSE-10)."""


class Register(Request, frozen=True, kw_only=True, tag="register"):
    """A client makes itself known with its machine ID before it leases (SRV-10, SRV-11)."""

    password: str
    platform: str
    personality: str
    release: str
    cluster: str = ""
    """The cluster that the client is a node of, shown beside it on the server (CLU-01)."""


class Lease(Request, frozen=True, kw_only=True, tag="lease"):
    """First contact takes the reserved counts (LSE-01); later, one increment of each feature named (LSE-02)."""

    increments: tuple[str, ...] = ()


class Renew(Request, frozen=True, kw_only=True, tag="renew"):
    """Every renewal interval (LSE-06); gives back the increments named, by feature (LSE-09)."""

    give_back: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class AutoLeased(msgspec.Struct, frozen=True):
    """One increment that a client out of contact granted itself (AUT-05)."""

    id: str
    feature: str
    units: int
    at: Instant


class History(Request, frozen=True, kw_only=True, tag="history"):
    """Back in contact: what was auto-leased meanwhile, grant by grant (AUT-08)."""

    grants: tuple[AutoLeased, ...]


class Confirm(Request, frozen=True, kw_only=True, tag="confirm"):
    """The answer to ``heard`` took something back and has arrived: the server may give it to others (LSE-10)."""


class SurrenderedLicense(msgspec.Struct, frozen=True):
    """A license whose counts its owner has given to the server."""

    serial: str
    sku: str
    surrendered_at: Instant


class Surrenders(Request, frozen=True, kw_only=True, tag="surrender"):
    """All that this client has surrendered and not asked back: the server's pools follow it (SUR-02, SUR-03)."""

    licenses: tuple[SurrenderedLicense, ...]


class IncrementLease(msgspec.Struct, frozen=True, omit_defaults=True):
    """A live increment, as the server knows it or the client holds it."""

    id: str
    units: int
    acquired_at: Instant
    ends_at: Instant
    auto: bool = False
    """The client helped itself to it (AUT-05), and its server does not know; never on the wire."""


class FeatureLease(msgspec.Struct, frozen=True):
    """All a client holds of a feature, and may hold. The reply to a renewal replaces what the client believed.

    The server keeps it by its own clock, the client by its own.
    """

    reserved: int
    reserved_since: Instant
    reserved_ends_at: Instant
    increment: int
    maximum: int
    increments: tuple[IncrementLease, ...] = ()
    auto_lease: bool = False
    """Whether the client may help itself when out of contact (AUT-04)."""
    denied: str = ""
    """Why the increment asked for was not granted; empty when it was or none was asked for."""

    @property
    def leased(self) -> int:
        """Units held, of all kinds."""
        units = self.reserved
        for one in self.increments:
            units += one.units
        return units


class Denied(msgspec.Struct, frozen=True, tag="denied"):
    """A request that got nothing. ``reason`` is a stable word; ``unregistered`` tells the client to register anew."""

    reason: str
    message: str


class Registered(msgspec.Struct, frozen=True, tag="registered"):
    """The answer to ``register``: the token for what follows."""

    token: str
    server_time: Instant


class SurrendersTaken(msgspec.Struct, frozen=True, tag="surrendered"):
    """The answer to ``surrender``: the serials that the server counts now."""

    serials: tuple[str, ...]


class Leases(msgspec.Struct, frozen=True, tag="leases"):
    """The answer to every leasing request."""

    features: dict[str, FeatureLease]
    renewal_interval: Duration
    incremental_lease: Duration
    server_time: Instant
    """So that a client whose clock is off still ends its leases in time (LSE-13)."""
    permanent: bool = False
    """Whether counts of permanent licenses are among what fits the client: it then needs a member license (ENF-09)."""


class Confirmed(msgspec.Struct, frozen=True, tag="confirmed"):
    """The answer to ``confirm``."""


ServerReply = Registered | Leases | SurrendersTaken | Confirmed | Denied


class ClaimKeys(Command, frozen=True, kw_only=True, tag="claim"):
    """To the download center: keys for this device, with an authentication code or without (DLD-02)."""

    hardware_id: str
    kind: str
    code: str = ""
    request_id: str
    sent_at: Instant
    restore: bool = False
    """Licensing has stopped: a code that this device used already is taken again (VLS-08)."""


class ClaimedKeys(msgspec.Struct, frozen=True, tag="keys"):
    """The download center's answer; ``error`` is its own text."""

    keys: tuple[str, ...] = ()
    error: str = ""
    restored: bool = False
    """The claim restores a Virtual License Server that had stopped (VLS-08)."""


class ClusterBeat(Command, frozen=True, kw_only=True, tag="cluster-beat"):
    """A cluster node to another, and its answer: who it is, and what it has and holds by feature (CLU)."""

    cluster: str
    node: str
    personality: str
    release: str
    installed: dict[str, int]
    leased: dict[str, int]
    users: dict[str, int]


class Relay(Command, frozen=True, kw_only=True, tag="relay"):
    """A cluster node to its lease leader: send this to the license server for me (CLU-02)."""

    cluster: str
    node: str
    to: str
    path: str
    body: msgspec.Raw
    network: str
    verify: bool


class Heartbeat(Command, frozen=True, kw_only=True, tag="heartbeat"):
    """To the cloud licensing service, every 8 hours (VLS-06); ``token`` is what the last answer gave."""

    hardware_id: str
    token: str
    request_id: str
    sent_at: Instant
    source: str = ""
    """The address it came from; filled in by the service's edge, never trusted from the wire."""


class HeartbeatReply(msgspec.Struct, frozen=True, tag="beat"):
    """The service's answer: the token for the next one, or that another instance beats under this identity (VLS-09)."""

    token: str = ""
    duplicate: bool = False
    message: str = ""


CLAIM_PATH = "/cloud/v1/claim"
HEARTBEAT_PATH = "/cloud/v1/heartbeat"
"""On the vendor's cloud."""

CLUSTER_BEAT_PATH = "/cluster/v1/beat"
RELAY_PATH = "/cluster/v1/relay"
"""Between the nodes of a cluster."""

ROUTES: dict[str, type[Command]] = {
    "/licensing/v1/register": Register,
    "/licensing/v1/lease": Lease,
    "/licensing/v1/renew": Renew,
    "/licensing/v1/history": History,
    "/licensing/v1/surrender": Surrenders,
    "/licensing/v1/confirm": Confirm,
    CLAIM_PATH: ClaimKeys,
    HEARTBEAT_PATH: Heartbeat,
    CLUSTER_BEAT_PATH: ClusterBeat,
    RELAY_PATH: Relay,
}
"""Every address that devices post to, and the message it takes."""
