"""Prometheus metrics of one device: read from its report at scrape time, nothing is kept twice."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.appliance.instants import NEVER, SECOND, Instant
from leaselab.appliance.licensing.views import ClientRow, FeatureCounts, Report
from leaselab.appliance.models.services import RUNNING, service_states

PHASES: Final = ("off", "booting", "wizard", "ready", "halted")
CONTACTS: Final = ("none", "never", "up", "down")
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Seconds: an answer takes a millisecond or two, most of it the disk's."""

Read = Callable[[], Report | None]

_FEATURE_GAUGES: Final[tuple[tuple[str, str, Callable[[FeatureCounts], float]], ...]] = (
    ("leaselab_users_signed_in", "End users signed in.", lambda one: one.signed_in),
    ("leaselab_users_limit", "End users the licenses allow.", lambda one: one.limit),
    ("leaselab_licenses_installed", "Units of installed licenses that count now.", lambda one: one.installed),
    ("leaselab_leases_held", "Units leased from a license server, of all kinds.", lambda one: one.leased),
    ("leaselab_leases_held_reserved", "Units of reserved leases held.", lambda one: one.reserved),
    ("leaselab_leases_held_incremental", "Units of incremental leases held.", lambda one: one.incremental),
    ("leaselab_leases_held_auto", "Units auto-leased while out of contact.", lambda one: one.auto_leased),
    ("leaselab_auto_lease_enabled", "Whether auto-leasing is on (1) or off (0).", lambda one: one.auto_lease),
)
_SERVER_GAUGES: Final[tuple[tuple[str, str, Callable[[FeatureCounts], float]], ...]] = (
    ("leaselab_server_available", "Units a server can still promise.", lambda one: one.available),
    ("leaselab_server_promised", "Units promised: reserved counts and live increments.", lambda one: one.promised),
    ("leaselab_server_average_available", "Available, averaged over 24 hours.", lambda one: one.average_available),
)
_COUNTERS: Final = {
    "sign_ins": ("leaselab_sign_ins", "Sign-ins of end users that succeeded."),
    "grants": ("leaselab_lease_grants", "Leases and increments granted to clients."),
    "renewals": ("leaselab_lease_renewals", "Renewals answered."),
    "reclaims": ("leaselab_lease_reclaims", "Leases reclaimed from clients that did not renew."),
    "expiries": ("leaselab_lease_expiries", "Times that leases held ran out."),
    "auto_leases": ("leaselab_auto_lease_grants", "Increments that the device granted itself."),
    "penalties": ("leaselab_auto_lease_penalties", "Auto-lease penalties begun."),
    "contacts_lost": ("leaselab_server_contacts_lost", "Contacts with the license server that failed."),
    "keys_refused": ("leaselab_license_keys_refused", "License keys that were not installed."),
}
_BY_REASON: Final = {
    "denials": ("leaselab_lease_denials", "Requests of clients denied, by reason."),
    "refused_sign_ins": ("leaselab_sign_ins_refused", "Sign-ins of end users refused, by reason."),
}


