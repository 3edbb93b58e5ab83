"""The REST API on running devices: keys to it, the product's calls, licensing from end to end."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from leaselab.appliance.adapters.https.api.dispatch import OPERATIONS
from leaselab.testbed import Lab
from leaselab.testbed.testing.rest import Rest, RestError
from leaselab.testbed.testing.topologies import pair

TOPOLOGY = "networks: {external: {nodes: [gw1]}}\n" + pair(
    "rest", licensed=1000, gateway="licenses: [CONSEC-ADD-25U, PSA-LICENSE-MBR]"
)
USERS = "configuration/authentication/auth-servers/auth-server/Administrators/local/users/user"
OPTIONS = "configuration/users/user-roles/user-role/Users/general/session-options"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab for one test."""
    with Lab.up(TOPOLOGY) as running:
        yield running


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab for the tests that change nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(tmp_path_factory.mktemp("untouched")))
        with Lab.up(TOPOLOGY) as running:
            yield running


def rest(lab: Lab, node: str, *, name: str = "admin", password: str = "admin123") -> Rest:
    return Rest.sign_in(lab, node, name, password)


def refusal(call: Any, *arguments: Any) -> tuple[int, str]:
    with pytest.raises(RestError) as caught:
        call(*arguments)
    return caught.value.status, caught.value.message


def counts(api: Rest) -> dict[str, Any]:
    (first, *_) = api.get("license/summary")["features"]
    assert first["feature"] == "concurrent-users"
    return dict(first)


# --- keys to the API -------------------------------------------------------------------------------------------------


def test_an_api_key_looks_like_the_products_opens_the_api_and_is_given_back(untouched: Lab) -> None:
    api = rest(untouched, "server")

    assert len(api.key) == 44
    assert len(base64.b64decode(api.key)) == 32
    assert api.get("system/system-information")["system-information"]["host-name"] == "server"
    api.delete("auth")
    assert refusal(api.get, "license/summary")[0] == 401


def test_a_realm_that_is_not_the_administrators_gives_no_key(untouched: Lab) -> None:
    stranger = Rest(untouched, "server", user="admin", password="admin123")

    assert len(stranger.post("realm_auth", {"realm": "Admin Users"})["api_key"]) == 44
    assert refusal(stranger.post, "realm_auth", {"realm": "Users"})[0] == 401
    assert refusal(stranger.post, "realm_auth", {})[0] == 400


def test_an_api_key_ends_when_it_is_idle_and_when_the_longest_session_is_over(lab: Lab) -> None:
    idle, busy = rest(lab, "server"), rest(lab, "server")

    for _ in range(2):
        lab.clock.advance(minutes=20)
        busy.get("license/summary")
    assert refusal(idle.get, "license/summary")[0] == 401
    busy.put(
        "configuration/administrators/admin-roles/admin-role/.Administrators/general/session-options",
        {"max-timeout": "60"},
    )
    lab.clock.advance(minutes=20)
    assert refusal(busy.get, "license/summary")[0] == 401


def test_what_happens_to_an_account_ends_its_keys(lab: Lab) -> None:
    admin = rest(lab, "server")
    admin.post(USERS, {"name": "second", "password": "second123"})
    second = rest(lab, "server", name="second", password="second123")

    admin.put(f"{USERS}/second", {"allow-rest-api": False})
    assert refusal(second.get, "license/summary")[0] == 401
    stranger = Rest(lab, "server", user="second", password="second123")
    assert refusal(stranger.get, "auth") == (403, "second may not use the REST API")
    admin.put(f"{USERS}/second", {"allow-rest-api": True})
    assert refusal(second.get, "license/summary")[0] == 401, "the switch ended the key for good"

    for change in ({"password": "another123"}, None):
        second = rest(lab, "server", name="second", password="second123" if change else "another123")
        if change:
            admin.put(f"{USERS}/second", change)
        else:
            admin.delete(f"{USERS}/second")
        assert refusal(second.get, "license/summary")[0] == 401
    assert refusal(admin.delete, f"{USERS}/admin")[0] == 409


