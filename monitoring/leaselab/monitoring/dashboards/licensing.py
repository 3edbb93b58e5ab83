"""The boards of licensing: a server, a gateway, a cluster, auto-leasing."""

from leaselab.monitoring.dashboards.board import AMBER, RED, Board, Panel, Query, Variable

LAB = Variable("lab", "leaselab_lab_info", "lab")
SERVER = Variable("node", 'leaselab_server_clients{lab=~"$lab"}', "node")
GATEWAY = Variable("node", 'leaselab_device_info{lab=~"$lab",role="gateway"}', "node")
ONE = 'lab=~"$lab",node=~"$node"'
DAY_SECONDS = 86_400


def license_server() -> Board:
    """What a license server has, has promised, and to whom."""
    return Board(
        uid="leaselab-server",
        title="Leaselab: license server",
        text="What a server has, what it has promised and leased, to whom, and what it denied.",
        variables=(LAB, SERVER),
        panels=(
            Panel("Installed", (Query(f"sum(leaselab_licenses_installed{{{ONE}}})"),), "stat", width=6, height=4),
            Panel(
                "Leased of installed",
                (
                    Query(
                        f"sum(leaselab_server_leased{{{ONE}}}) / (sum(leaselab_licenses_installed{{{ONE}}}) > 0)",
                    ),
                ),
                "stat",
                unit="percentunit",
                width=6,
                height=4,
                thresholds=((0.8, AMBER), (1.0, RED)),
            ),
            Panel("Clients", (Query(f"sum(leaselab_server_clients{{{ONE}}})"),), "stat", width=6, height=4),
            Panel(
                "Cloud grace left",
                (Query(f"leaselab_cloud_grace_seconds_left{{{ONE}}}", "{{node}}"),),
                "stat",
                unit="s",
                width=6,
                height=4,
                text="Of a Virtual License Server, in lab time (VLS-07).",
                quiet=True,
            ),
            Panel(
                "Counts",
                (
                    Query(
                        f"sum by (node, feature) (leaselab_licenses_installed{{{ONE}}}) > 0", "installed {{feature}}"
                    ),
                    Query(f"sum by (node, feature) (leaselab_server_promised{{{ONE}}}) > 0", "promised {{feature}}"),
                    Query(f"sum by (node, feature) (leaselab_server_leased{{{ONE}}}) > 0", "leased {{feature}}"),
                    Query(f"sum by (node, feature) (leaselab_server_available{{{ONE}}}) > 0", "available {{feature}}"),
                ),
                width=12,
            ),
            Panel(
                "Leased by client",
                (Query(f"topk(20, leaselab_client_leased{{{ONE}}})", "{{client}} {{feature}}"),),
                width=12,
                text="The twenty that hold the most.",
            ),
            Panel(
                "Grants, renewals, reclaims",
                (
                    Query(f"sum by (node) (leaselab_lease_grants_total{{{ONE}}})", "grants {{node}}"),
                    Query(f"sum by (node) (leaselab_lease_renewals_total{{{ONE}}})", "renewals {{node}}"),
                    Query(f"sum by (node) (leaselab_lease_reclaims_total{{{ONE}}})", "reclaims {{node}}"),
                ),
                width=12,
                text="Totals since first boot: while lab time jumps, a rate by wall time says little.",
            ),
            Panel(
                "Denials by reason",
                (Query(f"sum by (node, reason) (leaselab_lease_denials_total{{{ONE}}})", "{{reason}}"),),
                width=12,
            ),
            Panel(
                "Clients at their maximum",
                (
                    Query(
                        f"leaselab_client_leased{{{ONE}}} >= on (lab, node, client, feature) "
                        f"(leaselab_client_maximum{{{ONE}}} > 0)"
                    ),
                ),
                kind="table",
                width=12,
                quiet=True,
            ),
            Panel(
                "Heartbeats to the cloud",
                (
                    Query(f"leaselab_cloud_heartbeats_total{{{ONE}}}", "due {{node}}"),
                    Query(f"leaselab_cloud_heartbeats_failed_total{{{ONE}}}", "without an answer {{node}}"),
                ),
                width=12,
                quiet=True,
            ),
        ),
    )


