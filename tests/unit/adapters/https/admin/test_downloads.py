"""Download Licenses."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

CODE = "Ab12-Cd34-Ef56-Gh78"


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.cloud({CODE: ["LICENSE-SVR", "CONSEC-100U-1YR"]})
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    return fleet


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "vls", addresses.DOWNLOADS)


@pytest.mark.rule("DLD-02")
@pytest.mark.rule("VLS-03")
def test_a_code_brings_its_keys_by_the_products_fields_and_leads_to_the_summary(admin: Visitor) -> None:
    admin.submit(cmd="download", preferredNetwork="internal", txtVLSAuthCode=CODE)

    assert admin.path == addresses.SUMMARY
    assert admin.notes == ["LICENSE-SVR is installed. CONSEC-100U-1YR is installed."]
    assert "CONSEC-100U-1YR" in admin.text


@pytest.mark.rule("DLD-02")
def test_what_the_center_says_of_a_wrong_code_is_shown_as_it_came(fleet: Fleet, admin: Visitor) -> None:
    assert admin.submit(cmd="download", txtVLSAuthCode="Zz99-Zz99-Zz99-Zz99") == 422

    answered = fleet.devices["vls"].state.last_download
    assert answered is not None
    assert admin.notes == [f"The download center says: {answered.error}"]
    assert 'value="Zz99-Zz99-Zz99-Zz99"' in admin.source
    assert fleet.report("vls").licenses == ()


@pytest.mark.rule("DLD-01")
@pytest.mark.rule("DLD-03")
def test_automatic_downloads_are_switched_on_with_their_network_and_off(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(autoDownload="enabled", preferredNetwork="management")
    state = fleet.devices["vls"].state
    assert (state.downloads_enabled, state.download_network) == (True, "management")
    assert "Next query: 2018-0" in admin.text

    admin.submit(autoDownload="disabled", preferredNetwork="internal")
    assert not state.downloads_enabled

    assert admin.submit(autoDownload="enabled", preferredNetwork="dmz") == 422
    assert not state.downloads_enabled
