"""Grafana dashboards as code: pure functions of the metrics' names, printed to monitoring/dashboards/*.json."""

from leaselab.monitoring.dashboards.board import Board
from leaselab.monitoring.dashboards.licensing import auto_leasing, cluster, gateway, license_server
from leaselab.monitoring.dashboards.overview import fleet, testbed

__all__ = ["DASHBOARDS", "Board"]

DASHBOARDS: tuple[Board, ...] = (fleet(), license_server(), gateway(), cluster(), auto_leasing(), testbed())
"""In the order that a folder lists them."""
