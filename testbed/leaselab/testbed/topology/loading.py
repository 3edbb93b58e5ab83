"""From a file's text to a :class:`Topology`, or to everything that is wrong with it."""

from collections.abc import Mapping
from typing import Final

from leaselab.appliance.config import AuthCode
from leaselab.appliance.instants import as_datetime
from leaselab.testbed.errors import Problem, TopologyError
from leaselab.testbed.topology import expand, marks, schema, shapes
from leaselab.testbed.topology.checks import examine
from leaselab.testbed.topology.expand import Complaint
from leaselab.testbed.topology.marks import Path, Value, field_name
from leaselab.testbed.topology.subject import Subject
from leaselab.testbed.topology.topology import LabNode, Topology
from leaselab.testbed.topology.variables import Variables

_INHERITED: Final = ("defaults", "kinds", "groups")


def read(text: str, *, file: str, variables: Mapping[str, str] | None = None) -> Topology:
    """Read a topology.

    Args:
        text: of the whole file.
        file: what to call it in messages.
        variables: values for ``${NAME}``.

    Raises:
        TopologyError: with every problem that could be found.
    """
    given = Variables(variables or {})
    root, problems = marks.parse(text, file=file, fill=given.fill)
    problems += [
        Problem(file, 1, 1, f"--set {name}", f"the file has no ${{{name}}}", suggestion)
        for name, suggestion in (given.unused() if root else [])
    ]
    if root is None:
        raise TopologyError(problems)
    spec, root, misfits, left_out = shapes.fit(schema.TopologyFile, root, file=file)
    problems += misfits
    if spec is None:
        raise TopologyError(problems)
    complaints: list[Complaint] = []
    topology, more, also_left_out = _topology(spec, root, file, complaints)
    problems += more
    complaints += examine(Subject(topology, root, _broken(topology, [*left_out, *also_left_out])))
    problems += [
        Problem(file, mark.line, mark.column, field_name(path), message, suggestion)
        for mark, path, message, suggestion in complaints
    ]
    if problems:
        raise TopologyError(list(dict.fromkeys(problems)))
    return topology


def _topology(
    spec: schema.TopologyFile, root: Value, file: str, complaints: list[Complaint]
) -> tuple[Topology, list[Problem], list[Path]]:
    """Put the nodes together; also return what did not fit once it was together, which layers hide one by one."""
    nodes: list[LabNode] = []
    problems: list[Problem] = []
    left_out: list[Path] = []
    for name, written, tree in expand.nodes(root, complaints):
        under: Path = ("nodes", written)
        node, fitting, misfits, without = shapes.fit(schema.Node, tree, file=file, under=under)
        problems += misfits
        left_out += [(*under, *path) for path in without]
        assert node is not None  # noqa: S101 - all that a node has may be left out
        nodes.append(LabNode(name, written, node, fitting))
    return Topology(file, spec, tuple(nodes), _auth_codes(spec, root, complaints)), problems, left_out


def _auth_codes(spec: schema.TopologyFile, root: Value, complaints: list[Complaint]) -> dict[str, AuthCode] | None:
    if "cloud" not in spec.model_fields_set:
        return None
    entries = expand.field(root, "cloud", "auth-codes")
    if entries is None or not isinstance(entries.content, dict):
        return {}
    made = expand.instances(entries, ("cloud", "auth-codes"), complaints)
    return {one.name: _entitlement(schema.AuthCode.model_validate(one.tree.plain())) for one in made}


def _entitlement(code: schema.AuthCode) -> AuthCode:
    starts = "" if code.starts is None else as_datetime(code.starts).date().isoformat()
    return AuthCode(licenses=tuple(code.licenses), starts=starts, node=code.node or "", made_at=code.made or 0)


def _broken(topology: Topology, left_out: list[Path]) -> frozenset[str]:
    """Return which nodes had something left out, by itself or in what they inherit."""
    if any(path[0] in _INHERITED for path in left_out if path):
        return frozenset(node.written for node in topology.nodes)
    return frozenset(str(path[1]) for path in left_out if path[:1] == ("nodes",) and len(path) > 1)
