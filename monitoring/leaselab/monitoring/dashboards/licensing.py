"""The boards of licensing: a server, a gateway, a cluster, auto-leasing."""

from typing import Final

from leaselab.appliance.adapters.metrics.families import CONTACTS, EMERGENCY_STATES, STANDINGS
from leaselab.monitoring.dashboards.board import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    RED,
    Board,
    Panel,
    Query,
    Scope,
    Variable,
    chart,
    stat,
    table,
    timeline,
)
from leaselab.monitoring.rules import DAY_SECONDS

LAB: Final = Variable("lab", "leaselab_lab_info", "lab", multiple=False)
"""One at a time: nodes of two labs may have one name."""
SERVER: Final = Variable("node", 'leaselab_server_clients{lab=~"$lab"}', "node")
GATEWAY: Final = Variable("node", 'leaselab_device_info{lab=~"$lab",role="gateway"}', "node")
IN_LAB: Final = Scope('lab=~"$lab"')
NODES: Final = Scope('lab=~"$lab",node=~"$node"')
CONCURRENT: Final = 'feature="concurrent-users"'
NO_EMERGENCY: Final = 'state="none"'

CONTACT_COLOURS: Final = dict(zip(CONTACTS, (GREY, AMBER, GREEN, RED), strict=True))
STANDING_COLOURS: Final = dict(zip(STANDINGS, (GREEN, AMBER, RED, RED), strict=True))
EMERGENCY_COLOURS: Final = dict(zip(EMERGENCY_STATES, (GREY, GREY, AMBER, AMBER, RED), strict=True))
SERVICE_COLOURS: Final = {"halted": BLUE, "running": GREEN}
SWITCH_COLOURS: Final = {"off": GREY, "on": GREEN}


def above_zero(query: Query) -> Query:
    """Leave out what there is none of."""
    return Query(f"{query.expr} > 0", query.legend)


def in_days(query: Query) -> Query:
    """Turn seconds into days."""
    return Query(f"{query.expr} / {DAY_SECONDS}", query.legend)


def license_server() -> Board:
    """What a license server has, has promised, and to whom."""
    installed = NODES.only("leaselab_licenses_installed")
    by_feature = ("node", "feature")
    return Board(
        uid="leaselab-server",
        title="Leaselab: license server",
        text="What a server has, what it has promised and leased, to whom, and what it denied.",
        variables=(LAB, SERVER),
        panels=(
            stat("Installed", NODES.sum("leaselab_licenses_installed"), width=6),
            stat(
                "Leased of installed",
                Query(f"sum({NODES.only('leaselab_server_leased')}) / (sum({installed}) > 0)"),
                unit="percentunit",
                width=6,
                thresholds=((0.8, AMBER), (1.0, RED)),
            ),
            stat("Clients", NODES.sum("leaselab_server_clients"), width=6),
            stat(
                "Cloud grace left",
                NODES.each("leaselab_cloud_grace_seconds_left", "{{node}}"),
                unit="s",
                width=6,
                floor=RED,
                thresholds=((3 * DAY_SECONDS, AMBER), (7 * DAY_SECONDS, GREEN)),
                text="Of a Virtual License Server, in lab time (VLS-07).",
                quiet=True,
            ),
            chart(
                "Counts",
                above_zero(
                    NODES.sum("leaselab_licenses_installed", *by_feature, legend="{{node}} installed {{feature}}")
                ),
                above_zero(NODES.sum("leaselab_server_promised", *by_feature, legend="{{node}} promised {{feature}}")),
                above_zero(NODES.sum("leaselab_server_leased", *by_feature, legend="{{node}} leased {{feature}}")),
                above_zero(
                    NODES.sum("leaselab_server_available", *by_feature, legend="{{node}} available {{feature}}")
                ),
            ),
            chart(
                "Leased by client",
                Query(f"topk(20, {NODES.only('leaselab_client_leased')})", "{{client}} {{feature}}"),
                text="The twenty that hold the most.",
            ),
            chart(
                "Grants, renewals, reclaims",
                NODES.sum("leaselab_lease_grants_total", "node", legend="{{node}} grants"),
                NODES.sum("leaselab_lease_renewals_total", "node", legend="{{node}} renewals"),
                NODES.sum("leaselab_lease_reclaims_total", "node", legend="{{node}} reclaims"),
                text="Totals since first boot: while lab time jumps, a rate by wall time says little.",
            ),
            chart("Denials", above_zero(NODES.sum("leaselab_lease_denials_total", "node", "reason")), quiet=True),
            table(
                "Clients at their maximum",
                Query(
                    f"{NODES.only('leaselab_client_leased')} >= on (lab, node, client, feature) "
                    f"({NODES.only('leaselab_client_maximum')} > 0)"
                ),
                column="Leased",
                quiet=True,
            ),
            chart(
                "Heartbeats to the cloud",
                NODES.each("leaselab_cloud_heartbeats_total", "{{node}} due"),
                NODES.each("leaselab_cloud_heartbeats_failed_total", "{{node}} without an answer"),
                quiet=True,
            ),
            timeline(
                "Standing with the cloud",
                NODES.state("leaselab_cloud_standing", "state", STANDINGS),
                STANDING_COLOURS,
                text="Of a Virtual License Server: by its heartbeats (VLS-06, VLS-07).",
                quiet=True,
            ),
            _services(),
        ),
    )


