"""Auto-leasing: the guide's worked examples, and what a client may do alone (AUT-01 to AUT-10)."""

import msgspec
import pytest

from leaselab.appliance.instants import DAY, HOUR
from leaselab.appliance.licensing import autolease
from leaselab.appliance.licensing.autolease import AutoLeaseState, Average
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, RDP_USERS, Allocation, SaveClient
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet


def guide(*, maximum: int, licenses: tuple[str, ...] = ("CONSEC-1000U-1YR",), kind: str = "psa5000") -> Fleet:
    """The guide's example: 10 clients, reserved 50, increment 10, each with 60 leased."""
    fleet = Fleet()
    fleet.license_server(licenses=licenses, kind=kind)
    for number in range(1, 11):
        fleet.client(f"GW{number}", reserved=50, increment=10, maximum=maximum, kind="psa5000")
        fleet.sign_in(f"GW{number}", 60)
    return fleet


@pytest.mark.rule("AUT-02")
@pytest.mark.parametrize(("maximum", "unallocated", "on"), [(100, 400, True), (200, 1400, False)])
def test_the_guides_two_examples_hold_to_the_unit(maximum: int, unallocated: int, *, on: bool) -> None:
    fleet = guide(maximum=maximum)
    fleet.advance(days=2)
    server = fleet.devices["server"].state.server

    counts = fleet.report("server").features[CONCURRENT_USERS]

    assert counts.average_available == 400
    assert server.auto_lease.unallocated[CONCURRENT_USERS] == unallocated
    assert counts.auto_lease is on
    assert fleet.report("GW1").features[CONCURRENT_USERS].auto_lease is on


@pytest.mark.rule("AUT-02")
@pytest.mark.parametrize(("available", "on"), [(119, False), (120, False), (121, True)])
def test_auto_leasing_needs_more_than_thirty_percent(available: int, *, on: bool) -> None:
    state = AutoLeaseState(eligible={CONCURRENT_USERS: True}, unallocated={CONCURRENT_USERS: 400})
    autolease.note_available(state, CONCURRENT_USERS, available, 0)

    assert autolease.is_on(state, CONCURRENT_USERS, DAY) is on


@pytest.mark.rule("AUT-03")
def test_the_average_is_weighted_by_time_over_the_last_day() -> None:
    average = Average()
    average.note(1000, 0)
    average.note(400, 30 * HOUR)
    average.note(100, 36 * HOUR)

    area, length = average.over_window(42 * HOUR)  # 12 h of 1,000, 6 h of 400, 6 h of 100

    assert (area, length) == (15_000 * HOUR, 24 * HOUR)


@pytest.mark.rule("AUT-03")
@pytest.mark.parametrize("platform", ["psa3000", "mag2600"])
def test_a_reserve_that_is_taken_back_is_available_in_the_average_from_that_instant_on(platform: str) -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-100U-1YR"])
    record = SaveClient(
        id="GW1",
        password=CLIENT_PASSWORD,
        password_again=CLIENT_PASSWORD,
        platform="psa3000",
        product="pcs",
        allocations={CONCURRENT_USERS: Allocation(reserved=60, maximum=60)},
    )
    fleet.do("server", record)
    fleet.advance(days=1)
    nothing = {CONCURRENT_USERS: Allocation()}
    fleet.do("server", msgspec.structs.replace(record, platform=platform, allocations=nothing, new=False))
    fleet.advance(hours=12)

    assert fleet.report("server").features[CONCURRENT_USERS].average_available == 70  # 12 h of 40, 12 h of 100


@pytest.mark.rule("AUT-03")
def test_a_server_younger_than_a_day_averages_over_its_life() -> None:
    average = Average()
    average.note(100, 5 * HOUR)
    average.note(300, 6 * HOUR)

    assert average.over_window(8 * HOUR) == (700 * HOUR, 3 * HOUR)


@pytest.mark.rule("AUT-01")
def test_counts_tied_to_a_platform_family_are_not_auto_leased() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["ACCESSX600-ADD-1000U"], kind="mag4610")
    fleet.client("GW1", reserved=50, increment=10, maximum=100, kind="mag4610")
    fleet.advance(days=2)

    assert fleet.report("server").features[CONCURRENT_USERS].available == 950
    assert fleet.report("GW1").features[CONCURRENT_USERS].auto_lease is False


@pytest.mark.rule("AUT-01")
def test_rdp_counts_are_auto_leased_though_they_are_for_connect_secure_only() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["ACCESS-RDP-100U-1YR"], kind="psa5000")
    fleet.client("GW1", reserved=10, increment=10, maximum=50, feature=RDP_USERS)
    fleet.advance(days=1)

    assert fleet.report("GW1").features[RDP_USERS].auto_lease is True


@pytest.mark.rule("AUT-04")
def test_a_client_out_of_contact_goes_by_the_last_reply() -> None:
    fleet = guide(maximum=100)
    fleet.cuts.add(("GW1", "server"))
    for number in range(2, 11):
        fleet.sign_in(f"GW{number}", 40)  # all 1,000 are gone: the server would say no by and by
    fleet.advance(days=2)
    fleet.sign_in("GW2", 1)

    assert fleet.report("GW2").features[CONCURRENT_USERS].auto_lease is True  # 0 unallocated but GW1's 40
    assert fleet.report("GW1").features[CONCURRENT_USERS].auto_lease is True