def test_wrong_passwords_are_slowed_and_the_right_one_meanwhile_is_neither_taken_nor_logged(lab: Lab) -> None:
    wrong = Rest(lab, "gw1", user="admin", password="wrong123")
    right = Rest(lab, "gw1", user="admin", password="admin123")

    for _ in range(20):  # a machine so slow that the first pause of a second is over gets another try
        assert {refusal(wrong.get, "auth")[0] for _ in range(5)} <= {401, 429}
        before = [line.text for line in lab.logs(["gw1"])]
        answer = right.try_("GET", "auth")
        if answer.status == 429:
            break

    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert [line.text for line in lab.logs(["gw1"])] == before
    assert before[-1].endswith("Login failed: wrong user name or password")


def test_a_stranger_is_told_nothing(untouched: Lab) -> None:
    stranger = Rest(untouched, "server", user="", password="")

    for operation in OPERATIONS:
        if not operation.public:
            answer = stranger.try_(operation.method, operation.path.lstrip("/").replace("...", ""))
            assert answer.status == 401, operation
            assert answer.headers["www-authenticate"].startswith("Basic")
    assert stranger.get("health") == {"status": "ok", "phase": "ready"}


def test_administrators_are_not_served_at_the_external_port(untouched: Lab) -> None:
    outside = Rest(untouched, "gw1", user="admin", password="admin123", network="external")

    assert outside.try_("GET", "auth").status == 403
    assert outside.try_("GET", "health").status == 200
    welcome, recover = "/dana-na/auth/url_admin/welcome.cgi", "/dana-na/auth/recover.cgi"
    for path in ("/admin", "/%61dmin", welcome, recover, "/dana-admin/misc/admin.cgi"):
        assert outside.ask("GET", path).status == 403
    assert outside.ask("GET", "/dana-na/auth/url_default/welcome.cgi").status == 200
    assert rest(untouched, "gw1").get("license/client")["contact"] == "up"


# --- the product's calls ---------------------------------------------------------------------------------------------


def test_active_users_are_listed_page_by_page_and_signed_out(lab: Lab) -> None:
    api = rest(lab, "gw1")
    assert api.get("system/active-users")["active-users"]["active-user-records"] == {}
    lab["gw1"].users.set(12)

    page = api.get("system/active-users?number=5&start=10")["active-users"]
    assert page["total-matched-record-number"] == 12
    assert page["total-returned-record-number"] == 2
    assert page["user-login-permission"] is True
    (found,) = api.get("system/active-users?name=user7")["active-users"]["active-user-records"]["active-user-record"]
    assert found["user-sign-in-time"] == "2018/01/01 00:00:00"
    assert found["session-id"].startswith("sid")

    api.delete(f"system/active-users/session/{found['session-id']}")
    assert lab["gw1"].users.count == 11
    assert refusal(api.delete, f"system/active-users/session/{found['session-id']}")[0] == 404
    assert refusal(api.get, "system/active-users?number=none")[0] == 400
    assert rest(lab, "server").get("system/active-users")["active-users"]["user-login-permission"] is False


def test_idle_users_leave_when_the_roles_options_say_so(lab: Lab) -> None:
    api = rest(lab, "gw1")
    assert api.get(OPTIONS) == {"idle-timeout": "0", "max-timeout": "0"}
    lab["gw1"].users.set(3)

    assert api.put(OPTIONS, {"idle-timeout": "10"}) == {"result": {"warnings": []}}
    assert api.get(OPTIONS) == {"idle-timeout": "10", "max-timeout": "0"}
    assert refusal(api.put, OPTIONS, {"max-timeout": "999999"})[0] == 422
    lab.clock.advance(minutes=10)

    assert lab["gw1"].users.count == 0


