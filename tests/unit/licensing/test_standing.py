"""A Virtual License Server and the cloud licensing service (VLS-05 to VLS-09)."""

from http import HTTPStatus

import pytest

from leaselab.appliance.instants import DAY, HOUR
from leaselab.appliance.licensing.commands import DownloadKeys
from leaselab.appliance.licensing.standing import Standing
from leaselab.testbed.testing.fleet import Fleet

CODE = "Ab12-Cd34-Ef56-Gh78"


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.cloud({CODE: ["LICENSE-SVR", "CONSEC-1000U-1YR"]})
    fleet.appliance("server", kind="va-spe", virtual_license_server=True)
    fleet.do("server", DownloadKeys(code=CODE))
    fleet.license_role("server")
    fleet.client("GW1", reserved=50, increment=25, maximum=100)
    return fleet


def standing(fleet: Fleet, name: str = "server") -> Standing:
    found: Standing = fleet.devices[name].state.standing
    return found


@pytest.mark.rule("VLS-05")
def test_it_leases_as_any_license_server_does(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 60)

    assert fleet.leased("GW1") == 75


@pytest.mark.rule("PLT-06")
def test_it_is_no_gateway(fleet: Fleet) -> None:
    assert not fleet.report("server").is_gateway
    assert fleet.report("GW1").is_gateway


@pytest.mark.rule("VLS-06")
def test_it_beats_every_eight_hours(fleet: Fleet) -> None:
    fleet.advance(days=1)

    assert standing(fleet).beats == 4  # at once, and after 8, 16 and 24 hours
    assert standing(fleet).state == "ok"
    assert fleet.devices["cloud"].state.beats[fleet.devices["server"].state.hardware_id].heard == 4


@pytest.mark.rule("VLS-07")
def test_failing_heartbeats_begin_a_grace_period_and_after_24_days_licensing_stops(fleet: Fleet) -> None:
    fleet.advance(hours=8)
    fleet.cuts.add(("server", "cloud"))
    fleet.advance(hours=8)
    assert standing(fleet).state == "grace"
    assert standing(fleet).grace_left(fleet.clock.now()) == 24 * DAY - 8 * HOUR

    fleet.advance(days=23, hours=15)
    assert standing(fleet).serves
    fleet.sign_in("GW1", 51)
    assert fleet.leased("GW1") == 75

    fleet.advance(hours=2)
    assert standing(fleet).state == "stopped"
    fleet.advance(days=10)
    assert fleet.leased("GW1") == 0


@pytest.mark.rule("VLS-07")
def test_contact_within_the_grace_period_ends_it(fleet: Fleet) -> None:
    fleet.cuts.add(("server", "cloud"))
    fleet.advance(days=20)
    fleet.cuts.clear()
    fleet.advance(hours=8)

    assert standing(fleet).state == "ok"
    assert standing(fleet).grace_left(fleet.clock.now()) > 23 * DAY


@pytest.mark.rule("VLS-08")
def test_a_code_that_this_device_used_already_restores_it(fleet: Fleet) -> None:
    fleet.cuts.add(("server", "cloud"))
    fleet.advance(days=25)
    assert standing(fleet).state == "stopped"

    fleet.do("server", DownloadKeys(code=CODE))
    assert standing(fleet).state == "stopped"  # the service is not in reach

    fleet.cuts.clear()
    fleet.advance(hours=8)
    assert standing(fleet).state == "stopped"  # a heartbeat alone does not do
    report = fleet.do("server", DownloadKeys(code=CODE))
    assert report.error == ""
    assert standing(fleet).state == "ok"
    fleet.advance(hours=1)
    assert fleet.leased("GW1") == 50


@pytest.mark.rule("VLS-09")
def test_a_clone_is_told_so_and_stops_serving_and_the_original_goes_on(fleet: Fleet) -> None:
    fleet.advance(hours=1)
    fleet.clone("server", "copy")
    fleet.advance(hours=8)

    states = {standing(fleet).state, standing(fleet, "copy").state}
    assert states == {"ok", "duplicate"}
    fleet.advance(days=30)
    assert {standing(fleet).state, standing(fleet, "copy").state} == {"ok", "duplicate"}


@pytest.mark.rule("VLS-09")
def test_a_heartbeat_repeated_after_a_lost_answer_is_no_clone(fleet: Fleet) -> None:
    fleet.advance(hours=1)
    fleet.lost_replies.add(("server", "cloud"))
    fleet.advance(hours=8)
    fleet.lost_replies.clear()
    fleet.advance(hours=16)

    assert standing(fleet).state == "ok"


def test_a_lab_without_a_cloud_lets_its_virtual_license_server_run_out_of_grace() -> None:
    fleet = Fleet(cloud="")
    fleet.license_server("server", licenses=["LICENSE-SVR"], kind="va-spe", virtual_license_server=True)

    fleet.advance(days=24)

    assert standing(fleet).state == "stopped"


@pytest.mark.rule("VLS-07")
def test_an_answer_that_is_none_is_a_heartbeat_missed(fleet: Fleet) -> None:
    fleet.network.statuses["cloud"] = HTTPStatus.INTERNAL_SERVER_ERROR
    fleet.advance(hours=8)

    assert standing(fleet).state == "grace"
