"""Maintenance > System."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.console import Effect
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Peers, Visitor

UPGRADE = "/dana-admin/maintenance/system/upgrade-downgrade.cgi"


@pytest.mark.parametrize(
    ("button", "effect"),
    [
        ("btnRestart", Effect.RESTART_SERVICES),
        ("btnReboot", Effect.REBOOT),
        ("btnShutdown", Effect.SHUTDOWN),
    ],
)
def test_a_restart_is_asked_about_first_then_done_and_signs_everybody_out(
    fleet: Fleet, button: str, effect: Effect
) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(addresses.PLATFORM)
    admin.submit(**{button: "x"})
    assert "You and all other administrators are signed out." in admin.text
    assert admin.effects == []

    admin.post(addresses.PLATFORM, {"xsauth": admin.xsauth, button: "x", "sure": "yes"})

    assert admin.effects == [effect]
    admin.get(addresses.HOME)
    assert admin.path.endswith("?p=forced-off")


def test_a_form_without_a_button_does_nothing(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(addresses.PLATFORM)
    admin.submit(sure="yes")

    assert admin.effects == []
    assert admin.notes == ["Choose what is to be done by a button of this page."]


def test_the_platform_and_the_version_are_shown(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    fleet.advance(minutes=20)
    admin.get(addresses.PLATFORM)
    assert "Model PSA-3000" in admin.text
    assert "Uptime 20m" in admin.text
    assert "Rollback" not in admin.text


@pytest.mark.rule("ENF-07")
@pytest.mark.parametrize("how", ["typed", "package"])
def test_another_release_is_installed_enforced_and_can_be_rolled_back(how: str) -> None:
    fleet = Fleet()
    fleet.appliance("gw1", release="8.0R4")
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(UPGRADE)
    assert "this release does not enforce licenses" in admin.text

    if how == "typed":
        admin.submit(release=" 8.0r5 ")
    else:
        package = "ps-pcs-sa-8.0r5-b41869-package.pkg"
        admin.upload(UPGRADE, {"xsauth": admin.xsauth, "release": ""}, file=b"", field="package", name=package)

    assert "Release 8.0R5 is installed; the device reboots." in admin.text
    assert admin.effects == [Effect.REBOOT]
    assert fleet.report("gw1").enforces
    admin.get(addresses.HOME)
    assert admin.path.endswith("?p=forced-off")

    admin.sign_in()
    admin.get(addresses.PLATFORM)
    assert "Rollback version 8.0R4 (build" in admin.text
    admin.post(addresses.PLATFORM, {"xsauth": admin.xsauth, "btnRollback": "x", "sure": "yes"})
    assert (fleet.devices["gw1"].state.release, admin.effects) == ("8.0R4", [Effect.REBOOT, Effect.REBOOT])


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Type a release or choose a package; nothing was installed."),
        ("latest", "'latest' is not a release; write for example 8.0, 8.3R1 or 9.1R13.2; gw1 stays with 8.3R1."),
        ("8.3R1", "The device runs 8.3R1 already."),
        ("6.0", "No pcs release goes with 6.0R1"),
    ],
)
def test_a_release_that_cannot_be_installed_is_refused_and_nothing_happens(fleet: Fleet, typed: str, why: str) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(UPGRADE)

    assert admin.submit(release=typed) == 422

    assert admin.notes[0].startswith(why)
    assert (fleet.devices["gw1"].state.release, admin.effects) == ("8.3R1", [])


def test_a_package_whose_name_tells_no_release_is_refused(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(UPGRADE)

    status = admin.upload(UPGRADE, {"xsauth": admin.xsauth}, file=b"x", field="package", name="software.pkg")

    assert (status, admin.notes) == (422, ["The name software.pkg tells no release; nothing was installed."])


@pytest.mark.rule("PLT-05")
def test_a_virtual_license_server_does_not_leave_the_releases_that_can_be_one() -> None:
    fleet = Fleet()
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    admin = Visitor.administrator(fleet, "vls")
    admin.get(UPGRADE)

    assert admin.submit(release="8.2R4") == 422
    assert admin.notes == ["8.2R4 has no Virtual License Server, which this device is."]
    admin.submit(release="9.0R1")
    assert fleet.devices["vls"].state.release == "9.0R1"


def test_without_a_version_before_a_rollback_is_not_done(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(addresses.PLATFORM)
    admin.submit(btnRollback="x", sure="yes")

    assert admin.effects == []
    assert admin.notes == ["Choose what is to be done by a button of this page."]


def test_connectivity_is_tested_with_every_device_that_this_one_knows(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(addresses.PLATFORM)
    admin.submit(btnTest="x")
    assert "vls1 (10.0.0.2) answers in 0.25 ms" in admin.text

    admin.context.network = Peers({})
    admin.submit(btnTest="x")
    assert "vls1 (10.0.0.2) does not answer" in admin.text
    assert admin.effects == []
