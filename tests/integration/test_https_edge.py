"""A device's HTTPS edge as its peers, its users and strangers meet it: real TLS on a running lab."""

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterator

import msgspec
import pytest

from leaselab.appliance.adapters.peers import HttpsPeers
from leaselab.appliance.config import ApplianceConfig, HostEntry
from leaselab.appliance.instants import Instant, parse_instant
from leaselab.appliance.machine import Envelope, Settle
from leaselab.testbed import Lab
from leaselab.testbed.testing.rest import RestAnswer
from leaselab.testbed.topology.credentials import Credentials

TOPOLOGY = """
name: edge
networks: {external: {nodes: [server, gw1]}}
defaults:
  boot: {accept-license: true, admin: {name: admin, password: admin123}}
nodes:
  server:
    kind: psa5000
    licenses: [CONSEC-100U-1YR]
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 20, increment: 25, maximum: 100}}}
        GW2: {node: gw2, password: secret2, features: {concurrent-users: {reserved: 20, increment: 25, maximum: 100}}}
  gw1: {kind: psa3000, license-client: {server: server, id: GW1, preferred-network: external}}
  gw2: {kind: psa3000, license-client: {server: server, id: GW2, preferred-network: external}}
  fresh: {kind: psa3000, boot: null}
"""
NOW = parse_instant("2018-01-01")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(tmp_path_factory.mktemp("edge")))
        with Lab.up(TOPOLOGY) as running:
            yield running


def config(lab: Lab, node: str) -> ApplianceConfig:
    found = lab.plan.node(node).config
    assert isinstance(found, ApplianceConfig)
    return found


def ask(lab: Lab, node: str, method: str, path: str, body: bytes | str = b"", **headers: str) -> RestAnswer:
    context = ssl.create_default_context(cadata=lab.plan.authority_certificate)
    address, port = lab[node].address(), lab[node].ports["https"]
    connection = http.client.HTTPSConnection(address, port, context=context, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        return RestAnswer(connection.getresponse())
    finally:
        connection.close()


def form(lab: Lab, node: str, path: str, **fields: str) -> RestAnswer:
    body = urllib.parse.urlencode(fields)
    return ask(lab, node, "POST", path, body, content_type="application/x-www-form-urlencoded")


# --- peers -----------------------------------------------------------------------------------------------------------


async def send(own: ApplianceConfig, *, verify: bool = True, to: str = "server", now: Instant = NOW) -> Settle:
    peers = HttpsPeers(own, store_id="", local={})
    try:
        envelope = Envelope(id="1", to=to, path="/licensing/v1/renew", body=msgspec.Raw(b"{}"), verify=verify)
        answer = await peers.send(envelope, now)
        assert isinstance(answer, Settle)
        return answer
    finally:
        peers.close()


def distrusting(lab: Lab) -> ApplianceConfig:
    """A gateway that trusts another authority than the lab's."""
    own = config(lab, "gw1")
    other = Credentials("other", "ab" * 32).authority_certificate
    return msgspec.structs.replace(own, tls=msgspec.structs.replace(own.tls, authority=other))


@pytest.mark.rule("CLT-02")
def test_the_preferred_network_is_used_where_both_are_on_it_and_the_internal_one_otherwise(lab: Lab) -> None:
    sources = {
        event["id"]: event["source"] for _, _, event in lab["server"].history() if event["type"] == "ClientRegistered"
    }

    assert sources == {"GW1": lab["gw1"].address("external"), "GW2": lab["gw2"].address("internal")}


@pytest.mark.rule("CLT-03")
async def test_a_certificate_that_is_not_trusted_ends_the_attempt_and_nothing_is_sent(lab: Lab) -> None:
    before = lab["server"].history()

    answer = await send(distrusting(lab))

    assert answer.status == 0
    assert "its certificate is not trusted" in answer.failure
    assert lab["server"].history() == before


@pytest.mark.rule("CLT-03")
async def test_a_certificate_for_another_name_ends_the_attempt(lab: Lab) -> None:
    own = config(lab, "gw1")
    hosts = {
        "impostor": HostEntry(addresses={"internal": lab["server"].address()}, https_port=lab["server"].ports["https"])
    }

    answer = await send(msgspec.structs.replace(own, hosts=hosts), to="impostor")

    assert "its certificate is for another name than impostor" in answer.failure


@pytest.mark.rule("CLT-03")
async def test_a_certificate_that_is_expired_by_the_labs_clock_ends_the_attempt(lab: Lab) -> None:
    answer = await send(config(lab, "gw1"), now=parse_instant("3001-01-01"))

    assert "its certificate expired" in answer.failure


@pytest.mark.rule("CLT-03")
async def test_with_verification_off_any_certificate_is_accepted(lab: Lab) -> None:
    answer = await send(distrusting(lab), verify=False)

    assert answer.status == 400  # it was heard, and is no renewal
    assert b"malformed" in bytes(answer.body)


@pytest.mark.rule("CLT-04")
def test_there_is_no_way_in_but_https(lab: Lab) -> None:
    connection = http.client.HTTPConnection(lab["server"].address(), lab["server"].ports["https"], timeout=5)
    connection.request("POST", "/licensing/v1/renew", b"{}")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    connection.close()


async def test_an_unknown_host_and_a_closed_port_are_said_in_words(lab: Lab) -> None:
    own = config(lab, "gw1")
    nowhere = {"server": HostEntry(addresses={"internal": own.addresses["internal"]}, https_port=1)}

    assert (await send(own, to="nobody")).failure == "no host is called nobody"
    assert "cannot be reached" in (await send(msgspec.structs.replace(own, hosts=nowhere))).failure


# --- the protocol, from strangers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/licensing/v1/renew", b"no json", 400),
        ("POST", "/licensing/v1/renew", b'{"type": "lease"}', 400),
        ("GET", "/licensing/v1/renew", b"", 405),
        ("POST", "/licensing/v1/renew", b"x" * (5 * 1024 * 1024), 413),
        ("GET", "/nothing/here", b"", 404),
    ],
)
def test_what_is_no_request_is_answered_as_that(lab: Lab, method: str, path: str, body: bytes, status: int) -> None:
    assert ask(lab, "server", method, path, body).status == status


