"""The JSON that verbs print (docs/cli.md). Instants are ISO 8601 in UTC; one that is not set or never comes is null."""

from collections.abc import Mapping
from typing import Any

import msgspec

from leaselab.appliance.instants import NEVER, Instant, format_instant
from leaselab.appliance.licensing.views import Report
from leaselab.testbed.checking.plan import Outcome
from leaselab.testbed.views import Advanced, ClockStatus, FaultRow, LabEvent, LabStatus, NodeLogLine, NodeStatus

Shape = dict[str, Any]


def instant(at: Instant | None) -> str | None:
    """Return an instant as text; nothing for one that is not set or never comes."""
    return None if at is None or at >= NEVER else format_instant(at)


def clock(status: ClockStatus) -> Shape:
    """Shape the lab's clock."""
    return {
        "now": instant(status.now),
        "mode": status.mode,
        "rate": status.rate,
        "next_due": instant(status.next_due),
    }


def advance(advanced: Advanced) -> Shape:
    """Shape what an advance came to."""
    return {
        "start": instant(advanced.start),
        "to": instant(advanced.to),
        "now": instant(advanced.now),
        "grants": advanced.grants,
        "state": advanced.state,
    }


def node(status: NodeStatus, report: Report | None) -> Shape:
    """Shape one node; ``features`` is empty for the cloud and for a node that is off."""
    shape: Shape = msgspec.to_builtins(status)
    shape["role"] = report.role if report else ""
    shape["features"] = features(report) if report else {}
    return shape


def lab(status: LabStatus, reports: Mapping[str, Report]) -> Shape:
    """Shape a whole lab."""
    return {
        "name": status.name,
        "runtime": status.runtime,
        "topology": status.topology,
        "state": status.state,
        "pid": status.pid,
        "folder": status.folder,
        "metrics_url": status.metrics_url,
        "clock": clock(status.clock),
        "nodes": [node(each, reports.get(each.name)) for each in status.nodes],
    }


def fault(row: FaultRow) -> Shape:
    """Shape a fault."""
    shape: Shape = msgspec.to_builtins(row)
    return shape | {"starts_at": instant(row.starts_at), "ends_at": instant(row.ends_at)}


def outcome(checked: Outcome) -> Shape:
    """Shape what became of a check."""
    shape: Shape = msgspec.to_builtins(checked)
    return shape | {"at": instant(checked.at)}


def features(report: Report) -> Shape:
    """Shape the counts of a node, by feature."""
    counted = {name: msgspec.to_builtins(counts) for name, counts in report.features.items()}
    for counts in counted.values():
        del counts["feature"]
    return counted


def leases(reports: Mapping[str, Report]) -> Shape:
    """Shape what nodes count, and each lease as each node knows it."""
    return {
        "features": [
            {"node": name, "feature": feature, **counts}
            for name, report in reports.items()
            for feature, counts in features(report).items()
        ],
        "leases": [
            {
                "node": name,
                **msgspec.to_builtins(row),
                "acquired_at": instant(row.acquired_at),
                "ends_at": instant(row.ends_at),
            }
            for name, report in reports.items()
            for row in report.leases
        ],
    }


def licenses(reports: Mapping[str, Report]) -> Shape:
    """Shape the licenses that nodes have installed."""
    return {
        "licenses": [
            {
                "node": name,
                **msgspec.to_builtins(row),
                "starts_at": instant(row.starts_at),
                "ends_at": instant(row.ends_at),
            }
            for name, report in reports.items()
            for row in report.licenses
        ]
    }


def event(record: LabEvent) -> Shape:
    """Shape a testbed event."""
    return {
        "n": record.n,
        "at": instant(record.at),
        "wall": record.wall,
        "kind": record.kind,
        "node": record.node,
        "fields": record.fields,
    }


def log_line(line: NodeLogLine) -> Shape:
    """Shape a line of an appliance's event log; ``text`` is the line as the product writes it."""
    return {
        "node": line.node,
        "n": line.n,
        "at": instant(line.at),
        "severity": line.severity,
        "code": line.code,
        "text": line.text,
    }
