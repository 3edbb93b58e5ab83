"""The front door as its users type it: never run, checked by mypy in `./run lint`."""

from datetime import timedelta
from typing import assert_type

from leaselab.appliance.licensing.views import LeaseRow, LicenseRow, Report
from leaselab.testbed import Lab
from leaselab.testbed.node import Node
from leaselab.testbed.views import LabInfo, LabStatus, UsersOutcome


def a_lab_is_a_context_and_a_mapping_of_nodes() -> None:
    with Lab.up("topologies/quickstart.yml", name="typed", runtime="process", variables={"USERS": "75"}) as lab:
        assert_type(lab, Lab)
        assert_type(lab["gw1"], Node)
        assert_type([node.name for node in lab], list[str])
        assert_type(lab.status(), LabStatus)
    assert_type(Lab.list(), list[LabInfo])


def a_node_answers_what_a_test_asks(node: Node) -> None:
    assert_type(node.users.set(75), UsersOutcome)
    assert_type(node.users.count, int)
    assert_type(node.leased("concurrent-users"), int)
    assert_type(node.limit("concurrent-users"), int)
    assert_type(node.report(), Report)
    assert_type(node.leases, tuple[LeaseRow, ...])
    assert_type(node.licenses, tuple[LicenseRow, ...])
    assert_type(node.phase, str)
    node.console.sendline("9")
    node.console.expect("Choice:", timeout=5)
    node.kill()
    node.start()


def the_clock_takes_words_durations_and_units(lab: Lab) -> None:
    lab.clock.advance("1h30m")
    lab.clock.advance(timedelta(days=10))
    lab.clock.advance(days=9, hours=23)
    lab.clock.to("2018-02-01T00:00:00Z")
    lab.clock.rate(60)
    lab.clock.pause()
    assert_type(lab.clock.now, int)
