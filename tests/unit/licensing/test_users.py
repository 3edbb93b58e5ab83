"""End users at the door (ENF-01 to ENF-04, ENF-06 to ENF-08, PLT-06)."""

import pytest

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, DeleteLicense, SignIn, SignOut
from leaselab.appliance.licensing.eventlog import lines
from leaselab.appliance.machine import Event, Refusal
from leaselab.testbed.testing.fleet import Fleet


def signed_in(fleet: Fleet, name: str = "gw") -> int:
    return fleet.report(name).features[CONCURRENT_USERS].signed_in


@pytest.mark.rule("ENF-01")
def test_without_a_license_two_users_sign_in_and_the_third_is_told_why_not() -> None:
    fleet = Fleet()
    fleet.appliance("gw")

    refused = fleet.sign_in("gw", 3)

    assert [refusal.message for refusal in refused] == [
        "2 users are signed in, the licensed limit is 2; no further user can be"
    ]
    assert signed_in(fleet) == 2


@pytest.mark.rule("ENF-03")
def test_installed_counts_make_the_limit_and_the_platform_caps_it() -> None:
    fleet = Fleet()
    fleet.appliance("gw", kind="psa300", maximum_users=120)
    fleet.install("gw", "CONSEC-ADD-100U", "CONSEC-ADD-100U")

    fleet.sign_in("gw", 130)

    assert fleet.report("gw").features[CONCURRENT_USERS].limit == 120
    assert signed_in(fleet) == 120


@pytest.mark.rule("ENF-03")
def test_installed_and_leased_counts_add() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")
    fleet.client("gw1", reserved=50, increment=25, maximum=100)
    fleet.install("gw1", "CONSEC-ADD-25U")

    assert fleet.report("gw1").features[CONCURRENT_USERS].limit == 75


@pytest.mark.rule("LSE-02")
def test_a_device_with_licenses_of_its_own_asks_only_for_what_these_do_not_cover() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")
    fleet.client("gw1", reserved=50, increment=25, maximum=100)
    fleet.install("gw1", "CONSEC-ADD-25U")

    fleet.sign_in("gw1", 75)
    assert fleet.leased("gw1") == 50
    fleet.sign_in("gw1", 1)
    assert fleet.leased("gw1") == 75


@pytest.mark.rule("ENF-02")
def test_releases_8_0_to_8_0r4_do_not_enforce() -> None:
    fleet = Fleet()
    fleet.appliance("gw", release="8.0R4")

    assert fleet.sign_in("gw", 200) == []
    assert len(fleet.sign_in("gw", 1)) == 1  # the platform's maximum


@pytest.mark.rule("ENF-04")
def test_a_tenth_more_than_the_limit_is_admitted_and_no_more() -> None:
    fleet = Fleet()
    fleet.appliance("gw")
    fleet.install("gw", "CONSEC-ADD-25U")

    refused = fleet.sign_in("gw", 30)

    assert signed_in(fleet) == 27
    assert {refusal.reason for refusal in refused} == {"limit"}


@pytest.mark.rule("ENF-08")
def test_when_the_limit_falls_nobody_is_thrown_out_and_nobody_new_comes_in_until_there_is_room() -> None:
    fleet = Fleet()
    fleet.appliance("gw")
    fleet.install("gw", "CONSEC-ADD-50U", "CONSEC-ADD-10U")
    fleet.sign_in("gw", 55)

    fleet.do("gw", DeleteLicense(serial="SN00002"))  # the limit is 50 now
    assert signed_in(fleet) == 55
    assert len(fleet.sign_in("gw", 1)) == 1

    fleet.sign_out("gw", 5)
    assert len(fleet.sign_in("gw", 1)) == 1
    fleet.sign_out("gw", 1)
    assert fleet.sign_in("gw", 1) == []


@pytest.mark.rule("PLT-06")
def test_a_license_server_admits_no_end_user() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")

    assert fleet.ask("server", SignIn(user="user1", source="10.0.0.1")).reason == "license-server"


def test_a_session_ends_once() -> None:
    fleet = Fleet()
    fleet.appliance("gw")
    session = fleet.do("gw", SignIn(user="user1", source="10.0.0.1"))

    fleet.do("gw", SignOut(session=session.id))

    assert isinstance(fleet.ask("gw", SignOut(session=session.id)), Refusal)
    assert signed_in(fleet) == 0


@pytest.mark.parametrize("user", ["", "x" * 257])
def test_a_name_that_is_nobodys_is_refused(user: str) -> None:
    fleet = Fleet()
    fleet.appliance("gw")

    assert fleet.ask("gw", SignIn(user=user, source="10.0.0.1")).reason == "invalid"


@pytest.mark.rule("ENF-04")
def test_a_sign_in_past_the_licensed_number_is_logged_as_that() -> None:
    fleet = Fleet()
    fleet.appliance("gw")
    fleet.install("gw", "CONSEC-ADD-25U")
    events: list[Event] = []
    fleet.devices["gw"].listeners.append(lambda event, _at: events.append(event))

    fleet.sign_in("gw", 27)

    said = [line.message for event in events for line in lines(event, 0)]
    assert said[:25] == ["Login succeeded"] * 25
    assert said[25:] == ["Login succeeded; the licensed number of users is exceeded"] * 2


def test_nobody_signs_in_before_first_boot_is_over() -> None:
    fleet = Fleet()
    fleet.appliance("gw", accept=False)

    assert fleet.ask("gw", SignIn(user="user1", source="10.0.0.1")).reason == "booting"
