"""The license server: settings, records, what it sets aside (SRV-01 to SRV-12)."""

from typing import Any

import pytest

from leaselab.appliance.instants import DAY, HOUR, MINUTE
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    AcceptAgreement,
    AddKeys,
    Allocation,
    DeleteClient,
    DeleteLicense,
    ReleaseClient,
    SaveClient,
    SetServer,
    SetServerRole,
)
from leaselab.appliance.licensing.ledger import MAX_FAILING, units_live
from leaselab.appliance.licensing.messages import FeatureLease, IncrementLease, Lease, Register
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.fleet import Fleet


def record(**about: Any) -> SaveClient:
    counts = {name: about.pop(name) for name in ("reserved", "increment", "maximum") if name in about}
    allocation = Allocation(**{"reserved": 50, "increment": 10, "maximum": 100, **counts})
    fields = {
        "id": "GW1",
        "password": "secret1",
        "password_again": "secret1",
        "platform": "psa3000",
        "product": "pcs",
        "allocations": {CONCURRENT_USERS: allocation},
    }
    return SaveClient(**{**fields, **about})


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    return fleet


@pytest.mark.rule("KEY-04")
@pytest.mark.rule("SRV-01")
def test_a_device_becomes_a_server_by_agreement_keys_and_the_check_box_in_this_order() -> None:
    fleet = Fleet()
    fleet.appliance("server", kind="psa5000", accept=False)
    key = fleet.mint("server", "CONSEC-100U-1YR")

    assert fleet.ask("server", AddKeys(keys=(key,))).reason == "agreement"
    assert fleet.ask("server", SetServerRole(enabled=True)).reason == "not-possible"

    fleet.do("server", AcceptAgreement())
    fleet.do("server", AddKeys(keys=(key,)))
    fleet.do("server", SetServerRole(enabled=True))

    assert fleet.report("server").server.enabled
    assert fleet.report("server").role == "license-server"


@pytest.mark.rule("SRV-01")
def test_clients_can_be_configured_only_on_a_server() -> None:
    fleet = Fleet()
    fleet.appliance("gateway")

    assert fleet.ask("gateway", record()).reason == "not-a-server"


@pytest.mark.rule("SRV-02")
def test_the_defaults_are_a_day_and_six_hours(fleet: Fleet) -> None:
    standing = fleet.report("server").server

    assert (standing.incremental_lease, standing.renewal_interval) == (24 * HOUR, 6 * HOUR)


@pytest.mark.rule("SRV-02")
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"incremental_lease": 24 * HOUR - 1}, "24h to 10d"),
        ({"incremental_lease": 10 * DAY + 1}, "24h to 10d"),
        ({"renewal_interval": HOUR - 1}, "1h to 12h"),
        ({"renewal_interval": 12 * HOUR + 1}, "1h to 12h"),
        ({"incremental_lease": 2 * DAY, "renewal_interval": 25 * HOUR}, "1h to 1d"),
    ],
)
def test_a_setting_out_of_range_is_refused_naming_the_range_and_changes_nothing(
    fleet: Fleet, settings: dict[str, Any], named: str
) -> None:
    before = fleet.report("server")

    refusal = fleet.ask("server", SetServerRole(**settings))

    assert refusal.reason == "out-of-range"
    assert named in refusal.message
    assert fleet.report("server") == before


@pytest.mark.rule("SRV-02")
def test_the_ends_of_the_ranges_are_taken(fleet: Fleet) -> None:
    fleet.do("server", SetServerRole(incremental_lease=10 * DAY, renewal_interval=5 * DAY))
    fleet.do("server", SetServerRole(incremental_lease=24 * HOUR, renewal_interval=HOUR))

    assert fleet.report("server").server.renewal_interval == HOUR


@pytest.mark.rule("SRV-03")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": "GW-1"}, "letters and digits"),
        ({"id": ""}, "letters and digits"),
        ({"password_again": "other"}, "differ"),
        ({"password": "", "password_again": ""}, "needs a password"),
        ({"platform": "psa9"}, "unknown platform"),
        ({"product": "ive"}, "neither pcs nor pps"),
        ({"allocations": {"meeting-users": Allocation()}}, "unknown feature"),
        ({"new": False}, "no client of this ID"),
    ],
)
def test_a_record_that_is_wrong_is_refused_with_the_reason_and_nothing_is_saved(
    fleet: Fleet, fields: dict[str, Any], said: str
) -> None:
    before = fleet.report("server")

    refusal = fleet.ask("server", record(**fields))

    assert isinstance(refusal, Refusal)
    assert said in refusal.message
    assert fleet.report("server") == before