def test_the_configuration_is_a_tree_whose_links_lead_on(untouched: Lab) -> None:
    api = rest(untouched, "gw1")
    todo, leaves = ["/api/v1/configuration"], {}

    while todo:
        path = todo.pop()
        shown = json.loads(api.ask("GET", path).body)
        links = [one["href"] for value in shown.values() if isinstance(value, list) for one in value]
        todo += links
        if not links:
            leaves[path.removeprefix("/api/v1/configuration/")] = shown
    assert leaves["users/user-roles/user-role/Users/general/session-options"]["idle-timeout"] == "0"
    assert leaves["system/network/internal-port"]["ip-address"] == untouched["gw1"].address()
    assert leaves["system/clustering"] == {"cluster-name": "", "members": ""}
    assert api.try_("GET", "configuration/system/nothing").status == 404


def test_a_vlan_is_made_and_removed_as_the_guide_shows_it(lab: Lab) -> None:
    api = rest(lab, "gw1")
    vlan = {"vlan-name": "Guests", "vlan-id": 7, "ip-address": "10.7.0.1", "netmask": "255.255.0.0"}

    made = api.try_("POST", "configuration/system/network/vlans/gw1/vlan/", vlan)
    assert (made.status, made.json["result"]["warnings"]) == (
        201,
        [{"message": "The configuration has been implicitly changed"}],
    )
    assert api.get("configuration/system/network/vlans/gw1/vlan/Guests")["vlan-id"] == "7"
    assert refusal(api.post, "configuration/system/network/vlans/gw1/vlan", {**vlan, "vlan-name": "Two"})[0] == 422
    api.delete("configuration/system/network/vlans/gw1/vlan/Guests")
    assert refusal(api.delete, "configuration/system/network/vlans/gw1/vlan/Guests")[0] == 404


def test_a_backup_restores_the_device_it_is_of(lab: Lab) -> None:
    api = rest(lab, "server")
    backup = api.try_("GET", "system/binary-configuration").body
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(backup))) as archive:
        assert archive.namelist() == ["system.cfg"]
        assert b"secret1" not in archive.read("system.cfg")

    api.delete("license/clients/GW1")
    restored = api.ask("PUT", "/api/v1/system/binary-configuration", backup, **{"content-type": "text/plain"})

    assert restored.status == 200
    assert api.get("license/clients/GW1")["features"]["concurrent-users"]["reserved"] == 20
    for broken in (
        b"",
        b"no backup",
        base64.b64encode(b"PK\x05\x06" + bytes(18)),
        backup[:400] + b"AAAA" + backup[404:],
    ):
        answer = api.ask("PUT", "/api/v1/system/binary-configuration", broken, **{"content-type": "text/plain"})
        assert answer.status in {409, 422}


# --- what a license server hides -------------------------------------------------------------------------------------


@pytest.mark.rule("GAT-02")
def test_resources_of_disabled_windows_say_so_on_a_license_server_and_are_out_of_the_tree(untouched: Lab) -> None:
    api, gateway = rest(untouched, "server"), rest(untouched, "gw1")

    for path, window in {
        "system/clustering": "System > Clustering",
        "system/log-monitoring/user-access": "System > Log/Monitoring > User Access",
        "maintenance/import-export/ivs": "Maintenance > Import/Export > IVS",
        "system/clustering/anything/below": "System > Clustering",
    }.items():
        assert refusal(api.get, f"configuration/{path}") == (403, f"{window} is disabled on a license server")
    names = {one["name"] for one in api.get("configuration/system")["system"]}
    assert "clustering" not in names
    assert "clustering" in {one["name"] for one in gateway.get("configuration/system")["system"]}


@pytest.mark.rule("GAT-03")
def test_services_are_halted_on_a_license_server_and_run_on_a_gateway(untouched: Lab) -> None:
    for node, state in (("server", "halted"), ("gw1", "running")):
        services = rest(untouched, node).get("license/services")["services"]
        assert len(services) == 5
        assert {one["state"] for one in services} == {state}


