"""The license part of an import: overwritten, merged or ignored, and nothing counted twice (CFG-02, CFG-03)."""

from datetime import date
from typing import Any

import pytest
from tests.unit.licensing.transfers import INTERNAL, changed, export, load, skus

from leaselab.appliance.instants import DAY, WEEK, parse_instant
from leaselab.appliance.licensing import commands, transfer
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    DeleteLicense,
    ImportReport,
    PullState,
    Recall,
    RemoveServer,
    SetEmergency,
    Surrender,
)
from leaselab.appliance.models.releases import Release
from leaselab.testbed.testing.fleet import Fleet


def same_device(*, start: str = "2018-01-01", **about: Any) -> Fleet:
    """Return a lab with one device ``gw``; in every such lab it has the same hardware ID."""
    fleet = Fleet(start=start)
    fleet.appliance("gw", **about)
    return fleet


@pytest.mark.rule("CFG-03")
def test_permanent_licenses_are_overwritten_and_time_based_ones_merged() -> None:
    fleet = same_device()
    fleet.install("gw", "CONSEC-ADD-10U", "CONSEC-ADD-25U", "CONSEC-50U-1YR")
    document = export(fleet, "gw")
    fleet.do("gw", DeleteLicense(serial="SN00001"))
    fleet.do("gw", DeleteLicense(serial="SN00003"))
    fleet.install("gw", "CONSEC-ADD-100U", "PSA-LICENSE-MBR", "CONSEC-250U-1YR")

    report = load(fleet, "gw", document)

    assert sorted(row.serial for row in fleet.report("gw").licenses) == ["SN00001", "SN00002", "SN00003", "SN00006"]
    assert report == ImportReport(sections=commands.SECTIONS, changes=4)  # two removed, two installed
    assert fleet.report("gw").features[CONCURRENT_USERS].installed == 10 + 25 + 50 + 250


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("KEY-06")
def test_a_subscription_keeps_its_term_wherever_and_whenever_it_is_imported() -> None:
    """Its key names no day: the term began when it was first installed, and an import must not begin it anew."""
    fleet = same_device()
    fleet.install("gw", "CONSEC-50U-1YR")
    document = export(fleet, "gw")
    before = fleet.report("gw").licenses
    later = same_device(start="2018-07-01")

    load(later, "gw", document)

    assert later.report("gw").licenses == before
    assert export(later, "gw") == document


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("KEY-06")
def test_a_subscription_from_the_future_begins_no_later_than_today() -> None:
    fleet = same_device(start="2018-07-01")
    fleet.install("gw", "CONSEC-50U-1YR")
    earlier = same_device(start="2018-01-01")

    load(earlier, "gw", export(fleet, "gw"))

    (row,) = earlier.report("gw").licenses
    assert (row.state, row.starts_at, row.ends_at) == (
        "active",
        parse_instant("2018-01-01"),
        parse_instant("2019-01-01"),
    )


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("KEY-07")
def test_a_renewal_comes_with_the_subscription_that_it_renews() -> None:
    fleet = same_device()
    first = fleet.mint("gw", "CONSEC-ADD-50U-1Y", starts_on=date(2018, 1, 1))
    renewal = fleet.mint("gw", "CONSEC-ADD-50U-1Y-R", starts_on=date(2019, 1, 1))
    fleet.do("gw", commands.AddKeys(keys=(first, renewal)))
    document = export(fleet, "gw")
    other = same_device()

    load(other, "gw", document)

    assert [row.state for row in other.report("gw").licenses] == ["active", "inactive"]


@pytest.mark.rule("CFG-02")
@pytest.mark.rule("CFG-03")
@pytest.mark.parametrize(
    ("own", "written_by", "taken"),
    [
        ("8.0", "8.0", True),
        ("8.0", "7.4R12", True),
        ("8.0", "9.1R12", True),
        ("9.1R12", "7.0", True),
        ("7.4R12", "8.0", False),
        ("7.4R12", "8.3R1", False),
        ("7.4R12", "7.4R12", True),
        ("7.4R12", "7.0", True),
        ("7.0", "7.4R12", True),
        ("7.0", "8.0", False),
        ("6.5R9", "6.5R9", False),
        ("6.5R9", "8.0", False),
    ],
)
def test_what_a_release_makes_of_the_license_part(own: str, written_by: str, taken: bool) -> None:
    assert transfer.takes_licenses(Release.parse(own), Release.parse(written_by)) is taken


@pytest.mark.rule("CFG-02")
@pytest.mark.parametrize(
    ("personality", "old", "new"), [("pcs", "7.4R12", "8.0"), ("pcs", "7.0", "8.3R1"), ("pps", "4.4R12", "5.0")]
)
def test_a_device_before_8_0_ignores_licenses_of_the_new_scheme_and_keeps_its_own(
    personality: str, old: str, new: str
) -> None:
    newer = same_device(personality=personality, release=new)
    newer.install("gw", "ACCESS-100U-1YR")
    newer.do("gw", INTERNAL)
    fleet = same_device(personality=personality, release=old)
    fleet.mint("gw", "ACCESS-10U-1YR")
    fleet.install("gw", "MEETING", "ACCESS-25U-1YR")
    before = fleet.report("gw").licenses

    report = load(fleet, "gw", export(newer, "gw"))

    assert fleet.report("gw").licenses == before
    assert fleet.devices["gw"].state.network["internal"].address == "10.0.0.5"
    assert report == ImportReport(
        sections=("network", "license-server", "license-client", "downloads"),
        changes=1,
        ignored="the licenses in the file are of the scheme of 8.0 and later, which this release does not know; "
        "the device keeps its own",
    )


