"""Licensing Summary."""

from typing import Any

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor


def at(fleet: Fleet, device: str) -> Visitor:
    """An administrator on the summary of a device."""
    return Visitor.administrator(fleet, device, addresses.SUMMARY)


def one(**about: Any) -> tuple[Fleet, Visitor]:
    fleet = Fleet()
    fleet.appliance("gw1", **about)
    return fleet, at(fleet, "gw1")


@pytest.mark.rule("KEY-03")
def test_several_keys_are_added_at_once_and_each_is_judged_on_its_own() -> None:
    fleet, admin = one()
    good, foreign = fleet.mint("gw1", "CONSEC-50U-1YR"), "NOT-A-KEY"

    assert admin.submit(op="add", keys=f"{good}\n{foreign}") == 422

    assert "CONSEC-50U-1YR is installed." in admin.notes
    assert len(admin.notes) == 2
    assert f">{foreign}</textarea>" in admin.source
    assert "Maximum Concurrent Users: 50" in admin.text


@pytest.mark.rule("KEY-03")
def test_a_key_that_is_there_already_changes_nothing_and_says_so() -> None:
    fleet, admin = one()
    key = fleet.mint("gw1", "CONSEC-50U-1YR")
    admin.submit(op="add", keys=key)

    assert admin.submit(op="add", keys=key) == 200
    assert len(admin.notes) == 1
    assert "already" in admin.notes[0]
    assert "Maximum Concurrent Users: 50" in admin.text


@pytest.mark.rule("KEY-04")
def test_no_key_is_added_before_the_agreement_is_accepted_on_its_page() -> None:
    fleet, admin = one(accept=False)
    key = fleet.mint("gw1", "CONSEC-50U-1YR")

    assert admin.submit(op="add", keys=key) == 422
    assert "Accept the license agreement" in admin.notes[0]

    admin.get(addresses.AGREEMENT)
    assert "No warranty" in admin.text
    admin.submit()
    assert admin.notes == ["The license agreement is accepted."]
    assert admin.submit(op="add", keys=key) == 200


def test_the_page_that_follows_an_added_key_says_so_once() -> None:
    fleet, admin = one()
    admin.submit(op="add", keys=fleet.mint("gw1", "CONSEC-50U-1YR"))
    assert admin.notes == ["CONSEC-50U-1YR is installed."]

    admin.get(addresses.SUMMARY)
    assert admin.notes == []


@pytest.mark.rule("ENF-09")
def test_the_notice_is_shown_while_the_device_leases_permanent_counts_without_a_member_license() -> None:
    fleet = Fleet()
    fleet.license_server(kind="psa5000", licenses=["CONSEC-ADD-100U"])
    fleet.client("GW1", reserved=10, increment=10, maximum=50)
    admin = at(fleet, "GW1")

    assert any("MBR" in note for note in admin.notes)
    fleet.install("GW1", "PSA-LICENSE-MBR")
    admin.get(addresses.SUMMARY)
    assert admin.notes == []


@pytest.mark.rule("SUR-02")
@pytest.mark.rule("SUR-03")
def test_a_license_is_surrendered_shown_on_the_server_and_recalled() -> None:
    fleet = Fleet()
    fleet.license_server(kind="psa5000", licenses=["CONSEC-100U-1YR"])
    fleet.client("GW1", reserved=10, increment=10, maximum=50)
    fleet.install("GW1", "PSA-LICENSE-MBR", "CONSEC-ADD-25U")
    serial = next(row.serial for row in fleet.report("GW1").licenses if row.sku == "CONSEC-ADD-25U")
    client, server = at(fleet, "GW1"), at(fleet, "server")
    assert "Surrendered by clients" not in server.text

    client.submit(op="surrender", serial=serial)
    assert "surrendered on 2018-01-01" in client.text
    fleet.advance(hours=7)
    server.sign_in()
    server.get(addresses.SUMMARY)
    assert f"CONSEC-ADD-25U {serial} GW1 2018-01-01" in server.text

    client.sign_in()
    client.get(addresses.SUMMARY)
    client.submit(op="recall", serial=serial)
    assert "recalled" in client.notes[0]


@pytest.mark.rule("SUR-01")
def test_what_cannot_be_surrendered_says_why_and_stays() -> None:
    fleet, admin = one()
    fleet.install("gw1", "CONSEC-50U-1YR")
    serial = fleet.report("gw1").licenses[0].serial

    assert admin.submit(op="surrender", serial=serial) == 422
    assert "Only permanent licenses can be surrendered" in admin.notes[0]
    assert admin.submit(op="surrender") == 422
    assert "Tick a license first" in admin.notes[0]
    assert fleet.report("gw1").licenses[0].state == "active"


def test_a_license_is_deleted() -> None:
    fleet, admin = one()
    fleet.install("gw1", "CONSEC-50U-1YR")

    admin.submit(op="delete", serial=fleet.report("gw1").licenses[0].serial)

    assert fleet.report("gw1").licenses == ()
    assert "No license is installed." in admin.text


@pytest.mark.rule("VLS-11")
def test_a_virtual_license_server_shows_its_licenses_by_platform_group() -> None:
    fleet = Fleet()
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    fleet.install("vls", "LICENSE-SVR", "CONSEC-ADD-100U", "CONSEC-200U-1YR")
    fleet.license_role("vls")
    admin = at(fleet, "vls")
    assert "Licenses applicable for specific platform groups" in admin.text
    assert "MAG devices" not in admin.text

    admin.get(f"{addresses.SUMMARY}?group=psa")
    assert "PSA-300, PSA-3000, PSA-5000" in admin.text
    assert "concurrent-users PCS 300 300" in admin.text

    admin.get(f"{addresses.SUMMARY}?group=va")
    assert "concurrent-users PCS 200 200" in admin.text
    assert "CONSEC-ADD-100U" not in admin.text


@pytest.mark.rule("ICE-01")
def test_emergency_mode_is_enabled_and_disabled_with_an_ice_license() -> None:
    fleet, admin = one()
    assert "Emergency mode needs an ICE license." in admin.text
    fleet.install("gw1", "ICE")

    admin.get(addresses.SUMMARY)
    admin.submit(op="emergency-on")
    assert "enabled by an administrator" in admin.text
    assert "Maximum Concurrent Users: 220" in admin.text

    admin.submit(op="emergency-off")
    assert "Emergency mode is disabled" in admin.text
