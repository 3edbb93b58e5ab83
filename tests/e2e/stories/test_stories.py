"""Ten stories of a QA engineer, told with what Leaselab gives to anybody: take them as a template for your own.

Each test gets a lab of its own (docs/pytest.md), and the clock stands still unless the test moves it.
"""

from pathlib import Path

import pytest

from leaselab.appliance.licensing.commands import DownloadKeys, ReleaseClient, SetServer
from leaselab.testbed import Lab

USERS = "concurrent-users"

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the labs of these tests away from the reader's own."""
    monkeypatch.setenv("LEASELAB_HOME", str(tmp_path))


@pytest.mark.lab("branch.yml")
def test_a_gateway_that_is_cut_off_keeps_its_lease_for_ten_days_and_no_longer(lab: Lab) -> None:
    lab.faults.cut("gw1", "server")

    lab.clock.advance(days=9, hours=23)
    assert lab["gw1"].leased(USERS) == 50

    lab.clock.advance(hours=1)
    assert lab["gw1"].leased(USERS) == 0
    assert lab["gw2"].leased(USERS) == 50


@pytest.mark.lab("branch.yml")
def test_a_gateway_that_comes_back_in_time_has_missed_nothing(lab: Lab) -> None:
    with lab.faults.during("cut", between=("gw1", "server")):
        lab.clock.advance(days=5)
    lab.clock.advance(hours=2)

    assert lab["gw1"].leased(USERS) == 50
    assert lab["gw1"].report().client.contact == "up"


@pytest.mark.lab("branch.yml")
def test_a_gateway_out_of_contact_helps_itself_and_settles_up_afterwards(lab: Lab) -> None:
    lab.clock.advance(hours=12)
    lab.faults.cut("gw1", "server")
    lab["gw1"].users.set(60)
    assert lab["gw1"].report().features[USERS].auto_leased == 25
    assert lab["server"].report().features[USERS].promised == 100

    lab.faults.heal("gw1", "server")
    lab.clock.advance(hours=2)

    assert lab["gw1"].report().features[USERS].auto_leased == 0
    assert lab["gw1"].leased(USERS) == 75
    assert lab["server"].report().features[USERS].promised == 125


@pytest.mark.lab("branch.yml", POOL=125)
def test_the_last_increment_goes_to_who_asks_first(lab: Lab) -> None:
    assert lab["gw1"].users.set(60).refused == ()
    refused = lab["gw2"].users.set(60).refused

    assert [lab[name].leased(USERS) for name in ("gw1", "gw2")] == [75, 50]
    assert refused


@pytest.mark.lab("branch.yml")
def test_a_server_that_loses_its_power_comes_back_with_all_it_had_acknowledged(lab: Lab) -> None:
    lab["gw1"].users.set(120)
    before = lab["server"].leases

    lab["server"].kill()
    lab["server"].start()

    assert lab["server"].leases == before
    lab.clock.advance(hours=7)
    assert lab["gw1"].leased(USERS) == 125


@pytest.mark.lab("branch.yml")
def test_a_clock_that_is_four_minutes_ahead_cuts_nobody_off(lab: Lab) -> None:
    lab.faults.inject("skew", node="gw1", skew="4m")
    lab["gw1"].users.set(60)

    lab.clock.advance(days=30)

    assert lab["gw1"].leased(USERS) == 75
    assert lab["gw1"].users.count == 60


@pytest.mark.lab("branch.yml")
def test_a_server_with_a_bad_certificate_hears_nothing_of_a_gateway_that_verifies(lab: Lab) -> None:
    renewals = lab["server"].report().counters.get("renewals", 0)
    lab.faults.inject("bad-certificate", node="server")

    lab.clock.advance(days=1)

    assert lab["server"].report().counters.get("renewals", 0) == renewals
    assert lab["gw1"].report().client.contact == "down"
    assert "certificate" in lab["gw1"].report().client.why


@pytest.mark.lab("branch.yml")
def test_a_spare_device_takes_a_clients_place_when_an_admin_releases_the_id(lab: Lab) -> None:
    settings = SetServer(server="server", client_id="GW1", password="secret1", password_again="secret1")
    lab["spare"].command(settings)
    assert "belongs to hardware ID" in lab["spare"].report().client.why

    lab["gw1"].stop()
    lab["server"].command(ReleaseClient(id="GW1"))
    lab.clock.advance(hours=2)

    assert lab["spare"].leased(USERS) == 50


@pytest.mark.lab("headquarters.yml")
def test_a_virtual_license_server_without_its_cloud_stops_after_24_days_and_is_restored_by_its_code(lab: Lab) -> None:
    lab.faults.cut("vls1", "cloud")

    lab.clock.advance(days=23)
    assert lab["gw1"].leased(USERS) == 50
    lab.clock.advance(days=12)
    assert lab["gw1"].leased(USERS) == 0

    lab.faults.heal("vls1", "cloud")
    lab["vls1"].command(DownloadKeys(code="Ab12-Cd34-Ef56-Gh78"))
    lab.clock.advance(hours=2)
    assert lab["gw1"].leased(USERS) == 50


@pytest.mark.lab("headquarters.yml")
def test_the_console_answers_and_what_is_typed_there_happens(lab: Lab) -> None:
    console = lab["gw1"].console

    console.sendline()
    console.expect("Choice:")
    console.sendline("9")

    assert lab["gw1"].phase == "ready"