def gateway() -> Board:
    """One gateway: users against the limit, and where the limit comes from."""
    return Board(
        uid="leaselab-gateway",
        title="Leaselab: gateway",
        text="Users against the limit, where the limit comes from, and how the license server is reached.",
        variables=(LAB, GATEWAY),
        panels=(
            Panel(
                "Users and limit",
                (
                    Query(
                        f"sum by (node, feature) (leaselab_users_signed_in{{{ONE}}}) > 0", "{{node}} users, {{feature}}"
                    ),
                    Query(
                        f'sum by (node) (leaselab_users_limit{{{ONE},feature="concurrent-users"}})', "{{node}} limit"
                    ),
                ),
                width=12,
            ),
            Panel(
                "Where the limit comes from",
                (
                    Query(f"sum by (node) (leaselab_licenses_installed{{{ONE}}})", "{{node}} installed"),
                    Query(f"sum by (node) (leaselab_leases_held_reserved{{{ONE}}})", "{{node}} reserved"),
                    Query(f"sum by (node) (leaselab_leases_held_incremental{{{ONE}}})", "{{node}} incremental"),
                    Query(f"sum by (node) (leaselab_leases_held_auto{{{ONE}}})", "{{node}} auto-leased"),
                ),
                width=12,
            ),
            Panel(
                "Leases end in",
                (
                    Query(
                        f"min by (node, lease) (leaselab_lease_seconds_to_end{{{ONE}}}) / {DAY_SECONDS}",
                        "{{node}} {{lease}}",
                    ),
                ),
                unit="d",
                width=12,
                text="In lab time.",
            ),
            Panel(
                "Contact with the server",
                (Query(f"sum by (node, state) (leaselab_server_contact{{{ONE}}}) == 1", "{{node}} {{state}}"),),
                width=12,
            ),
            Panel(
                "Sign-ins refused",
                (Query(f"sum by (node, reason) (leaselab_sign_ins_refused_total{{{ONE}}})", "{{node}} {{reason}}"),),
                width=12,
            ),
            Panel(
                "Services",
                (Query(f"min by (node, service) (leaselab_service_up{{{ONE}}})", "{{node}} {{service}}"),),
                width=12,
            ),
            Panel(
                "Emergency mode left",
                (Query(f"max by (node) (leaselab_emergency_seconds_left{{{ONE}}}) / {DAY_SECONDS}", "{{node}}"),),
                unit="d",
                width=12,
                height=6,
            ),
            Panel(
                "Device",
                (Query(f"leaselab_device_info{{{ONE}}}"),),
                kind="table",
                width=12,
                height=6,
            ),
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
            Panel("Users, all nodes", (Query(f"sum(leaselab_users_signed_in{{{ONE}}})"),), "stat", width=8, height=4),
            Panel("Leased, all nodes", (Query(f"sum(leaselab_leases_held{{{ONE}}})"),), "stat", width=8, height=4),
            Panel(
                "Installed, all nodes",
                (Query(f"sum(leaselab_licenses_installed{{{ONE}}})"),),
                "stat",
                width=8,
                height=4,
            ),
            Panel("Users", (Query(f"sum by (node) (leaselab_users_signed_in{{{ONE}}})", "{{node}}"),), width=12),
            Panel(
                "Limit of concurrent users",
                (Query(f'max by (node) (leaselab_users_limit{{{ONE},feature="concurrent-users"}})', "{{node}}"),),
                width=12,
                text="Equal on all nodes of a cluster that hear of each other.",
            ),
            Panel("Leased", (Query(f"sum by (node) (leaselab_leases_held{{{ONE}}})", "{{node}}"),), width=12),
            Panel(
                "Contacts lost",
                (Query(f"sum by (node) (leaselab_server_contacts_lost_total{{{ONE}}})", "{{node}}"),),
                width=12,
            ),
        ),
    )


def auto_leasing() -> Board:
    """When a server lets clients help themselves, and how far they went."""
    return Board(
        uid="leaselab-auto-leasing",
        title="Leaselab: auto-leasing",
        text="On while the average of available is above 30 % of the unallocated maximum (AUT-02); what gateways took.",
        variables=(LAB, SERVER),
        panels=(
            Panel(
                "Auto-leasing on",
                (Query(f"max by (node, feature) (leaselab_auto_lease_enabled{{{ONE}}})", "{{node}} {{feature}}"),),
                width=12,
            ),
            Panel(
                "Average available against 30 % of the unallocated maximum",
                (
                    Query(
                        f'sum by (node) (leaselab_server_average_available{{{ONE},feature="concurrent-users"}})',
                        "{{node}} average available",
                    ),
                    Query(
                        f'0.3 * (sum by (node) (leaselab_client_maximum{{{ONE},feature="concurrent-users"}}) - '
                        f'sum by (node) (leaselab_client_leased{{{ONE},feature="concurrent-users"}}))',
                        "{{node}} threshold",
                    ),
                ),
                width=12,
                text="Concurrent users. The server judges by what no platform is tied to (AUT-01); this sums all.",
            ),
            Panel(
                "Auto-leased by gateway",
                (Query('sum by (node) (leaselab_leases_held_auto{lab=~"$lab"})', "{{node}}"),),
                width=12,
            ),
            Panel(
                "Auto-lease grants",
                (Query('sum by (node) (leaselab_auto_lease_grants_total{lab=~"$lab"})', "{{node}}"),),
                width=12,
            ),
            Panel(
                "Penalty left",
                (
                    Query(
                        f"max by (node) (leaselab_auto_lease_penalty_seconds_left{{{ONE}}}) / {DAY_SECONDS}", "{{node}}"
                    ),
                ),
                unit="d",
                width=12,
                text="In lab time (AUT-09).",
            ),
            Panel(
                "Penalties",
                (Query(f"sum by (node) (leaselab_auto_lease_penalties_total{{{ONE}}})", "{{node}}"),),
                width=12,
            ),
        ),
    )