@pytest.mark.rule("AUT-05")
def test_a_client_out_of_contact_raises_its_own_count_by_whole_increments_up_to_its_maximum() -> None:
    fleet = guide(maximum=100)
    fleet.advance(hours=1)
    fleet.cuts.add(("GW1", "server"))

    assert fleet.sign_in("GW1", 1) == []
    counts = fleet.report("GW1").features[CONCURRENT_USERS]
    assert (counts.leased, counts.auto_leased) == (70, 10)

    fleet.sign_in("GW1", 60)
    counts = fleet.report("GW1").features[CONCURRENT_USERS]
    assert (counts.leased, counts.auto_leased) == (100, 40)


@pytest.mark.rule("AUT-05")
def test_with_auto_leasing_off_a_client_out_of_contact_gets_nothing() -> None:
    fleet = guide(maximum=200)
    fleet.advance(days=2)
    fleet.cuts.add(("GW1", "server"))

    fleet.sign_in("GW1", 10)

    assert fleet.report("GW1").features[CONCURRENT_USERS].leased == 60


@pytest.mark.rule("AUT-06")
@pytest.mark.rule("AUT-07")
def test_auto_leasing_ends_with_the_reserved_leases_or_after_ten_days_whichever_is_first() -> None:
    fleet = guide(maximum=100)
    fleet.advance(hours=6)  # the last renewal
    fleet.cuts.add(("GW1", "server"))
    fleet.advance(days=1)
    fleet.sign_in("GW1", 20)
    assert fleet.report("GW1").features[CONCURRENT_USERS].auto_leased == 30  # its own increment ran out as well

    fleet.advance(days=9, milliseconds=-1)
    assert fleet.leased("GW1") == 80
    fleet.advance(milliseconds=1)
    assert fleet.leased("GW1") == 0
    fleet.sign_in("GW1", 1)
    assert fleet.leased("GW1") == 0


@pytest.mark.rule("AUT-08")
def test_back_in_contact_auto_leased_counts_become_normal_increments() -> None:
    fleet = guide(maximum=100)
    fleet.advance(hours=1)
    fleet.cuts.add(("GW1", "server"))
    fleet.sign_in("GW1", 20)

    fleet.cuts.clear()
    fleet.advance(hours=6)

    counts = fleet.report("GW1").features[CONCURRENT_USERS]
    assert (counts.leased, counts.auto_leased, counts.incremental) == (80, 0, 30)
    assert fleet.available() == 380


def overdrawn() -> Fleet:
    """GW1 has auto-leased 40 that the server has meanwhile given to others."""
    fleet = guide(maximum=100, licenses=("CONSEC-500U-1YR", "CONSEC-250U-1YR"))
    fleet.advance(hours=1)
    fleet.cuts.add(("GW1", "server"))
    fleet.sign_in("GW1", 40)
    for number in range(2, 6):
        fleet.sign_in(f"GW{number}", 40)
    return fleet


@pytest.mark.rule("AUT-09")
def test_what_cannot_be_reconciled_turns_auto_leasing_off_for_all_for_five_days() -> None:
    fleet = overdrawn()
    assert fleet.available() < 40

    fleet.cuts.clear()
    fleet.advance(hours=6)

    assert fleet.leased("GW1") < 100
    assert fleet.report("GW2").features[CONCURRENT_USERS].auto_lease is False
    until = fleet.devices["server"].state.server.auto_lease.penalty_until
    assert until - fleet.clock.now() > 4 * DAY

    fleet.advance(days=5, hours=6)
    assert fleet.devices["server"].state.server.auto_lease.penalty_until == 0


@pytest.mark.rule("AUT-10")
@pytest.mark.parametrize(
    ("sku", "lifts"), [("CONSEC-100U-1YR", True), ("ACCESS-RDP-10U-1YR", True), ("CONSEC-ADD-100U", False)]
)
def test_a_new_user_count_subscription_ends_the_penalty_at_once(sku: str, *, lifts: bool) -> None:
    fleet = overdrawn()
    fleet.cuts.clear()
    fleet.advance(hours=6)

    fleet.install("server", sku)

    assert (fleet.devices["server"].state.server.auto_lease.penalty_until == 0) is lifts


def test_a_feature_that_was_never_counted_has_an_average_of_nothing() -> None:
    assert autolease.average_available(AutoLeaseState(), CONCURRENT_USERS, DAY) == 0
    assert not autolease.is_on(AutoLeaseState(), CONCURRENT_USERS, DAY)


@pytest.mark.rule("AUT-08")
@pytest.mark.rule("AUT-09")
def test_an_increment_of_another_size_than_the_records_is_not_taken_in() -> None:
    fleet = Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=10, maximum=100)
    fleet.cuts.add(("GW1", "server"))
    fleet.sign_in("GW1", 51)  # it gives itself 10
    allocation = Allocation(reserved=50, increment=25, maximum=100)
    fleet.do("server", fleet.change("GW1", {CONCURRENT_USERS: allocation}))
    fleet.cuts.clear()
    fleet.advance(hours=6)

    assert fleet.leased("GW1") == 50 + 25
    assert not fleet.report("GW1").features[CONCURRENT_USERS].auto_lease
