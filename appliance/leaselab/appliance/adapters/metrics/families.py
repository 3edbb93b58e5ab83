"""Every metric of a device. docs/metrics.md is printed from this table, and a scrape knows no name beside it.

Durations are seconds of the lab's clock, except where a help text says wall time: a scrape carries no timestamps, so
what is left of a lease is told as it is left, not as the instant it ends at.
"""

from typing import Final

from leaselab.appliance.adapters.metrics.sheet import Family, catalogue
from leaselab.appliance.models.phases import Phase

PHASES: Final = tuple(Phase)
CONTACTS: Final = ("none", "never", "up", "down")
STANDINGS: Final = ("ok", "grace", "stopped", "duplicate")
EMERGENCY_STATES: Final = ("none", "off", "admin", "system", "spent")
SEVERITIES: Final = ("info", "minor", "major", "critical")

DENIALS: Final = (
    "capacity",
    "maximum",
    "not-allocated",
    "credentials",
    "drift",
    "expired",
    "hardware-id",
    "platform",
    "stopped",
    "unregistered",
)
SIGN_IN_REFUSALS: Final = ("limit", "license-server")
"""Reasons that begin at 0, so that the first one is a rise that ``increase`` sees; any other begins when it happens."""

DURATION_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Seconds: an answer takes a millisecond or two, most of it the disk's."""

REQUEST_DURATION: Final = Family(
    "leaselab_protocol_request_duration_seconds",
    "histogram",
    "Wall time to answer a request of another device.",
    ("verb",),
)

DEVICE_FAMILIES: Final = catalogue(
    # the device
    Family(
        "leaselab_virtual_time_seconds",
        "gauge",
        "The device's clock, seconds since 1970: the lab's, unless a fault has set it wrong.",
    ),
    Family(
        "leaselab_virtual_time_offset_seconds",
        "gauge",
        "How far the device's clock is ahead of wall time; below 0, behind it.",
    ),
    Family("leaselab_boot_phase", "gauge", "How far the device has booted; 1 at its phase.", ("phase",)),
    Family(
        "leaselab_device_info",
        "gauge",
        "What the device is; always 1.",
        ("model", "personality", "release", "role"),
    ),
    Family(
        "leaselab_service_up",
        "gauge",
        "Whether a service runs (1) or is halted (0), as on a license server.",
        ("service",),
    ),
    Family(
        "leaselab_log_lines_total", "counter", "Lines of the event log since the device was started.", ("severity",)
    ),
    # end users
    Family("leaselab_users_signed_in", "gauge", "End users signed in.", ("feature",)),
    Family("leaselab_users_limit", "gauge", "End users the licenses allow.", ("feature",)),
    Family("leaselab_users_maximum", "gauge", "The platform's maximum of end users."),
    Family("leaselab_sign_ins_total", "counter", "Sign-ins of end users that succeeded."),
    Family("leaselab_sign_ins_refused_total", "counter", "Sign-ins of end users refused, by reason.", ("reason",)),
    # licenses
    Family("leaselab_licenses_installed", "gauge", "Units of installed licenses that count now.", ("feature",)),
    Family(
        "leaselab_licenses_surrendered",
        "gauge",
        "Units of installed licenses that are surrendered to a license server.",
        ("feature",),
    ),
    Family(
        "leaselab_license_seconds_to_end",
        "gauge",
        "Lab time until an installed subscription ends; a permanent license has no series.",
        ("serial", "sku"),
    ),
    Family("leaselab_license_keys_refused_total", "counter", "License keys that were not installed."),
    Family("leaselab_out_of_compliance", "gauge", "Whether a member license is missing (1)."),
    Family("leaselab_emergency_mode", "gauge", "Emergency mode; 1 at its state.", ("state",)),
    Family("leaselab_emergency_seconds_left", "gauge", "What is left of the eight weeks of emergency mode."),
    # leases held
    Family("leaselab_leases_held", "gauge", "Units leased from a license server, of all kinds.", ("feature",)),
    Family("leaselab_leases_held_reserved", "gauge", "Units of reserved leases held.", ("feature",)),
    Family("leaselab_leases_held_incremental", "gauge", "Units of incremental leases held.", ("feature",)),
    Family("leaselab_leases_held_auto", "gauge", "Units auto-leased while out of contact.", ("feature",)),
    Family(
        "leaselab_lease_seconds_to_end",
        "gauge",
        "Lab time until the next lease of a kind ends.",
        ("feature", "lease"),
    ),
    Family("leaselab_lease_expiries_total", "counter", "Times that leases held ran out."),
    Family("leaselab_server_contact", "gauge", "Contact with the license server; 1 at its state.", ("state",)),
    Family("leaselab_server_contacts_lost_total", "counter", "Contacts with the license server that failed."),
    # auto-leasing
    Family("leaselab_auto_lease_enabled", "gauge", "Whether auto-leasing is on (1) or off (0).", ("feature",)),
    Family("leaselab_auto_lease_grants_total", "counter", "Increments that the device granted itself."),
    Family("leaselab_auto_lease_penalties_total", "counter", "Auto-lease penalties begun."),
    Family(
        "leaselab_auto_lease_penalty_seconds_left",
        "gauge",
        "Lab time until the auto-lease penalty ends; 0 without one.",
    ),
    # license server
    Family("leaselab_server_available", "gauge", "Units a server can still promise.", ("feature",)),
    Family("leaselab_server_leased", "gauge", "Units that clients hold.", ("feature",)),
    Family("leaselab_server_promised", "gauge", "Units promised: reserved counts and live increments.", ("feature",)),
    Family("leaselab_server_average_available", "gauge", "Available, averaged over 24 hours.", ("feature",)),
    Family("leaselab_server_clients", "gauge", "Client records on a server."),
    Family("leaselab_client_leased", "gauge", "Units that a client holds.", ("client", "feature")),
    Family("leaselab_client_reserved", "gauge", "Units reserved for a client.", ("client", "feature")),
    Family("leaselab_client_maximum", "gauge", "Units a client may hold.", ("client", "feature")),
    Family("leaselab_lease_grants_total", "counter", "Leases and increments granted to clients."),
    Family("leaselab_lease_renewals_total", "counter", "Renewals answered."),
    Family("leaselab_lease_reclaims_total", "counter", "Leases reclaimed from clients that did not renew."),
    Family("leaselab_lease_denials_total", "counter", "Requests of clients denied, by reason.", ("reason",)),
    # the vendor's cloud
    Family(
        "leaselab_cloud_standing",
        "gauge",
        "A Virtual License Server's standing with the cloud; 1 at its state.",
        ("state",),
    ),
    Family("leaselab_cloud_heartbeats_total", "counter", "Heartbeats due to the cloud licensing service."),
    Family("leaselab_cloud_heartbeats_failed_total", "counter", "Heartbeats that got no answer."),
    Family(
        "leaselab_cloud_grace_seconds_left", "gauge", "Lab time until licensing stops without an answered heartbeat."
    ),
)
"""By name, in the order of the page; ``node`` and ``kind`` are on all of them."""
