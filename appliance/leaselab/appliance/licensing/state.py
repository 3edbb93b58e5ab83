"""The state of an appliance: everything its events have built, agenda and outbox included."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from leaselab.appliance.config import PASSWORD_COST_LOG2
from leaselab.appliance.instants import HOUR, MINUTE, Instant
from leaselab.appliance.licensing import emergency, enforcement
from leaselab.appliance.licensing.client import PREFIX, Identity
from leaselab.appliance.licensing.cluster import ClusterState, own_beat
from leaselab.appliance.licensing.commands import (
    ADMINISTRATORS_ROLE,
    CONCURRENT_USERS,
    FEATURES,
    LOWEST_TLS,
    Session,
    SessionOptions,
)
from leaselab.appliance.licensing.emergency import Emergency
from leaselab.appliance.licensing.events import DownloadAnswered, NetworkSet, VlanSaved
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.inventory import Holder
from leaselab.appliance.licensing.ledger import ServerState
from leaselab.appliance.licensing.messages import ClusterBeat
from leaselab.appliance.licensing.skus import SERVER, known_sku
from leaselab.appliance.licensing.standing import Standing
from leaselab.appliance.licensing.tenancy import ClientState
from leaselab.appliance.machine import Agenda, Envelope
from leaselab.appliance.models.platforms import PCS, Platform, platform
from leaselab.appliance.models.releases import Release, enforces


class ApplianceState(msgspec.Struct, kw_only=True):
    """One appliance. Changed by :func:`~.appliance.ApplianceMachine.evolve` alone."""

    name: str
    hostname: str
    kind: str
    personality: str
    release: str
    hardware_id: str
    serial_number: str
    authority_key: str
    cloud: str
    maximum_users_override: int | None
    time_zone: str
    password_cost_log2: int = PASSWORD_COST_LOG2
    secret: bytes = b""
    agreement_accepted: bool = False
    first_boot_done: bool = False
    booted_at: Instant = 0
    told_release: str = ""
    """The release last asked for at switch-on. As long as that is the same, a rollback stands."""
    rollback: str = ""
    """The release that ran before the latest one, empty while there was none."""
    console_protected: bool = False
    minimum_tls: str = LOWEST_TLS
    virtual_license_server: bool = False
    certificate_name: str = ""
    administrators: dict[str, str] = {}
    """Stored passwords by name."""
    no_rest: set[str] = set()
    """Administrators who may not use the REST API."""
    network: dict[str, NetworkSet] = {}
    vlans: dict[str, VlanSaved] = {}
    licenses: Licenses = msgspec.field(default_factory=Licenses)
    downloads_enabled: bool = False
    download_network: str = "internal"
    downloads_made: int = 0
    last_query_at: Instant = 0
    standing: Standing = msgspec.field(default_factory=Standing)
    last_download: DownloadAnswered | None = None
    sessions: dict[str, Session] = {}
    seen: dict[str, Instant] = {}
    """By session, when its user last did something."""
    session_options: dict[str, SessionOptions] = {}
    signed_in: dict[str, int] = {}
    crowd: dict[str, int] = {}
    """Those among the signed-in that have no session: users by number, which a load brings."""
    limits: dict[str, int] = {}
    closed: dict[str, bool] = {}
    """Features whose limit fell below the number signed in, until that is below it again (ENF-08)."""
    emergency: Emergency = msgspec.field(default_factory=Emergency)
    server: ServerState = msgspec.field(default_factory=ServerState)
    cluster: ClusterState = msgspec.field(default_factory=ClusterState)
    client: ClientState = msgspec.field(default_factory=ClientState)
    counters: dict[str, int] = {}
    agenda: Agenda = msgspec.field(default_factory=Agenda)
    outbox: dict[str, Envelope] = {}

    @property
    def platform(self) -> Platform:
        """What the device is."""
        return platform(self.kind)

    @property
    def parsed_release(self) -> Release:
        """The release it runs, for comparison."""
        return Release.parse(self.release)

    @property
    def maximum_users(self) -> int:
        """The platform's maximum of concurrent users, or the topology's word on it."""
        return _maximum(self.kind, self.personality, self.maximum_users_override)

    @property
    def is_license_server(self) -> bool:
        """Whether it admits no end users and hides what a license server hides (PLT-06, GAT)."""
        return self.server.enabled or self.virtual_license_server

    @property
    def enforces(self) -> bool:
        """Whether this release holds sign-ins to what is licensed (ENF-02)."""
        return enforces(self.parsed_release, self.personality)

    def holder(self) -> Holder:
        """Return what licenses need to know of the device."""
        return Holder(
            platform=self.platform,
            personality=self.personality,
            release=self.parsed_release,
            hardware_id=self.hardware_id,
            license_server=self.server.enabled,
            virtual_license_server=self.virtual_license_server,
            time_zone=self.time_zone,
        )

    def identity(self) -> Identity:
        """Return what the device tells its license server of itself."""
        leader = self.cluster.leader(self.name)
        return Identity(
            hardware_id=self.hardware_id,
            platform=self.kind,
            personality=self.personality,
            release=self.release,
            node=self.name,
            cluster=self.cluster.name,
            leader="" if leader == self.name else leader,
        )

    def beat(self) -> ClusterBeat:
        """Return what the device tells the other nodes of its cluster."""
        return own_beat(
            self.cluster,
            node=self.name,
            personality=self.personality,
            release=self.release,
            installed=self.licenses.usable,
            leased={feature: self.leased(feature) for feature in self.client.holdings},
            users=self.signed_in,
        )

    def usable(self, feature: str) -> int:
        """Return what counts here besides the device's own lease: its licenses, its cluster's share (CLU-05)."""
        own = self.licenses.usable.get(feature, 0)
        return self.cluster.spare(feature, own) if self.cluster.name else own

    def derive(self, purpose: str) -> bytes:
        """Return 16 bytes that are the device's own for one purpose: salts, session IDs."""
        return hashlib.blake2b(purpose.encode(), key=self.secret, digest_size=16).digest()

    def demand(self) -> dict[str, int]:
        """Return by feature the signed-in users that the device's own licenses do not cover (LSE-02)."""
        signed_in, usable = self.signed_in, self.usable
        return {feature: max(0, signed_in.get(feature, 0) - usable(feature)) for feature in self.client.holdings}

    def leased(self, feature: str) -> int:
        """Return the units held from a server, of all kinds."""
        return self.client.leased.get(feature, 0)

    def limit(self, feature: str) -> int:
        """Return how many users of a feature may be on: those licensed, or in an emergency more (ICE-01)."""
        if self.emergency.by and feature == CONCURRENT_USERS:
            return emergency.limit(self.maximum_users)
        return self.licensed(feature)

    def licensed(self, feature: str) -> int:
        """Return how many users of a feature are licensed (ENF-01 to ENF-06)."""
        door = _doors(self.kind, self.personality, self.release, self.maximum_users_override).get(feature)
        return 0 if door is None else door.limit(self.usable(feature) + self.client.leased.get(feature, 0))

    def judge_doors(self) -> None:
        """After limits or users changed: nobody new while more are signed in than the limit fell to (ENF-08)."""
        for feature in FEATURES:
            limit = self.limit(feature)
            earlier = self.limits.get(feature, limit)
            if earlier == limit and self.closed.get(feature) is False:
                continue  # an open door stays open while the limit does
            signed_in = self.signed_in.get(feature, 0)
            self.closed[feature] = enforcement.stays_closed(
                closed=self.closed.get(feature, False), earlier_limit=earlier, limit=limit, signed_in=signed_in
            )
            self.limits[feature] = limit

    def options_of(self, role: str) -> SessionOptions:
        """Return how long a role's sessions last."""
        return self.session_options.get(role, _SESSION_OPTIONS.get(role, SessionOptions()))

    def why_no_server(self) -> str:
        """Say why the device cannot be a license server, or nothing (PLT-04, PLT-05, SRV-01, VLS-04)."""
        if self.personality != PCS:
            return "a license server runs Connect Secure; Policy Secure never is one"
        if self.platform.virtual and not self.virtual_license_server:
            return "a virtual appliance is a license server only when it was booted as Virtual License Server"
        if not self.agreement_accepted:
            return "accept the license agreement first"
        if self.virtual_license_server and not any(
            known_sku(one.sku).kind == SERVER for one in self.licenses.installed.values()
        ):
            return "install a license-server license first; Download Licenses fetches it by authentication code"
        return ""

    def count(self, counter: str, by: int = 1) -> None:
        """Add to a total since first boot."""
        self.counters[counter] = self.counters.get(counter, 0) + by

    def forget_requests(self) -> None:
        """Drop requests to a license server that is not ours any more."""
        for key in [key for key in self.outbox if key.startswith(PREFIX)]:
            del self.outbox[key]


_SESSION_OPTIONS = {ADMINISTRATORS_ROLE: SessionOptions(idle_timeout=30 * MINUTE, max_timeout=12 * HOUR)}
"""As a device leaves the factory. End users have no limit then: those of a lab do nothing that would keep them on."""


def _maximum(kind: str, personality: str, override: int | None) -> int:
    return platform(kind).maximum_users[personality] if override is None else override


@lru_cache(maxsize=1_024)
def _doors(kind: str, personality: str, release: str, override: int | None) -> Mapping[str, enforcement.Door]:
    """Return by feature what platform and software say of its limit; kept, since every event of a lease asks for it."""
    return {
        feature: enforcement.door(
            feature,
            platform=platform(kind),
            personality=personality,
            release=Release.parse(release),
            platform_maximum=_maximum(kind, personality, override),
        )
        for feature in FEATURES
    }
