"""A topology under examination: what checks of it look at, and where they put what they find."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from leaselab.appliance.instants import Duration
from leaselab.testbed.topology.expand import Complaint
from leaselab.testbed.topology.marks import Path, Value
from leaselab.testbed.topology.node_checks import NodeCheck
from leaselab.testbed.topology.shapes import locate
from leaselab.testbed.topology.topology import LabNode, Topology


@dataclass(frozen=True, slots=True)
class Subject:
    """A topology under examination.

    Attributes:
        topology: as far as it could be read.
        root: the file with its places.
        broken: nodes, as written, that parts had to be left out of. What such a node seems to lack may be just what
            was left out, so nothing is said of that, nor of its relations.
    """

    topology: Topology
    root: Value
    broken: Collection[str]

    def place(self, path: Path, message: str, suggestion: str = "") -> Complaint:
        """Return a complaint about a value outside the nodes."""
        value, key_mark, walked = locate(self.root, path)
        return Complaint(value.mark if walked == path else key_mark, path, message, suggestion)

    def counted(self, path: Path, after: Duration | None) -> Iterator[Complaint]:
        """Complain of a fault's ``after`` where nobody knows yet from when it counts."""
        if after is not None and self.topology.spec.clock.mode == "real":
            yield self.place(path, "counts from the start of a virtual clock, and this one is real; give it `at`")

    def judge(self, check: NodeCheck, node: LabNode) -> Iterator[Complaint]:
        """Yield what a check finds wrong with a node."""
        for found in check(node, self.topology.spec.release):
            path = found.path[len(("nodes", node.written)) :]
            if node.written not in self.broken or locate(node.tree, path)[2] == path:
                yield found
