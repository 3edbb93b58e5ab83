"""A smaller answer that the client never got: the server goes on counting what the client counts (SRV-09, CFG-01)."""

import pytest

from leaselab.appliance.instants import HOUR
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    Allocation,
    DeleteClient,
    DeleteLicense,
    PullState,
    SetServer,
    SetServerRole,
)
from leaselab.appliance.machine import Refusal
from leaselab.testbed.simulation.network import Mishap
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server with 100 users; a client with reserved 50, increment 10, maximum 100."""
    return Fleet.pair("CONSEC-100U-1YR", reserved=50, increment=10, maximum=100)


def save(fleet: Fleet, *, reserved: int, increment: int = 10, maximum: int = 100) -> None:
    """Change the client's record."""
    allocation = Allocation(reserved=reserved, increment=increment, maximum=maximum)
    fleet.do("server", fleet.change("GW1", {CONCURRENT_USERS: allocation}))


def lose_the_reply(fleet: Fleet) -> None:
    """Let the client pull its state; the server answers, and the answer is lost."""
    fleet.network.befall("GW1", "server", Mishap.LOST_REPLY)
    fleet.do("GW1", PullState())


@pytest.mark.rule("CFG-01")
def test_a_lowered_reserved_count_is_free_only_when_the_client_has_the_smaller_lease(fleet: Fleet) -> None:
    save(fleet, reserved=20)
    assert fleet.available() == 50

    lose_the_reply(fleet)
    assert (fleet.leased("GW1"), fleet.available()) == (50, 50)

    fleet.do("GW1", PullState())
    assert (fleet.leased("GW1"), fleet.available()) == (20, 80)


@pytest.mark.rule("CFG-01")
def test_what_a_client_that_heard_nothing_counts_is_free_when_it_ends(fleet: Fleet) -> None:
    save(fleet, reserved=20)
    fleet.advance(hours=3)
    lose_the_reply(fleet)
    fleet.network.cut("GW1", "server")

    fleet.advance(days=10, hours=-3, milliseconds=-1)
    assert (fleet.leased("GW1"), fleet.available()) == (50, 50)

    fleet.advance(milliseconds=1)
    assert (fleet.leased("GW1"), fleet.available()) == (0, 80)


@pytest.mark.rule("SRV-09")
def test_a_smaller_answer_is_confirmed_at_once_so_that_others_can_have_the_rest(fleet: Fleet) -> None:
    fleet.client("GW2", reserved=0, increment=40, maximum=80)
    save(fleet, reserved=20)
    fleet.advance(hours=6)

    assert fleet.sign_in("GW2", 80) == []
    assert (fleet.leased("GW1"), fleet.leased("GW2")) == (20, 80)


@pytest.mark.rule("SRV-11")
@pytest.mark.rule("SRV-09")
def test_another_device_registers_only_when_the_first_counts_nothing_any_more(fleet: Fleet) -> None:
    serial = next(iter(fleet.devices["server"].state.licenses.installed))
    fleet.do("server", DeleteLicense(serial=serial))
    lose_the_reply(fleet)
    assert fleet.leased("GW1") == 50
    assert fleet.devices["server"].state.server.clients["GW1"].leases[CONCURRENT_USERS].reserved == 0

    fleet.appliance("twin")
    password = CLIENT_PASSWORD
    fleet.do("twin", SetServer(server="server", client_id="GW1", password=password, password_again=password))
    assert fleet.report("server").counters["denials:hardware-id"] == 1

    fleet.network.cut("GW1", "server")
    fleet.advance(days=10, hours=1)  # it goes on asking, every hour at least
    assert fleet.leased("GW1") == 0
    assert fleet.report("twin").client.contact == "up"
    assert fleet.report("twin").client.why == ""


@pytest.mark.rule("SRV-08")
def test_a_deleted_client_stays_on_the_books_while_it_may_count_something(fleet: Fleet) -> None:
    serial = next(iter(fleet.devices["server"].state.licenses.installed))
    fleet.do("server", DeleteLicense(serial=serial))
    lose_the_reply(fleet)
    fleet.do("server", DeleteClient(id="GW1"))
    assert "GW1" in fleet.devices["server"].state.server.clients

    fleet.advance(days=10)
    assert "GW1" not in fleet.devices["server"].state.server.clients


@pytest.mark.rule("LSE-10")
def test_reserved_counts_come_on_top_of_the_increments_that_live() -> None:
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=0, increment=30, maximum=90)
    fleet.sign_in("GW1", 80)
    assert fleet.leased("GW1") == 90

    too_much = fleet.change("GW1", {CONCURRENT_USERS: Allocation(reserved=20, increment=10, maximum=40)})
    assert isinstance(fleet.ask("server", too_much), Refusal)
    save(fleet, reserved=10, increment=10, maximum=40)
    fleet.sign_in("GW1", 15)  # not yet renewed: the lease is asked for under the new record

    lease = fleet.devices["server"].state.server.clients["GW1"].leases[CONCURRENT_USERS]
    assert lease.reserved + sum(one.units for one in lease.increments) <= 100
    assert fleet.devices["server"].state.server.books[CONCURRENT_USERS].shortfall() == 0


@pytest.mark.rule("LSE-07")
def test_a_shorter_lease_that_was_not_heard_of_leaves_the_longer_one_charged(fleet: Fleet) -> None:
    fleet.do("server", SetServerRole(enabled=True, incremental_lease=240 * HOUR))
    fleet.do("GW1", PullState())
    fleet.sign_in("GW1", 60)
    fleet.do("server", SetServerRole(enabled=True, incremental_lease=24 * HOUR))
    lose_the_reply(fleet)
    fleet.network.cut("GW1", "server")

    fleet.advance(days=2)  # by the server's last word the increment has ended; the client goes by the one before
    assert (fleet.leased("GW1"), fleet.available()) == (60, 40)


@pytest.mark.rule("LSE-12")
def test_what_was_not_heard_of_survives_a_restart_of_the_server(fleet: Fleet) -> None:
    save(fleet, reserved=20)
    lose_the_reply(fleet)
    fleet.restart("server")

    assert fleet.available() == 50
