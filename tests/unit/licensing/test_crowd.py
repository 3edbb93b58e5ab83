"""Users by number (ENF-03, ENF-04, LSE-02, AUT-05); tests/property/test_crowds.py compares them with single users."""

from typing import Any

import pytest

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, RDP_USERS, Crowd, SetCrowd
from leaselab.testbed.testing.fleet import Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server with 1,000 users and a client: reserved 50, increment 10, maximum 100."""
    return Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=10, maximum=100)


def test_no_crowd_comes_before_first_boot_is_over() -> None:
    fleet = Fleet()
    fleet.appliance("gw", accept=False)

    assert fleet.ask("gw", SetCrowd(users=1)).reason == "booting"


@pytest.mark.rule("PLT-06")
def test_a_license_server_admits_no_crowd(fleet: Fleet) -> None:
    assert fleet.ask("server", SetCrowd(users=1)).reason == "license-server"


@pytest.mark.parametrize("wrong", [{"users": -1}, {"users": 1, "feature": "teapots"}])
def test_a_crowd_that_cannot_be_is_refused(fleet: Fleet, wrong: dict[str, Any]) -> None:
    assert fleet.ask("GW1", SetCrowd(**wrong)).reason == "invalid"


@pytest.mark.rule("LSE-02")
def test_a_crowd_brings_the_increments_that_it_needs_and_what_is_too_many_is_turned_away(fleet: Fleet) -> None:
    assert fleet.do("GW1", SetCrowd(users=73)) == Crowd(users=73, turned_away=0)
    assert fleet.leased("GW1") == 80

    assert fleet.do("GW1", SetCrowd(users=120)) == Crowd(users=110, turned_away=10)  # 100, and a tenth (ENF-04)
    assert fleet.leased("GW1") == 100


def test_a_crowd_that_stays_as_it_is_or_goes_asks_for_nothing(fleet: Fleet) -> None:
    fleet.do("GW1", SetCrowd(users=40))
    before = list(fleet.store.history("GW1"))

    assert fleet.do("GW1", SetCrowd(users=40)) == Crowd(users=40, turned_away=0)
    assert list(fleet.store.history("GW1")) == before
    assert fleet.do("GW1", SetCrowd(users=0)) == Crowd(users=0, turned_away=0)
    assert fleet.report("GW1").features[CONCURRENT_USERS].signed_in == 0


@pytest.mark.rule("AUT-05")
def test_out_of_contact_a_crowd_helps_itself_up_to_the_maximum(fleet: Fleet) -> None:
    fleet.advance(days=1)
    fleet.cuts.add(("GW1", "server"))
    fleet.advance(hours=6)

    fleet.do("GW1", SetCrowd(users=120))

    assert fleet.leased("GW1") == 100
    assert fleet.report("GW1").counters["auto_leases"] == 5


@pytest.mark.rule("AUT-04")
def test_out_of_contact_with_auto_leasing_off_a_crowd_gets_no_more_than_it_had() -> None:
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=50, increment=10, maximum=1000)
    # 50 available is not more than 30 % of 950
    fleet.advance(days=1)
    fleet.cuts.add(("GW1", "server"))
    fleet.advance(hours=6)

    assert fleet.do("GW1", SetCrowd(users=60)) == Crowd(users=55, turned_away=5)


def test_users_of_another_feature_who_are_turned_away_bring_no_emergency(fleet: Fleet) -> None:
    fleet.install("GW1", "PSA-ICE")

    assert fleet.do("GW1", SetCrowd(users=1, feature=RDP_USERS)) == Crowd(users=0, turned_away=1)
    assert fleet.report("GW1").counters["refused_sign_ins"] == 1
    assert not fleet.devices["GW1"].state.emergency.turned_away


@pytest.mark.rule("LSE-03")
def test_a_crowd_that_asked_and_got_nothing_does_not_ask_again() -> None:
    fleet = Fleet.pair("CONSEC-50U-1YR", reserved=50, increment=10, maximum=100)

    assert fleet.do("GW1", SetCrowd(users=60)) == Crowd(users=55, turned_away=5)
    assert fleet.report("server").counters["denials:capacity"] == 1
