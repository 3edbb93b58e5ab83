"""What the tests of the admin console share."""

import pytest

from leaselab.testbed.testing.fleet import Fleet


@pytest.fixture
def fleet() -> Fleet:
    """One gateway; a module that needs more says so."""
    fleet = Fleet()
    fleet.appliance("gw1")
    return fleet