@pytest.mark.rule("SRV-03")
def test_an_id_is_unique_on_the_server(fleet: Fleet) -> None:
    fleet.do("server", record())

    assert "already" in fleet.ask("server", record()).message


@pytest.mark.rule("SRV-03")
def test_a_change_without_a_password_keeps_the_old_one(fleet: Fleet) -> None:
    fleet.appliance("GW1")
    fleet.do("server", record())
    fleet.do("server", record(new=False, password="", password_again="", reserved=20))
    fleet.connect("GW1", "server")

    assert fleet.leased("GW1") == 20


@pytest.mark.rule("SRV-04")
@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"reserved": 101, "maximum": 100}, "more than maximum 100"),
        ({"reserved": -1}, "below zero"),
        ({"maximum": 200, "reserved": 101}, "more than the 100 available"),
        ({"reserved": 50, "maximum": 100, "increment": 0}, "an increment is needed"),
    ],
)
def test_counts_that_do_not_go_together_are_refused(fleet: Fleet, counts: dict[str, int], said: str) -> None:
    assert said in fleet.ask("server", record(**counts)).message


@pytest.mark.rule("SRV-04")
def test_all_that_is_available_can_be_reserved(fleet: Fleet) -> None:
    fleet.do("server", record(reserved=100, maximum=100, increment=0))

    assert fleet.available() == 0


@pytest.mark.rule("SRV-04")
def test_changing_a_client_counts_its_own_reserved_as_available(fleet: Fleet) -> None:
    fleet.do("server", record(reserved=80))
    fleet.do("server", record(new=False, reserved=100))

    assert fleet.available() == 0


@pytest.mark.rule("SRV-05")
def test_reserved_counts_are_set_aside_when_the_client_is_saved_leased_or_not(fleet: Fleet) -> None:
    fleet.do("server", record(reserved=60))
    assert fleet.available() == 40

    fleet.do("server", record(id="GW2", reserved=40))
    assert fleet.available() == 0


@pytest.mark.rule("SRV-06")
def test_counts_for_connect_secure_serve_no_policy_secure_client(fleet: Fleet) -> None:
    refusal = fleet.ask("server", record(product="pps", reserved=1))

    assert "more than the 0 available" in refusal.message


@pytest.mark.rule("SRV-08")
def test_a_deleted_client_gets_no_lease_and_its_leases_run_out(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=50, increment=10, maximum=100)
    fleet.do("server", DeleteClient(id="GW1"))

    fleet.advance(days=9)
    assert fleet.leased("GW1") == 50
    assert fleet.available() == 50

    fleet.advance(days=1)
    assert fleet.leased("GW1") == 0
    assert fleet.available() == 100
    assert fleet.report("server").server.clients == ()


@pytest.mark.rule("SRV-08")
def test_a_client_whose_configuration_expires_holds_nothing_from_then_on(fleet: Fleet) -> None:
    until = fleet.clock.now() + 3 * DAY
    fleet.client("GW1", reserved=50, increment=10, maximum=100, expires_at=until)

    fleet.advance(days=3)

    assert fleet.leased("GW1") == 0
    assert fleet.available() == 100


@pytest.mark.rule("SRV-09")
def test_a_pool_that_shrinks_breaks_no_lease_and_renews_only_what_is_there(fleet: Fleet) -> None:
    fleet.install("server", "CONSEC-100U-1YR")
    fleet.client("GW1", reserved=100, increment=20, maximum=200)
    fleet.sign_in("GW1", 150)
    assert fleet.leased("GW1") == 160

    serial = next(iter(fleet.devices["server"].state.licenses.installed))
    fleet.do("server", DeleteLicense(serial=serial))
    assert fleet.leased("GW1") == 160
    assert fleet.available() == 0

    fleet.advance(hours=6)
    assert fleet.leased("GW1") == 100


@pytest.mark.rule("SRV-10")
def test_an_unknown_id_and_a_wrong_password_get_one_and_the_same_refusal(fleet: Fleet) -> None:
    fleet.do("server", record())
    fleet.appliance("GW1")
    fleet.appliance("GW2")

    fleet.connect("GW1", "server", password="wrong")
    fleet.connect("GW2", "server")

    assert fleet.report("GW1").client.why == fleet.report("GW2").client.why == "unknown client ID or wrong password"
    assert fleet.report("server").counters["denials:credentials"] == 2


