"""Which machines of a swarm the nodes of a file run on."""

import pytest

from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology.files import load
from leaselab.testbed.topology.plan import Container
from leaselab.testbed.topology.planner import plan

FILE = """
name: placed
defaults: {placement: {labels: {zone: east}}}
nodes:
  gw1: {kind: psa3000}
  gw2: {kind: psa3000, placement: {labels: {rack: "7"}, reschedule: false}}
"""


def planned(runtime: str) -> dict[str, Container]:
    found = plan(load(FILE), slot=7, privileged=True, runtime=runtime, secret="0" * 64)
    return {node.name: node.container for node in found.nodes}


def test_labels_are_inherited_one_by_one_and_a_lost_machines_nodes_go_on_unless_the_file_says_no() -> None:
    containers = planned("swarm")

    assert (containers["gw1"].labels, containers["gw1"].reschedule) == ({"zone": "east"}, True)
    assert (containers["gw2"].labels, containers["gw2"].reschedule) == ({"zone": "east", "rack": "7"}, False)


def test_a_runtime_without_containers_knows_of_no_placement() -> None:
    assert list(planned("process").values()) == [Container(), Container()]


@pytest.mark.parametrize(
    ("placement", "complaint"),
    [
        ("{labels: {zone: 'not a label'}}", r"4:51: nodes\.gw1\.placement\.labels\.zone: takes a label"),
        ("{label: {zone: east}}", r"4:36: nodes\.gw1\.placement\.label: there is no such field"),
        ("{reschedule: sometimes}", r"nodes\.gw1\.placement\.reschedule: "),
    ],
)
def test_what_is_no_placement_is_refused_where_it_stands(placement: str, complaint: str) -> None:
    text = f"name: placed\n\nnodes:\n  gw1: {{kind: psa3000, placement: {placement}}}\n"
    with pytest.raises(TopologyError, match=complaint):
        load(text)
