"""Licenses by platform group (VLS-11)."""

import pytest

from leaselab.appliance.licensing import groups
from leaselab.appliance.licensing.skus import known_sku
from leaselab.testbed.testing.fleet import Fleet


@pytest.mark.rule("VLS-11")
def test_a_virtual_license_server_has_the_psa_and_the_va_spe_devices() -> None:
    names = [one.name for one in groups.groups(virtual_license_server=True)]

    assert names == ["PSA devices", "VA-SPE devices"]
    assert groups.groups(virtual_license_server=True)[0].platforms[:2] == ("PSA-300", "PSA-3000")
    assert len(groups.groups(virtual_license_server=False)) == 3


@pytest.mark.rule("KEY-12")
def test_permanent_counts_on_a_virtual_license_server_apply_to_psa_only() -> None:
    permanent, subscription = known_sku("CONSEC-ADD-100U"), known_sku("CONSEC-100U-1YR")

    assert groups.applies(permanent, "psa", virtual_license_server=True)
    assert not groups.applies(permanent, "va", virtual_license_server=True)
    assert groups.applies(subscription, "va", virtual_license_server=True)
    assert not groups.applies(known_sku("LICENSE-SVR"), "va", virtual_license_server=True)


@pytest.mark.rule("SRV-06")
def test_counts_of_a_group_are_those_of_the_pools_that_fit_it() -> None:
    fleet = Fleet()
    fleet.license_server(kind="psa5000", licenses=["CONSEC-100U-1YR", "ACCESS-50U-1YR", "POLSEC-20U-1YR"])
    fleet.client("GW1", reserved=30, increment=25, maximum=100)

    counts = {
        (one.personality, one.feature): (one.total, one.available)
        for one in groups.counts(fleet.devices["server"].state.server, "psa")
    }

    assert counts["pcs", "concurrent-users"] == (150, 120)
    assert counts["pps", "concurrent-users"] == (70, 70)
    assert counts["pcs", "rdp-users"] == (0, 0)
