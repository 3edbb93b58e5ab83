"""The quickstart, end to end: a virtual license server, its vendor's cloud, three gateways, real TLS and SSH."""

import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaselab.appliance.instants import DAY, format_instant
from leaselab.testbed.lab import Lab
from leaselab.testbed.labs import all_labs

QUICKSTART = Path(__file__).parents[2] / "topologies" / "quickstart.yml"
USERS = "concurrent-users"

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A labs folder of our own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(folder))
        yield folder


@pytest.fixture(params=["embedded", "process"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The quickstart, up."""
    with Lab.up(QUICKSTART, name=f"quickstart-{request.param}", runtime=request.param) as running:
        yield running


def held(lab: Lab, gateway: str) -> dict[str, int]:
    """Return the units that a gateway leases, by kind of lease."""
    units: dict[str, int] = {}
    for lease in lab[gateway].leases:
        units[lease.kind] = units.get(lease.kind, 0) + lease.units
    return units


def test_everything_is_up_and_leased_when_up_returns(lab: Lab) -> None:
    assert lab.outcome.waiting == {}
    assert lab.outcome.refused == {}
    assert {node.name: node.phase for node in lab} == dict.fromkeys(("cloud", "vls1", "gw1", "gw2", "nac1"), "ready")

    # The server has claimed its keys from the vendor's cloud, with the code in the file.
    skus = {installed.sku for installed in lab["vls1"].licenses}
    assert skus == {"LICENSE-SVR", "CONSEC-1000U-1YR", "POLSEC-500U-1YR"}

    # Each gateway leases what is reserved for it, and its users are on.
    assert {name: lab[name].leased(USERS) for name in ("gw1", "gw2", "nac1")} == {"gw1": 50, "gw2": 100, "nac1": 25}
    assert {name: lab[name].users.count for name in ("gw1", "gw2", "nac1")} == {"gw1": 10, "gw2": 20, "nac1": 5}


@pytest.mark.rule("LSE-01")
@pytest.mark.rule("LSE-02")
@pytest.mark.rule("LSE-08")
@pytest.mark.rule("LSE-09")
def test_a_gateway_leases_more_as_users_come_and_gives_it_back_when_they_have_gone(lab: Lab) -> None:
    gateway = lab["gw1"]

    # The 51st user needs an increment of 25, the 76th another one.
    assert gateway.users.set(51).refused == ()
    assert held(lab, "gw1") == {"reserved": 50, "incremental": 25}
    gateway.users.set(80)
    assert held(lab, "gw1") == {"reserved": 50, "incremental": 50}
    assert lab["vls1"].report().features[USERS].promised == 50 + 50 + 100 + 25

    # They go, and for 24 hours the increments stay all the same.
    gateway.users.set(5)
    lab.clock.advance(hours=23)
    assert held(lab, "gw1") == {"reserved": 50, "incremental": 50}

    # At the first renewal after that they go back.
    lab.clock.advance(hours=7)
    assert held(lab, "gw1") == {"reserved": 50}
    assert lab["vls1"].report().features[USERS].promised == 50 + 100 + 25


@pytest.mark.rule("ENF-04")
def test_past_what_can_be_leased_and_the_over_capacity_users_are_refused_and_told_why(lab: Lab) -> None:
    outcome = lab["nac1"].users.set(290)

    assert lab["nac1"].leased(USERS) == 250
    assert outcome.signed_in == 275
    assert len(outcome.refused) == 15
    assert "250" in outcome.refused[0].why


@pytest.mark.rule("LSE-07")
@pytest.mark.rule("LSE-12")
def test_without_its_server_a_gateway_keeps_its_lease_for_ten_days(lab: Lab) -> None:
    lab["vls1"].kill()
    assert lab["vls1"].phase == "off"

    lab.clock.advance(days=9, hours=17)
    assert lab["gw1"].leased(USERS) == 50
    lab.clock.advance(hours=8)
    assert lab["gw1"].leased(USERS) == 0
    assert "LIC30493" in {line.code for line in lab.logs(["gw1"])}

    # Killed is not forgotten: the server comes back with its clients, and the gateway with its lease.
    lab["vls1"].start()
    lab.clock.advance(days=1)
    assert lab["gw1"].leased(USERS) == 50


def test_a_lab_has_one_clock_and_ten_days_pass_at_once(lab: Lab) -> None:
    begun = lab.clock.now
    assert format_instant(begun) == "2018-01-01T00:00:00Z"

    advanced = lab.clock.advance("10d")

    assert advanced.now == begun + 10 * DAY
    assert {node.report().now for node in lab if node.kind != "cloud"} == {begun + 10 * DAY}
    assert advanced.grants > 3 * 4 * 10  # three gateways renew every six hours


def test_the_serial_console_answers_over_ssh(lab: Lab) -> None:
    console = lab["gw1"].console

    console.sendline()
    shown = console.expect("Choice:")

    assert lab["gw1"].report().hardware_id in shown
    assert "System Operations" in shown


def test_admin_pages_and_metrics_answer_and_the_labs_authority_vouches_for_them(lab: Lab) -> None:
    context = ssl.create_default_context(cafile=str(lab.folder / "keys" / "ca.pem"))

    for node in lab:
        if node.kind != "cloud":
            with urllib.request.urlopen(node.admin_url, context=context, timeout=10) as page:
                assert page.status == 200
    with urllib.request.urlopen(lab["gw1"].metrics_url, timeout=10) as page:
        assert b"leaselab_users_signed_in" in page.read()


def test_nothing_is_left_of_a_lab_that_is_down(home: Path) -> None:
    for runtime in ("embedded", "process"):
        Lab.up(QUICKSTART, name="gone", runtime=runtime).down()

        assert all_labs() == []
        assert [path for path in (home / "labs").iterdir() if path.is_dir()] == []
