"""Leasing between a server and its clients, told with the guide's numbers (LSE-01 to LSE-13, CFG-01, CLT)."""

from typing import Any

import pytest

from leaselab.appliance.instants import DAY, HOUR, MINUTE
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, Allocation, PullState, SetServer
from leaselab.testbed.testing.fleet import Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server with 1,000 users and a client: reserved 50, increment 10, maximum 100."""
    return Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=10, maximum=100)


def ends(fleet: Fleet, kind: str, name: str = "GW1") -> list[int]:
    return [lease.ends_at for lease in fleet.report(name).leases if lease.kind == kind]


@pytest.mark.rule("LSE-01")
def test_first_contact_leases_the_reserved_count_for_ten_days(fleet: Fleet) -> None:
    assert fleet.leased("GW1") == 50
    assert ends(fleet, "reserved") == [fleet.clock.now() + 10 * DAY]


@pytest.mark.rule("LSE-02")
def test_users_beyond_the_leased_count_bring_one_increment(fleet: Fleet) -> None:
    assert fleet.sign_in("GW1", 50) == []
    assert fleet.leased("GW1") == 50

    assert fleet.sign_in("GW1", 1) == []
    assert fleet.leased("GW1") == 60


@pytest.mark.rule("LSE-02")
def test_increments_go_on_until_the_maximum(fleet: Fleet) -> None:
    refused = fleet.sign_in("GW1", 115)

    assert fleet.leased("GW1") == 100
    assert len(refused) == 5  # 100 and a tenth of over-capacity are in
    assert fleet.report("GW1").features[CONCURRENT_USERS].signed_in == 110


@pytest.mark.rule("LSE-03")
def test_a_feature_that_was_not_allocated_is_not_leased(fleet: Fleet) -> None:
    assert fleet.leased("GW1", "rdp-users") == 0
    assert len(fleet.sign_in("GW1", 1, feature="rdp-users")) == 1


@pytest.mark.rule("LSE-03")
def test_an_increment_is_granted_only_while_the_server_has_it() -> None:
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=50, increment=20, maximum=100)
    fleet.client("GW2", reserved=40, increment=10, maximum=100)

    fleet.sign_in("GW1", 51)

    assert fleet.leased("GW1") == 50
    assert fleet.report("server").counters["denials:capacity"] == 1


@pytest.mark.rule("LSE-04")
def test_an_increment_that_would_pass_the_maximum_grants_nothing() -> None:
    fleet = Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=30, maximum=100)

    fleet.sign_in("GW1", 88)

    assert fleet.leased("GW1") == 80


@pytest.mark.rule("LSE-05")
def test_an_increment_ends_after_the_incremental_lease_duration(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 51)

    assert ends(fleet, "incremental") == [fleet.clock.now() + 24 * HOUR]


@pytest.mark.rule("LSE-05")
def test_no_lease_outlives_the_client_configuration() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")
    until = fleet.clock.now() + 5 * HOUR
    fleet.client("GW1", reserved=50, increment=10, maximum=100, expires_at=until)
    fleet.sign_in("GW1", 51)

    assert ends(fleet, "reserved") == ends(fleet, "incremental") == [until]


@pytest.mark.rule("LSE-06")
def test_a_client_renews_every_renewal_interval_and_the_ends_move(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 51)
    fleet.advance(hours=6)

    assert ends(fleet, "reserved") == [fleet.clock.now() + 10 * DAY]
    assert ends(fleet, "incremental") == [fleet.clock.now() + 24 * HOUR]
    assert fleet.report("GW1").client.next_contact_at == fleet.clock.now() + 6 * HOUR


@pytest.mark.rule("LSE-06")
def test_an_increment_in_between_does_not_move_the_next_renewal(fleet: Fleet) -> None:
    due_at = fleet.report("GW1").client.next_contact_at
    fleet.advance(hours=3)
    fleet.sign_in("GW1", 51)

    assert fleet.report("GW1").client.next_contact_at == due_at


@pytest.mark.rule("LSE-07")
def test_a_lease_that_is_not_renewed_ends_on_both_sides_at_the_same_instant(fleet: Fleet) -> None:
    fleet.cuts.add(("GW1", "server"))

    fleet.advance(days=10, milliseconds=-1)
    assert (fleet.leased("GW1"), fleet.available()) == (50, 950)
    assert [lease.units for lease in fleet.report("server").leases] == [50]

    fleet.advance(milliseconds=1)
    assert fleet.leased("GW1") == 0
    assert fleet.report("server").leases == ()
    assert fleet.report("server").counters["reclaims"] == 1


@pytest.mark.rule("LSE-07")
def test_reclaimed_increments_are_available_to_others(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)
    fleet.cuts.add(("GW1", "server"))

    fleet.advance(days=1, milliseconds=-1)
    assert fleet.available() == 940
    fleet.advance(milliseconds=1)
    assert fleet.available() == 950


@pytest.mark.rule("LSE-08")
def test_an_increment_is_kept_for_a_day_though_the_load_has_gone(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)
    fleet.sign_out("GW1", 60)

    fleet.advance(hours=18)
    assert fleet.leased("GW1") == 60
    fleet.advance(hours=6)
    assert fleet.leased("GW1") == 50


@pytest.mark.rule("LSE-09")
def test_only_whole_increments_that_are_not_needed_go_back_the_oldest_first(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)
    fleet.advance(hours=1)
    fleet.sign_in("GW1", 20)  # 80 users: three increments, the first an hour older than the others
    acquired = sorted(lease.acquired_at for lease in fleet.report("GW1").leases if lease.kind == "incremental")
    fleet.sign_out("GW1", 15)  # 65 users need two increments still

    fleet.advance(days=2)

    kept = sorted(lease.acquired_at for lease in fleet.report("GW1").leases if lease.kind == "incremental")
    assert fleet.leased("GW1") == 70
    assert kept == acquired[1:]


@pytest.mark.rule("LSE-10")
def test_what_is_promised_never_passes_what_there_is() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    for name in ("GW1", "GW2", "GW3"):
        fleet.client(name, reserved=20, increment=10, maximum=100)
    for name in ("GW1", "GW2", "GW3"):
        fleet.sign_in(name, 80)

    assert fleet.report("server").features[CONCURRENT_USERS].promised == 100
    assert sum(fleet.leased(name) for name in ("GW1", "GW2", "GW3")) == 100


@pytest.mark.rule("LSE-11")
def test_a_request_repeated_after_a_lost_reply_grants_nothing_twice(fleet: Fleet) -> None:
    fleet.lost_replies.add(("GW1", "server"))
    fleet.sign_in("GW1", 51)
    assert fleet.available() == 940

    fleet.lost_replies.clear()
    fleet.advance(minutes=1)

    assert fleet.available() == 940
    assert fleet.leased("GW1") == 60


@pytest.mark.rule("LSE-12")
def test_a_server_that_restarts_has_every_lease_it_acknowledged_and_no_other(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 75)
    before = fleet.report("server")

    fleet.restart("server")

    assert fleet.report("server") == before


@pytest.mark.rule("LSE-12")
def test_a_client_that_restarts_holds_what_it_held(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 75)
    before = fleet.report("GW1")

    fleet.restart("GW1")

    assert fleet.report("GW1") == before


@pytest.mark.rule("CFG-01")
def test_a_changed_record_reaches_the_client_at_its_next_renewal_or_when_pulled(fleet: Fleet) -> None:
    def change(reserved: int) -> None:
        allocation = Allocation(reserved=reserved, increment=10, maximum=100)
        fleet.do("server", fleet.change("GW1", {CONCURRENT_USERS: allocation}))

    change(reserved=70)
    assert fleet.leased("GW1") == 50

    fleet.do("GW1", PullState())
    assert fleet.leased("GW1") == 70

    change(reserved=30)
    fleet.advance(hours=6)
    assert fleet.leased("GW1") == 30


@pytest.mark.rule("CLT-01")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"server": " "}, "name or address is missing"),
        ({"client_id": "GW 1"}, "letters and digits"),
        ({"password_again": "other"}, "differ"),
        ({"password": "", "password_again": ""}, "password is needed"),
        ({"preferred_network": "dmz"}, "none of internal, external, management"),
    ],
)
def test_client_settings_that_are_wrong_are_refused_and_the_old_ones_stay(
    fleet: Fleet, fields: dict[str, Any], said: str
) -> None:
    good: dict[str, Any] = {"server": "server", "client_id": "GW1", "password": "secret1", "password_again": "secret1"}
    before = fleet.report("GW1")

    refusal = fleet.ask("GW1", SetServer(**{**good, **fields}))

    assert said in refusal.message
    assert fleet.report("GW1") == before


@pytest.mark.rule("CLT-05")
def test_an_unreachable_server_is_tried_again_after_growing_capped_pauses(fleet: Fleet) -> None:
    fleet.cuts.add(("GW1", "server"))
    pauses = []
    for _ in range(9):
        fleet.clock.observe(fleet.report("GW1").client.next_contact_at)
        fleet.advance(milliseconds=0)
        pauses.append((fleet.report("GW1").client.next_contact_at - fleet.clock.now()) // MINUTE)

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert fleet.leased("GW1") == 50


@pytest.mark.rule("LSE-10")
def test_what_a_client_holds_beyond_its_reserve_is_not_there_to_be_reserved() -> None:
    fleet = Fleet.pair("CONSEC-50U-1YR", reserved=10, increment=20, maximum=50)
    fleet.sign_in("GW1", 50)
    assert fleet.leased("GW1") == 50
    record = fleet.change("GW1", {CONCURRENT_USERS: Allocation(reserved=50, increment=20, maximum=50)})

    assert "more than the 10 available" in fleet.ask("server", record).message
    assert fleet.report("server").features[CONCURRENT_USERS].promised == 50


@pytest.mark.rule("LSE-10")
def test_a_record_cut_down_below_what_the_client_holds_reserves_nothing_on_top_of_it() -> None:
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=0, increment=5, maximum=15)
    fleet.sign_in("GW1", 10)
    cut_down = Allocation(reserved=5, increment=0, maximum=5)
    fleet.do("server", fleet.change("GW1", {CONCURRENT_USERS: cut_down}))

    fleet.sign_in("GW1", 1)  # the gateway asks for one more increment

    assert fleet.leased("GW1") == 10
    fleet.advance(hours=6)
    assert fleet.leased("GW1") == 5  # at its renewal the reserve comes first (CFG-01, SRV-09)
