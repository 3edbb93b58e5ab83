"""What opens something is in nothing that a lab prints, and stored only where its owner alone reads."""

import contextlib
import http.client
import io
import json
import re
import ssl
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leaselab.appliance.config import ApplianceConfig
from leaselab.testbed import Lab
from leaselab.testbed.cli.app import run
from leaselab.testbed.testing.rest import Rest

TOPOLOGY = """
name: NAME
cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}}}
defaults:
  boot: {accept-license: true, admin: {name: admin, password: adminpassword}}
nodes:
  vls1:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server:
      clients:
        GW1:
          node: gw1
          password: clientpassword
          features: {concurrent-users: {reserved: 20, increment: 25, maximum: 100}}
  gw1:
    kind: psa3000
    license-client: {server: vls1, id: GW1}
    user-password: userpassword
    console: {users: {operator: consolepassword}}
    users: 3
"""
PASSWORDS = {"adminpassword", "clientpassword", "userpassword", "consolepassword"}
DOORS = ["/dana-na/auth/url_default/welcome.cgi", "/dana-na/auth/url_admin/welcome.cgi"]
LOGIN = "/dana-na/auth/url_default/login.cgi"
ADMIN_LOGIN = "/dana-na/auth/url_admin/login.cgi"
SNAPSHOTS = "/dana-admin/maintenance/troubleshooting/system-snapshot.cgi"
XML = "/dana-admin/maintenance/import-export/xml-import-export.cgi"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@contextlib.contextmanager
def running(tmp_path_factory: pytest.TempPathFactory, *names: str) -> Iterator[tuple[Path, list[Lab]]]:
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as labs:
        home = tmp_path_factory.mktemp("secrets")
        patch.setenv("LEASELAB_HOME", str(home))
        yield home, [labs.enter_context(Lab.up(TOPOLOGY.replace("NAME", name))) for name in names]


@pytest.fixture(scope="module")
def home_and_labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Lab]]]:
    with running(tmp_path_factory, "one", "other") as up:
        yield up


@pytest.fixture
def lab(home_and_labs: tuple[Path, list[Lab]]) -> Lab:
    return home_and_labs[1][0]


@pytest.fixture
def other(home_and_labs: tuple[Path, list[Lab]]) -> Lab:
    return home_and_labs[1][1]


@pytest.fixture
def home(home_and_labs: tuple[Path, list[Lab]], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The labs' folder, set anew: each test of this room is given another."""
    monkeypatch.setenv("LEASELAB_HOME", str(home_and_labs[0]))
    return home_and_labs[0]


def visitor(lab: Lab, node: str = "gw1") -> Rest:
    """Somebody with a browser."""
    return Rest(lab, node, user="")


def cookie_of(answer: Any) -> str:
    (cookie,) = [one for one in answer.headers.get_all("set-cookie", []) if one.startswith("DSID=")]
    return str(cookie.partition(";")[0])


def sign_in(lab: Lab, user: str = "alice", password: str = "userpassword") -> Any:
    return visitor(lab).ask("POST", LOGIN, f"username={user}&password={password}&realm=Users".encode(), **FORM)


def sign_in_as_administrator(lab: Lab, node: str) -> Any:
    """Sign in, beside the sessions that the administrator has already."""
    body = b"username=admin&password=adminpassword&realm=Admin+Users"
    answer = visitor(lab, node).ask("POST", ADMIN_LOGIN, body, **FORM)
    if not answer.headers["location"].endswith("p=admin-confirm"):
        return answer
    cookie = answer.headers["set-cookie"].partition(";")[0]
    question = visitor(lab, node).ask("GET", answer.headers["location"], cookie=cookie).body.decode()
    fields = dict(re.findall(r'name="(FormDataStr|xsauth)" value="([^"]*)"', question))
    going_on = urllib.parse.urlencode(fields | {"btnContinue": "Continue the session"}).encode()
    return visitor(lab, node).ask("POST", ADMIN_LOGIN, going_on, cookie=cookie, **FORM)


def secrets_of(lab: Lab) -> set[str]:
    """Return everything that opens something in a lab: from its topology, its plan, and its devices' own doing."""
    found = set(PASSWORDS)
    for node in lab.plan.nodes:
        found |= {node.config.peer_secret, *re.findall(r"\n([A-Za-z0-9+/=]{40,})\n", node.config.tls.key)}
        if isinstance(node.config, ApplianceConfig):
            found |= set(re.findall(r"\n([A-Za-z0-9+/=]{60,})\n", node.config.ssh.host_key))
        else:
            found.add(node.config.authority_key)
    return found


def printed(lab: Lab) -> dict[str, str]:
    """Return what the lab prints, by what was asked."""
    calls = [
        *(["status", "--format", kind] for kind in ("text", "json")),
        *(["leases", "--format", kind] for kind in ("text", "json")),
        *(["licenses", "--format", kind] for kind in ("text", "json")),
        *(["events", "--format", kind] for kind in ("text", "json")),
        *(["logs", "--format", kind] for kind in ("text", "json")),
        ["labs"],
        ["time"],
        ["users", "gw1", "5"],
        ["license", "add", "gw1", "not-a-key"],
    ]
    said = {}
    for call in calls:
        heard = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(heard),
            contextlib.redirect_stderr(heard),
        ):
            patch.setenv("LEASELAB_LAB", "one")
            run(call)
        said[" ".join(call)] = heard.getvalue()
    for node in lab.names():
        said[f"history of {node}"] = json.dumps(lab[node].history())
        said[f"metrics of {node}"] = metrics(lab, node)
        said[f"screen of {node}"] = json.dumps(lab[node].request({"do": "screen"}))
        said[f"report of {node}"] = json.dumps(lab[node].request({"do": "report"}))
    return said


