"""Metrics of the lab itself: its clock, its nodes as the host sees them, what the host costs.

Served on an address of the lab that no node has; `leaselab status --format json` tells it.
"""

import os
import resource
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from leaselab.appliance import __version__
from leaselab.appliance.adapters.metrics import MetricsServer
from leaselab.appliance.adapters.metrics.sheet import Family, Sheet, catalogue
from leaselab.appliance.instants import NEVER, SECOND
from leaselab.appliance.models.phases import Phase
from leaselab.testbed.hosting.raising import RaisedLab

PORT: Final = 9100

LAB_FAMILIES: Final = catalogue(
    Family("leaselab_lab_info", "gauge", "What the lab is; always 1.", ("runtime", "version")),
    Family("leaselab_lab_virtual_time_seconds", "gauge", "The lab's clock, seconds since 1970."),
    Family("leaselab_lab_clock_rate", "gauge", "Seconds of the lab's clock a second of wall time; 0 while it stands."),
    Family("leaselab_lab_next_due_seconds", "gauge", "Lab time until a node next has something to do."),
    Family("leaselab_lab_grants_total", "counter", "Instants granted to nodes since the lab's host began."),
    Family("leaselab_lab_nodes", "gauge", "Nodes of the lab by phase.", ("phase",)),
    Family("leaselab_lab_node_up", "gauge", "Whether a node is switched on (1) or off (0).", ("node", "kind")),
    Family("leaselab_lab_node_provisioned", "gauge", "Whether all is entered that the file wants.", ("node", "kind")),
    Family(
        "leaselab_lab_node_resident_memory_bytes",
        "gauge",
        "Memory of a node that has a process of its own.",
        ("node", "kind"),
    ),
    Family("leaselab_lab_faults", "gauge", "Injected faults in force.", ("fault", "target")),
    Family("leaselab_lab_events_total", "counter", "Events of the testbed since the lab's host began.", ("event",)),
    Family("leaselab_lab_host_cpu_seconds_total", "counter", "Processor time of the lab's host, wall time."),
    Family("leaselab_lab_host_resident_memory_bytes", "gauge", "Memory of the lab's host."),
    Family("leaselab_lab_host_open_files", "gauge", "File descriptors that the lab's host has open."),
)
"""By name; ``lab`` is on all of them."""


def metrics_address(slot: int) -> str:
    """Return the address of a lab's own metrics: the last of its slot but one, far from every node's."""
    return f"127.{slot}.255.253"


def metrics_url(slot: int) -> str:
    """Return where Prometheus scrapes the lab itself."""
    return f"http://{metrics_address(slot)}:{PORT}/metrics"


class LabCollector(Collector):
    """Reads a lab at scrape time.

    Args:
        lab: the lab.
        name: its name.
        runtime: what its nodes run in.
    """

    def __init__(self, lab: RaisedLab, *, name: str, runtime: str) -> None:
        self._lab = lab
        self._name = name
        self._runtime = runtime

    def collect(self) -> Iterable[Metric]:
        """Return all metrics as they stand."""
        sheet = Sheet(LAB_FAMILIES, {"lab": self._name})
        sheet.add("leaselab_lab_info", 1, self._runtime, __version__)
        self._write_clock(sheet)
        self._write_nodes(sheet)
        self._write_faults(sheet)
        sheet.begin("leaselab_lab_events_total")
        for kind, count in self._lab.events.counts.items():
            sheet.add("leaselab_lab_events_total", count, kind)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        sheet.add("leaselab_lab_host_cpu_seconds_total", usage.ru_utime + usage.ru_stime)
        sheet.add("leaselab_lab_host_resident_memory_bytes", resident_bytes(os.getpid()))
        sheet.add("leaselab_lab_host_open_files", sum(1 for _ in Path("/proc/self/fd").iterdir()))
        return sheet.metrics()

    def _write_clock(self, sheet: Sheet) -> None:
        keeper = self._lab.timekeeper
        sheet.add("leaselab_lab_virtual_time_seconds", keeper.now / SECOND)
        sheet.add("leaselab_lab_clock_rate", keeper.rate)
        due = keeper.scheduler.next_due()
        if due < NEVER:
            sheet.add("leaselab_lab_next_due_seconds", max(0, due - keeper.now) / SECOND)
        sheet.add("leaselab_lab_grants_total", keeper.grants)

    def _write_faults(self, sheet: Sheet) -> None:
        sheet.begin("leaselab_lab_faults")
        in_force = Counter((fault.kind, fault.target) for fault in self._lab.faults.book.in_force())
        for (kind, target), count in in_force.items():
            sheet.add("leaselab_lab_faults", count, kind, target)

    def _write_nodes(self, sheet: Sheet) -> None:
        statuses = [self._lab.fleet.status(name) for name in self._lab.fleet.seats]
        phases = Counter(status.phase for status in statuses)
        for phase in Phase:
            sheet.add("leaselab_lab_nodes", phases[phase], phase)
        sheet.begin("leaselab_lab_node_resident_memory_bytes")
        for status in statuses:
            sheet.add("leaselab_lab_node_up", float(status.phase != Phase.OFF), status.name, status.kind)
            sheet.add("leaselab_lab_node_provisioned", float(status.provisioned), status.name, status.kind)
            if status.pid:
                memory = resident_bytes(status.pid)
                sheet.add("leaselab_lab_node_resident_memory_bytes", memory, status.name, status.kind)


class LabMetrics:
    """The lab's metrics, served.

    Args:
        collector: of the lab.
        slot: of the lab.
    """

    def __init__(self, collector: LabCollector, *, slot: int) -> None:
        self._slot = slot
        registry = CollectorRegistry(auto_describe=False)
        registry.register(collector)
        self._server = MetricsServer(registry)

    async def open(self) -> None:
        """Listen.

        Raises:
            ListenError: the address cannot be had.
        """
        await self._server.open([metrics_address(self._slot)], PORT)

    async def close(self) -> None:
        """Close the port."""
        await self._server.close()


def resident_bytes(pid: int) -> int:
    """Return the memory of a process as the kernel counts it; 0 for one that has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()
