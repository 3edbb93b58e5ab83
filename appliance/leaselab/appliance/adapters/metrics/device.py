"""Metrics of one device: read from its report at scrape time, nothing is kept twice."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from leaselab.appliance.adapters.metrics.families import (
    CONTACTS,
    DENIALS,
    DEVICE_FAMILIES,
    DURATION_BUCKETS,
    EMERGENCY_STATES,
    PHASES,
    REQUEST_DURATION,
    SEVERITIES,
    SIGN_IN_REFUSALS,
    STANDINGS,
)
from leaselab.appliance.adapters.metrics.sheet import Sheet
from leaselab.appliance.instants import NEVER, SECOND, Instant
from leaselab.appliance.licensing.views import FeatureCounts, Report
from leaselab.appliance.models.services import RUNNING, service_states

Read = Callable[[], Report | None]

_BY_FEATURE: Final[tuple[tuple[str, Callable[[FeatureCounts], float]], ...]] = (
    ("leaselab_users_signed_in", lambda one: one.signed_in),
    ("leaselab_users_limit", lambda one: one.limit),
    ("leaselab_licenses_installed", lambda one: one.installed),
    ("leaselab_leases_held", lambda one: one.leased),
    ("leaselab_leases_held_reserved", lambda one: one.reserved),
    ("leaselab_leases_held_incremental", lambda one: one.incremental),
    ("leaselab_leases_held_auto", lambda one: one.auto_leased),
    ("leaselab_auto_lease_enabled", lambda one: one.auto_lease),
)
_OF_A_SERVER: Final[tuple[tuple[str, Callable[[FeatureCounts], float]], ...]] = (
    ("leaselab_server_available", lambda one: one.available),
    ("leaselab_server_promised", lambda one: one.promised),
    ("leaselab_server_average_available", lambda one: one.average_available),
)
_COUNTERS: Final = {
    "sign_ins": "leaselab_sign_ins_total",
    "grants": "leaselab_lease_grants_total",
    "renewals": "leaselab_lease_renewals_total",
    "reclaims": "leaselab_lease_reclaims_total",
    "expiries": "leaselab_lease_expiries_total",
    "auto_leases": "leaselab_auto_lease_grants_total",
    "penalties": "leaselab_auto_lease_penalties_total",
    "contacts_lost": "leaselab_server_contacts_lost_total",
    "keys_refused": "leaselab_license_keys_refused_total",
}
_BY_REASON: Final = {
    "denials": ("leaselab_lease_denials_total", DENIALS),
    "refused_sign_ins": ("leaselab_sign_ins_refused_total", SIGN_IN_REFUSALS),
}


class DeviceCollector(Collector):
    """Turns a device's report into metrics.

    Args:
        node: its name.
        kind: what it is.
        read: returns the report; ``None`` for a device that has none.
        phase: how far it has booted.
        now: its time.
        log_lines: lines of its event log by severity.
        wall_seconds: the host's time, seconds since 1970.
    """

    def __init__(
        self,
        *,
        node: str,
        kind: str,
        read: Read,
        phase: Callable[[], str],
        now: Callable[[], Instant],
        log_lines: Mapping[str, int],
        wall_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._common = {"node": node, "kind": kind}
        self._read = read
        self._phase = phase
        self._now = now
        self._log_lines = log_lines
        self._wall_seconds = wall_seconds

    def collect(self) -> Iterable[Metric]:
        """Return all metrics as they stand."""
        sheet = Sheet(DEVICE_FAMILIES, self._common)
        now_seconds = self._now() / SECOND
        sheet.add("leaselab_virtual_time_seconds", now_seconds)
        sheet.add("leaselab_virtual_time_offset_seconds", now_seconds - self._wall_seconds())
        sheet.states("leaselab_boot_phase", PHASES, self._phase())
        report = self._read()
        if report is not None:
            for severity in SEVERITIES:
                sheet.add("leaselab_log_lines_total", self._log_lines.get(severity, 0), severity)
            write_report(sheet, report)
        return sheet.metrics()


class DeviceMetrics:
    """All that a device counts for Prometheus: its collector, and what no report has.

    Args:
        collector: the device's.
        node: its name.
        kind: what it is.
    """

    def __init__(self, collector: DeviceCollector, *, node: str, kind: str) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(collector)
        self._durations = Histogram(
            REQUEST_DURATION.name,
            REQUEST_DURATION.help,
            ["node", "kind", *REQUEST_DURATION.labels],
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self._labels = (node, kind)
        self._observers: dict[str, Callable[[float], None]] = {}

    def observe_request(self, verb: str, seconds: float) -> None:
        """Count a protocol request."""
        observe = self._observers.get(verb)
        if observe is None:
            observe = self._observers[verb] = self._durations.labels(*self._labels, verb).observe
        observe(seconds)


def write_report(sheet: Sheet, report: Report) -> None:
    """Write all that a report tells."""
    sheet.add("leaselab_device_info", 1, report.model, report.personality, report.release, report.role)
    _write_features(sheet, report.features.values(), _BY_FEATURE)
    sheet.add("leaselab_users_maximum", report.maximum_users)
    sheet.add("leaselab_out_of_compliance", float(bool(report.out_of_compliance)))
    sheet.states("leaselab_emergency_mode", EMERGENCY_STATES, report.emergency.state)
    sheet.add("leaselab_emergency_seconds_left", report.emergency.left / SECOND)
    for service, state in service_states(license_server=not report.is_gateway).items():  # GAT-03
        sheet.add("leaselab_service_up", float(state == RUNNING), service)
    _write_leases(sheet, report)
    _write_licenses(sheet, report)
    sheet.states("leaselab_server_contact", CONTACTS, report.client.contact)
    if report.server.enabled:
        _write_server(sheet, report)
    if report.cloud.state != "none":
        _write_standing(sheet, report)
    _write_counters(sheet, report.counters)


def _write_features(
    sheet: Sheet,
    features: Iterable[FeatureCounts],
    columns: Iterable[tuple[str, Callable[[FeatureCounts], float]]],
) -> None:
    for one in features:
        for name, value in columns:
            sheet.add(name, float(value(one)), one.feature)


def _write_leases(sheet: Sheet, report: Report) -> None:
    sheet.begin("leaselab_lease_seconds_to_end")
    ends: dict[tuple[str, str], Instant] = {}
    for lease in report.leases:
        key = (lease.feature, lease.kind)
        ends[key] = min(ends.get(key, NEVER), lease.ends_at)
    for (feature, kind), ends_at in ends.items():
        if ends_at < NEVER:
            sheet.add("leaselab_lease_seconds_to_end", (ends_at - report.now) / SECOND, feature, kind)


def _write_licenses(sheet: Sheet, report: Report) -> None:
    """Write when each subscription ends (a permanent license never does), and what is surrendered (SUR-02)."""
    sheet.begin("leaselab_license_seconds_to_end")
    surrendered = dict.fromkeys(report.features, 0)
    for one in report.licenses:
        if one.ends_at < NEVER:
            seconds = (one.ends_at - report.now) / SECOND
            sheet.add("leaselab_license_seconds_to_end", seconds, one.serial, one.sku)
        if one.state == "surrendered" and one.feature in surrendered:
            surrendered[one.feature] += one.units
    for feature, units in surrendered.items():
        sheet.add("leaselab_licenses_surrendered", units, feature)


def _write_server(sheet: Sheet, report: Report) -> None:
    """Write three series a client and feature: the one place where their number grows with the configuration."""
    _write_features(sheet, report.features.values(), _OF_A_SERVER)
    sheet.add("leaselab_auto_lease_penalty_seconds_left", max(0, report.server.penalty_until - report.now) / SECOND)
    sheet.add("leaselab_server_clients", len(report.server.clients))
    leased = dict.fromkeys(report.features, 0)
    for client in report.server.clients:
        for feature, one in client.features.items():
            leased[feature] += one.leased
            sheet.add("leaselab_client_leased", one.leased, client.id, feature)
            sheet.add("leaselab_client_reserved", one.reserved, client.id, feature)
            sheet.add("leaselab_client_maximum", one.maximum, client.id, feature)
    for feature, units in leased.items():
        sheet.add("leaselab_server_leased", units, feature)


def _write_standing(sheet: Sheet, report: Report) -> None:
    """Write how a Virtual License Server stands with the cloud (VLS-06, VLS-07)."""
    cloud = report.cloud
    sheet.states("leaselab_cloud_standing", STANDINGS, cloud.state)
    sheet.add("leaselab_cloud_heartbeats_total", cloud.heartbeats)
    sheet.add("leaselab_cloud_heartbeats_failed_total", cloud.failed)
    sheet.add("leaselab_cloud_grace_seconds_left", cloud.grace_left / SECOND)


def _write_counters(sheet: Sheet, counters: Mapping[str, int]) -> None:
    for key, name in _COUNTERS.items():
        sheet.add(name, counters.get(key, 0))
    for prefix, (name, reasons) in _BY_REASON.items():
        found = {key.partition(":")[2]: count for key, count in counters.items() if key.startswith(f"{prefix}:")}
        for reason, count in {**dict.fromkeys(reasons, 0), **found}.items():
            sheet.add(name, count, reason)