class DeviceCollector(Collector):
    """Turns a device's report into metrics.

    Args:
        node: its name.
        kind: what it is.
        read: returns the report; ``None`` for a device that has none.
        phase: how far it has booted.
        now: its time.
        started_at: the first instant it knew, for the clock's offset.
    """

    def __init__(
        self,
        *,
        node: str,
        kind: str,
        read: Read,
        phase: Callable[[], str],
        now: Callable[[], Instant],
        started_at: Instant,
    ) -> None:
        self._labels = [node, kind]
        self._read = read
        self._phase = phase
        self._now = now
        self._started_at = started_at

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics as they stand."""
        now = self._now()
        yield self._gauge("leaselab_virtual_time_seconds", "The lab's clock, seconds since 1970.", now / SECOND)
        passed = (now - self._started_at) / SECOND
        yield self._gauge("leaselab_virtual_time_offset_seconds", "Lab time since the device was started.", passed)
        yield self._states(
            "leaselab_boot_phase", "How far the device has booted; 1 at its phase.", "phase", PHASES, self._phase()
        )
        report = self._read()
        if report is not None:
            yield from self._of(report)

    def _of(self, report: Report) -> Iterator[Metric]:
        for name, text, value in _FEATURE_GAUGES:
            yield self._by_feature(name, text, report.features.values(), value)
        yield self._gauge("leaselab_users_maximum", "The platform's maximum of end users.", report.maximum_users)
        notice = float(bool(report.out_of_compliance))
        yield self._gauge("leaselab_out_of_compliance", "Whether a member license is missing (1).", notice)
        yield from self._leases(report)
        yield from self._licenses(report)
        yield self._services(report)
        yield self._states(
            "leaselab_server_contact",
            "Contact with the license server; 1 at its state.",
            "state",
            CONTACTS,
            report.client.contact,
        )
        if report.server.enabled:
            for name, text, value in _SERVER_GAUGES:
                yield self._by_feature(name, text, report.features.values(), value)
            yield from self._clients(report.server.clients)
        yield from self._counters(report.counters)

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["node", "kind"])
        family.add_metric(self._labels, value)
        return family

    def _states(self, name: str, text: str, label: str, states: Iterable[str], present: str) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["node", "kind", label])
        for state in states:
            family.add_metric([*self._labels, state], float(state == present))
        return family

    def _by_feature(
        self, name: str, text: str, features: Iterable[FeatureCounts], value: Callable[[FeatureCounts], float]
    ) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["node", "kind", "feature"])
        for one in features:
            family.add_metric([*self._labels, one.feature], float(value(one)))
        return family

    def _leases(self, report: Report) -> Iterator[Metric]:
        ends: dict[tuple[str, str], Instant] = {}
        for lease in report.leases:
            key = (lease.feature, lease.kind)
            ends[key] = min(ends.get(key, NEVER), lease.ends_at)
        family = GaugeMetricFamily(
            "leaselab_lease_seconds_to_end",
            "Lab time until the next lease of a kind ends.",
            labels=["node", "kind", "feature", "lease"],
        )
        for (feature, kind), ends_at in ends.items():
            family.add_metric([*self._labels, feature, kind], (ends_at - report.now) / SECOND)
        yield family

    def _licenses(self, report: Report) -> Iterator[Metric]:
        """Yield when each subscription ends (a permanent license never does), and what is surrendered (SUR-02)."""
        ends = GaugeMetricFamily(
            "leaselab_license_seconds_to_end",
            "Lab time until an installed subscription ends.",
            labels=["node", "kind", "serial", "sku"],
        )
        surrendered = dict.fromkeys(report.features, 0)
        for one in report.licenses:
            if one.ends_at < NEVER:
                ends.add_metric([*self._labels, one.serial, one.sku], (one.ends_at - report.now) / SECOND)
            if one.state == "surrendered" and one.feature in surrendered:
                surrendered[one.feature] += one.units
        yield ends
        family = GaugeMetricFamily(
            "leaselab_licenses_surrendered",
            "Units of installed licenses that are surrendered to a license server.",
            labels=["node", "kind", "feature"],
        )
        for feature, units in surrendered.items():
            family.add_metric([*self._labels, feature], units)
        yield family

    def _services(self, report: Report) -> Metric:
        """Return which services run: a license server halts some (GAT-03)."""
        family = GaugeMetricFamily(
            "leaselab_service_up",
            "Whether a service runs (1) or is halted (0), as on a license server.",
            labels=["node", "kind", "service"],
        )
        for service, state in service_states(license_server=report.role != "gateway").items():
            family.add_metric([*self._labels, service], float(state == RUNNING))
        return family

    def _clients(self, clients: Iterable[ClientRow]) -> Iterator[Metric]:
        """Yield three series a client and feature: the one place where cardinality grows with the configuration."""
        labels = ["node", "kind", "client", "feature"]
        families = {
            "leased": GaugeMetricFamily("leaselab_client_leased", "Units that a client holds.", labels=labels),
            "reserved": GaugeMetricFamily("leaselab_client_reserved", "Units reserved for a client.", labels=labels),
            "maximum": GaugeMetricFamily("leaselab_client_maximum", "Units a client may hold.", labels=labels),
        }
        for client in clients:
            for feature, one in client.features.items():
                for name, family in families.items():
                    family.add_metric([*self._labels, client.id, feature], getattr(one, name))
        yield from families.values()

    def _counters(self, counters: dict[str, int]) -> Iterator[Metric]:
        for key, (name, text) in _COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=["node", "kind"])
            family.add_metric(self._labels, counters.get(key, 0))
            yield family
        for prefix, (name, text) in _BY_REASON.items():
            family = CounterMetricFamily(name, text, labels=["node", "kind", "reason"])
            for key, count in counters.items():
                if key.startswith(f"{prefix}:"):
                    family.add_metric([*self._labels, key.partition(":")[2]], count)
            yield family


class MetricsServer:
    """Plain HTTP on a device's metrics port: ``/metrics`` as Prometheus text or OpenMetrics.

    Args:
        collector: the device's.
        node: its name.
        kind: what it is.
    """

    def __init__(self, collector: DeviceCollector, *, node: str, kind: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(collector)
        self._durations = Histogram(
            "leaselab_protocol_request_duration_seconds",
            "Wall time to answer a request of another device.",
            ["node", "kind", "verb"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._labels = (node, kind)
        self._observers: dict[str, Callable[[float], None]] = {}
        self._listener = Listener(self._handle)

    def observe_request(self, verb: str, seconds: float) -> None:
        """Count a protocol request."""
        observe = self._observers.get(verb)
        if observe is None:
            observe = self._observers[verb] = self._durations.labels(*self._labels, verb).observe
        observe(seconds)

    async def open(self, addresses: Iterable[str], port: int) -> None:
        """Listen.

        Raises:
            ListenError: an address cannot be had.
        """
        await self._listener.open(addresses, port)

    async def close(self) -> None:
        """Close the port."""
        await self._listener.close()

    def abort(self) -> None:
        """Drop everything at once."""
        self._listener.abort()

    async def _handle(self, request: Request, _connection: Connection) -> Response:
        if request.target.partition(b"?")[0] != b"/metrics":
            return Response(HTTPStatus.NOT_FOUND, b"Metrics are at /metrics.\n")
        encode, content_type = choose_encoder(request.header(b"accept").decode("latin-1"))
        body: bytes = encode(self._registry)
        return Response(HTTPStatus.OK, body, f"content-type: {content_type}\r\n".encode())
