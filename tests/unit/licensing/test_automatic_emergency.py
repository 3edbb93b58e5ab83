"""Emergency mode that the system enables and disables by itself (ICE-04)."""

import pytest
from tests.unit.licensing.emergencies import NEW_YEAR, OFF, ON, automatic, log, mode, most, signed_in, switched

from leaselab.appliance.instants import MINUTE, SECOND
from leaselab.appliance.licensing.commands import (
    RDP_USERS,
    DeleteLicense,
    SetServerRole,
)
from leaselab.appliance.licensing.emergency import AUTOMATIC_SINCE, CALM_KEY, LOOK_KEY


@pytest.mark.rule("ICE-04")
def test_the_look_after_the_sign_ins_passed_the_licensed_number_enables_it() -> None:
    fleet = automatic()
    fleet.advance(seconds=10)

    fleet.sign_in("gw", 100)
    fleet.advance(minutes=10)
    assert mode(fleet) == "off"
    fleet.sign_in("gw", 1)  # ten seconds after a look
    fleet.advance(seconds=19)
    assert mode(fleet) == "off"
    fleet.advance(seconds=1)

    assert (mode(fleet), most(fleet)) == ("system", 220)
    assert fleet.sign_in("gw", 119) == []
    assert log(fleet) == [
        (1, "LIC10291", "License ICE activated: the system enabled emergency mode; 56d left"),
    ]


@pytest.mark.rule("ICE-04")
def test_a_user_turned_away_at_the_door_passes_the_licensed_number_too() -> None:
    fleet = automatic("ICE")  # two users without a license, and no over-capacity of two

    assert len(fleet.sign_in("gw", 3)) == 1
    fleet.advance(seconds=30)

    assert mode(fleet) == "system"
    assert fleet.sign_in("gw", 1) == []


@pytest.mark.rule("ICE-04")
def test_who_is_turned_away_for_another_reason_or_feature_does_not() -> None:
    fleet = automatic("ICE")

    fleet.sign_in("gw", 2)
    assert len(fleet.sign_in("gw", 1, feature=RDP_USERS)) == 1
    assert len(fleet.sign_in("gw", 1, feature="parking")) == 1
    fleet.advance(hours=1)

    assert mode(fleet) == "off"


@pytest.mark.rule("ICE-04")
def test_what_is_over_before_the_look_was_never_seen() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.sign_out("gw", 1)
    fleet.advance(hours=1)
    assert mode(fleet) == "off"

    fleet.sign_in("gw", 10)
    assert len(fleet.sign_in("gw", 1)) == 1  # past the over-capacity: turned away
    fleet.sign_out("gw", 11)
    fleet.advance(hours=1)

    assert mode(fleet) == "off"
    assert switched(fleet) == []


@pytest.mark.rule("ICE-04")
def test_a_limit_that_falls_below_the_users_lets_it_begin_as_well() -> None:
    fleet = automatic("ICE", "ACCESS-100U-1YR", "ACCESS-50U-1YR")
    fleet.sign_in("gw", 120)

    fleet.do("gw", DeleteLicense(serial="SN00003"))
    fleet.advance(seconds=30)

    assert mode(fleet) == "system"
    assert fleet.sign_in("gw", 100) == []


@pytest.mark.rule("ICE-04")
def test_thirty_minutes_below_the_licensed_number_disable_what_the_system_enabled() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.advance(hours=1)

    fleet.sign_out("gw", 1)  # at the licensed number is not below it
    fleet.advance(hours=1)
    assert mode(fleet) == "system"
    fleet.sign_out("gw", 1)
    fleet.advance(minutes=30, milliseconds=-1)
    assert mode(fleet) == "system"
    fleet.advance(milliseconds=1)

    assert (mode(fleet), most(fleet)) == ("off", 100)
    assert switched(fleet) == [(30 * SECOND, True, "system"), (150 * MINUTE, False, "system")]
    assert log(fleet)[-1][1] == "LIC10290"
    assert log(fleet)[-1][2].endswith("since sign-ins have been below the licensed number; 55d21h30m left")


@pytest.mark.rule("ICE-04")
def test_the_thirty_minutes_begin_anew_when_the_users_come_back() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.advance(minutes=1)
    fleet.sign_out("gw", 2)
    fleet.advance(minutes=20)
    fleet.sign_in("gw", 1)
    fleet.advance(minutes=1)
    fleet.sign_out("gw", 1)

    fleet.advance(minutes=29)
    assert mode(fleet) == "system"
    fleet.advance(minutes=1)
    assert mode(fleet) == "off"


@pytest.mark.rule("ICE-04")
def test_one_that_an_admin_enabled_is_never_disabled_by_the_system() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.do("gw", ON)

    fleet.sign_out("gw", 101)
    fleet.advance(weeks=7)

    assert mode(fleet) == "admin"


