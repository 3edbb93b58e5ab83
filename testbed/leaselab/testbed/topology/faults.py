"""From the file's faults to those that the engine takes: with instants of the lab's clock."""

from collections.abc import Iterator

from leaselab.appliance.instants import Instant
from leaselab.testbed.faults.kinds import SAME, Fault
from leaselab.testbed.topology.schema import FaultSpec
from leaselab.testbed.topology.topology import Topology


def of(topology: Topology) -> Iterator[Fault]:
    """Yield the faults of a file, in its order."""
    return (fault_of(spec, topology.start) for spec in topology.spec.faults)


def fault_of(spec: FaultSpec, start: Instant) -> Fault:
    """Return a fault as the engine takes it; ``start`` is where the lab's clock begins."""
    return Fault(
        kind=spec.kind,
        between=tuple(spec.between or ()),
        network=spec.network or "",
        node=spec.node or "",
        at=spec.at if spec.after is None else start + spec.after,
        lasts=spec.lasts,
        every=spec.every,
        probability=spec.probability,
        seed=spec.seed,
        one_way=spec.one_way,
        delay=spec.delay or 0,
        loss=spec.loss or 0.0,
        bytes_per_second=spec.bytes_per_second or 0,
        skew=spec.skew or 0,
        identity=spec.identity or SAME,
    )
