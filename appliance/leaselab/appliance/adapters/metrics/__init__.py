"""Prometheus metrics of one device, and the plain HTTP server that shows them."""

from leaselab.appliance.adapters.metrics.device import DeviceCollector, DeviceMetrics
from leaselab.appliance.adapters.metrics.server import MetricsServer

__all__ = ["DeviceCollector", "DeviceMetrics", "MetricsServer"]
