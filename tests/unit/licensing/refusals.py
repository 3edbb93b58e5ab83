"""The table of refusals: each with the ways to bring it about, which test_refusals.py takes one by one."""

import base64
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.instants import DAY, HOUR
from leaselab.appliance.licensing import commands as c
from leaselab.appliance.machine import Command
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet

CODE: Final = "Ab12-Cd34-Ef56-Gh78"
ADMINISTRATOR: Final = c.CreateAdministrator(name="admin", password="admin123")
RECORD: Final = c.SaveClient(
    id="NEW",
    password=CLIENT_PASSWORD,
    password_again=CLIENT_PASSWORD,
    platform="psa3000",
    product="pcs",
    allocations={c.CONCURRENT_USERS: c.Allocation(1, 1, 2)},
    new=True,
)
SERVER: Final = c.SetServer(server="server", client_id="gw", password="a1", password_again="a1")
VLAN: Final = c.SaveVlan(name="one", vlan_id=7, address="10.7.0.1", netmask="255.0.0.0")

CLUSTERING: Final = addresses.of(("System", "Clustering"))
SECURITY: Final = addresses.of(("System", "Configuration", "Security"))
USERS: Final = addresses.of(("System", "Status", "Active Users"))
UPGRADE: Final = addresses.of(("Maintenance", "System", "Upgrade/Downgrade"))
ACCOUNTS: Final = addresses.of(("Authentication", "Auth. Servers"))

REST_ACCOUNTS: Final = "/configuration/authentication/auth-servers/auth-server/Administrators/local/users/user"
REST_OPTIONS: Final = "/configuration/users/user-roles/user-role/Users/general/session-options"
REST_ADMINISTRATORS: Final = (
    "/configuration/administrators/admin-roles/admin-role/.Administrators/general/session-options"
)
REST_VLANS: Final = "/configuration/system/network/vlans/gw/vlan"


def staged() -> Fleet:
    """Return a server, a client with licenses of all sorts, one without the member license, and further devices."""
    fleet = Fleet()
    fleet.cloud({CODE: ["CONSEC-10U-1YR"]})
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    fleet.client("gw", reserved=10, increment=10, maximum=50)
    # SN00002 to SN00006
    fleet.install("gw", "PSA-LICENSE-MBR", "CONSEC-ADD-50U", "CONSEC-ADD-25U", "CONSEC-10U-1YR", "CONSEC-ADD-10U")
    fleet.do("gw", c.Surrender(serial="SN00003"))
    fleet.do("gw", c.Surrender(serial="SN00006"))
    fleet.advance(hours=7)
    fleet.cuts.add(("gw", "server"))
    fleet.do("gw", c.Recall(serial="SN00006"))
    fleet.do("gw", ADMINISTRATOR)
    fleet.do("gw", VLAN)
    fleet.appliance("bare")
    fleet.install("bare", "CONSEC-ADD-50U")  # SN00007
    fleet.client("poor", reserved=0, increment=10, maximum=50)
    fleet.install("poor", "CONSEC-ADD-50U")  # SN00008
    fleet.appliance("ice")
    fleet.install("ice", "ICE", "ACCESS-50U-EVAL")
    fleet.appliance("nac", kind="psa300", personality="pps")
    fleet.appliance("virtual", kind="va-spe")
    fleet.appliance("unlicensed", kind="va-spe", virtual_license_server=True)
    fleet.license_server("vls", licenses=["LICENSE-SVR"], kind="va-spe", virtual_license_server=True)
    fleet.license_server("late", licenses=["CONSEC-1000U-1YR", "ICE"], kind="psa5000", release="9.0R1")
    fleet.appliance("new", accept=False)
    fleet.advance(hours=1)
    return fleet


Prepared = Callable[[Fleet], Command]
"""A command for which something on the fleet has to be made first."""


class Case(NamedTuple):
    """One refusal.

    Attributes:
        reason: the refusal's, or the outcome of a key; empty where the way itself refuses.
        name: of the device.
        command: that is refused; ``None`` where the way itself refuses.
        call: of the REST API: method and path, status, and body if there is one, or what makes it of the command.
        form: of the admin console: address, and fields, or what makes them of the command.
        verb: the words after ``leaselab``; ``FILE`` is a file with the command's document, ``KEY`` its key.
        exit_code: of the verb: 1, the lab says no; 2, the call is wrong, which the verb says in words of its own.
    """

    reason: str
    name: str
    command: Command | Prepared | None
    call: tuple[Any, ...] = ()
    form: tuple[Any, ...] = ()
    verb: str = ""
    exit_code: int = 1


