"""The license client: its server's settings, and what it makes of answers; test_leasing.py has what it leases."""

import pytest

from leaselab.appliance.conditions import Conditions, LinkCondition
from leaselab.appliance.instants import DAY, SECOND
from leaselab.appliance.licensing.client import FIRST_PAUSE, Identity, decide_lease_end, decide_settle
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    RDP_USERS,
    Allocation,
    PullState,
    RemoveServer,
    SetServer,
)
from leaselab.appliance.licensing.events import ContactLost, Holding, LeasesEnded
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.tenancy import ClientState, ServerSettings
from leaselab.appliance.machine import Decision, Settle
from leaselab.appliance.passage import Passage
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet

NOBODY = Identity(hardware_id="H", platform="psa3000", personality="pcs", release="8.3R1", node="gw1")


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
    longer = Holding(reserved=50, reserved_since=0, reserved_ends_at=10 * DAY, increment=10, maximum=100)
    shorter = Holding(reserved=20, reserved_since=0, reserved_ends_at=DAY, increment=10, maximum=100)
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
    settings = ServerSettings(
        server="server", client_id="GW1", password="secret1", preferred_network="internal", verify_certificate=True
    )
    state = ClientState(settings=settings, waiting="renew")
    answer = Settle(id="client-1", status=500, body={"error": "on fire"})

    (lost,) = decide_settle(state, lambda: NOBODY, Licenses(), answer, 0).events

    assert isinstance(lost, ContactLost)
    assert (lost.why, lost.retry_at) == ("server answered 500, which is no lease reply", FIRST_PAUSE)
