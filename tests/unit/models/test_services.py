"""What a license server halts (GAT-03)."""

import pytest

from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states


@pytest.mark.rule("GAT-03")
def test_the_five_services_of_appendix_a_are_halted_on_a_license_server() -> None:
    assert tuple(HALTED_ON_LICENSE_SERVER.values()) == (
        "Mail proxy services",
        "Meeting processes",
        "Agentman daemon",
        "Federation server",
        "Federation client",
    )
    assert service_states(license_server=True) == dict.fromkeys(HALTED_ON_LICENSE_SERVER, "halted")


@pytest.mark.rule("GAT-03")
def test_they_run_on_a_gateway() -> None:
    assert service_states(license_server=False) == dict.fromkeys(HALTED_ON_LICENSE_SERVER, "running")
