"""Answers that take something back and get lost: until the client has heard, its units are nobody else's (LSE-10)."""

import pytest

from leaselab.appliance.instants import DAY
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, Allocation, DeleteLicense, SetServer
from leaselab.appliance.licensing.doubt import Doubt, after_answer, first_end, still
from leaselab.appliance.licensing.messages import FeatureLease, IncrementLease
from leaselab.testbed.simulation.network import Mishap
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server with 100 users, and a client: reserved 50, increment 25, maximum 100."""
    return Fleet.pair("CONSEC-100U-1YR", reserved=50, increment=25, maximum=100)


def promised(fleet: Fleet) -> int:
    return fleet.report("server").features[CONCURRENT_USERS].promised


def reserve(fleet: Fleet, units: int) -> None:
    """Change what is reserved for the client, as an admin does."""
    allocation = Allocation(reserved=units, increment=25, maximum=100)
    fleet.do("server", fleet.change("GW1", {CONCURRENT_USERS: allocation}))


@pytest.mark.rule("LSE-10")
@pytest.mark.rule("LSE-09")
def test_an_increment_given_back_is_free_at_once_when_the_answer_arrives(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)
    fleet.sign_out("GW1", 60)
    assert promised(fleet) == 75

    fleet.advance(hours=30)

    assert (fleet.leased("GW1"), promised(fleet)) == (50, 50)


@pytest.mark.rule("LSE-10")
def test_an_increment_given_back_stays_charged_while_the_client_may_count_it(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)
    fleet.sign_out("GW1", 60)
    fleet.advance(hours=23)

    fleet.network.befall("GW1", "server", Mishap.LOST_REPLY)
    fleet.advance(hours=1)  # the renewal that gives the increment back

    assert fleet.leased("GW1") == 75
    assert promised(fleet) == 75

    fleet.advance(hours=1)  # the client tries again, and says what it has heard

    assert (fleet.leased("GW1"), promised(fleet)) == (50, 50)


@pytest.mark.rule("LSE-10")
@pytest.mark.rule("LSE-07")
def test_what_is_in_doubt_is_free_when_the_lease_has_ended_by_itself(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)
    fleet.sign_out("GW1", 60)
    fleet.advance(hours=23)
    fleet.network.befall("GW1", "server", Mishap.LOST_REPLY)
    fleet.advance(hours=1)
    fleet.network.cut("GW1", "server")

    fleet.advance(hours=24)

    assert (fleet.leased("GW1"), promised(fleet)) == (50, 50)


@pytest.mark.rule("CFG-01")
@pytest.mark.rule("LSE-10")
def test_a_lowered_reserve_is_free_only_once_the_client_has_heard_of_it(fleet: Fleet) -> None:
    reserve(fleet, 20)
    fleet.network.befall("GW1", "server", Mishap.LOST_REPLY)
    fleet.advance(hours=6)

    assert fleet.leased("GW1") == 50
    assert promised(fleet) == 50

    fleet.advance(hours=1)

    assert (fleet.leased("GW1"), promised(fleet)) == (20, 20)


@pytest.mark.rule("SRV-09")
@pytest.mark.rule("SRV-11")
def test_a_client_that_has_not_heard_that_its_pool_is_gone_keeps_its_id(fleet: Fleet) -> None:
    (license_,) = fleet.report("server").licenses
    fleet.do("server", DeleteLicense(serial=license_.serial))
    fleet.network.befall("GW1", "server", Mishap.LOST_REPLY)
    fleet.advance(hours=6)
    fleet.network.cut("GW1", "server")
    assert fleet.leased("GW1") == 50

    fleet.appliance("twin")
    settings = SetServer(server="server", client_id="GW1", password=CLIENT_PASSWORD, password_again=CLIENT_PASSWORD)
    fleet.do("twin", settings)

    assert fleet.report("twin").client.contact == "up"
    assert "belongs to hardware ID" in fleet.report("twin").client.why


@pytest.mark.rule("LSE-10")
def test_a_confirmation_that_is_lost_is_made_good_by_the_next_request(fleet: Fleet) -> None:
    reserve(fleet, 20)
    fleet.advance(hours=5)
    fleet.network.befall("GW1", "server", Mishap.DUPLICATE, Mishap.LOST_REQUEST)
    fleet.advance(hours=1)  # the renewal arrives, twice; its confirmation does not
    assert (fleet.leased("GW1"), promised(fleet)) == (20, 50)

    fleet.advance(hours=1)

    assert promised(fleet) == 20


@pytest.mark.rule("LSE-12")
def test_a_doubt_survives_a_restart_of_the_server(fleet: Fleet) -> None:
    reserve(fleet, 20)
    fleet.network.befall("GW1", "server", Mishap.LOST_REPLY)
    fleet.advance(hours=6)

    fleet.restart("server")

    assert promised(fleet) == 50


# --- the arithmetic -----------------------------------------------------------------------------------------------


def lease(reserved: int, *increments: str, ends_at: int = 10 * DAY) -> FeatureLease:
    return FeatureLease(
        reserved=reserved,
        reserved_since=0,
        reserved_ends_at=ends_at,
        increment=10,
        maximum=100,
        increments=tuple(IncrementLease(id=each, units=10, acquired_at=0, ends_at=DAY) for each in increments),
    )


def test_an_answer_that_takes_nothing_back_leaves_no_doubt() -> None:
    assert after_answer({}, {"users": lease(50, "a")}, {"users": lease(60, "a", "b")}, 0) == {}


def test_an_increment_that_took_the_place_of_another_leaves_the_other_in_doubt() -> None:
    (doubt,) = after_answer({}, {"users": lease(50, "a")}, {"users": lease(50, "b")}, 0).values()

    assert [one.id for one in doubt.increments] == ["a"]
    assert (doubt.reserved, doubt.units_beside(None)) == (0, 10)


def test_doubts_add_up_over_answers_that_were_not_heard() -> None:
    first = after_answer({}, {"users": lease(50, "a", "b")}, {"users": lease(50, "b")}, 0)
    second = after_answer(first, {"users": lease(50, "b")}, {"users": lease(30)}, 0)

    assert second["users"].reserved == 50
    assert {one.id for one in second["users"].increments} == {"a", "b"}


def test_a_feature_that_is_no_more_on_record_is_in_doubt_whole() -> None:
    assert after_answer({}, {"users": lease(50, "a")}, {}, 0)["users"].reserved == 50


def test_doubts_end_with_their_leases() -> None:
    doubts = after_answer({}, {"users": lease(50, "a")}, {"users": lease(30)}, 0)

    assert first_end(doubts) == DAY
    assert still(doubts, DAY)["users"] == Doubt(reserved=50, reserved_ends_at=10 * DAY)
    assert still(doubts, 10 * DAY) == {}


@pytest.mark.rule("LSE-10")
def test_only_the_feature_that_lost_something_is_in_doubt() -> None:
    before = {"users": lease(50), "rdp": lease(20)}

    assert list(after_answer({}, before, {"users": lease(30), "rdp": lease(20)}, 0)) == ["users"]


@pytest.mark.rule("LSE-10")
def test_an_increment_that_is_in_doubt_already_stays_charged_for_its_longest() -> None:
    longer = IncrementLease(id="a", units=10, acquired_at=0, ends_at=2 * DAY)

    left = after_answer({"users": Doubt(increments=(longer,))}, {"users": lease(0, "a")}, {}, 0)

    assert left == {"users": Doubt(increments=(longer,))}
