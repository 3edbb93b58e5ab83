"""The download center, and the device that asks it (DLD-02, DLD-04, KEY-04)."""

import pytest

from leaselab.appliance.config import AuthCode
from leaselab.appliance.instants import DAY
from leaselab.appliance.licensing.commands import DownloadKeys, DownloadReport
from leaselab.testbed.testing.fleet import Fleet

CODE = "Ab12-Cd34-Ef56-Gh78"


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.cloud({CODE: ["LICENSE-SVR", "CONSEC-1000U-1YR"]})
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    return fleet


def download(fleet: Fleet, name: str, code: str) -> DownloadReport:
    report = fleet.do(name, DownloadKeys(code=code))
    assert isinstance(report, DownloadReport)
    return report


@pytest.mark.rule("DLD-02")
@pytest.mark.rule("VLS-03")
def test_a_valid_code_yields_its_keys_bound_to_the_device_and_installs_them(fleet: Fleet) -> None:
    report = download(fleet, "vls", CODE)

    assert report.error == ""
    assert [outcome.result for outcome in report.outcomes] == ["installed", "installed"]
    assert [row.sku for row in fleet.report("vls").licenses] == ["LICENSE-SVR", "CONSEC-1000U-1YR"]
    assert fleet.report("vls").server.can_enable


@pytest.mark.rule("DLD-02")
@pytest.mark.parametrize(
    ("code", "said"),
    [("Zz99-Zz99-Zz99-Zz99", "is not known"), (CODE, "already provisioned for this device")],
)
def test_an_unknown_or_used_code_yields_the_centers_own_error(fleet: Fleet, code: str, said: str) -> None:
    download(fleet, "vls", CODE)
    before = fleet.report("vls").licenses

    report = download(fleet, "vls", code)

    assert said in report.error
    assert report.outcomes == ()
    assert fleet.report("vls").licenses == before


@pytest.mark.rule("DLD-02")
def test_a_code_that_another_device_used_is_refused(fleet: Fleet) -> None:
    download(fleet, "vls", CODE)
    fleet.appliance("clone", kind="va-spe", virtual_license_server=True)

    assert "used by another device" in download(fleet, "clone", CODE).error
    assert fleet.report("clone").licenses == ()


@pytest.mark.rule("DLD-02")
def test_without_a_code_the_device_gets_its_own_keys_again(fleet: Fleet) -> None:
    download(fleet, "vls", CODE)

    report = download(fleet, "vls", "")

    assert [outcome.result for outcome in report.outcomes] == ["duplicate", "duplicate"]


@pytest.mark.rule("DLD-02")
def test_a_center_out_of_reach_is_said_and_installs_nothing(fleet: Fleet) -> None:
    fleet.cuts.add(("vls", "cloud"))

    assert "out of reach" in download(fleet, "vls", CODE).error
    fleet.cuts.clear()
    assert download(fleet, "vls", CODE).error == ""


@pytest.mark.rule("DLD-02")
@pytest.mark.rule("LSE-11")
def test_a_claim_whose_reply_was_lost_can_be_made_again_by_asking_without_a_code(fleet: Fleet) -> None:
    fleet.lost_replies.add(("vls", "cloud"))
    download(fleet, "vls", CODE)
    fleet.lost_replies.clear()

    report = download(fleet, "vls", "")

    assert [outcome.result for outcome in report.outcomes] == ["installed", "installed"]


@pytest.mark.rule("DLD-01")
def test_keys_that_are_made_at_the_portal_come_with_the_devices_next_query_without_a_code(fleet: Fleet) -> None:
    fleet.appliance("other")
    made = AuthCode(
        licenses=("CONSEC-10U-1YR",),
        hardware_id=fleet.report("vls").hardware_id,
        made_at=fleet.clock.now() + DAY,
    )
    fleet.cloud({CODE: made})

    assert download(fleet, "vls", "").outcomes == ()
    fleet.advance(days=1)
    assert download(fleet, "other", "").outcomes == ()
    assert [outcome.result for outcome in download(fleet, "vls", "").outcomes] == ["installed"]
    assert [outcome.result for outcome in download(fleet, "vls", "").outcomes] == ["duplicate"]


@pytest.mark.rule("DLD-02")
def test_a_code_whose_keys_are_made_for_another_device_is_refused(fleet: Fleet) -> None:
    fleet.cloud({CODE: AuthCode(licenses=("CONSEC-10U-1YR",), hardware_id="0123456789ABCDEF")})

    assert "used by another device" in download(fleet, "vls", CODE).error


@pytest.mark.rule("DLD-04")
def test_codes_and_what_they_entitle_to_are_the_labs(fleet: Fleet) -> None:
    fleet.cloud({"Aa11-Bb22-Cc33-Dd44": ["CONSEC-25U-1YR"]}, name="cloud")

    report = download(fleet, "vls", "Aa11-Bb22-Cc33-Dd44")

    assert [outcome.result for outcome in report.outcomes] == ["installed"]


@pytest.mark.rule("KEY-04")
def test_nothing_is_downloaded_before_the_agreement_is_accepted(fleet: Fleet) -> None:
    fleet.appliance("fresh", accept=False)

    assert fleet.ask("fresh", DownloadKeys(code=CODE)).reason == "agreement"


def test_what_is_for_an_appliance_is_refused_by_name(fleet: Fleet) -> None:
    refused = fleet.ask("cloud", DownloadKeys(code=CODE))

    assert (refused.reason, refused.message) == (
        "not-here",
        "cloud is the vendor's cloud; it does not take DownloadKeys",
    )
