"""What may be said of a fault."""

from typing import Any

import pytest

from leaselab.appliance.instants import DAY, HOUR, MINUTE, SECOND
from leaselab.testbed.faults.kinds import KINDS, LINK, PARAMETERS, Fault, misfits

NODES, NETWORKS, VIRTUAL = ["gw1", "gw2", "vls1"], ["internal", "external"], ["gw1"]
EXAMPLES: dict[str, Any] = {"delay": 5 * SECOND, "loss": 0.5, "bytes_per_second": 100, "skew": -5 * MINUTE}


def complaints(fault: Fault) -> list[str]:
    return [
        f"{field}: {message}" for field, message, _ in misfits(fault, nodes=NODES, networks=NETWORKS, virtual=VIRTUAL)
    ]


def example(kind: str) -> Fault:
    about = KINDS[kind]
    between, node = (("gw1", "vls1"), "") if about.target == LINK else ((), "gw1")
    given = {about.parameter: EXAMPLES[about.parameter]} if about.parameter else {}
    return Fault(kind=kind, between=between, node=node, **given)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_fine_with_its_target_and_what_it_needs(kind: str) -> None:
    assert complaints(example(kind)) == []


@pytest.mark.parametrize("kind", [kind for kind, about in KINDS.items() if about.parameter])
def test_a_kind_that_needs_something_is_refused_without_it(kind: str) -> None:
    fault = example(kind)
    bare = Fault(kind=kind, between=fault.between, node=fault.node)

    assert [f"{KINDS[kind].parameter.replace('_', '-')}: is missing; {kind} needs it"] == complaints(bare)


def test_every_parameter_has_a_kind_that_needs_it() -> None:
    assert set(EXAMPLES) == PARAMETERS


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (Fault(kind="kut", node="gw1"), "kind: there is no fault 'kut'"),
        (Fault(kind="cut", between=("gw1", "gw9")), "between: there is no node 'gw9'"),
        (Fault(kind="cut", between=("gw1", "gw1")), "between: takes two different nodes"),
        (Fault(kind="cut", between=("gw1",)), "between: takes two different nodes"),
        (Fault(kind="cut", node="gw1"), "between: cut befalls what goes `between` two nodes"),
        (Fault(kind="kill", between=("gw1", "vls1")), "node: kill befalls one node"),
        (Fault(kind="cut", network="moon"), "network: there is no network 'moon'"),
        (Fault(kind="cut", network="external", one_way=True), "one-way: is for a cut between two nodes"),
        (Fault(kind="kill", node="gw1", skew=1), "skew: is nothing to kill"),
        (Fault(kind="restart", node="gw1", lasts=HOUR), "for: is nothing to restart"),
        (Fault(kind="kill", node="gw1", every=HOUR), "every: needs a shorter `for`: less than 1h"),
        (Fault(kind="restart", node="gw1", every=-HOUR), "every: takes a duration above 0"),
        (Fault(kind="kill", node="gw1", lasts=0), "for: takes a duration above 0"),
        (Fault(kind="kill", node="gw1", probability=1.5), "probability: takes 0 to 1, not 1.5"),
        (Fault(kind="loss", between=("gw1", "vls1"), loss=1.5), "loss: takes 0 to 1, not 1.5"),
        (Fault(kind="skew", node="gw1", skew=-366 * DAY), "skew: takes at most 365d either way"),
        (Fault(kind="clone", node="gw2"), "node: gw2 is no virtual machine"),
        (Fault(kind="clone", node="gw1", identity="now"), "identity: is same or new, not 'now'"),
        (Fault(kind="kill", node="gw1", identity="new"), "identity: is nothing to kill"),
    ],
)
def test_what_does_not_go_together_is_named(fault: Fault, complaint: str) -> None:
    assert any(each.startswith(complaint) for each in complaints(fault)), complaints(fault)


def test_what_is_over_at_once_may_come_again_and_again() -> None:
    assert complaints(Fault(kind="restart", node="gw1", every=HOUR)) == []


def test_the_nearest_name_is_suggested() -> None:
    (found,) = misfits(Fault(kind="kill", node="wv1"), nodes=["gw1", "cloud"], networks=NETWORKS, virtual=[])

    assert found.suggestion == "gw1"