def metrics(lab: Lab, node: str) -> str:
    connection = http.client.HTTPConnection(lab[node].address(), lab[node].ports["metrics"], timeout=60)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def pages(lab: Lab, node: str) -> dict[str, str]:
    """Return every page of a device and every answer of its REST API, as an administrator sees them."""
    cookie = cookie_of(sign_in_as_administrator(lab, node))
    api = Rest.sign_in(lab, node, "admin", "adminpassword")
    document = api.get("openapi.json")
    browser, said, todo = visitor(lab, node), {}, {*DOORS, "/dana-admin/license/summary.cgi", "/nothing"}
    while todo:
        path = todo.pop()
        said[path] = browser.ask("GET", path, cookie=cookie).body.decode()
        todo |= set(re.findall(r'href="(/dana-admin/[^"]+)"', said[path])) - set(said)
    for path, methods in document["paths"].items():
        if "get" in methods and "{" not in path and not path.endswith("/auth"):
            said[path] = api.ask("GET", path).body.decode("latin-1")
    return said | files(lab, node, cookie)


def files(lab: Lab, node: str, cookie: str) -> dict[str, str]:
    """Return what a device gives out as files: a system snapshot, and everything that XML can hold."""
    browser = visitor(lab, node)
    page = browser.ask("GET", SNAPSHOTS, cookie=cookie).body.decode()
    (xsauth,) = set(re.findall(r'name="xsauth" value="(\w+)"', page))
    browser.ask("POST", SNAPSHOTS, f"xsauth={xsauth}".encode(), cookie=cookie, **FORM)
    (name,) = set(re.findall(r'href="(\?name=[^"]+)"', browser.ask("GET", SNAPSHOTS, cookie=cookie).body.decode()))
    with zipfile.ZipFile(io.BytesIO(browser.ask("GET", f"{SNAPSHOTS}{name}", cookie=cookie).body)) as archive:
        said = {member: archive.read(member).decode() for member in archive.namelist()}
    boxes = re.findall(r'name="(chk\w+)"', browser.ask("GET", XML, cookie=cookie).body.decode())
    ticked = urllib.parse.urlencode({"xsauth": xsauth} | dict.fromkeys(boxes, "ON")).encode()
    exported = browser.ask("POST", "/dana-admin/cached/config/config.cgi?type=exportxml", ticked, cookie=cookie, **FORM)
    return said | {"XML export": exported.body.decode()}


def test_nothing_that_a_lab_prints_gives_a_secret_away(lab: Lab, home: Path) -> None:
    secrets = secrets_of(lab)
    assert len(secrets) > 10

    said = printed(lab) | {f"{node}{path}": text for node in ("vls1", "gw1") for path, text in pages(lab, node).items()}

    given_away = {(source, secret) for source, text in said.items() for secret in secrets if secret in text}
    assert given_away == set()
    assert [source for source, text in said.items() if not text] == []


def test_what_opens_a_session_is_in_no_event_no_log_and_no_report(lab: Lab, home: Path) -> None:
    user, administrator = cookie_of(sign_in(lab)), cookie_of(sign_in_as_administrator(lab, "gw1"))
    api_key = Rest.sign_in(lab, "gw1", "admin", "adminpassword").key

    said = printed(lab)

    for secret in (user.partition("=")[2], administrator.partition("=")[2], api_key):
        assert [source for source, text in said.items() if secret in text] == []
    (session,) = {event["session"]["id"] for _, _, event in lab["gw1"].history() if "alice" in json.dumps(event)}
    assert visitor(lab).ask("GET", "/dana/home/index.cgi", cookie=f"DSID={session}").status == 302
    assert visitor(lab).ask("GET", "/dana/home/index.cgi", cookie=user).status == 200