@pytest.mark.rule("SRV-10")
def test_a_stranger_with_the_wrong_password_is_refused(lab: Lab) -> None:
    message = {
        "type": "register",
        "client_id": "GW1",
        "hardware_id": "X",
        "sent_at": NOW,
        "request_id": "1",
        "password": "guess",
        "platform": "psa3000",
        "personality": "pcs",
        "release": "8.3R1",
    }

    answer = ask(lab, "server", "POST", "/licensing/v1/register", json.dumps(message))

    assert (answer.status, answer.json["reason"]) == (401, "credentials")


def test_a_stranger_does_not_move_the_clock(lab: Lab) -> None:
    before = lab.clock.now

    ask(lab, "server", "POST", "/licensing/v1/renew", b"{}", x_virtual_time=str(before + 10**9))
    message = json.dumps({"type": "renew", "client_id": "x", "hardware_id": "x", "sent_at": 0, "request_id": "1"})
    ask(lab, "server", "POST", "/licensing/v1/renew", message, x_virtual_time=str(before + 10**9))

    assert lab["server"].report().now == before


# --- people ----------------------------------------------------------------------------------------------------------

LOGIN = "/dana-na/auth/url_default/login.cgi"
ADMIN_LOGIN = "/dana-na/auth/url_admin/login.cgi"
SUMMARY = "/dana-admin/license/summary.cgi"


def test_an_end_user_signs_in_and_out(lab: Lab) -> None:
    answer = form(lab, "gw1", LOGIN, username="alice", password=config(lab, "gw1").user_password, realm="Users")
    cookie = answer.headers["set-cookie"]

    assert (answer.status, answer.headers["location"]) == (302, "/dana/home/index.cgi")
    assert all(flag in cookie for flag in ("Secure", "HttpOnly", "SameSite=strict"))
    session = cookie.split(";")[0]
    home = ask(lab, "gw1", "GET", "/dana/home/index.cgi", cookie=session).body.decode()
    assert "alice" in home
    assert ask(lab, "gw1", "GET", "/dana-na/auth/logout.cgi", cookie=session).status == 403
    assert lab["gw1"].users.count == 1
    link = home.partition('href="/dana-na/auth/logout.cgi?xsauth=')[2][:32]
    ask(lab, "gw1", "GET", f"/dana-na/auth/logout.cgi?xsauth={link}", cookie=session)
    assert lab["gw1"].users.count == 0


def test_a_wrong_password_of_an_end_user_is_refused_and_another_gateways_is_wrong(lab: Lab) -> None:
    for password in ("guess", config(lab, "gw2").user_password):
        answer = form(lab, "gw1", LOGIN, username="alice", password=password)
        assert answer.headers["x-refused"] == "wrong user name or password"
    assert lab["gw1"].users.count == 0


@pytest.mark.rule("PLT-06")
def test_a_license_server_refuses_end_users_and_says_why(lab: Lab) -> None:
    answer = form(lab, "server", LOGIN, username="alice", password=config(lab, "server").user_password)

    assert answer.headers["x-refused"] == "a license server admits no end users"
    assert b"admits no end users" in ask(lab, "server", "GET", answer.headers["location"]).body


