"""From the plan that a lab is at to the one that is wanted: which nodes change, and what is entered on them."""

import msgspec

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.licensing.commands import AddKeys, DeleteClient, DeleteLicense, RemoveServer, SaveClient
from leaselab.appliance.licensing.keys import LicenseKey, read_key
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.plan import NodePlan, Plan
from leaselab.testbed.topology.planner import plan
from leaselab.testbed.topology.steps import entering, steps

LAB = """
name: lab
nodes:
  gw1: {kind: psa3000, users: 1}
  gw2: {kind: psa300}
"""


def planned(text: str, existing: Plan | None = None) -> Plan:
    return plan(
        read(text, file="lab.yml"), slot=7, privileged=True, runtime="embedded", secret="5e" * 32, existing=existing
    )


def told(old: str, new: str) -> list[tuple[str, str, str]]:
    assert LAB.count(old) == 1
    before = planned(LAB)
    return [
        (step.action, step.node, step.reason)
        for step in steps(planned(LAB.replace(old, new), before), before)
        if step.action != "keep"
    ]


def test_a_new_lab_is_made_node_by_node() -> None:
    assert [(step.action, step.node) for step in steps(planned(LAB), None)] == [("create", "gw1"), ("create", "gw2")]


def test_the_same_file_changes_nothing() -> None:
    before = planned(LAB)

    assert {step.action for step in steps(planned(LAB, before), before)} == {"keep"}


def test_users_change_on_a_running_node() -> None:
    assert told("users: 1", "users: 2") == [("change", "gw1", "changed: users")]


def test_what_is_entered_changes_on_a_running_node() -> None:
    assert told("users: 1", "users: 1, licenses: [ACCESS-10U-1YR]") == [("change", "gw1", "changed: provision")]


def test_a_release_needs_a_restart() -> None:
    assert told("users: 1", "users: 1, release: 9.0R1") == [("restart", "gw1", "changed: release")]


def test_another_kind_is_another_device() -> None:
    assert [step[:2] for step in told("kind: psa3000", "kind: psa5000")] == [("remove", "gw1"), ("create", "gw1")]


def test_a_node_that_the_file_no_longer_has_is_removed_and_the_others_stay() -> None:
    assert [step[:2] for step in told("  gw1: {kind: psa3000, users: 1}\n", "")] == [("remove", "gw1")]


def test_a_new_node_disturbs_no_other() -> None:
    assert [step[:2] for step in told("  gw1: {kind", "  gw0: {kind: psa300}\n  gw1: {kind")] == [("create", "gw0")]


# --- what is entered on a node that runs ------------------------------------------------------------------------------

SERVER = """
name: lab
nodes:
  server:
    kind: psa5000
    licenses: [CONSEC-1000U-1YR]
    license-server:
      clients:
        GW1: {platform: psa300, password: pw, features: {concurrent-users: {reserved: 5, increment: 25, maximum: 50}}}
        GW2: {platform: psa300, password: pw, features: {concurrent-users: {reserved: 5, increment: 25, maximum: 50}}}
  gw1: {kind: psa300, license-client: {server: server, id: GW1, password: pw}}
"""


def entered(node: str, *changes: tuple[str, str], provisioned: bool = True) -> list[object]:
    """Return what is entered on a node to bring it from SERVER to a changed file."""
    text = SERVER
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    before = planned(SERVER)
    return list(entering(planned(text, before).node(node), before.node(node), provisioned=provisioned))


def test_all_is_entered_on_a_node_that_is_new() -> None:
    node = planned(SERVER).node("server")

    assert entering(node, None, provisioned=False) == node.provision


def test_nothing_is_entered_on_a_node_that_has_it_all() -> None:
    assert entered("server") == []


def test_what_was_entered_in_part_is_entered_again_whole() -> None:
    assert entered("server", provisioned=False) == list(planned(SERVER).node("server").provision)


def test_only_the_key_of_a_further_license_is_entered() -> None:
    before = planned(SERVER)
    after = planned(SERVER.replace("[CONSEC-1000U-1YR]", "[CONSEC-1000U-1YR, ACCESS-RDP-100U-1YR]"), before)

    (added,) = entering(after.node("server"), before.node("server"), provisioned=True)

    assert isinstance(added, AddKeys)
    assert [_sku(after.node("server"), key) for key in added.keys] == ["ACCESS-RDP-100U-1YR"]


def test_a_license_that_the_file_no_longer_has_is_deleted_by_its_serial() -> None:
    before = planned(SERVER)
    (keys,) = (entry for entry in before.node("server").provision if isinstance(entry, AddKeys))
    license_key = _read(before.node("server"), keys.keys[0])

    assert entered("server", ("    licenses: [CONSEC-1000U-1YR]\n", "")) == [DeleteLicense(serial=license_key.serial)]


def test_nothing_is_ever_entered_on_the_cloud() -> None:
    (cloud,) = (node for node in planned(f"{SERVER}cloud: {{}}\n").nodes if node.name == "cloud")

    assert entering(cloud, cloud, provisioned=True) == ()


def test_a_client_record_that_changed_is_saved_and_one_that_is_gone_is_deleted() -> None:
    (gone,) = (line for line in SERVER.splitlines(keepends=True) if "GW2" in line)
    changed = "GW1: {platform: psa300, password: pw, features: {concurrent-users: {reserved: 5,"

    deleted, saved = entered("server", (gone, ""), (changed, changed.replace("reserved: 5", "reserved: 10")))

    assert deleted == DeleteClient(id="GW2")
    assert isinstance(saved, SaveClient)
    assert (saved.id, saved.allocations["concurrent-users"].reserved) == ("GW1", 10)


def test_a_client_that_the_file_has_leasing_no_more_leaves_its_server() -> None:
    left = entered("gw1", (", license-client: {server: server, id: GW1, password: pw}", ""))

    assert left == [RemoveServer()]


def test_a_node_that_is_now_an_appliance_and_was_the_cloud_is_made_anew() -> None:
    before = planned("name: lab\ncloud: {}\nnodes: {gw1: {kind: psa300}}\n")
    (cloud,) = (node for node in before.nodes if node.name == "cloud")
    twin = msgspec.structs.replace(before.node("gw1"), name="cloud")
    after = msgspec.structs.replace(before, nodes=(twin,))

    made_anew = steps(after, msgspec.structs.replace(before, nodes=(cloud,)))

    assert [step.action for step in made_anew] == ["remove", "create"]
    assert {step.reason for step in made_anew} == {"another type makes it another device"}


def _read(node: NodePlan, key: str) -> LicenseKey:
    config = node.config
    assert isinstance(config, ApplianceConfig)
    found = read_key(key, config.hardware_id, bytes.fromhex(config.authority_key))
    assert isinstance(found, LicenseKey)
    return found


def _sku(node: NodePlan, key: str) -> str:
    return _read(node, key).sku.text
