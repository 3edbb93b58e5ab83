"""Emergency mode: more users than are licensed, for eight weeks in all (ICE-01 to ICE-04)."""

import pytest
from tests.unit.licensing.emergencies import OFF, ON, automatic, gateway, log, mode, most, signed_in, switched

from leaselab.appliance.instants import DAY, MINUTE, WEEK
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    RDP_USERS,
    DeleteLicense,
)
from leaselab.appliance.licensing.emergency import Emergency, limit
from leaselab.appliance.licensing.views import EmergencyStanding
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.fleet import Fleet


def left(fleet: Fleet) -> int:
    return fleet.report("gw").emergency.left


# --- the limit -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("ICE-01")
@pytest.mark.parametrize(("maximum", "admitted"), [(200, 220), (2_500, 2_750), (25, 27), (1, 1)])
def test_an_emergency_admits_the_platforms_maximum_and_a_tenth_more(maximum: int, admitted: int) -> None:
    assert limit(maximum) == admitted


@pytest.mark.rule("ICE-01")
def test_in_an_emergency_users_sign_in_past_the_platforms_maximum_and_no_further() -> None:
    fleet = gateway()

    fleet.do("gw", ON)
    refused = fleet.sign_in("gw", 225)

    assert most(fleet) == 220
    assert signed_in(fleet) == 220
    assert {refusal.reason for refusal in refused} == {"limit"}
    assert len(refused) == 5


@pytest.mark.rule("ICE-01")
def test_a_device_without_any_other_license_has_an_emergency_too() -> None:
    fleet = gateway("ICE")

    fleet.do("gw", ON)

    assert fleet.sign_in("gw", 220) == []


@pytest.mark.rule("ICE-01")
def test_a_release_that_does_not_enforce_admits_a_tenth_more_as_well() -> None:
    fleet = gateway(release="8.0R4")

    assert len(fleet.sign_in("gw", 201)) == 1
    fleet.do("gw", ON)

    assert fleet.sign_in("gw", 20) == []


@pytest.mark.rule("ICE-01")
def test_concurrent_users_are_raised_and_no_other_feature() -> None:
    fleet = gateway("ICE", "ACCESS-RDP-25U-1YR")

    fleet.do("gw", ON)

    assert most(fleet, RDP_USERS) == 25


@pytest.mark.rule("ICE-01")
@pytest.mark.rule("ENF-08")
def test_when_an_emergency_ends_nobody_is_thrown_out_and_nobody_new_comes_in() -> None:
    fleet = gateway()
    fleet.do("gw", ON)
    fleet.sign_in("gw", 150)

    fleet.do("gw", OFF)

    assert (most(fleet), signed_in(fleet)) == (100, 150)
    assert len(fleet.sign_in("gw", 1)) == 1
    fleet.sign_out("gw", 51)
    assert fleet.sign_in("gw", 1) == []


@pytest.mark.rule("ICE-01")
@pytest.mark.parametrize("skus", [("ACCESS-100U-1YR",), ("MAG4610-ICE", "ACCESS-100U-1YR")])
def test_without_an_ice_license_that_fits_the_device_there_is_no_emergency(skus: tuple[str, ...]) -> None:
    fleet = gateway(*skus)
    before = fleet.report("gw")

    refusal = fleet.ask("gw", ON)

    assert refusal == Refusal(
        "no-ice-license", "emergency mode needs an ICE license that fits this device: install one first"
    )
    assert fleet.report("gw") == before
    assert before.emergency == EmergencyStanding(state="none", left=8 * WEEK)


@pytest.mark.rule("ICE-01")
def test_with_the_ice_license_goes_the_emergency() -> None:
    fleet = gateway()
    fleet.do("gw", ON)

    fleet.do("gw", DeleteLicense(serial="SN00002"))
    assert mode(fleet) == "admin"
    fleet.do("gw", DeleteLicense(serial="SN00001"))

    assert (mode(fleet), most(fleet)) == ("none", 2)
    assert log(fleet)[-1][1:] == (
        "LIC10290",
        "License ICE deactivated: the system disabled emergency mode, since the license was removed; 56d left",
    )


@pytest.mark.rule("ICE-01")
def test_deleting_a_license_that_is_not_there_ends_no_emergency() -> None:
    fleet = gateway()
    fleet.do("gw", ON)
    before = fleet.report("gw")

    assert fleet.ask("gw", DeleteLicense(serial="none")).reason == "no-license"
    assert fleet.report("gw") == before


@pytest.mark.rule("ICE-01")
def test_a_license_server_has_no_emergency() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["ICE", "CONSEC-100U-1YR"], kind="psa5000", release="9.1R7")
    before = fleet.report("server")

    assert fleet.ask("server", ON).reason == "is-a-server"
    assert fleet.report("server") == before


@pytest.mark.rule("ICE-01")
def test_saying_again_what_is_so_changes_nothing() -> None:
    fleet = gateway()

    fleet.do("gw", OFF)
    fleet.do("gw", ON)
    fleet.do("gw", ON)

    assert switched(fleet) == [(0, True, "admin")]


# --- eight weeks -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("ICE-02")
def test_in_one_run_it_lasts_eight_weeks_to_the_millisecond() -> None:
    fleet = gateway()
    fleet.do("gw", ON)

    fleet.advance(weeks=8, milliseconds=-1)
    assert (mode(fleet), most(fleet)) == ("admin", 220)
    fleet.advance(milliseconds=1)

    assert (mode(fleet), most(fleet), left(fleet)) == ("spent", 100, 0)
    assert log(fleet)[-1] == (
        8,
        "LIC10200",
        "License ICE expired: emergency mode is over, its eight weeks have been used",
    )


