"""A virtual machine copied under a hardware ID of its own: it is another device (PLT-07, KEY-02, SRV-11)."""

import msgspec
import pytest

from leaselab.appliance.conditions import Conditions, LinkCondition
from leaselab.appliance.instants import SECOND
from leaselab.appliance.licensing import commands as c
from leaselab.appliance.licensing import eventlog
from leaselab.appliance.licensing.appliance import ApplianceEvent
from leaselab.appliance.passage import Passage
from leaselab.testbed.testing.fleet import Fleet

CODE = "Ab12-Cd34-Ef56-Gh78"
OTHER_CODE = "Zb12-Cd34-Ef56-Gh78"
OTHER_ID = "0123456789ABCDEF"


@pytest.fixture
def fleet() -> Fleet:
    """A Virtual License Server and a virtual gateway with 70 users that leases from it, an hour old."""
    fleet = Fleet()
    fleet.cloud({CODE: ["LICENSE-SVR", "CONSEC-1000U-1YR"], OTHER_CODE: ["LICENSE-SVR", "CONSEC-100U-1YR"]})
    fleet.appliance("server", kind="va-spe", virtual_license_server=True)
    fleet.do("server", c.DownloadKeys(code=CODE))
    fleet.license_role("server")
    fleet.client("GW1", kind="va-spe", reserved=50, increment=25, maximum=100)
    fleet.install("GW1", "CONSEC-ADD-10U")
    fleet.sign_in("GW1", 70)
    fleet.advance(hours=1)
    return fleet


def logged(fleet: Fleet, name: str) -> str:
    events = [(msgspec.json.decode(body, type=ApplianceEvent), at) for _, at, body in fleet.store.history(name)]
    return "\n".join(f"{line.code} {line.message}" for event, at in events for line in eventlog.lines(event, at))


def states(fleet: Fleet) -> list[str]:
    return [fleet.devices[name].state.standing.state for name in ("server", "copy")]


@pytest.mark.rule("PLT-07")
def test_no_license_of_the_first_counts_on_the_copy_and_none_is_taken_again(fleet: Fleet) -> None:
    key = next(iter(fleet.devices["GW1"].state.licenses.installed.values())).key

    fleet.clone("GW1", "copy", hardware_id=OTHER_ID)

    assert fleet.report("copy").hardware_id == OTHER_ID
    assert (fleet.report("copy").licenses, fleet.report("GW1").features[c.CONCURRENT_USERS].installed) == ((), 10)
    (outcome,) = fleet.do("copy", c.AddKeys(keys=(key,)))
    assert outcome.result == "other-device"
    assert "LIC10202 License CONSEC-ADD-10U removed" in logged(fleet, "copy")
    assert f"LIC23600 Licensing hardware ID is {OTHER_ID}" in logged(fleet, "copy")


@pytest.mark.rule("SRV-11")
def test_a_copied_client_draws_nothing_while_the_first_holds_leases_which_it_goes_on_doing(fleet: Fleet) -> None:
    fleet.clone("GW1", "copy", hardware_id=OTHER_ID)
    fleet.advance(days=2)

    assert (fleet.leased("GW1"), fleet.leased("copy")) == (75, 0)
    assert fleet.report("GW1").client.contact == "up"
    assert "belongs to hardware ID" in fleet.report("copy").client.why
    assert "LIC30635" in logged(fleet, "server")


@pytest.mark.rule("SRV-11")
def test_a_released_client_id_is_the_copys_and_the_first_is_the_stranger(fleet: Fleet) -> None:
    fleet.clone("GW1", "copy", hardware_id=OTHER_ID)
    fleet.do("server", c.ReleaseClient(id="GW1"))
    fleet.do("copy", c.PullState())
    fleet.advance(days=1)

    assert fleet.leased("copy") == 75
    assert fleet.report("GW1").client.why != ""


@pytest.mark.rule("VLS-09")
def test_a_copied_server_is_no_duplicate_but_serves_nobody_with_the_first_ones_licenses(fleet: Fleet) -> None:
    fleet.clone("server", "copy", hardware_id=OTHER_ID)
    fleet.advance(days=1)

    assert states(fleet) == ["ok", "ok"]
    assert not fleet.devices["copy"].state.server.enabled
    assert "license-server license first" in fleet.ask("copy", c.SetServerRole(enabled=True)).message  # VLS-04
    assert "used by another device" in fleet.do("copy", c.DownloadKeys(code=CODE)).error
    assert (fleet.leased("GW1"), fleet.available()) == (75, 925)


@pytest.mark.rule("VLS-03")
def test_with_a_code_of_its_own_the_copy_is_a_server_of_its_own(fleet: Fleet) -> None:
    fleet.clone("server", "copy", hardware_id=OTHER_ID)
    fleet.do("copy", c.DownloadKeys(code=OTHER_CODE))
    fleet.license_role("copy")
    fleet.advance(days=30)

    assert (states(fleet), fleet.available("copy"), fleet.available()) == (["ok", "ok"], 50, 925)  # 50 of 100 are GW1's


@pytest.mark.rule("VLS-09")
def test_the_copy_of_a_duplicate_is_none_under_another_identity(fleet: Fleet) -> None:
    fleet.clone("server", "twin")
    fleet.advance(hours=9)
    assert fleet.devices["twin"].state.standing.state == "duplicate"

    fleet.clone("twin", "copy", hardware_id=OTHER_ID)
    fleet.advance(hours=9)

    assert states(fleet) == ["ok", "ok"]


@pytest.mark.rule("CON-05")
def test_the_copy_is_the_same_after_a_restart(fleet: Fleet) -> None:
    fleet.clone("GW1", "copy", hardware_id=OTHER_ID)
    fleet.install("copy", "CONSEC-ADD-25U")
    fleet.advance(hours=1)
    before = fleet.report("copy")

    fleet.restart("copy")

    assert fleet.report("copy") == before
    assert [one.sku for one in before.licenses] == ["CONSEC-ADD-25U"]


@pytest.mark.rule("VLS-06")
def test_what_was_on_its_way_when_the_copy_was_made_is_not_sent_under_the_other_name(fleet: Fleet) -> None:
    slow = Conditions(links=(LinkCondition(peer="cloud", delay=20 * SECOND),))
    fleet.network.passages.setdefault("server", Passage()).conditions = slow
    fleet.ask("server", c.DownloadKeys())
    asked = list(fleet.devices["server"].state.outbox)

    fleet.clone("server", "copy", hardware_id=OTHER_ID)

    assert asked
    assert set(fleet.devices["copy"].state.outbox).isdisjoint(asked)
