"""What of a lab Prometheus scrapes: every node, and the lab itself. Made from the plan alone."""

from typing import Any

from leaselab.appliance.config import ApplianceConfig
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.hosting.metrics import PORT, metrics_address
from leaselab.testbed.labs import LabFolder, all_labs
from leaselab.testbed.topology.plan import Plan


def targets(plan: Plan) -> list[dict[str, Any]]:
    """Return target groups as Prometheus's file and HTTP discovery take them.

    The labels are for ``up``; samples bring ``node``, ``kind`` and, those of the lab itself, ``lab``: scrape with
    ``honor_labels``.
    """
    nodes = [
        {
            "targets": [f"{node.config.addresses['internal']}:{node.config.ports.metrics}"],
            "labels": {
                "lab": plan.lab,
                "instance": node.name,
                "node": node.name,
                "kind": node.config.kind if isinstance(node.config, ApplianceConfig) else "cloud",
            },
        }
        for node in plan.nodes
    ]
    itself = {"targets": [f"{metrics_address(plan.slot)}:{PORT}"], "labels": {"lab": plan.lab}}
    return [*nodes, itself]


def targets_of_running_labs() -> list[dict[str, Any]]:
    """Return the targets of all of this user's labs that are up."""
    found = []
    for info in all_labs():
        if info.state == "up":
            try:
                found += targets(Plan.from_json(LabFolder(info.name).plan.read_bytes()))
            except (OSError, ValueError, LeaselabError):  # it is coming up, or going down
                continue
    return found
