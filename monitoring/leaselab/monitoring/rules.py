"""Recording and alert rules for Prometheus. Time in them is the lab's: what is left of a lease, never the host's clock.

No alert waits (``for``): a lab that is advanced lives through days between two scrapes.
"""

from typing import Any, Final, NamedTuple

HOUR_SECONDS: Final = 3_600
DAY_SECONDS: Final = 24 * HOUR_SECONDS
LEASE_ENDING_SECONDS: Final = 6 * HOUR_SECONDS
LICENSE_ENDING_SECONDS: Final = 30 * DAY_SECONDS


def risen(counter: str) -> str:
    """Return the expression for a counter that has risen lately.

    A node that counts before its first scrape gives ``increase`` no zero to begin from: its first value is a rise too.
    """
    return f"increase({counter}[5m]) > 0 or ({counter} unless {counter} offset 5m) > 0"


class Alert(NamedTuple):
    """An alert: when it fires, how bad that is, and what it says."""

    name: str
    severity: str
    expr: str
    summary: str


RECORDINGS: Final = {
    "leaselab:users_signed_in:sum": "sum by (lab, feature) (leaselab_users_signed_in)",
    "leaselab:server_leased:ratio": "sum by (lab, node) (leaselab_server_leased)"
    " / (sum by (lab, node) (leaselab_licenses_installed) > 0)",
    "leaselab:lease_seconds_to_end:min": "min by (lab, node, feature, lease) (leaselab_lease_seconds_to_end)",
    "leaselab:lease_denials:total": "sum by (lab, node, reason) (leaselab_lease_denials_total)",
}

ALERTS: Final = (
    Alert(
        "LeaselabNodeDown",
        "critical",
        'up{job="leaselab",node!=""} == 0',
        "{{ $labels.node }} of lab {{ $labels.lab }} cannot be scraped: it is off, killed or cut off.",
    ),
    Alert(
        "LeaselabLeaseEnding",
        "warning",
        f"leaselab:lease_seconds_to_end:min < {LEASE_ENDING_SECONDS}",
        "The {{ $labels.lease }} lease of {{ $labels.feature }} on {{ $labels.node }} ends in "
        "{{ $value | humanizeDuration }} of lab time; renewals should have prevented that.",
    ),
    Alert(
        "LeaselabLicenseEnding",
        "warning",
        f"leaselab_license_seconds_to_end < {LICENSE_ENDING_SECONDS}",
        "License {{ $labels.serial }} ({{ $labels.sku }}) on {{ $labels.node }} ends in "
        "{{ $value | humanizeDuration }} of lab time.",
    ),
    Alert(
        "LeaselabLeaseDenied",
        "warning",
        risen("leaselab_lease_denials_total"),
        "{{ $labels.node }} denied requests of its clients: {{ $labels.reason }}.",
    ),
    Alert(
        "LeaselabSignInsRefused",
        "warning",
        risen("leaselab_sign_ins_refused_total"),
        "{{ $labels.node }} refuses end users: {{ $labels.reason }}.",
    ),
    Alert(
        "LeaselabContactLost",
        "warning",
        'leaselab_server_contact{state="down"} == 1',
        "{{ $labels.node }} cannot reach its license server.",
    ),
    Alert(
        "LeaselabAutoLeasePenalty",
        "warning",
        "leaselab_auto_lease_penalty_seconds_left > 0",
        "Auto-leasing is off on {{ $labels.node }} for another {{ $value | humanizeDuration }} of lab time (AUT-09).",
    ),
    Alert(
        "LeaselabCloudGrace",
        "warning",
        'leaselab_cloud_standing{state="grace"} == 1',
        "{{ $labels.node }} gets no answer to its heartbeats and lives in its grace period (VLS-07).",
    ),
    Alert(
        "LeaselabCloudStopped",
        "critical",
        'leaselab_cloud_standing{state=~"stopped|duplicate"} == 1',
        "{{ $labels.node }} grants and renews no leases any more: {{ $labels.state }} (VLS-07, VLS-09).",
    ),
    Alert(
        "LeaselabOutOfCompliance",
        "critical",
        "leaselab_out_of_compliance == 1",
        "{{ $labels.node }} shows the out-of-compliance notice: a member license is missing (ENF-09).",
    ),
)


def rules(interval_seconds: float | None = None) -> dict[str, Any]:
    """Return the rule file.

    Args:
        interval_seconds: between evaluations; Prometheus's own by default.
    """
    every = {"interval": f"{interval_seconds:g}s"} if interval_seconds else {}
    return {
        "groups": [
            {
                "name": "leaselab-recordings",
                **every,
                "rules": [{"record": name, "expr": expr} for name, expr in RECORDINGS.items()],
            },
            {
                "name": "leaselab-alerts",
                **every,
                "rules": [
                    {
                        "alert": alert.name,
                        "expr": alert.expr,
                        "labels": {"severity": alert.severity},
                        "annotations": {"summary": alert.summary},
                    }
                    for alert in ALERTS
                ],
            },
        ]
    }
