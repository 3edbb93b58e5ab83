"""The schedule of automatic downloads (DLD-01)."""

from http import HTTPStatus

import pytest

from leaselab.appliance.instants import DAY, parse_instant
from leaselab.appliance.licensing.commands import DownloadKeys, SetDownloads
from leaselab.appliance.licensing.download import MAX_CODE, ReportDownload
from leaselab.testbed.testing.fleet import Fleet


def queries(fleet: Fleet) -> int:
    return int(fleet.devices["gw"].state.downloads_made)


def due_in_days(fleet: Fleet) -> float:
    return float((fleet.devices["gw"].state.agenda.entries["download"] - fleet.clock.now()) / DAY)


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.cloud({})
    fleet.appliance("gw", release="9.1R12")
    return fleet


@pytest.mark.rule("DLD-01")
def test_with_nothing_expiring_the_center_is_asked_every_three_months(fleet: Fleet) -> None:
    fleet.install("gw", "CONSEC-ADD-100U")
    fleet.do("gw", SetDownloads(enabled=True))

    assert due_in_days(fleet) == 90
    fleet.advance(days=360)
    assert queries(fleet) == 4


@pytest.mark.rule("DLD-01")
def test_a_license_that_expires_within_three_months_is_asked_for_monthly(fleet: Fleet) -> None:
    fleet.install("gw", "CONSEC-100U-1YR")
    fleet.advance(days=300)
    fleet.do("gw", SetDownloads(enabled=True))

    assert due_in_days(fleet) == 30


@pytest.mark.rule("DLD-01")
def test_within_two_weeks_it_is_weekly(fleet: Fleet) -> None:
    fleet.install("gw", "CONSEC-100U-1YR")
    fleet.advance(days=354)
    fleet.do("gw", SetDownloads(enabled=True))

    assert due_in_days(fleet) == 7


@pytest.mark.rule("DLD-01")
def test_when_a_grace_period_ends_within_a_week_it_is_daily(fleet: Fleet) -> None:
    fleet.install("gw", "CONSEC-100U-1YR")
    fleet.advance(days=365 + 31 - 6)
    fleet.do("gw", SetDownloads(enabled=True))

    assert due_in_days(fleet) == 1
    made = queries(fleet)
    fleet.advance(days=4)
    assert queries(fleet) == made + 4


@pytest.mark.rule("DLD-01")
def test_an_expiry_that_comes_near_shortens_the_wait_that_has_begun(fleet: Fleet) -> None:
    fleet.install("gw", "CONSEC-100U-1YR")
    fleet.do("gw", SetDownloads(enabled=True))
    ends_at = parse_instant("2019-01-01")
    fleet.advance(days=270)  # asked on day 90, 180 and 270

    assert queries(fleet) == 3
    assert fleet.devices["gw"].state.agenda.entries["download"] == ends_at - 65 * DAY  # 30 days later


@pytest.mark.rule("DLD-01")
def test_switched_off_nothing_is_asked(fleet: Fleet) -> None:
    fleet.do("gw", SetDownloads(enabled=True))
    fleet.do("gw", SetDownloads(enabled=False))
    fleet.advance(days=400)

    assert queries(fleet) == 0


def test_a_network_that_is_none_is_refused(fleet: Fleet) -> None:
    assert fleet.ask("gw", SetDownloads(enabled=True, preferred_network="dmz")).reason == "unknown-network"


@pytest.mark.rule("DLD-02")
def test_a_code_that_is_far_too_long_is_not_even_sent(fleet: Fleet) -> None:
    assert fleet.ask("gw", DownloadKeys(code="x" * (MAX_CODE + 1))).reason == "invalid-code"
    assert queries(fleet) == 0


def test_a_lab_without_a_download_center_says_so() -> None:
    fleet = Fleet(cloud="")
    fleet.appliance("gw")

    refused = fleet.ask("gw", DownloadKeys(code=""))

    assert (refused.reason, "`cloud:`" in refused.message) == ("no-cloud", True)


@pytest.mark.rule("DLD-02")
def test_an_answer_that_is_none_is_reported_as_such(fleet: Fleet) -> None:
    fleet.network.statuses["cloud"] = HTTPStatus.INTERNAL_SERVER_ERROR

    report = fleet.do("gw", DownloadKeys(code=""))

    assert report.error == "cloud answered 500, which is no answer of a download center"


def test_a_download_that_has_not_been_answered_is_reported_as_such(fleet: Fleet) -> None:
    assert fleet.do("gw", ReportDownload()).error == "the download center has not answered"