# --- what several refusals have in common ----------------------------------------------------------------------------


def on_license(reason: str, name: str, act: str, serial: str, status: int = 409) -> Case:
    """A license that is not surrendered, recalled or deleted."""
    command = {"surrender": c.Surrender, "recall": c.Recall, "delete": c.DeleteLicense}[act](serial=serial)
    path = f"/license/keys/{serial}"
    call = (f"DELETE {path}" if act == "delete" else f"POST {path}/{act}", status)
    verb = f"license {'remove' if act == 'delete' else act} {name} {serial}"
    return Case(reason, name, command, call, (addresses.SUMMARY, {"op": act, "serial": serial}), verb)


def record(reason: str, name: str, status: int = 422, **changes: Any) -> Case:
    """A client's record that is not saved."""
    command = msgspec.structs.replace(RECORD, **changes)
    body = {
        "client-id": command.id,
        "password": command.password,
        "platform": command.platform,
        "product": command.product,
        "features": msgspec.to_builtins(command.allocations),
    }
    counts = {
        f"{feature}.{field}": str(count)
        for feature, fields in body["features"].items()
        for field, count in fields.items()
    }
    typed = {field: getattr(command, field) for field in ("id", "platform", "product", "password", "password_again")}
    told_twice = command.password == command.password_again  # the API is told once
    has_fields = status != 400 and set(command.allocations) <= set(c.FEATURES)
    return Case(
        reason,
        name,
        command,
        ("POST /license/clients", status, body) if told_twice else (),
        (addresses.CLIENT, typed | counts | {"op": "save"}) if has_fields else (),
    )


def counts(reserved: int, increment: int, maximum: int, feature: str = c.CONCURRENT_USERS) -> dict[str, c.Allocation]:
    """Return what a record says of one feature."""
    return {feature: c.Allocation(reserved, increment, maximum)}


def server(reason: str, name: str, status: int = 422, **changes: Any) -> Case:
    """Settings of a license client that are not saved."""
    command = msgspec.structs.replace(SERVER, **changes)
    typed = {field: getattr(command, field) for field in ("server", "client_id", "password", "preferred_network")}
    body = {field.replace("_", "-"): text for field, text in typed.items()}
    told_twice = command.password == command.password_again
    form = (addresses.SERVER, typed | {"password_again": command.password_again, "op": "save"})
    return Case(reason, name, command, ("PUT /license/client", status, body) if told_twice else (), form)


def no_server(name: str) -> Case:
    """A device that cannot be a license server; it has no page to try it on."""
    return Case("not-possible", name, c.SetServerRole(enabled=True), ("PUT /license/server", 409, {"enabled": True}))


def terms(field: str, typed: tuple[str, str], **role: Any) -> Case:
    """Advanced Settings that are out of range (SRV-02)."""
    seconds = role[field] // 1_000
    call = ("PUT /license/server", 422, {f"{field.replace('_', '-')}-seconds": seconds})
    fields = dict(zip(("incremental_lease", "renewal_interval"), typed, strict=True)) | {"enabled": "on"}
    return Case("out-of-range", "server", c.SetServerRole(enabled=True, **role), call, (addresses.CLIENTS, fields))


def emergency(reason: str, name: str) -> Case:
    """Emergency mode that is not enabled."""
    call = ("PUT /license/emergency", 409, {"enabled": True})
    form = (addresses.SUMMARY, {"op": "emergency-on"})
    return Case(reason, name, c.SetEmergency(enabled=True), call, form, f"admin emergency {name} on")


def download(reason: str, name: str, code: str, status: int) -> Case:
    """Keys that the download center is not even asked for."""
    call = ("POST /license/download", status, {"auth-code": code})
    form = (addresses.DOWNLOADS, {"cmd": "download", "txtVLSAuthCode": code})
    return Case(reason, name, c.DownloadKeys(code=code), call, form, f"license download {name} {code}")


def account(reason: str, password: str, status: int) -> Case:
    """An administrator who is not created."""
    typed = {"name": "two", "password": password}
    form = (ACCOUNTS, typed | {"op": "save", "password_again": password})
    return Case(reason, "gw", c.CreateAdministrator(**typed), (f"POST {REST_ACCOUNTS}", status, typed), form)


