"""A lab's past for Prometheus: OpenMetrics with the lab's own instants, so that ten days show as ten days."""

import time
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from leaselab.appliance.adapters.metrics.device import write_report
from leaselab.appliance.adapters.metrics.families import DEVICE_FAMILIES
from leaselab.appliance.adapters.metrics.sheet import Sheet
from leaselab.appliance.instants import HOUR, SECOND, Duration, Instant, format_duration, format_instant
from leaselab.testbed.errors import CallError
from leaselab.testbed.lab import Lab
from leaselab.testbed.pictures.history import Life, lives, reports

STEP: Final[Duration] = HOUR
"""Between the samples of a series, unless asked otherwise; at most so much, as our Prometheus looks back no further."""

MARGIN: Final[Duration] = 3 * HOUR
"""Prometheus keeps the latest hours open for what it scrapes itself; history must end before them."""

JOB: Final = "leaselab-history"


class _Past(Collector):
    """Metrics that have been put together already."""

    def __init__(self, metrics: dict[str, Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._metrics.values()


def history_texts(lab: Lab, *, step: Duration = STEP) -> Iterator[str]:
    """Yield the past of each node of a lab as OpenMetrics.

    Args:
        lab: a lab that runs.
        step: of lab time between samples.

    Raises:
        CallError: the step is too long, or the lab's time is not in the past: Prometheus takes none from the future.
    """
    if not 0 < step <= STEP:
        raise CallError(
            f"a step of {format_duration(step)} is none", hint=f"take one of at most {format_duration(STEP)}"
        )
    now = lab.clock.now
    latest = int(time.time()) * SECOND - MARGIN
    if now > latest:
        raise CallError(
            f"the lab {lab.name} is at {format_instant(now)}, and Prometheus takes history up to "
            f"{format_instant(latest)} only",
            hint="give the lab an earlier `clock: {start: …}`; the metrics of the present are scraped in any case",
        )
    for life in lives(lab).values():
        yield text(lab.name, life, until=now, step=step)


def text(lab: str, life: Life, *, until: Instant, step: Duration) -> str:
    """Return the past of one node: its metrics at each step, and at the end."""
    begin = life.events[0][0] if life.events else until
    instants = sorted({begin, *range(begin - begin % step + step, until, step), until})  # whole hours, as queries ask
    past: dict[str, Metric] = {}
    for report in reports(life, instants):
        sheet = Sheet(
            DEVICE_FAMILIES,
            {"lab": lab, "instance": report.name, "job": JOB, "node": report.name, "kind": report.kind},
        )
        sheet.add("leaselab_virtual_time_seconds", report.now / SECOND)
        write_report(sheet, report)
        for metric in sheet.metrics():
            kept = past.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            kept.samples += [_at(sample, report.now) for sample in metric.samples]
    for metric in past.values():
        metric.samples.sort(key=lambda sample: sorted(sample.labels.items()))  # a series at a time, as the format wants
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Past(past))
    written: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]  # its OpenMetrics half has no types
    return written.decode()


def _at(sample: Sample, instant: Instant) -> Sample:
    return Sample(sample.name, sample.labels, sample.value, instant / SECOND)