# --- licensing -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CFG-01")
def test_a_changed_client_is_pulled_and_leased_from_end_to_end(lab: Lab) -> None:
    server, gateway = rest(lab, "server"), rest(lab, "gw1")
    record = server.get("license/clients/GW1")
    assert record["features"]["concurrent-users"]["leased"] == 20

    changed = server.put(
        "license/clients/GW1",
        {
            "platform": "psa3000",
            "product": "pcs",
            "expires-at": "2018-06-01",
            "features": {"concurrent-users": {"reserved": 40, "increment": 25, "maximum": 100}},
        },
    )
    assert changed["expires-at"] == "2018-06-01T00:00:00Z"
    assert gateway.post("license/client/pull-state", None)["contact"] == "up"

    assert counts(gateway)["leased"] == 40
    assert [lease["units"] for lease in gateway.get("license/leases")["leases"]] == [40]
    assert server.get("license/clients/GW1")["features"]["concurrent-users"]["leased"] == 40


@pytest.mark.rule("SRV-03")
def test_a_client_is_added_and_removed_and_what_cannot_be_is_refused_whole(lab: Lab) -> None:
    api = rest(lab, "server")
    wanted = {
        "client-id": "GW2",
        "password": "secret2",
        "platform": "psa3000",
        "product": "pcs",
        "features": {"concurrent-users": {"reserved": 10, "increment": 25, "maximum": 50}},
    }

    assert api.post("license/clients", wanted)["features"]["concurrent-users"]["available"] == 970
    assert refusal(api.post, "license/clients", wanted)[0] == 422
    assert refusal(api.post, "license/clients", {**wanted, "client-id": "GW 3"})[0] == 422
    assert refusal(api.post, "license/clients", {**wanted, "client-id": "GW3", "expires-at": "soon"})[0] == 422
    assert refusal(api.post, "license/clients", {**wanted, "unknown": 1})[0] == 400
    assert [one["client-id"] for one in api.get("license/clients")["clients"]] == ["GW1", "GW2"]
    api.delete("license/clients/GW2")
    assert refusal(api.get, "license/clients/GW2") == (404, "there is no license client 'GW2'")


@pytest.mark.rule("SRV-02")
def test_lease_times_are_set_within_their_ranges(lab: Lab) -> None:
    api = rest(lab, "server")

    changed = api.put("license/server", {"incremental-lease-seconds": 172_800, "renewal-interval-seconds": 7_200})

    assert (changed["incremental-lease-seconds"], changed["renewal-interval-seconds"]) == (172_800, 7_200)
    status, message = refusal(api.put, "license/server", {"renewal-interval-seconds": 60})
    assert status == 422
    assert "outside 1h to 1d" in message
    assert api.get("license/server") == changed


@pytest.mark.rule("SUR-01", "SUR-03")
def test_a_license_is_surrendered_recalled_and_deleted(lab: Lab) -> None:
    server, gateway = rest(lab, "server"), rest(lab, "gw1")
    (license_,) = (one for one in gateway.get("license/keys")["licenses"] if one["sku"] == "CONSEC-ADD-25U")
    serial = license_["serial"]
    before = counts(server)["available"]

    gateway.post(f"license/keys/{serial}/surrender", None)
    gateway.post("license/client/pull-state", None)
    assert counts(gateway)["installed"] == 0
    assert counts(server)["available"] == before + 25
    assert refusal(gateway.delete, f"license/keys/{serial}")[0] == 409
    gateway.post(f"license/keys/{serial}/recall", None)
    gateway.post("license/client/pull-state", None)
    assert counts(gateway)["installed"] == 25

    gateway.delete(f"license/keys/{serial}")
    assert refusal(gateway.delete, f"license/keys/{serial}")[0] == 404