def software(reason: str, name: str, release: str) -> Case:
    """A release that is not installed."""
    return Case(reason, name, c.InstallSoftware(release=release), (), (UPGRADE, {"release": release}))


def document(
    reason: str, name: str, status: int, made: Callable[[Fleet], c.ImportConfiguration], code: int = 1
) -> Case:
    """A document that is not imported."""

    def body(command: c.ImportConfiguration) -> dict[str, Any]:
        return {
            "document": base64.b64encode(command.document).decode(),
            "password": command.password,
            "sections": command.sections,
        }

    verb = f"admin import {name} FILE --password PASSWORD"
    return Case(reason, name, made, ("POST /license/import", status, body), (), verb, code)


def exported(fleet: Fleet, password: str = "sealed", *, by: str = "gw", **more: Any) -> c.ImportConfiguration:
    """Return the import of what a device has exported."""
    sealed: bytes = fleet.do(by, c.ExportConfiguration(password="sealed"))
    return c.ImportConfiguration(document=sealed, password=password, **more)


def key(reason: str, name: str, text: Callable[[Fleet], str], exit_code: int = 1) -> Case:
    """A key that is not installed. Each of a call has its own outcome, so the call itself is fine."""
    return Case(
        reason,
        name,
        lambda fleet: c.AddKeys(keys=(text(fleet),)),
        ("POST /license/keys", 200, lambda command: {"keys": command.keys}),
        (addresses.SUMMARY, lambda command: {"op": "add", "keys": command.keys[0]}),
        f"license add {name} KEY",
        exit_code,
    )


def again(fleet: Fleet, name: str, sku: str) -> str:
    """Install a key, and return it once more."""
    text = fleet.mint(name, sku)
    fleet.do(name, c.AddKeys(keys=(text,)))
    return text


# --- the table -------------------------------------------------------------------------------------------------------

_ANY_KEY = ("POST /license/keys", 409, {"keys": ["any"]}), (addresses.SUMMARY, {"op": "add", "keys": "any"})
_NO_REST = ("DELETE /license/client", 409), (addresses.SERVER, {"op": "remove"})
_PULL = ("POST /license/client/pull-state", 409), (addresses.SERVER, {"op": "pull"}), "admin pull bare"
_DOWNLOADS = {"autoDownload": "enabled", "preferredNetwork": "moon"}
_REST_VLAN = {"vlan-name": "two", "vlan-id": 7, "ip-address": "10.7.0.1", "netmask": "255.0.0.0"}
_REST_RECORD = {"platform": "psa3000", "product": "pcs", "features": {}}
_CLIENT = "/license/clients/none"

