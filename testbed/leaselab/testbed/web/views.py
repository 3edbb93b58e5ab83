"""What the pages show of a lab, read from it in one go: blocking calls, so pages ask for them in a thread."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from leaselab.appliance.licensing.views import Report
from leaselab.testbed.cli import tables
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.lab import Lab
from leaselab.testbed.pictures.graph import picture_of
from leaselab.testbed.pictures.graph_svg import svg
from leaselab.testbed.views import LabEvent, LabStatus, NodeLogLine, NodeStatus

EVENTS_SHOWN: Final = 12
LINES_SHOWN: Final = 40


@dataclass(frozen=True)
class LabView:
    """A lab's page: ``drawing`` is SVG of ours, the tables are those of the command line."""

    status: LabStatus
    reports: dict[str, Report]
    drawing: str
    leases: tables.Rows
    counts: tables.Rows
    events: tuple[LabEvent, ...]


@dataclass(frozen=True)
class NodeView:
    """A node's page; ``report`` is missing for the cloud and for a node that is off."""

    status: LabStatus
    node: NodeStatus
    report: Report | None
    screen: str
    lines: tuple[NodeLogLine, ...]


def lab_view(name: str) -> LabView:
    """Read a lab.

    Raises:
        LeaselabError: it is not there, or does not answer.
    """
    lab = Lab.attach(name)
    status = lab.status()
    reports = lab.reports(status=status)
    return LabView(
        status=status,
        reports=reports,
        drawing=svg(picture_of(lab.plan, reports)),
        leases=tables.lease_rows(reports),
        counts=tables.count_rows(reports),
        events=tuple(reversed(deque(lab.events(), maxlen=EVENTS_SHOWN))),
    )


def node_view(name: str, node: str) -> NodeView:
    """Read a node.

    Raises:
        LeaselabError: it or its lab is not there, or does not answer.
    """
    lab = Lab.attach(name)
    one = lab[node]
    status = lab.status()
    node_status = one.status()
    lines: tuple[NodeLogLine, ...] = ()
    if node_status.kind != "cloud":
        lines = tuple(reversed(deque(lab.logs([node]), maxlen=LINES_SHOWN)))
    return NodeView(
        status=status,
        node=node_status,
        report=lab.reports(status=status).get(node),
        screen=_screen(lab, node_status),
        lines=lines,
    )


def _screen(lab: Lab, node: NodeStatus) -> str:
    if node.kind == "cloud" or node.phase == "off":
        return ""
    try:
        return lab[node.name].screen()
    except LeaselabError as error:
        return str(error)