@pytest.mark.rule("CFG-03")
@pytest.mark.parametrize(("personality", "release"), [("pcs", "7.0"), ("pps", "4.0"), ("pcs", "7.4R12")])
def test_before_8_0_a_file_written_before_8_0_overwrites_and_merges(personality: str, release: str) -> None:
    writer = same_device(personality=personality, release=release)
    writer.install("gw", "MEETING", "ACCESS-100U-1YR")
    fleet = same_device(personality=personality, release=release)
    fleet.mint("gw", "MEETING")
    fleet.mint("gw", "MEETING")
    fleet.install("gw", "PPSO", "ACCESS-25U-1YR")

    report = load(fleet, "gw", export(writer, "gw"))

    assert (sorted(skus(fleet, "gw")), report.ignored) == (["ACCESS-100U-1YR", "ACCESS-25U-1YR", "MEETING"], "")


@pytest.mark.rule("CFG-02")
def test_where_the_licenses_were_not_asked_for_none_are_said_to_be_ignored() -> None:
    newer, fleet = same_device(release="8.0"), same_device(release="7.4R12")

    assert load(fleet, "gw", export(newer, "gw"), "network").ignored == ""


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("ICE-01")
def test_an_emergency_ends_with_an_ice_license_that_the_file_does_not_have() -> None:
    fleet = same_device()
    document = export(fleet, "gw")
    fleet.install("gw", "ICE")
    fleet.do("gw", SetEmergency(enabled=True))

    load(fleet, "gw", document)

    assert fleet.report("gw").emergency.state == "none"
    assert fleet.report("gw").features[CONCURRENT_USERS].limit == 2


@pytest.mark.rule("ICE-02")
def test_an_import_gives_no_weeks_of_an_emergency_back() -> None:
    fleet = same_device()
    fleet.install("gw", "ICE")
    document = export(fleet, "gw")
    fleet.do("gw", SetEmergency(enabled=True))
    fleet.advance(weeks=3)
    fleet.do("gw", SetEmergency(enabled=False))

    load(fleet, "gw", document)

    assert fleet.report("gw").emergency.left == 5 * WEEK


@pytest.mark.rule("AUT-10")
def test_a_subscription_that_is_imported_ends_the_penalty() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    document = export(fleet, "server")
    fleet.do("server", DeleteLicense(serial="SN00001"))
    auto_lease = fleet.devices["server"].state.server.auto_lease
    auto_lease.penalty_until = fleet.clock.now() + 5 * DAY

    load(fleet, "server", document)

    assert auto_lease.penalty_until == 0


# --- surrendered licenses --------------------------------------------------------------------------------------------


def surrendering() -> Fleet:
    """Return a lab whose client GW1 has a permanent license of 50 (SN00003) and its member license (SN00002)."""
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=10, increment=10, maximum=100)
    fleet.install("GW1", "PSA-LICENSE-MBR", "CONSEC-ADD-50U")
    return fleet


def counted(fleet: Fleet) -> tuple[int, int]:
    """Return what counts at the client, and in the server's pools."""
    pools = fleet.devices["server"].state.server.books[CONCURRENT_USERS].capacity()
    return fleet.report("GW1").features[CONCURRENT_USERS].installed, pools


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("SUR-04")
def test_a_license_surrendered_since_the_export_stays_surrendered() -> None:
    fleet = surrendering()
    document = export(fleet, "GW1")
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.do("GW1", PullState())
    assert counted(fleet) == (0, 150)

    load(fleet, "GW1", document)

    assert counted(fleet) == (0, 150)


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("SUR-04")
def test_a_surrendered_license_is_not_overwritten_away() -> None:
    fleet = surrendering()
    document = changed(fleet, "GW1", licenses=())
    fleet.do("GW1", Surrender(serial="SN00003"))

    load(fleet, "GW1", document)

    assert [(row.serial, row.state) for row in fleet.report("GW1").licenses] == [("SN00003", "surrendered")]


@pytest.mark.rule("CFG-03")
@pytest.mark.rule("SUR-02")
def test_marks_of_surrender_come_with_the_license_and_the_server_is_told() -> None:
    fleet = surrendering()
    fleet.do("GW1", Surrender(serial="SN00003"))
    fleet.advance(days=1)
    document = export(fleet, "GW1")
    surrendered_at = fleet.devices["GW1"].state.licenses.installed["SN00003"].surrendered_at
    again = surrendering()  # the same device in another lab, which has lost all it had
    again.do("GW1", RemoveServer())
    again.do("GW1", DeleteLicense(serial="SN00002"))
    again.do("GW1", DeleteLicense(serial="SN00003"))
    again.advance(days=2)

    load(again, "GW1", document)

    assert counted(again) == (0, 150)
    (told,) = again.devices["server"].state.server.clients["GW1"].surrendered
    assert (told.serial, told.surrendered_at) == ("SN00003", surrendered_at)
    again.do("GW1", Recall(serial="SN00003"))
    again.do("GW1", PullState())
    assert counted(again) == (50, 100)
