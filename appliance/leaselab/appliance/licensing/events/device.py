"""What happened to the device itself, and at its users' door."""

from leaselab.appliance.instants import Duration
from leaselab.appliance.licensing.commands import Session, SessionOptions
from leaselab.appliance.machine import Event


class Booted(Event, frozen=True):
    """Switched on with a release; ``secret`` is kept from the first time only.

    ``told`` is the release that was last asked for; after a rollback it is not the one that runs. ``hardware_id`` is
    the machine's; it is empty where an earlier Leaselab wrote the history.
    """

    release: str
    secret: bytes
    told: str = ""
    hardware_id: str = ""


class IdentityChanged(Event, frozen=True):
    """The device runs on another machine than the one that it was licensed on (PLT-07)."""

    hardware_id: str
    before: str


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


class VlanSaved(Event, frozen=True):
    """A VLAN port was made or changed."""

    name: str
    vlan_id: int
    address: str
    netmask: str
    gateway: str


class VlanDeleted(Event, frozen=True):
    """A VLAN port was removed."""

    name: str


class AdministratorSaved(Event, frozen=True):
    """A local administrator was made or given a new password."""

    name: str
    password_hash: str


class AdministratorNoted(Event, frozen=True):
    """An administrator signed in, or was refused."""

    name: str
    source: str
    admitted: bool


class AdministratorDeleted(Event, frozen=True):
    """A local administrator was removed."""

    name: str


class RestAccessSet(Event, frozen=True):
    """An administrator was given the REST API, or lost it."""

    name: str
    allowed: bool


class CertificateCreated(Event, frozen=True):
    """The self-signed web certificate of first boot."""

    common_name: str
    organization: str


class FirstBootFinished(Event, frozen=True):
    """The wizard is through."""


class ConsoleProtected(Event, frozen=True):
    """The console's menu was put behind a sign-in, or was freed of it."""

    enabled: bool


class MinimumTlsSet(Event, frozen=True):
    """The web server takes this version of TLS or a later one."""

    version: str


class PersonalityChosen(Event, frozen=True):
    """The device starts from the other factory image: another product, with its release of the same time."""

    personality: str
    release: str


class EmergencySwitched(Event, frozen=True):
    """Emergency mode was enabled, taken over by an admin, or disabled (ICE).

    ``by`` is ``admin`` or ``system``; ``why`` is why the system disabled it: ``quiet``, ``spent`` or ``license-gone``.
    """

    enabled: bool
    by: str
    left: Duration
    why: str = ""


class SignedIn(Event, frozen=True):
    """An end user signed in; ``over_capacity`` says that this was past the licensed number (ENF-04)."""

    session: Session
    over_capacity: bool = False


class SignedOut(Event, frozen=True):
    """An end user's session ended; ``why`` is empty if the user ended it, else ``idle``, ``too-long`` or ``admin``."""

    session: str
    user: str
    feature: str
    why: str = ""


class UserSeen(Event, frozen=True):
    """An end user did something, in a session that would have become idle otherwise."""

    session: str


class SessionOptionsSet(Event, frozen=True):
    """A role's sessions last as long as this from now on."""

    role: str
    options: SessionOptions


class SignInRefused(Event, frozen=True):
    """An end user was refused (ENF-04, PLT-06)."""

    user: str
    source: str
    feature: str
    reason: str
    message: str


class CrowdChanged(Event, frozen=True):
    """Users by number came or went: so many are on now (ENF-03, ENF-04)."""

    feature: str
    users: int
    came: int
    turned_away: int


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