@pytest.mark.rule("ICE-02")
def test_in_pieces_it_lasts_eight_weeks_in_all() -> None:
    fleet = gateway()
    for _ in range(4):
        fleet.do("gw", ON)
        fleet.advance(days=13)
        fleet.do("gw", OFF)
        fleet.advance(days=30)
    assert fleet.report("gw").emergency == EmergencyStanding(state="off", left=4 * DAY)

    fleet.do("gw", ON)
    fleet.advance(days=4)

    assert mode(fleet) == "spent"


@pytest.mark.rule("ICE-02")
@pytest.mark.parametrize(
    ("seconds", "steps"), [(0, 0), (1, 1), (299, 1), (300, 1), (301, 2), (600, 2), (3_600, 12), (3_601, 13)]
)
def test_every_step_of_five_minutes_that_was_begun_counts_whole(seconds: int, steps: int) -> None:
    fleet = gateway()

    fleet.do("gw", ON)
    fleet.advance(seconds=seconds)
    assert left(fleet) == 8 * WEEK - steps * 5 * MINUTE
    fleet.do("gw", OFF)
    fleet.advance(days=1)

    assert left(fleet) == 8 * WEEK - steps * 5 * MINUTE


@pytest.mark.rule("ICE-02")
def test_once_they_are_used_neither_an_admin_nor_the_system_enables_it_again() -> None:
    fleet = automatic()
    fleet.do("gw", ON)
    fleet.advance(weeks=8)
    before = fleet.report("gw")

    refusal = fleet.ask("gw", ON)

    assert refusal == Refusal("spent", "the eight weeks of emergency mode have been used on this device")
    assert fleet.report("gw") == before
    fleet.sign_in("gw", 115)
    fleet.advance(hours=1)
    assert mode(fleet) == "spent"


@pytest.mark.rule("ICE-02")
def test_a_license_entered_again_brings_no_new_weeks() -> None:
    fleet = gateway()
    fleet.do("gw", ON)
    fleet.advance(weeks=7)
    fleet.do("gw", DeleteLicense(serial="SN00001"))

    fleet.install("gw", "ICE")

    assert fleet.report("gw").emergency == EmergencyStanding(state="off", left=WEEK)


@pytest.mark.rule("ICE-02")
def test_eight_weeks_that_ended_while_the_device_was_off_are_used_and_no_more() -> None:
    assert Emergency(by="admin", since=0, used=7 * WEEK).left(10 * WEEK) == 0


@pytest.mark.rule("ICE-02")
def test_nothing_ticks_while_it_is_enabled() -> None:
    fleet = gateway()
    fleet.do("gw", ON)
    events = len(list(fleet.store.history("gw")))

    fleet.advance(weeks=8, milliseconds=-1)

    assert len(list(fleet.store.history("gw"))) == events


@pytest.mark.rule("ICE-02")
def test_a_restart_loses_nothing_of_it() -> None:
    fleet = gateway()
    fleet.do("gw", ON)
    fleet.advance(weeks=1)

    fleet.restart("gw")

    assert fleet.report("gw").emergency == EmergencyStanding(state="admin", left=7 * WEEK)
    fleet.advance(weeks=7)
    assert mode(fleet) == "spent"


# --- where it cannot be enabled --------------------------------------------------------------------------------------


@pytest.mark.rule("ICE-03")
def test_with_an_evaluation_license_it_cannot_be_enabled_until_that_has_ended() -> None:
    fleet = gateway("ICE", "ACCESS-50U-EVAL")
    before = fleet.report("gw")

    refusal = fleet.ask("gw", ON)

    assert refusal == Refusal(
        "evaluation",
        "evaluation license SN00002 (ACCESS-50U-EVAL) rules emergency mode out: delete it, or let it end",
    )
    assert fleet.report("gw") == before
    fleet.advance(weeks=4)
    fleet.do("gw", ON)
    assert mode(fleet) == "admin"


@pytest.mark.rule("ICE-03")
@pytest.mark.rule("ICE-04")
def test_with_an_evaluation_license_the_system_does_not_enable_it_either() -> None:
    fleet = automatic("ICE", "ACCESS-50U-EVAL", "ACCESS-50U-1YR")
    fleet.sign_in("gw", 105)
    fleet.advance(hours=1)
    assert mode(fleet) == "off"

    fleet.do("gw", DeleteLicense(serial="SN00002"))
    fleet.advance(seconds=30)

    assert mode(fleet) == "system"


@pytest.mark.rule("ICE-03")
def test_an_emergency_is_one_nodes_and_takes_nothing_from_the_rest_of_its_cluster() -> None:
    fleet = Fleet()
    for name in ("A", "B"):
        fleet.appliance(name, maximum_users=200)
    fleet.install("A", "ICE", "ACCESS-100U-1YR")
    fleet.cluster("gateways", "A", "B")
    fleet.do("A", ON)
    fleet.sign_in("A", 150)
    fleet.advance(minutes=5)

    assert (mode(fleet, "A"), most(fleet, name="A")) == ("admin", 220)
    assert (mode(fleet, "B"), most(fleet, name="B")) == ("none", 2)
    assert fleet.ask("B", ON).reason == "no-ice-license"
    assert fleet.devices["B"].state.usable(CONCURRENT_USERS) == 0
