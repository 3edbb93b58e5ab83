"""What checks need of a lab, whether it runs or is simulated."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from leaselab.testbed.clock import Clock
    from leaselab.testbed.faults.front import Faults
    from leaselab.testbed.node import Node
    from leaselab.testbed.topology.plan import Plan
    from leaselab.testbed.views import NodeLogLine


class CheckedLab(Protocol):
    """A lab with a clock to move, nodes to act on and faults to bring.

    Attributes:
        name: of the lab.
        clock: its clock.
        faults: what is wrong in it.
    """

    name: str
    clock: "Clock"
    faults: "Faults"

    @property
    def plan(self) -> "Plan":
        """What it was brought to."""
        ...

    def __getitem__(self, name: str) -> "Node":
        """Return a node by name."""
        ...

    def logs(self, nodes: Iterable[str] = ()) -> "Iterator[NodeLogLine]":
        """Yield the nodes' log lines; of all by default."""
        ...