@pytest.mark.rule("KEY-03")
def test_keys_are_judged_one_by_one(lab: Lab) -> None:
    gateway = rest(lab, "gw1")
    key = lab["gw1"].request({"do": "history", "after": 0})["events"]
    installed = next(event["license"]["key"] for _, _, event in key if event["type"] == "LicenseInstalled")

    outcomes = gateway.post("license/keys", {"keys": ["no key", installed]})["outcomes"]

    assert [one["result"] for one in outcomes] == ["malformed", "duplicate"]
    assert gateway.get("license/keys-status/gw1")["nodes"][0]["licenses"] == gateway.get("license/keys")["licenses"]
    assert gateway.try_("GET", "license/keys-status/other").status == 404


@pytest.mark.rule("CFG-02", "CFG-04")
def test_an_export_is_imported_with_its_password_and_refused_whole_without(lab: Lab) -> None:
    server = rest(lab, "server")
    document = server.post("license/export", {"password": "sealed"})["document"]
    server.put("license/server", {"renewal-interval-seconds": 7_200})

    assert refusal(server.post, "license/import", {"document": document, "password": "wrong"})[0] == 422
    assert server.get("license/server")["renewal-interval-seconds"] == 7_200
    taken = server.post("license/import", {"document": document, "password": "sealed", "sections": ["license-server"]})
    assert (taken["sections"], taken["changes"]) == (["license-server"], 1)
    assert server.get("license/server")["renewal-interval-seconds"] == 21_600


def test_what_this_lab_does_not_have_is_said_so(lab: Lab) -> None:
    gateway = rest(lab, "gw1")

    assert refusal(gateway.post, "license/download", {})[0] == 409
    assert refusal(gateway.put, "license/emergency", {"enabled": True})[0] == 409
    assert gateway.get("license/emergency")["state"] == "none"
    assert gateway.put("license/download-settings", {"enabled": True})["enabled"] is True
    assert refusal(gateway.put, "license/download-settings", {"enabled": True, "preferred-network": "wifi"})[0] == 422
    assert gateway.get("license/compliance") == {"in-compliance": True, "notice": ""}


@pytest.mark.rule("ENF-09")
def test_a_missing_member_license_is_said_in_the_summary(lab: Lab) -> None:
    gateway = rest(lab, "gw1")
    licenses = {one["sku"]: one["serial"] for one in gateway.get("license/keys")["licenses"]}
    gateway.post(f"license/keys/{licenses['CONSEC-ADD-25U']}/surrender", None)

    gateway.delete(f"license/keys/{licenses['PSA-LICENSE-MBR']}")

    told = gateway.get("license/summary")["compliance"]
    assert told["in-compliance"] is False
    assert "PSA-LICENSE-MBR" in told["notice"]
    assert gateway.get("license/compliance") == told


@pytest.mark.rule("CLT-01")
def test_a_license_client_is_unset_and_set_anew(lab: Lab) -> None:
    gateway = rest(lab, "gw1")

    gateway.delete("license/client")
    assert gateway.get("license/client")["contact"] == "none"
    assert refusal(gateway.delete, "license/client")[0] == 409
    settings = {"server": "server", "client-id": "GW1", "password": "secret1"}
    assert gateway.put("license/client", settings)["contact"] == "up"
    assert "password" not in gateway.get("license/client")


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "license/keys", b"[" * 100_000, "application/json", 400),
        ("POST", "license/keys", b'{"keys": ["\xff"]}', "application/json", 400),
        ("POST", "license/keys", b"{}", "application/json", 400),
        ("POST", "license/keys", b'{"keys": ["a"]}', "text/plain", 415),
        ("PATCH", "license/keys", b"{}", "application/json", 405),
        ("GET", "license/nothing", b"", "application/json", 404),
        ("GET", "%2e%2e/%2e%2e/etc/passwd", b"", "application/json", 404),
    ],
)
def test_what_is_no_request_is_answered_in_the_one_error_shape(
    untouched: Lab, method: str, path: str, body: bytes, kind: str, status: int
) -> None:
    answer = rest(untouched, "server").ask(method, f"/api/v1/{path}", body, **{"content-type": kind})

    assert answer.status == status
    assert answer.json["result"]["errors"][0]["message"]
    assert (answer.headers.get("allow") == "GET, POST") == (status == 405)
