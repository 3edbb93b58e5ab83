"""The tables that several verbs print, as headings and rows."""

from collections.abc import Mapping

from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.licensing.views import Report
from leaselab.testbed.shapes import instant
from leaselab.testbed.views import LabStatus

Rows = list[tuple[object, ...]]

NODE_COLUMNS = ("node", "kind", "phase", "#users", "#limit", "#leased", "admin", "console", "metrics")
COUNT_COLUMNS = (
    "node",
    "feature",
    "#users",
    "#limit",
    "#installed",
    "#leased",
    "#promised",
    "#available",
    "auto-lease",
)
LEASE_COLUMNS = ("node", "client", "feature", "lease", "#units", "acquired", "ends")
LICENSE_COLUMNS = ("node", "serial", "license", "feature", "#units", "state", "starts", "ends")


def node_rows(status: LabStatus, reports: Mapping[str, Report]) -> Rows:
    """Return a row a node: how it is, how many are on, where to reach it."""
    rows: Rows = []
    for node in status.nodes:
        report = reports.get(node.name)
        counts = report.features.get(CONCURRENT_USERS) if report and report.is_gateway else None
        phase = f"{node.phase}: {node.prompt}" if node.phase == "wizard" and node.prompt else node.phase
        rows.append(
            (
                node.name,
                node.kind,
                phase,
                counts and counts.signed_in,
                counts and counts.limit,
                counts and counts.leased,
                node.admin_url,
                f"{node.addresses['internal']}:{node.ports['ssh']}" if node.kind != "cloud" else None,
                node.metrics_url,
            )
        )
    return rows


def count_rows(reports: Mapping[str, Report]) -> Rows:
    """Return a row for each node and feature that it counts anything of."""
    return [
        (
            name,
            counts.feature,
            counts.signed_in if report.is_gateway else None,
            counts.limit if report.is_gateway else None,
            counts.installed,
            counts.leased if report.is_gateway else None,
            counts.promised if report.server.enabled else None,
            counts.available if report.server.enabled else None,
            "on" if counts.auto_lease else "off",
        )
        for name, report in reports.items()
        for counts in report.features.values()
        if counts.feature == CONCURRENT_USERS or counts.installed or counts.leased or counts.promised
    ]


def lease_rows(reports: Mapping[str, Report]) -> Rows:
    """Return a row a lease, as each node knows it: a server what it gave, a client what it holds."""
    return [
        (name, lease.client, lease.feature, lease.kind, lease.units, instant(lease.acquired_at), instant(lease.ends_at))
        for name, report in reports.items()
        for lease in report.leases
    ]


def license_rows(reports: Mapping[str, Report]) -> Rows:
    """Return a row for each installed license."""
    return [
        (
            name,
            row.serial,
            row.sku,
            row.feature,
            row.units or None,
            row.state,
            instant(row.starts_at),
            instant(row.ends_at),
        )
        for name, report in reports.items()
        for row in report.licenses
    ]