@pytest.mark.rule("SRV-10")
def test_repeated_failures_are_slowed_even_when_the_password_is_right_at_last(fleet: Fleet) -> None:
    fleet.do("server", record())
    fleet.appliance("GW1")
    for _ in range(5):
        fleet.connect("GW1", "server", password="wrong")

    fleet.connect("GW1", "server")
    assert fleet.leased("GW1") == 0

    fleet.advance(minutes=2)
    assert fleet.leased("GW1") == 50


@pytest.mark.rule("SRV-10")
def test_what_comes_during_the_pause_is_logged_as_not_looked_at_and_makes_the_pause_no_longer(fleet: Fleet) -> None:
    fleet.do("server", record())
    fleet.appliance("GW1")
    for _ in range(5):
        fleet.connect("GW1", "server", password="wrong")
    state = fleet.devices["server"].state.server
    (before,) = (failures.slowed_until for failures in state.failures.values())

    for _ in range(4):
        fleet.connect("GW1", "server")

    assert [failures.slowed_until for failures in state.failures.values()] == [before]
    assert fleet.report("GW1").client.why == "unknown client ID or wrong password"
    counters = fleet.report("server").counters
    assert (counters["denials:credentials"], counters["denials:slowed"]) == (5, 4)


@pytest.mark.rule("SRV-10")
def test_client_ids_that_strangers_make_up_take_no_memory_without_end(fleet: Fleet) -> None:
    fleet.appliance("stranger")

    for number in range(MAX_FAILING + 5):
        made_up = f"X{number}"
        fleet.do("stranger", SetServer(server="server", client_id=made_up, password="x", password_again="x"))

    assert len(fleet.devices["server"].state.server.failures) == MAX_FAILING


@pytest.mark.rule("SRV-11")
def test_another_device_with_the_right_password_is_refused_while_the_first_holds_leases(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=50, increment=10, maximum=100)
    fleet.appliance("clone")
    fleet.do("clone", SetServer(server="server", client_id="GW1", password="secret1", password_again="secret1"))

    assert fleet.leased("clone") == 0
    assert "belongs to hardware ID" in fleet.report("clone").client.why
    fleet.advance(hours=6)
    assert fleet.leased("GW1") == 50


@pytest.mark.rule("SRV-11")
def test_an_id_that_was_deleted_and_added_anew_is_the_first_devices_while_that_holds_leases(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=50, increment=10, maximum=100)
    fleet.do("server", DeleteClient(id="GW1"))
    fleet.do("server", record(reserved=0))
    fleet.appliance("clone")
    fleet.do("clone", SetServer(server="server", client_id="GW1", password="secret1", password_again="secret1"))

    assert fleet.leased("GW1") == 50
    assert "belongs to hardware ID" in fleet.report("clone").client.why


@pytest.mark.rule("SRV-11")
def test_a_released_id_can_be_taken_by_another_device(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=50, increment=10, maximum=100)
    fleet.do("server", ReleaseClient(id="GW1"))
    fleet.appliance("spare")
    fleet.do("spare", SetServer(server="server", client_id="GW1", password="secret1", password_again="secret1"))

    assert fleet.leased("spare") == 50


@pytest.mark.rule("SRV-12")
@pytest.mark.parametrize(("release", "taken"), [("8.3R1", True), ("9.0R1", False)])
def test_a_later_server_wants_increments_of_25_at_least(release: str, *, taken: bool) -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000", release=release)

    saved = fleet.ask("server", record(reserved=50, increment=10, maximum=100))

    assert isinstance(saved, Refusal) is not taken


@pytest.mark.rule("SRV-12")
def test_a_later_server_takes_a_small_increment_where_little_is_left_and_wants_a_tenth() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000", release="9.0R1")

    fleet.do("server", record(reserved=80, increment=20, maximum=100))
    refusal = fleet.ask("server", record(id="GW2", reserved=0, increment=49, maximum=500))

    assert "tenth of 500" in refusal.message


@pytest.mark.rule("PLT-04")
def test_policy_secure_is_never_a_license_server() -> None:
    fleet = Fleet()
    fleet.appliance("pps", kind="mag4610", personality="pps", release="5.4R1")

    assert "Connect Secure" in fleet.ask("pps", SetServerRole(enabled=True)).message


@pytest.mark.rule("PLT-05")
def test_a_virtual_appliance_that_did_not_boot_as_license_server_cannot_become_one() -> None:
    fleet = Fleet()
    fleet.appliance("va", kind="va-spe")

    assert "Virtual License Server" in fleet.ask("va", SetServerRole(enabled=True)).message


@pytest.mark.rule("VLS-04")
def test_a_virtual_license_server_serves_once_a_license_server_license_is_installed() -> None:
    fleet = Fleet()
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    assert not fleet.report("vls").server.can_enable

    fleet.install("vls", "LICENSE-SVR")
    assert fleet.report("vls").server.can_enable