def test_what_is_stored_is_for_its_owner_alone_and_secrets_are_in_two_places(lab: Lab, home: Path) -> None:
    folder = home / "labs" / "one"
    assert folder.stat().st_mode & 0o077 == 0

    holding = set()
    for path in folder.rglob("*"):
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets_of(lab)):
            assert path.stat().st_mode & 0o077 == 0
            holding.add(re.sub(r"-(wal|shm)$", "", path.name))
    assert holding <= {"plan.json", "lab.db", "id_ed25519"}


def test_administrators_and_client_records_are_stored_as_hashes(lab: Lab, home: Path) -> None:
    stored = b"".join(path.read_bytes() for path in (home / "labs" / "one").glob("lab.db*"))

    assert b"adminpassword" not in stored
    assert stored.count(b"scrypt$") >= 2


# --- another lab -----------------------------------------------------------------------------------------------------


def test_one_labs_credentials_open_nothing_in_another_of_the_same_file(lab: Lab, other: Lab, home: Path) -> None:
    here = Rest.sign_in(lab, "gw1", "admin", "adminpassword")
    there = Rest(other, "gw1", user=here.key)
    user, administrator = cookie_of(sign_in(lab)), cookie_of(sign_in_as_administrator(lab, "gw1"))

    assert here.get("license/summary")
    assert there.try_("GET", "license/summary").status == 401
    assert visitor(other).ask("GET", "/dana/home/index.cgi", cookie=user).headers["location"].endswith("p=ended")
    summary = visitor(other).ask("GET", "/dana-admin/license/summary.cgi", cookie=administrator)
    assert summary.status == 302
    generated = {node.config.peer_secret for found in (lab, other) for node in found.plan.nodes}
    assert len(generated) == 2


def test_one_labs_devices_are_not_trusted_in_another(lab: Lab, other: Lab) -> None:
    context = ssl.create_default_context(cadata=lab.plan.authority_certificate)
    connection = http.client.HTTPSConnection(
        other["gw1"].address(), other["gw1"].ports["https"], context=context, timeout=60
    )

    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()


# --- what is typed is data -------------------------------------------------------------------------------------------

TYPED = [
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE events; --",
    '" OR ""="',
    "{{ 7 * 7 }}{% raw %}",
    "$(touch /tmp/leaselab-was-here)",
    "`id`; id | id && id",
    "=HYPERLINK(1)",
    "../../../../etc/passwd",
    "%0d%0aSet-Cookie: a=b",
]


@pytest.mark.parametrize("typed", TYPED)
def test_a_name_is_shown_and_kept_as_it_was_typed(lab: Lab, home: Path, typed: str) -> None:
    from urllib.parse import quote

    answer = sign_in(lab, quote(typed))
    page = visitor(lab).ask("GET", "/dana/home/index.cgi", cookie=cookie_of(answer)).body.decode()
    api = Rest.sign_in(lab, "gw1", "admin", "adminpassword")

    listed = api.get(f"system/active-users?name={quote('*')}")["active-users"]["active-user-records"]
    assert typed in {one["active-user-name"] for one in listed["active-user-record"]}
    assert "<img" not in page
    assert "49" not in re.findall(r"<strong>(.*?)</strong>", page)
    assert not Path("/tmp/leaselab-was-here").exists()
    assert any(f"Root::{typed}(Users)" in line.text for line in lab.logs(["gw1"]))
    lab["gw1"].users.set(3)


@pytest.mark.parametrize("field", ["username", "realm", "password"])
def test_no_field_of_a_form_forges_a_header_or_a_line_of_the_log(lab: Lab, home: Path, field: str) -> None:
    fields = {"username": "mallory", "realm": "Users", "password": "wrong"}
    fields[field] = "x\r\nset-cookie: forged=1\r\n\r\nInfo LIC10201 forged"
    body = "&".join(f"{name}={value.replace(chr(13), '%0D').replace(chr(10), '%0A')}" for name, value in fields.items())

    answer = visitor(lab).ask("POST", LOGIN, body.encode(), **FORM)

    assert answer.status == 302
    assert "set-cookie" not in answer.headers
    assert all(line.text.isprintable() for line in lab.logs())
    assert not any(line.text.startswith("Info LIC10201 forged") for line in lab.logs())


def test_the_download_form_takes_its_code_as_data(lab: Lab, home: Path) -> None:
    api = Rest.sign_in(lab, "gw1", "admin", "adminpassword")

    answer = api.post("license/download", {"auth-code": "x; touch /tmp/leaselab-was-here #"})

    assert answer["error"]
    assert not Path("/tmp/leaselab-was-here").exists()


def test_the_secrets_that_events_hold_are_the_ones_that_are_hidden() -> None:
    from leaselab.appliance.adapters.control import HIDDEN
    from leaselab.appliance.licensing import events, messages

    named = {
        field
        for room in (events, messages)
        for shape in vars(room).values()
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct)
        for field in shape.__struct_fields__
        if re.search("password|secret|token", field)
    }

    assert named <= HIDDEN.keys()
