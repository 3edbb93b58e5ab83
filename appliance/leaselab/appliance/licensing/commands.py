"""What a person, a program or a topology asks of an appliance. One class an act; replies are named with it."""

import msgspec

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.machine import Command

CONCURRENT_USERS = "concurrent-users"
RDP_USERS = "rdp-users"
FEATURES = (CONCURRENT_USERS, RDP_USERS)
"""The features that are counted, leased and auto-leased (AUT-01)."""


class PowerOn(Command, frozen=True):
    """The device starts with this software; a changed release is an upgrade (ENF-07). ``secret`` is 32 fresh bytes.

    ``hardware_id`` is what the machine calls itself. One that is not the device's own means that its disk was copied to
    another machine.
    """

    release: str
    secret: bytes
    hardware_id: str = ""


class AcceptAgreement(Command, frozen=True):
    """The license agreement is accepted (KEY-04)."""


class ChooseMode(Command, frozen=True):
    """First boot's question whether to be a Virtual License Server (VLS-01, PLT-05)."""

    virtual_license_server: bool


class SetNetwork(Command, frozen=True):
    """Addresses of one port (``internal``, ``external``, ``management``)."""

    port: str
    address: str
    netmask: str
    gateway: str = ""
    dns: tuple[str, ...] = ()
    domains: str = ""
    wins: str = ""
    enabled: bool = True


class SaveVlan(Command, frozen=True):
    """A VLAN port: kept and shown, its traffic is not emulated."""

    name: str
    vlan_id: int
    address: str
    netmask: str
    gateway: str = ""


class DeleteVlan(Command, frozen=True):
    """Remove a VLAN port."""

    name: str


class CreateAdministrator(Command, frozen=True):
    """A local administrator, or a new password for one."""

    name: str
    password: str


class NoteAdministrator(Command, frozen=True):
    """An administrator has signed in on the pages or over REST, or somebody was refused who said to be one."""

    name: str
    source: str
    admitted: bool


class DeleteAdministrator(Command, frozen=True):
    """Remove a local administrator; the last one stays."""

    name: str


class SetRestAccess(Command, frozen=True):
    """Whether an administrator may use the REST API (facts 7.1)."""

    name: str
    allowed: bool


class CreateCertificate(Command, frozen=True):
    """The self-signed web certificate of first boot."""

    common_name: str
    organization: str


class FinishFirstBoot(Command, frozen=True):
    """The wizard is through; services start."""


class ProtectConsole(Command, frozen=True):
    """Whether the console's menu wants an administrator's sign-in first (facts 1.3, item 5)."""

    enabled: bool


class InstallSoftware(Command, frozen=True):
    """Change to another release by the device's own Upgrade/Downgrade page; a reboot follows (facts 6.2)."""

    release: str


TLS_VERSIONS = ("1.2", "1.3")
"""What the web server can be held to; facts name no older one that we would speak."""

LOWEST_TLS = TLS_VERSIONS[0]


class SetMinimumTls(Command, frozen=True):
    """The lowest version of TLS that browsers, scripts and license clients may use, one of :data:`TLS_VERSIONS`."""

    version: str


class RollBack(Command, frozen=True):
    """Change to the software that ran before the last change of release; a reboot follows (facts 1.4)."""


class ChoosePersonality(Command, frozen=True):
    """Which of its factory images a MAG starts from, ``pcs`` or ``pps``, after a factory reset (PLT-02, facts 1.1)."""

    personality: str


class AddKeys(Command, frozen=True):
    """Install license keys. Reply: a tuple of :class:`KeyOutcome`, one a key (KEY-03)."""

    keys: tuple[str, ...]


class DeleteLicense(Command, frozen=True):
    """Remove an installed license by its serial."""

    serial: str


class DownloadKeys(Command, frozen=True):
    """Ask the download center at once, with or without a code (DLD-02). Reply: :class:`DownloadReport`."""

    code: str = ""
    scheduled: bool = False
    """Set by the machine itself when the schedule asks (DLD-01)."""


class SetDownloads(Command, frozen=True):
    """Automatic download of license keys (DLD-01)."""

    enabled: bool
    preferred_network: str = "internal"


class SetServerRole(Command, frozen=True):
    """Enable Licensing server, and its Advanced Settings (SRV-01, SRV-02). ``None`` leaves a setting as it is."""

    enabled: bool | None = None
    incremental_lease: Duration | None = None
    renewal_interval: Duration | None = None


class Allocation(msgspec.Struct, frozen=True):
    """What the server lets one client have of one feature: ``0 <= reserved <= maximum`` (SRV-04)."""

    reserved: int = 0
    increment: int = 0
    maximum: int = 0


class SaveClient(Command, frozen=True):
    """Add a client record, or change one (SRV-03). An empty password keeps the old one on a change."""

    id: str
    password: str
    password_again: str
    platform: str
    """A kind, e.g. ``psa3000``."""
    product: str
    """``pcs`` or ``pps``."""
    allocations: dict[str, Allocation]
    expires_at: Instant | None = None
    new: bool = True


class DeleteClient(Command, frozen=True):
    """Remove a client record; its leases run out (SRV-08)."""

    id: str


class ReleaseClient(Command, frozen=True):
    """Let another hardware ID register under this client ID (SRV-11)."""

    id: str


