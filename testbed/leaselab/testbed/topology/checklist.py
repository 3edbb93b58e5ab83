"""The file's checks: whether they go together with the rest of the file, and as the runner takes them."""

from collections.abc import Iterator

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.models.releases import Release, ReleaseError
from leaselab.testbed.checking.plan import Check
from leaselab.testbed.errors import nearest
from leaselab.testbed.faults.kinds import clone_of, misfits
from leaselab.testbed.topology.expand import Complaint
from leaselab.testbed.topology.faults import fault_of
from leaselab.testbed.topology.marks import Path
from leaselab.testbed.topology.schema import ActSpec, CheckSpec
from leaselab.testbed.topology.subject import Subject
from leaselab.testbed.topology.topology import INTERNAL, Topology


def of(topology: Topology) -> Iterator[Check]:
    """Yield the checks of a file as the runner takes them."""
    return (_check(spec, topology.start) for spec in topology.spec.checks)


def _check(spec: CheckSpec, start: Instant) -> Check:
    plain = spec.model_dump(exclude_none=True, exclude={"check"})
    for act, given in zip(plain["do"], spec.do, strict=True):
        if given.fault is not None:
            act["fault"] = msgspec.to_builtins(fault_of(given.fault, start))
    return msgspec.convert({"name": spec.check, **plain}, Check)


def examine(subject: Subject) -> Iterator[Complaint]:
    """A check does, expects or waits for something; it is `at` an instant or `after` some time, not both.

    What it names is there: nodes, releases, networks, faults with what they need. An act has exactly one key, and
    `within` goes with `expect`.
    """
    topology = subject.topology
    nodes = [*topology.names(), *(clone_of(name) for name in topology.virtual())]
    for number, spec in enumerate(topology.spec.checks):
        path: Path = ("checks", number)
        if spec.at is not None and spec.after is not None:
            yield subject.place((*path, "after"), "give either `at` or `after`")
        if not (spec.do or spec.expect or spec.at or spec.after):
            yield subject.place(path, "does nothing; give it `do`, `expect`, `at` or `after`")
        if spec.within is not None and not spec.expect:
            yield subject.place((*path, "within"), "waits for nothing; give it `expect`")
        for name in spec.expect:
            yield from _unknown(subject, (*path, "expect", name), name, nodes)
        for index, act in enumerate(spec.do):
            yield from _act(subject, (*path, "do", index), act, nodes)


def _act(subject: Subject, path: Path, act: ActSpec, nodes: list[str]) -> Iterator[Complaint]:
    if len(act.model_fields_set) != 1:
        yield subject.place(path, "is one act: give exactly one of " + ", ".join(_names(ActSpec)))
    for field in ("users", "power"):
        for name in getattr(act, field) or ():
            yield from _unknown(subject, (*path, field, name), name, nodes)
    for field in ("surrender", "recall", "license", "upgrade", "type"):
        if (of_node := getattr(act, field)) is not None:
            yield from _unknown(subject, (*path, field, "node"), of_node.node, nodes)
    if act.pull is not None:
        yield from _unknown(subject, (*path, "pull"), act.pull, nodes)
    yield from _contents(subject, path, act)


def _contents(subject: Subject, path: Path, act: ActSpec) -> Iterator[Complaint]:
    """Yield what is wrong with the release or the fault that an act brings."""
    if act.upgrade is not None:
        try:
            Release.parse(act.upgrade.release)
        except ReleaseError as error:
            yield subject.place((*path, "upgrade", "release"), str(error))
    if act.fault is not None:
        topology, fault = subject.topology, fault_of(act.fault, 0)
        networks = [INTERNAL, *(name for name, _ in topology.networks())]
        found = misfits(fault, nodes=topology.names(), networks=networks, virtual=topology.virtual())
        for field, message, suggestion in found:
            yield subject.place((*path, "fault", field), message, suggestion)
        yield from subject.counted((*path, "fault", "after"), act.fault.after)


def _unknown(subject: Subject, path: Path, name: str, nodes: list[str]) -> Iterator[Complaint]:
    if name not in nodes:
        yield subject.place(path, f"there is no node {name!r}", nearest(name, nodes))


def _names(model: type[ActSpec]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
