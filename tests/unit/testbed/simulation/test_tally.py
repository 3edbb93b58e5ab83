"""What became of single leases, counted while a simulation runs."""

import pytest

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, SetCrowd
from leaselab.testbed.simulation.tally import Tally
from leaselab.testbed.testing.fleet import Fleet


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def fleet(tally: Tally) -> Fleet:
    """Return a gateway with 10 reserved that may go to 40 by tens, and is watched from its first second."""
    fleet = Fleet()
    fleet.world.listeners.append(tally)
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    fleet.client("GW1", reserved=10, increment=10, maximum=40)
    return fleet


def given_back(fleet: Fleet, tally: Tally) -> int:
    return tally.given_back([fleet.devices["server"].state])


def test_a_reserved_count_and_each_increment_are_granted(fleet: Fleet, tally: Tally) -> None:
    assert tally.granted == 1

    fleet.do("GW1", SetCrowd(users=30))

    assert tally.granted == 3
    assert (tally.renewed, given_back(fleet, tally)) == (0, 0)


def test_a_renewal_moves_the_end_of_every_lease_that_is_kept(fleet: Fleet, tally: Tally) -> None:
    fleet.do("GW1", SetCrowd(users=30))
    fleet.advance(hours=12)

    assert tally.renewed == 2 * 3


@pytest.mark.rule("LSE-09")
def test_what_is_needed_no_more_is_given_back_once(fleet: Fleet, tally: Tally) -> None:
    fleet.do("GW1", SetCrowd(users=30))
    fleet.do("GW1", SetCrowd(users=0))
    fleet.advance(hours=48)

    assert fleet.leased("GW1", CONCURRENT_USERS) == 10
    assert given_back(fleet, tally) == 2
    assert tally.reclaimed == 0


@pytest.mark.rule("LSE-07")
def test_what_is_not_renewed_is_reclaimed_and_not_given_back(fleet: Fleet, tally: Tally) -> None:
    fleet.do("GW1", SetCrowd(users=30))
    fleet.network.cut("GW1", "server")
    fleet.advance(hours=25)

    assert tally.reclaimed == 2
    assert given_back(fleet, tally) == 0
