from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.topology.planner import plan
from leaselab.testbed.topology.steps import steps

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
