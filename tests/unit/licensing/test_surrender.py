"""Surrender and recall (SUR-01 to SUR-05, ENF-09, ENF-10)."""

import pytest

from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    DeleteLicense,
    PullState,
    Recall,
    RemoveServer,
    SetServer,
    Surrender,
)
from leaselab.testbed.testing.fleet import Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server with 100 users; a client with a permanent license of 50 (SN00003), and its member license."""
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=10, increment=10, maximum=100)
    fleet.install("GW1", "PSA-LICENSE-MBR", "CONSEC-ADD-50U")
    return fleet


def installed(fleet: Fleet, name: str = "GW1") -> int:
    return fleet.report(name).features[CONCURRENT_USERS].installed


def pooled(fleet: Fleet) -> int:
    return int(fleet.devices["server"].state.server.books[CONCURRENT_USERS].capacity())


@pytest.mark.rule("SUR-02")
def test_a_surrendered_license_counts_at_the_server_from_the_next_contact_on(fleet: Fleet) -> None:
    fleet.do("GW1", Surrender(serial="SN00003"))
    assert (installed(fleet), pooled(fleet)) == (0, 100)
    assert [row.state for row in fleet.report("GW1").licenses] == ["active", "surrendered"]

    fleet.advance(hours=6)
    assert (installed(fleet), pooled(fleet)) == (0, 150)
    assert [one.serial for one in fleet.devices["server"].state.server.clients["GW1"].surrendered] == ["SN00003"]


@pytest.mark.rule("SUR-03")
def test_a_recalled_license_counts_at_the_client_once_the_server_has_confirmed(fleet: Fleet) -> None:
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.do("GW1", PullState())
    fleet.do("GW1", Recall(serial="SN00003"))
    assert (installed(fleet), pooled(fleet)) == (0, 150)

    fleet.advance(hours=6)
    assert (installed(fleet), pooled(fleet)) == (50, 100)


@pytest.mark.rule("SUR-04")
def test_no_count_is_on_both_sides_whatever_is_lost_on_the_way(fleet: Fleet) -> None:
    for act in (Surrender(serial="SN00003"), Recall(serial="SN00003")):
        fleet.do("GW1", act)
        for fault in (fleet.cuts, fleet.lost_replies):
            fault.add(("GW1", "server"))
            fleet.do("GW1", PullState())
            assert installed(fleet) + pooled(fleet) <= 150
            fault.clear()
        fleet.do("GW1", PullState())
        assert installed(fleet) + pooled(fleet) == 150


@pytest.mark.rule("SUR-04")
def test_a_surrender_taken_back_before_the_server_heard_of_it_comes_back_too(fleet: Fleet) -> None:
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.do("GW1", Recall(serial="SN00003"))
    fleet.advance(hours=6)

    assert (installed(fleet), pooled(fleet)) == (50, 100)


@pytest.mark.rule("SUR-05")
def test_a_surrendered_license_of_a_platform_family_serves_that_family_only() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="mag4610")
    fleet.client("GW1", reserved=0, increment=10, maximum=100, kind="mag2600")
    fleet.install("GW1", "MAG2600-LICENSE-MBR", "ACCESSX600-ADD-50U")
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.advance(hours=6)
    fleet.client("GW2", reserved=0, increment=10, maximum=100, kind="psa3000")

    available = {row.id: row.features[CONCURRENT_USERS].available for row in fleet.report("server").server.clients}
    assert available == {"GW1": 150, "GW2": 100}


@pytest.mark.rule("SUR-01")
@pytest.mark.parametrize(
    ("sku", "reason"),
    [("CONSEC-100U-1YR", "not-permanent"), ("MEETING", "no-count"), ("PSA-LICENSE-MBR", "no-count")],
)
def test_only_permanent_user_counts_can_be_surrendered(fleet: Fleet, sku: str, reason: str) -> None:
    fleet.install("GW1", sku)
    serial = next(row.serial for row in fleet.report("GW1").licenses if row.sku == sku)
    before = fleet.report("GW1")

    assert fleet.ask("GW1", Surrender(serial=serial)).reason == reason
    assert fleet.report("GW1") == before


@pytest.mark.rule("SUR-01")
@pytest.mark.rule("ENF-10")
@pytest.mark.parametrize("member", [None, "MAG2600-LICENSE-MBR"])
def test_without_the_member_license_of_its_platform_the_client_refuses(member: str | None) -> None:
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=10, increment=10, maximum=100)
    fleet.install("GW1", "CONSEC-ADD-50U", *([member] if member else []))

    refusal = fleet.ask("GW1", Surrender(serial="SN00002"))

    assert refusal.reason == "no-member-license"
    assert "PSA-LICENSE-MBR" in refusal.message


@pytest.mark.rule("SUR-01")
def test_what_is_not_there_or_done_already_is_refused(fleet: Fleet) -> None:
    assert fleet.ask("GW1", Surrender(serial="none")).reason == "no-license"
    assert fleet.ask("GW1", Recall(serial="none")).reason == "no-license"
    assert fleet.ask("GW1", Recall(serial="SN00003")).reason == "not-surrendered"
    fleet.do("GW1", Surrender(serial="SN00003"))
    assert fleet.ask("GW1", Surrender(serial="SN00003")).reason == "surrendered"
    fleet.do("GW1", Recall(serial="SN00003"))
    assert fleet.ask("GW1", Recall(serial="SN00003")).reason == "recalled"


@pytest.mark.rule("SUR-01")
def test_a_device_without_a_license_server_has_nobody_to_surrender_to() -> None:
    fleet = Fleet()
    fleet.appliance("gw")
    fleet.install("gw", "PSA-LICENSE-MBR", "CONSEC-ADD-50U")

    assert fleet.ask("gw", Surrender(serial="SN00002")).reason == "no-server"


@pytest.mark.rule("ENF-09")
def test_leasing_permanent_counts_without_a_member_license_shows_the_notice_and_stops_nothing() -> None:
    fleet = Fleet.pair("CONSEC-ADD-100U", reserved=10, increment=10, maximum=100)

    assert "no PSA-LICENSE-MBR" in fleet.report("GW1").out_of_compliance
    assert fleet.sign_in("GW1", 20) == []

    fleet.install("GW1", "PSA-LICENSE-MBR")
    assert fleet.report("GW1").out_of_compliance == ""


@pytest.mark.rule("ENF-09")
def test_a_client_of_subscriptions_only_is_in_compliance() -> None:
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=10, increment=10, maximum=100)

    assert fleet.report("GW1").out_of_compliance == ""


@pytest.mark.rule("SUR-04")
def test_a_surrendered_license_can_be_deleted_only_once_it_is_recalled(fleet: Fleet) -> None:
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.do("GW1", PullState())
    assert fleet.ask("GW1", DeleteLicense(serial="SN00003")).reason == "surrendered"

    fleet.do("GW1", Recall(serial="SN00003"))
    fleet.do("GW1", PullState())
    fleet.do("GW1", DeleteLicense(serial="SN00003"))
    assert (installed(fleet), pooled(fleet)) == (0, 100)


@pytest.mark.rule("SUR-04")
def test_a_client_does_not_leave_the_server_that_has_its_licenses(fleet: Fleet) -> None:
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.do("GW1", PullState())
    other = SetServer(server="other", client_id="GW1", password="secret1", password_again="secret1")

    assert fleet.ask("GW1", RemoveServer()).reason == "surrendered"
    assert fleet.ask("GW1", other).reason == "surrendered"
    fleet.connect("GW1", "server")  # the same one, set anew
    assert pooled(fleet) == 150