def _services() -> Panel:
    """What a license server halts, and a gateway runs (GAT-03)."""
    return timeline(
        "Services",
        NODES.sum("leaselab_service_up", "node", "service", over="min"),
        SERVICE_COLOURS,
        text="A license server halts them (GAT-03).",
    )


def gateway() -> Board:
    """One gateway: users against the limit, and where the limit comes from."""
    return Board(
        uid="leaselab-gateway",
        title="Leaselab: gateway",
        text="Users against the limit, where the limit comes from, and how the license server is reached.",
        variables=(LAB, GATEWAY),
        panels=(
            chart(
                "Users and limit",
                above_zero(
                    NODES.sum("leaselab_users_signed_in", "node", "feature", legend="{{node}} users, {{feature}}")
                ),
                NODES.sum("leaselab_users_limit", "node", more=CONCURRENT, legend="{{node}} limit"),
            ),
            chart(
                "Where the limit comes from",
                above_zero(NODES.sum("leaselab_licenses_installed", "node", legend="{{node}} installed")),
                above_zero(NODES.sum("leaselab_leases_held_reserved", "node", legend="{{node}} reserved")),
                above_zero(NODES.sum("leaselab_leases_held_incremental", "node", legend="{{node}} incremental")),
                above_zero(NODES.sum("leaselab_leases_held_auto", "node", legend="{{node}} auto-leased")),
                quiet=True,
            ),
            chart(
                "Leases end in",
                in_days(NODES.sum("leaselab_lease_seconds_to_end", "node", "lease", over="min")),
                unit="d",
                text="In lab time.",
            ),
            timeline(
                "Contact with the server",
                NODES.state("leaselab_server_contact", "state", CONTACTS),
                CONTACT_COLOURS,
                text="none: the gateway is no client; never: it has not been answered yet.",
            ),
            chart(
                "Sign-ins refused",
                above_zero(NODES.sum("leaselab_sign_ins_refused_total", "node", "reason")),
                quiet=True,
            ),
            _services(),
            timeline(
                "Emergency mode",
                NODES.state("leaselab_emergency_mode", "state", EMERGENCY_STATES),
                EMERGENCY_COLOURS,
                text="none: there is no ICE license; admin, system: who switched it on (ICE-01, ICE-04).",
            ),
            chart(
                "Emergency mode left",
                in_days(NODES.sum("leaselab_emergency_seconds_left", "node", over="max")).unless(
                    f"max by (node) ({NODES.only('leaselab_emergency_mode', NO_EMERGENCY)}) == 1"
                ),
                unit="d",
                text="Of eight weeks in all, where there is an ICE license (ICE-02).",
                quiet=True,
            ),
            table("Device", NODES.each("leaselab_device_info"), width=24, height=6),
        ),
    )


def cluster() -> Board:
    """Gateways side by side: the nodes of a cluster, or any others."""
    return Board(
        uid="leaselab-cluster",
        title="Leaselab: cluster",
        text="The nodes chosen side by side: a cluster shares its licenses, and its lease leader asks for all (CLU).",
        variables=(LAB, GATEWAY),
        panels=(
            stat("Users, all nodes", NODES.sum("leaselab_users_signed_in"), width=8),
            stat("Leased, all nodes", NODES.sum("leaselab_leases_held"), width=8),
            stat("Installed, all nodes", NODES.sum("leaselab_licenses_installed"), width=8),
            chart("Users", NODES.sum("leaselab_users_signed_in", "node")),
            chart(
                "Limit of concurrent users",
                NODES.sum("leaselab_users_limit", "node", more=CONCURRENT, over="max"),
                text="Equal on all nodes of a cluster that hear of each other.",
            ),
            chart("Leased", NODES.sum("leaselab_leases_held", "node")),
            chart("Contacts lost", NODES.sum("leaselab_server_contacts_lost_total", "node")),
        ),
    )


def auto_leasing() -> Board:
    """When a server lets clients help themselves, and how far they went."""
    maximum = NODES.sum("leaselab_client_maximum", "node", more=CONCURRENT).expr
    leased = NODES.sum("leaselab_client_leased", "node", more=CONCURRENT).expr
    return Board(
        uid="leaselab-auto-leasing",
        title="Leaselab: auto-leasing",
        text="On while the average of available is above 30 % of the unallocated maximum (AUT-02); what gateways took.",
        variables=(LAB, SERVER),
        panels=(
            timeline(
                "Auto-leasing",
                NODES.sum("leaselab_auto_lease_enabled", "node", "feature", over="max"),
                SWITCH_COLOURS,
                text="As the server tells its clients in each reply (AUT-04).",
            ),
            chart(
                "Average available against 30 % of the unallocated maximum",
                NODES.sum(
                    "leaselab_server_average_available", "node", more=CONCURRENT, legend="{{node}} average available"
                ),
                Query(f"0.3 * ({maximum} - {leased})", "{{node}} threshold"),
                text="Concurrent users. The server judges by what no platform is tied to (AUT-01); this sums all.",
            ),
            chart("Auto-leased by gateway", above_zero(IN_LAB.sum("leaselab_leases_held_auto", "node")), quiet=True),
            chart("Auto-lease grants", above_zero(IN_LAB.sum("leaselab_auto_lease_grants_total", "node")), quiet=True),
            chart(
                "Penalty left",
                in_days(NODES.sum("leaselab_auto_lease_penalty_seconds_left", "node", over="max")),
                unit="d",
                text="In lab time (AUT-09).",
            ),
            chart("Penalties", NODES.sum("leaselab_auto_lease_penalties_total", "node")),
        ),
    )