CASES: Final = [
    # Before the license agreement is accepted, and once it is.
    Case("agreement", "new", c.FinishFirstBoot()),
    Case("agreement", "new", c.AddKeys(keys=("any",)), *_ANY_KEY, "license add new any"),
    download("agreement", "new", CODE, 409),
    Case("booting", "new", c.SetCrowd(users=1)),
    document("booting", "new", 409, exported),
    Case("not-possible", "new", c.ChooseMode(virtual_license_server=True)),
    Case("no-such-image", "new", c.ChoosePersonality(personality="pps")),
    Case("first-boot-only", "gw", c.ChooseMode(virtual_license_server=True)),
    Case("first-boot-only", "gw", c.ChoosePersonality(personality="pps")),
    # A license server: PLT-04, PLT-05, VLS-04, SRV-01; SRV-02; SRV-03 and VLS-10; SRV-04; SRV-12.
    no_server("nac"),
    no_server("virtual"),
    no_server("unlicensed"),
    no_server("new"),
    terms("incremental_lease", ("1h", "6h"), incremental_lease=HOUR),
    terms("incremental_lease", ("11d", "6h"), incremental_lease=11 * DAY),
    terms("renewal_interval", ("24h", "9d"), renewal_interval=9 * DAY),
    terms("renewal_interval", ("24h", "30m"), renewal_interval=HOUR // 2),
    record("not-a-server", "bare", 409),
    record("invalid-client", "server", id="a b"),
    record("invalid-client", "server", id="gw"),
    record("invalid-client", "server", password_again="other"),
    record("invalid-client", "server", password="", password_again=""),
    record("invalid-client", "server", platform="psa9"),
    record("invalid-client", "server", product="ssl"),
    record("invalid-client", "vls", platform="mag2600"),
    record("invalid-client", "server", allocations=counts(1, 1, 2, "moon-users")),
    record("invalid-client", "server", 400, allocations=counts(-1, 1, 2)),
    record("invalid-client", "server", allocations=counts(3, 1, 2)),
    record("invalid-client", "server", allocations=counts(1, 0, 2)),
    record("invalid-client", "server", allocations=counts(200, 1, 201)),
    record("invalid-client", "late", allocations=counts(10, 10, 50)),
    record("invalid-client", "late", allocations=counts(0, 25, 500)),
    Case(
        "no-client",
        "server",
        c.DeleteClient(id="none"),
        (f"DELETE {_CLIENT}", 404),
        (),
        "admin delete-client server none",
    ),
    Case(
        "no-client",
        "server",
        c.ReleaseClient(id="none"),
        (f"POST {_CLIENT}/release", 404),
        (),
        "admin release-client server none",
    ),
    Case("license-server", "server", c.SetCrowd(users=1)),
    Case("is-a-server", "server", c.JoinCluster(name="pair", members=("server", "gw"))),
    Case("", "server", None, (), (), "admin join-cluster pair gw server"),
    Case("", "gw", None, (), (), "admin join-cluster pair gw nac"),
    # A license client: CLT-01, SUR-04, CFG-01, CLU-01.
    server("is-a-server", "server", 409),
    server("invalid-server", "bare", client_id="a b"),
    server("invalid-server", "bare", server=" "),
    server("invalid-server", "bare", preferred_network="moon"),
    server("invalid-server", "bare", password_again="b1"),
    server("surrendered", "gw", 409, server="elsewhere"),
    Case("surrendered", "gw", c.RemoveServer(), *_NO_REST),
    Case("no-server", "bare", c.RemoveServer(), *_NO_REST),
    Case("no-server", "bare", c.PullState(), *_PULL),
    Case(
        "invalid-cluster",
        "gw",
        c.JoinCluster(name="pair", members=("gw",)),
        (),
        (CLUSTERING, {"name": "pair", "members": "gw"}),
        "admin join-cluster pair gw",
    ),
    # Licenses: SUR, DLD, ICE.
    on_license("surrendered", "gw", "surrender", "SN00003"),
    on_license("surrendered", "gw", "delete", "SN00003"),
    on_license("no-server", "bare", "surrender", "SN00007"),
    on_license("no-license", "gw", "delete", "none", 404),
    on_license("no-license", "gw", "surrender", "none", 404),
    on_license("no-license", "gw", "recall", "none", 404),
    on_license("no-count", "gw", "surrender", "SN00002"),
    on_license("not-permanent", "gw", "surrender", "SN00005"),
    on_license("not-surrendered", "gw", "recall", "SN00004"),
    on_license("recalled", "gw", "recall", "SN00006"),
    on_license("no-member-license", "poor", "surrender", "SN00008"),
    download("invalid-code", "gw", "x" * 99, 422),
    Case(
        "unknown-network",
        "gw",
        c.SetDownloads(enabled=True, preferred_network="moon"),
        ("PUT /license/download-settings", 422, {"enabled": True, "preferred-network": "moon"}),
        (addresses.DOWNLOADS, _DOWNLOADS),
    ),
    emergency("no-ice-license", "gw"),
    emergency("evaluation", "ice"),
    emergency("is-a-server", "late"),
    # The device itself, and who is on it.
    Case("no-rollback", "gw", c.RollBack()),
    software("release", "gw", "six"),
    software("same-release", "gw", "8.3r1"),
    software("no-virtual-license-server", "vls", "8.2R5"),
    Case("release", "gw", c.PowerOn(release="eight", secret=bytes(32))),
    Case("unknown-version", "gw", c.SetMinimumTls(version="0.9"), (), (SECURITY, {"minimum_tls": "0.9"})),
    Case("unknown-port", "gw", c.SetNetwork(port="moon", address="10.0.0.1", netmask="255.0.0.0")),
    Case("invalid", "gw", msgspec.structs.replace(VLAN, name="two"), (f"POST {REST_VLANS}", 422, _REST_VLAN)),
    Case("no-vlan", "gw", c.DeleteVlan(name="none"), (f"DELETE {REST_VLANS}/none", 404)),
    Case("invalid", "gw", c.SetCrowd(users=-1)),
    Case(
        "invalid",
        "gw",
        c.SetSessionOptions(role="Users", options=c.SessionOptions(idle_timeout=-1)),
        (f"PUT {REST_OPTIONS}", 400, {"idle-timeout": "-1"}),
    ),
    Case(
        "no-session",
        "gw",
        c.SignOut(session="none", by_admin=True),
        ("DELETE /system/active-users/session/none", 404),
        (USERS, {"session": "none"}),
    ),
    Case("no-session", "gw", c.SeeUser(session="none")),
    account("too-short", "a1", 422),
    account("too-long", "a1" * 1_000, 400),
    Case(
        "last-administrator",
        "gw",
        c.DeleteAdministrator(name="admin"),
        (f"DELETE {REST_ACCOUNTS}/admin", 409),
        (ACCOUNTS, {"op": "delete", "name": "admin"}),
    ),
    Case(
        "no-administrator",
        "gw",
        c.DeleteAdministrator(name="none"),
        (f"DELETE {REST_ACCOUNTS}/none", 404),
        (ACCOUNTS, {"op": "delete", "name": "none"}),
    ),
    Case(
        "no-administrator",
        "gw",
        c.SetRestAccess(name="none", allowed=True),
        (f"PUT {REST_ACCOUNTS}/none", 404, {"allow-rest-api": True}),
        (ACCOUNTS, {"op": "rest", "name": "none", "rest": "on"}),
    ),
    # Documents: CFG.
    Case(
        "no-password",
        "gw",
        c.ExportConfiguration(password=""),
        ("POST /license/export", 400, {"password": ""}),
        (addresses.EXPORT, {"txtPassword": "", "txtPasswordConfirm": ""}),
        "admin export gw FILE --password ''",
    ),
    document("personality", "gw", 409, lambda fleet: exported(fleet, by="nac")),
    document("unknown-section", "gw", 422, lambda fleet: exported(fleet, sections=("moon",)), 2),
    document("wrong-password", "gw", 422, lambda fleet: exported(fleet, "other")),
    document("malformed", "gw", 422, lambda _fleet: c.ImportConfiguration(document=b"{}", password="sealed")),
    Case("too-large", "gw", c.ImportConfiguration(document=bytes(64 * 1024 * 1024), password="sealed")),
    # What only the API can be asked.
    Case("", "gw", None, (f"PUT {REST_ADMINISTRATORS}", 400, {"max-timeout": "never"})),
    Case("", "gw", None, ("PUT /system/binary-configuration", 422, "no backup")),
    Case("", "gw", None, (f"POST {REST_ACCOUNTS}", 409, {"name": "admin", "password": "admin456"})),
    Case("", "gw", None, (f"PUT {REST_ACCOUNTS}/admin", 422, {"password": "a1", "allow-rest-api": False})),
    Case("", "gw", None, (f"POST {REST_VLANS.replace('gw', 'bare')}", 404, _REST_VLAN)),
    Case("", "gw", None, ("POST /license/import", 422, {"document": "no base64", "password": "sealed"})),
    Case("", "gw", None, ("POST /license/keys", 400, {"keys": []})),
    Case("", "gw", None, ("PUT /license/emergency", 400, {"enabled": "on"})),
    Case("", "server", None, ("PUT /license/server", 400, {"lease-seconds": 3_600})),
    Case("", "server", None, (f"PUT {_CLIENT}", 404, _REST_RECORD)),
    Case("", "server", None, ("POST /license/clients", 422, _REST_RECORD | {"client-id": "NEW", "expires-at": "soon"})),
    Case("", "server", None, ("DELETE /license/clients", 405)),
]

KEYS: Final = [
    key("duplicate", "gw", lambda fleet: again(fleet, "gw", "CONSEC-ADD-10U"), 0),
    key("malformed", "gw", lambda _fleet: "nokey"),
    key("tampered", "gw", lambda fleet: "AAAA" + fleet.mint("gw", "CONSEC-ADD-10U")[4:]),
    key("other-device", "gw", lambda fleet: fleet.mint("bare", "CONSEC-ADD-10U")),
    key("nothing-to-renew", "gw", lambda fleet: fleet.mint("gw", "CONSEC-ADD-250U-1Y-R")),
    key("virtual-appliance", "virtual", lambda fleet: fleet.mint("virtual", "ACCESSX600-ADD-10U")),
    key("virtual-license-server", "vls", lambda fleet: fleet.mint("vls", "ACCESSX600-ADD-10U")),
]
"""Keys that are not installed: that is counted and logged, and nothing else changes (KEY-02)."""
