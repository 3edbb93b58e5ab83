"""A virtual license server that runs a second time, on running labs (VLS-09)."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.errors import CallError

TOPOLOGY = """
name: cloned
cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}}}
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  vls1:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 50, increment: 25, maximum: 200}}}
  gw1: {kind: psa3000, license-client: {server: vls1, id: GW1}}
"""


@pytest.fixture(params=["embedded", "process", pytest.param("docker", marks=pytest.mark.needs("docker"))])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    file = tmp_path / "cloned.yml"
    file.write_text(TOPOLOGY)
    with Lab.up(file, name=f"cloned-{secrets.token_hex(4)}", runtime=request.param, timeout=300) as lab:
        yield lab


def states(lab: Lab) -> dict[str, str]:
    return {name: lab[name].report().cloud.state for name in lab.names() if name.startswith("vls1")}


@pytest.mark.rule("VLS-09")
def test_the_clone_is_found_out_stops_serving_and_is_gone_when_the_fault_is_cleared(lab: Lab) -> None:
    names = lab.names()
    lab.clock.advance(hours=1)

    lab.faults.inject("clone", node="vls1")
    assert lab.names() == (*names, "vls1-clone")
    assert lab["vls1-clone"].report().hardware_id == lab["vls1"].report().hardware_id
    lab.clock.advance(hours=8)

    assert states(lab) == {"vls1": "ok", "vls1-clone": "duplicate"}
    assert lab["gw1"].leased("concurrent-users") == 50
    assert any(line.node == "vls1-clone" for line in lab.logs())

    lab.faults.clear()
    lab.clock.advance(days=1)

    assert lab.names() == names
    assert states(lab) == {"vls1": "ok"}
    assert lab["gw1"].report().client.contact == "up"
    told = [(event.kind, event.node, event.fields.get("clone")) for event in lab.events() if "fault" in event.kind]
    assert told == [("fault", "vls1", "vls1-clone"), ("fault-over", "vls1", "vls1-clone")]


@pytest.mark.rule("PLT-07")
def test_a_clone_under_a_hardware_id_of_its_own_is_another_device_and_is_so_after_a_restart(lab: Lab) -> None:
    row = lab.faults.inject("clone", node="vls1", identity="new")
    clone = lab["vls1-clone"]
    clone.restart()
    lab.clock.advance(hours=17)

    assert row.fields == {"clone": "vls1-clone", "identity": "new"}
    assert clone.report().hardware_id != lab["vls1"].report().hardware_id
    assert (clone.report().licenses, states(lab)) == ((), {"vls1": "ok", "vls1-clone": "ok"})
    assert lab["gw1"].leased("concurrent-users") == 50


def test_only_a_virtual_machine_is_cloned_and_once_at_a_time(lab: Lab) -> None:
    with pytest.raises(CallError, match="gw1 is no virtual machine"):
        lab.faults.inject("clone", node="gw1")
    lab.faults.inject("clone", node="vls1")
    with pytest.raises(CallError, match="there is a node vls1-clone already"):
        lab.faults.inject("clone", node="vls1")

    assert len(lab.faults.list()) == 1
