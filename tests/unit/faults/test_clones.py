"""Which virtual machine can be cloned (VLS-09)."""

import pytest

from leaselab.testbed.faults.kinds import Fault, Misfit, clone_of, misfits


@pytest.mark.rule("VLS-09")
def test_a_clone_needs_a_name_that_no_node_has() -> None:
    nodes = ["va", clone_of("va")]

    (found,) = misfits(Fault(kind="clone", node="va"), nodes=nodes, networks=["internal"], virtual=["va"])

    assert found == Misfit("node", f"there is a node {clone_of('va')} already, which is what the clone would be called")
    assert list(misfits(Fault(kind="clone", node="va"), nodes=["va"], networks=["internal"], virtual=["va"])) == []