class SetServer(Command, frozen=True):
    """Configure Server on a client (CLT-01)."""

    server: str
    client_id: str
    password: str
    password_again: str
    preferred_network: str = "internal"
    verify_certificate: bool = True


class RemoveServer(Command, frozen=True):
    """Lease from no server any more."""


class PullState(Command, frozen=True):
    """Pull State from Server: contact it now (CFG-01)."""


class Surrender(Command, frozen=True):
    """Give a permanent license's counts to the license server (SUR-01, SUR-02)."""

    serial: str


class Recall(Command, frozen=True):
    """Ask a surrendered license back; it counts here again once the server has confirmed (SUR-03)."""

    serial: str


class JoinCluster(Command, frozen=True):
    """Become a node of a cluster (CLU-01); ``members`` names all its nodes in the order of leadership."""

    name: str
    members: tuple[str, ...]
    heartbeat: Duration = 0
    """Zero: the default."""


class SetEmergency(Command, frozen=True):
    """Emergency mode: with an ICE license more users than are licensed may sign in, for eight weeks in all (ICE)."""

    enabled: bool


SECTIONS = ("network", "license-server", "license-client", "downloads", "licenses")
"""What can be imported on its own of an exported configuration (CFG-02)."""


class ExportConfiguration(Command, frozen=True):
    """Write configuration and licenses into one document, sealed with a password. Reply: the document, bytes."""

    password: str


class ImportConfiguration(Command, frozen=True):
    """Take sections of an exported document over, all or none of them (CFG-04). Reply: :class:`ImportReport`."""

    document: bytes
    password: str
    sections: tuple[str, ...] = SECTIONS


class SignIn(Command, frozen=True):
    """An end user signs in. Reply: :class:`Session`."""

    user: str
    source: str
    feature: str = CONCURRENT_USERS
    asked: bool = False
    """Set by the machine itself once it has asked the server for more (LSE-02)."""


class RefuseUser(Command, frozen=True):
    """An end user's password was wrong. Reply: the refusal."""

    user: str
    source: str
    feature: str = CONCURRENT_USERS


class SignOut(Command, frozen=True):
    """End a session by its ID: its user does, or an administrator."""

    session: str
    by_admin: bool = False


class SeeUser(Command, frozen=True):
    """A signed-in end user has done something: the session is not idle."""

    session: str


USERS_ROLE = "Users"
ADMINISTRATORS_ROLE = ".Administrators"
ROLES = (USERS_ROLE, ADMINISTRATORS_ROLE)
"""The roles of end users and of administrators, as the product ships them."""


class SessionOptions(msgspec.Struct, frozen=True):
    """How long a role's sessions last on the lab's clock: without a request, and in all. ``None`` is for ever."""

    idle_timeout: Duration | None = None
    max_timeout: Duration | None = None


class SetSessionOptions(Command, frozen=True):
    """The session options of a role; sessions that are on go by them at once."""

    role: str
    options: SessionOptions


class SetCrowd(Command, frozen=True):
    """Users by number, as a load brings them to a gateway: that many are to be on. Reply: :class:`Crowd`."""

    users: int
    feature: str = CONCURRENT_USERS
    leased_before: int = -1
    """Set by the machine itself once it has asked the server for more: what was leased then (LSE-02)."""


class Crowd(msgspec.Struct, frozen=True):
    """What became of a crowd: how many are on, and how many were turned away at the door."""

    users: int
    turned_away: int


class KeyOutcome(msgspec.Struct, frozen=True):
    """What became of one key: ``result`` is ``installed``, ``duplicate`` or the reason of a refusal (KEY-02)."""

    key: str
    result: str
    message: str


TAKEN = frozenset({"installed", "duplicate"})
"""The results after which the license is there; any other is a refusal."""


class DownloadReport(msgspec.Struct, frozen=True):
    """What a download brought. ``error`` is the center's own text, empty where there is none (DLD-02)."""

    outcomes: tuple[KeyOutcome, ...]
    error: str = ""


class ImportReport(msgspec.Struct, frozen=True):
    """What an import took over; ``ignored`` says why licenses in the document were not, where that is so (CFG-02)."""

    sections: tuple[str, ...]
    changes: int
    """How many things changed; 0 where all was so already."""
    ignored: str = ""


class Session(msgspec.Struct, frozen=True):
    """A signed-in end user."""

    id: str
    user: str
    feature: str
    source: str
    since: Instant


AnyCommand = (
    PowerOn
    | AcceptAgreement
    | ChooseMode
    | SetNetwork
    | CreateAdministrator
    | CreateCertificate
    | FinishFirstBoot
    | ProtectConsole
    | InstallSoftware
    | SetMinimumTls
    | RollBack
    | ChoosePersonality
    | AddKeys
    | DeleteLicense
    | DownloadKeys
    | SetDownloads
    | SetServerRole
    | SaveClient
    | DeleteClient
    | ReleaseClient
    | SetServer
    | RemoveServer
    | PullState
    | Surrender
    | JoinCluster
    | Recall
    | SetEmergency
    | ExportConfiguration
    | ImportConfiguration
    | SignIn
    | SignOut
    | SeeUser
    | SetSessionOptions
    | SetRestAccess
    | DeleteAdministrator
    | SaveVlan
    | DeleteVlan
)
"""What can be sent to a device from outside, decoded by its ``type`` tag."""