def test_an_administrator_signs_in_sees_the_licensing_and_signs_out_by_the_link(lab: Lab) -> None:
    assert ask(lab, "server", "GET", SUMMARY).headers["location"].endswith("?p=forced-off")
    assert (
        form(lab, "server", ADMIN_LOGIN, username="admin", password="wrong").headers["location"].endswith("?p=failed")
    )

    answer = form(lab, "server", ADMIN_LOGIN, username="admin", password="admin123", realm="Admin Users")
    session = next(part for part in answer.headers.get_all("set-cookie", []) if part.startswith("DSID")).split(";")[0]
    page = ask(lab, "server", "GET", SUMMARY, cookie=session)
    assert page.status == 200
    for shown in ("CONSEC-100U-1YR", f"Licensed to {lab['server'].report().hardware_id}"):
        assert shown in page.body.decode()

    assert ask(lab, "server", "GET", "/dana-na/auth/logout.cgi", cookie=session).status == 403
    link = page.body.decode().partition('href="/dana-na/auth/logout.cgi?xsauth=')[2][:32]
    assert ask(lab, "server", "GET", f"/dana-na/auth/logout.cgi?xsauth={link}", cookie=session).status == 302
    assert ask(lab, "server", "GET", SUMMARY, cookie=session).status == 302


def test_a_wrong_realm_is_a_failed_sign_in_and_the_log_has_it(lab: Lab) -> None:
    answer = form(lab, "gw1", LOGIN, username="bob", password=config(lab, "gw1").user_password, realm="Admin Users")

    assert answer.headers["location"].endswith("?p=failed")
    assert any(" AUT23457 " in line.text and "Root::bob(Users)" in line.text for line in lab.logs(["gw1"]))


def test_guessing_is_slowed_and_said_to_be_for_users_and_administrators_alike(lab: Lab) -> None:
    for door, name in ((LOGIN, "carol"), (ADMIN_LOGIN, "root")):
        told = [form(lab, "gw1", door, username=name, password="guess").headers["location"] for _ in range(12)]

        assert told[0].endswith("?p=failed")
        assert any(one.endswith("?p=paused") for one in told)
        assert b"Too many wrong passwords" in ask(lab, "gw1", "GET", f"{told[0].partition('?')[0]}?p=paused").body


def test_a_cookie_that_is_made_up_or_has_ended_opens_nothing(lab: Lab) -> None:
    answer = form(lab, "gw1", LOGIN, username="dave", password=config(lab, "gw1").user_password)
    cookie = answer.headers["set-cookie"].split(";")[0]
    lab["gw1"].users.set(0)

    for shown in (cookie, "DSID=sid00-00", "DSID=", "DSID=\u00fc"):
        home = ask(lab, "gw1", "GET", "/dana/home/index.cgi", cookie=shown)
        assert (home.status, "welcome.cgi" in home.headers["location"]) == (302, True)
    assert ask(lab, "gw1", "GET", "/dana/home/index.cgi", cookie=cookie).headers["location"].endswith("?p=ended")


def test_what_a_user_types_is_never_markup(lab: Lab) -> None:
    name = "<script>alert(1)</script>"
    answer = form(lab, "gw1", LOGIN, username=name, password=config(lab, "gw1").user_password)
    session = answer.headers["set-cookie"].split(";")[0]

    page = ask(lab, "gw1", "GET", "/dana/home/index.cgi", cookie=session)

    assert b"<script>" not in page.body
    assert b"&lt;script&gt;" in page.body
    lab["gw1"].users.set(0)


def test_pages_carry_their_security_headers(lab: Lab) -> None:
    answer = ask(lab, "gw1", "GET", "/dana-na/auth/url_default/welcome.cgi")

    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers  # decision 0012
    assert ask(lab, "gw1", "GET", "/static/style.css").headers["content-type"].startswith("text/css")


def test_a_device_that_has_not_booted_says_so(lab: Lab) -> None:
    assert ask(lab, "fresh", "GET", "/").status == 503
    assert ask(lab, "fresh", "GET", "/api/v1/health").json == {"status": "starting", "phase": "wizard"}
    assert ask(lab, "gw1", "GET", "/api/v1/health").json == {"status": "ok", "phase": "ready"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("text/plain", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
)
def test_metrics_come_as_prometheus_text_or_openmetrics(lab: Lab, accept: str, kind: str) -> None:
    connection = http.client.HTTPConnection(lab["server"].address(), lab["server"].ports["metrics"], timeout=5)
    connection.request("GET", "/metrics", headers={"Accept": accept})
    answer = RestAnswer(connection.getresponse())
    connection.close()

    assert answer.headers["content-type"].startswith(kind)
    assert (
        b'leaselab_client_leased{node="server",kind="psa5000",client="GW1",feature="concurrent-users"} 20.0'
        in answer.body
    )
