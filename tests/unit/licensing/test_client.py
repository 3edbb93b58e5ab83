"""The license client: its server's settings, and what it makes of answers; test_leasing.py has what it leases."""

import pytest

from leaselab.appliance.conditions import Conditions, LinkCondition
from leaselab.appliance.instants import DAY, MINUTE, SECOND
from leaselab.appliance.licensing.client import (
    FIRST_PAUSE,
    Identity,
    decide_contact,
    decide_lease_end,
    decide_settle,
)
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    RDP_USERS,
    Allocation,
    PullState,
    RemoveServer,
    SetServer,
)
from leaselab.appliance.licensing.events import ContactDue, ContactLost, LeasesEnded, LeasesTaken
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.messages import FeatureLease, IncrementLease, Leases
from leaselab.appliance.licensing.tenancy import ClientState, ServerSettings
from leaselab.appliance.machine import Decision, Settle
from leaselab.appliance.passage import Passage
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet

NOBODY = Identity(hardware_id="H", platform="psa3000", personality="pcs", release="8.3R1", node="gw1")
SETTINGS = ServerSettings(
    server="server", client_id="GW1", password="secret1", preferred_network="internal", verify_certificate=True
)


@pytest.fixture
def fleet() -> Fleet:
    """A server with 1,000 users and a client: reserved 50, increment 10, maximum 100."""
    return Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=10, maximum=100)


def test_a_license_server_leases_from_no_other(fleet: Fleet) -> None:
    password = CLIENT_PASSWORD
    refused = fleet.ask("server", SetServer(server="x", client_id="A", password=password, password_again=password))

    assert refused.reason == "is-a-server"


def test_a_device_without_a_server_has_none_to_pull_from_or_to_remove() -> None:
    fleet = Fleet()
    fleet.appliance("gw")

    assert fleet.ask("gw", PullState()).reason == "no-server"
    assert fleet.ask("gw", RemoveServer()).reason == "no-server"


def test_what_was_asked_of_a_server_that_is_removed_is_forgotten_and_its_late_answer_with_it(fleet: Fleet) -> None:
    fleet.network.passages["GW1"] = passage = Passage()
    passage.conditions = Conditions(links=(LinkCondition(peer="server", delay=10 * SECOND),))
    fleet.do("GW1", PullState())
    assert len(fleet.devices["GW1"].state.outbox) == 1

    fleet.do("GW1", RemoveServer())

    assert fleet.devices["GW1"].state.outbox == {}
    fleet.advance(minutes=1)
    assert fleet.leased("GW1") == 0
    assert fleet.report("GW1").client.server == ""


@pytest.mark.rule("CFG-01")
def test_a_feature_that_is_taken_out_of_the_record_ends_at_the_next_renewal_and_the_client_says_so(
    fleet: Fleet,
) -> None:
    fleet.install("server", "ACCESS-RDP-100U-1YR")
    both = {
        CONCURRENT_USERS: Allocation(reserved=50, increment=10, maximum=100),
        RDP_USERS: Allocation(reserved=20, increment=10, maximum=50),
    }
    for allocations in (both, {CONCURRENT_USERS: both[CONCURRENT_USERS]}):
        fleet.do("server", fleet.change("GW1", allocations))
        fleet.advance(hours=6)

    assert (fleet.leased("GW1"), fleet.leased("GW1", RDP_USERS)) == (50, 0)
    assert fleet.available("server", RDP_USERS) == 100  # it was told that this has arrived


@pytest.mark.rule("LSE-07")
def test_only_the_leases_that_have_ended_stop_counting() -> None:
    longer = FeatureLease(reserved=50, reserved_since=0, reserved_ends_at=10 * DAY, increment=10, maximum=100)
    shorter = FeatureLease(reserved=20, reserved_since=0, reserved_ends_at=DAY, increment=10, maximum=100)
    state = ClientState(holdings={CONCURRENT_USERS: longer, RDP_USERS: shorter})

    (ended,) = decide_lease_end(state, DAY).events

    assert ended == LeasesEnded(ended={RDP_USERS: (20, ())})


def test_an_answer_that_nobody_waits_for_decides_nothing() -> None:
    def identity() -> Identity:
        raise AssertionError("nobody needs to know who the device is")

    answer = Settle(id="client-1", status=200, body={})

    assert decide_settle(ClientState(), identity, Licenses(), answer, 0) == Decision()


@pytest.mark.rule("CLT-05")
def test_an_answer_that_is_no_lease_reply_is_no_contact() -> None:
    state = ClientState(settings=SETTINGS, waiting="renew")
    answer = Settle(id="client-1", status=500, body={"error": "on fire"})

    (lost,) = decide_settle(state, lambda: NOBODY, Licenses(), answer, 0).events

    assert isinstance(lost, ContactLost)
    assert (lost.why, lost.retry_at) == ("server answered 500, which is no lease reply", FIRST_PAUSE)


@pytest.mark.rule("LSE-06")
def test_a_contact_that_comes_due_while_a_request_is_on_its_way_asks_nothing_yet() -> None:
    state = ClientState(settings=SETTINGS, waiting="lease", token="known")

    assert decide_contact(state, lambda: NOBODY, {}, 0).events == (ContactDue(),)


def leases(reserved: int, *increments: str) -> FeatureLease:
    """As a server says at noon of the first day: ten days and one."""
    return FeatureLease(
        reserved=reserved,
        reserved_since=0,
        reserved_ends_at=10 * DAY,
        increment=10,
        maximum=100,
        increments=tuple(IncrementLease(id=each, units=10, acquired_at=0, ends_at=DAY) for each in increments),
    )


def taken(state: ClientState, features: dict[str, FeatureLease], now: int) -> LeasesTaken:
    reply = Leases(features=features, renewal_interval=DAY // 4, incremental_lease=DAY, server_time=DAY // 2)
    (event,) = decide_settle(
        state, lambda: NOBODY, Licenses(), Settle(id="client-1", status=200, body=reply), now
    ).events
    assert isinstance(event, LeasesTaken)
    return event


@pytest.mark.rule("LSE-13")
def test_leases_are_held_by_the_clients_own_clock() -> None:
    state = ClientState(settings=SETTINGS, waiting="renew")
    told = {CONCURRENT_USERS: leases(50, "a")}

    assert taken(state, told, DAY // 2).holdings == told

    (ahead,) = taken(state, told, DAY // 2 + MINUTE).holdings.values()

    assert (ahead.reserved_since, ahead.reserved_ends_at) == (MINUTE, 10 * DAY + MINUTE)
    assert ahead.increments == (IncrementLease(id="a", units=10, acquired_at=MINUTE, ends_at=DAY + MINUTE),)


@pytest.mark.rule("LSE-10")
@pytest.mark.parametrize(
    ("held", "told", "smaller"),
    [
        (leases(50, "a"), leases(50, "a", "b"), False),
        (leases(50, "a", "b"), leases(50, "b"), True),
        (leases(50), leases(49), True),
        (leases(50), None, True),
        (leases(0), None, False),
    ],
)
def test_an_answer_that_takes_something_back_is_told_from_one_that_does_not(
    held: FeatureLease, told: FeatureLease | None, *, smaller: bool
) -> None:
    state = ClientState(settings=SETTINGS, waiting="renew", holdings={CONCURRENT_USERS: held})

    assert taken(state, {} if told is None else {CONCURRENT_USERS: told}, DAY // 2).smaller is smaller