@pytest.mark.rule("VLS-10")
def test_a_virtual_license_server_takes_no_mag_as_client() -> None:
    fleet = Fleet()
    fleet.license_server("vls", licenses=["LICENSE-SVR"], kind="va-spe", virtual_license_server=True)

    refusal = fleet.ask("vls", record(platform="mag2600", reserved=0, maximum=0))

    assert "VLS-10" in refusal.message


def test_what_is_asked_of_a_client_that_is_not_there_is_refused(fleet: Fleet) -> None:
    fleet.do("server", record())
    fleet.do("server", DeleteClient(id="GW1"))

    for gone in ("GW1", "GW2"):
        assert fleet.ask("server", DeleteClient(id=gone)).reason == "no-client"
        assert fleet.ask("server", ReleaseClient(id=gone)).reason == "no-client"


@pytest.mark.rule("SRV-03")
def test_a_device_that_is_not_what_its_record_says_is_refused(fleet: Fleet) -> None:
    fleet.do("server", record())
    asks: dict[str, Any] = {
        "client_id": "GW1",
        "hardware_id": "0271",
        "sent_at": fleet.clock.now(),
        "request_id": "0271-1",
        "password": "secret1",
        "personality": "pcs",
        "release": "8.3R1",
    }

    unknown = fleet.ask("server", Register(**asks, platform="psa9000"))
    another = fleet.ask("server", Register(**asks, platform="psa300"))

    assert (unknown.reason, unknown.message) == ("platform", "there is no platform 'psa9000'")
    assert (another.reason, another.message) == (
        "platform",
        "the client is configured as psa3000 pcs, it says it is psa300 pcs",
    )


@pytest.mark.rule("VLS-10")
def test_a_virtual_license_server_refuses_a_mag_that_asks() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["LICENSE-SVR", "CONSEC-100U-1YR"], kind="va-spe", virtual_license_server=True)
    fleet.do("server", record())
    fleet.appliance("GW1", kind="mag4610")
    fleet.connect("GW1", "server")

    assert fleet.report("GW1").client.why == "a Virtual License Server leases to no MAG"


def asks_for_one(fleet: Fleet, **about: Any) -> Lease:
    """Return a request for an increment, as the client GW1 would make it."""
    own = fleet.devices["GW1"].state
    fields = {"client_id": "GW1", "hardware_id": own.hardware_id, "token": own.client.token, "request_id": "x-1"}
    return Lease(**{**fields, "sent_at": fleet.clock.now(), "increments": (CONCURRENT_USERS,), **about})


@pytest.mark.rule("LSE-13")
@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_that_is_more_than_five_minutes_off_is_refused(fleet: Fleet, minutes: int) -> None:
    fleet.client("GW1", reserved=50, increment=10, maximum=100)

    late = fleet.ask("server", asks_for_one(fleet, sent_at=fleet.clock.now() + minutes * MINUTE))

    assert late.reason == "drift"


@pytest.mark.rule("LSE-04")
def test_the_server_itself_keeps_a_client_below_its_maximum(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=50, increment=30, maximum=100)
    fleet.sign_in("GW1", 80)

    reply = fleet.ask("server", asks_for_one(fleet))

    assert reply.features[CONCURRENT_USERS].denied == "maximum"
    assert fleet.report("server").features[CONCURRENT_USERS].promised == 80


@pytest.mark.rule("SRV-04")
def test_a_client_that_is_given_another_platform_lends_its_own_reserved_counts_for_the_question(fleet: Fleet) -> None:
    fleet.do("server", record(reserved=100))

    fleet.do("server", record(platform="mag4610", reserved=100, new=False))

    assert fleet.report("server").features[CONCURRENT_USERS].available == 0
    too_many = fleet.ask("server", record(platform="mag2600", reserved=101, maximum=101, new=False))
    assert "reserved 101 is more than the 100 available" in too_many.message


def test_a_lease_that_has_ended_is_not_counted_as_live() -> None:
    increments = (
        IncrementLease(id="1", units=10, acquired_at=0, ends_at=DAY),
        IncrementLease(id="2", units=10, acquired_at=0, ends_at=2 * DAY),
    )
    lease = FeatureLease(
        reserved=50,
        reserved_since=0,
        reserved_ends_at=10 * DAY,
        increment=10,
        maximum=100,
        increments=increments,
    )

    assert [units_live(lease, at) for at in (0, DAY, 2 * DAY, 10 * DAY)] == [70, 60, 50, 0]