@pytest.mark.rule("ICE-04")
def test_an_admin_takes_over_what_the_system_enabled_and_the_weeks_go_on_counting() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.advance(seconds=30)
    fleet.sign_out("gw", 101)
    fleet.advance(minutes=10)

    fleet.do("gw", ON)
    fleet.advance(weeks=8, minutes=-10, milliseconds=-1)
    assert mode(fleet) == "admin"
    fleet.advance(milliseconds=1)
    assert mode(fleet) == "spent"


@pytest.mark.rule("ICE-04")
def test_one_that_an_admin_disabled_is_enabled_again_only_when_further_users_want_in() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.advance(seconds=30)
    fleet.sign_in("gw", 49)

    fleet.do("gw", OFF)
    fleet.sign_out("gw", 10)
    fleet.advance(hours=1)
    assert (mode(fleet), signed_in(fleet)) == ("off", 140)
    assert len(fleet.sign_in("gw", 1)) == 1
    fleet.advance(seconds=30)

    assert mode(fleet) == "system"


@pytest.mark.rule("ICE-04")
def test_an_admins_word_holds_no_longer_than_until_the_users_are_within_the_licensed_number() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    fleet.advance(seconds=30)
    fleet.do("gw", OFF)
    fleet.sign_out("gw", 2)

    fleet.sign_in("gw", 2)
    fleet.advance(seconds=30)

    assert mode(fleet) == "system"


@pytest.mark.rule("ICE-04")
@pytest.mark.parametrize(
    ("release", "personality", "expected"),
    [
        ("9.1R6", "pcs", "off"),
        ("9.0R9", "pcs", "off"),
        ("9.1R7", "pcs", "system"),
        ("9.1R12", "pps", "system"),
        ("5.4R7", "pps", "off"),
    ],
)
def test_the_system_acts_from_9_1r7_on(release: str, personality: str, expected: str) -> None:
    fleet = automatic(release=release, personality=personality)
    fleet.sign_in("gw", 105)

    fleet.advance(hours=1)

    assert mode(fleet) == expected


@pytest.mark.rule("ICE-04")
@pytest.mark.rule("ENF-07")
def test_an_upgrade_to_9_1r7_sees_the_users_that_are_there() -> None:
    fleet = automatic(release="9.1R6")
    fleet.sign_in("gw", 105)
    fleet.advance(hours=1)

    fleet.upgrade("gw", str(AUTOMATIC_SINCE))
    fleet.advance(seconds=30)

    assert mode(fleet) == "system"


@pytest.mark.rule("ICE-04")
def test_a_license_removed_before_the_look_leaves_nothing_to_look_for() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 105)
    assert LOOK_KEY in fleet.devices["gw"].state.agenda.entries

    fleet.do("gw", DeleteLicense(serial="SN00001"))
    assert len(fleet.sign_in("gw", 20)) == 15
    fleet.advance(hours=1)

    assert switched(fleet) == []


@pytest.mark.rule("ICE-04")
def test_a_gateway_that_becomes_a_server_has_no_sign_ins_to_look_at() -> None:
    fleet = automatic("ICE", "CONSEC-100U-1YR")
    fleet.sign_in("gw", 105)

    fleet.do("gw", SetServerRole(enabled=True))
    fleet.advance(hours=1)

    assert switched(fleet) == []


@pytest.mark.rule("ICE-04")
def test_looks_are_made_only_where_they_switch_something() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 101)
    agenda = fleet.devices["gw"].state.agenda.entries
    assert agenda[LOOK_KEY] == NEW_YEAR + 30 * SECOND

    fleet.advance(days=20)
    assert switched(fleet) == [(30 * SECOND, True, "system")]
    assert {LOOK_KEY, CALM_KEY}.isdisjoint(agenda)
    fleet.sign_out("gw", 50)
    fleet.advance(days=20)

    assert [enabled for _, enabled, _ in switched(fleet)] == [True, False]
    assert {LOOK_KEY, CALM_KEY}.isdisjoint(agenda)


@pytest.mark.rule("ICE-04")
def test_the_log_says_who_switched_it() -> None:
    fleet = automatic()

    fleet.do("gw", ON)
    fleet.advance(minutes=7)
    fleet.do("gw", OFF)

    assert log(fleet) == [
        (1, "LIC10291", "License ICE activated: an administrator enabled emergency mode; 56d left"),
        (1, "LIC10290", "License ICE deactivated: an administrator disabled emergency mode; 55d23h50m left"),
    ]


def test_history_replayed_is_the_state() -> None:
    fleet = automatic()
    fleet.sign_in("gw", 105)
    fleet.advance(hours=1)
    fleet.sign_out("gw", 50)
    fleet.advance(minutes=10)
    before = fleet.devices["gw"].state.emergency, fleet.report("gw")

    fleet.restart("gw")

    assert (fleet.devices["gw"].state.emergency, fleet.report("gw")) == before
