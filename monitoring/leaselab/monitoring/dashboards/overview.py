"""The boards of everything at once: the fleet of all labs, and the testbed itself."""

from leaselab.monitoring.dashboards.board import AMBER, RED, Board, Panel, Query, Variable

LAB = Variable("lab", "leaselab_lab_info", "lab")
IN_LAB = 'lab=~"$lab"'


def fleet() -> Board:
    """All nodes of the labs chosen."""
    return Board(
        uid="leaselab-fleet",
        title="Leaselab: fleet",
        text="Every node of the labs chosen: what is up, who is signed in, what is leased, what is about to end.",
        variables=(LAB,),
        panels=(
            Panel("Nodes up", (Query(f"sum(leaselab_lab_node_up{{{IN_LAB}}})"),), kind="stat", width=4, height=4),
            Panel(
                "Nodes down",
                (Query(f"sum(1 - leaselab_lab_node_up{{{IN_LAB}}})"),),
                kind="stat",
                width=4,
                height=4,
                thresholds=((1, RED),),
            ),
            Panel("Users signed in", (Query(f"sum(leaselab_users_signed_in{{{IN_LAB}}})"),), "stat", width=4, height=4),
            Panel(
                "Units leased",
                (Query(f"sum(leaselab_leases_held{{{IN_LAB}}})"),),
                "stat",
                width=4,
                height=4,
                text="By gateways; what a server has leased is the other side of the same units.",
            ),
            Panel(
                "Denials",
                (Query(f"sum(leaselab_lease_denials_total{{{IN_LAB}}})"),),
                "stat",
                width=4,
                height=4,
                thresholds=((1, AMBER),),
            ),
            Panel(
                "Out of compliance",
                (Query(f"sum(leaselab_out_of_compliance{{{IN_LAB}}})"),),
                "stat",
                width=4,
                height=4,
                thresholds=((1, RED),),
            ),
            Panel(
                "Users signed in by node",
                (Query(f"sum by (lab, node) (leaselab_users_signed_in{{{IN_LAB}}})", "{{node}}"),),
                width=12,
            ),
            Panel(
                "Units leased by node",
                (Query(f"sum by (lab, node) (leaselab_leases_held{{{IN_LAB}}})", "{{node}}"),),
                width=12,
            ),
            Panel(
                "Lab time",
                (Query(f"leaselab_lab_virtual_time_seconds{{{IN_LAB}}} * 1000", "{{lab}}"),),
                kind="stat",
                unit="dateTimeAsIso",
                width=8,
            ),
            Panel(
                "Leases that end next",
                (Query(f"sort(min by (lab, node, lease) (leaselab_lease_seconds_to_end{{{IN_LAB}}}))"),),
                kind="table",
                unit="s",
                width=8,
                text="In lab time. A lease in good order is renewed long before it ends.",
            ),
            Panel(
                "Licenses that end next",
                (Query(f"sort(min by (lab, node, sku) (leaselab_license_seconds_to_end{{{IN_LAB}}}))"),),
                kind="table",
                unit="s",
                width=8,
                text="Installed subscriptions, in lab time.",
            ),
            Panel(
                "Lines of event logs",
                (Query(f"sum by (severity) (increase(leaselab_log_lines_total{{{IN_LAB}}}[1m]))", "{{severity}}"),),
                width=12,
            ),
            Panel(
                "Alerts",
                (Query(f'ALERTS{{{IN_LAB},alertstate="firing"}}'),),
                kind="table",
                width=12,
                quiet=True,
            ),
        ),
    )


def testbed() -> Board:
    """What the testbed does and costs."""
    rate = "[1m]"
    return Board(
        uid="leaselab-testbed",
        title="Leaselab: testbed",
        text="The labs themselves: clock, grants, events, and what their hosts cost this machine.",
        variables=(LAB,),
        panels=(
            Panel(
                "Clock rate",
                (Query(f"leaselab_lab_clock_rate{{{IN_LAB}}}", "{{lab}}"),),
                "stat",
                width=6,
                height=5,
                text="Seconds of lab time a second; 0 while the clock stands.",
            ),
            Panel(
                "Something is due in",
                (Query(f"leaselab_lab_next_due_seconds{{{IN_LAB}}}", "{{lab}}"),),
                "stat",
                unit="s",
                width=6,
                height=5,
            ),
            Panel(
                "Memory of hosts",
                (Query(f"leaselab_lab_host_resident_memory_bytes{{{IN_LAB}}}", "{{lab}}"),),
                "stat",
                unit="bytes",
                width=6,
                height=5,
            ),
            Panel(
                "Open files",
                (Query(f"leaselab_lab_host_open_files{{{IN_LAB}}}", "{{lab}}"),),
                "stat",
                width=6,
                height=5,
            ),
            Panel(
                "Lab time passed",
                (Query(f"delta(leaselab_lab_virtual_time_seconds{{{IN_LAB}}}{rate})", "{{lab}}"),),
                unit="s",
                width=12,
                text="Within the last minute of wall time.",
            ),
            Panel(
                "Grants",
                (Query(f"rate(leaselab_lab_grants_total{{{IN_LAB}}}{rate})", "{{lab}}"),),
                unit="ops",
                width=12,
            ),
            Panel(
                "Processor time of hosts",
                (Query(f"rate(leaselab_lab_host_cpu_seconds_total{{{IN_LAB}}}{rate})", "{{lab}}"),),
                unit="percentunit",
                width=12,
            ),
            Panel(
                "Time to answer a request (99 of 100)",
                (
                    Query(
                        "histogram_quantile(0.99, sum by (lab, verb, le) "
                        f"(rate(leaselab_protocol_request_duration_seconds_bucket{{{IN_LAB}}}[5m]))) >= 0",
                        "{{verb}}",
                    ),
                ),
                unit="s",
                width=12,
                text="Wall time, of requests between nodes.",
                quiet=True,
            ),
            Panel(
                "Nodes by phase", (Query(f"sum by (phase) (leaselab_lab_nodes{{{IN_LAB}}})", "{{phase}}"),), width=12
            ),
            Panel(
                "Events of the testbed",
                (Query(f"sum by (event) (leaselab_lab_events_total{{{IN_LAB}}})", "{{event}}"),),
                width=12,
            ),
            Panel(
                "Scrapes that failed",
                (Query(f'1 - up{{job="leaselab",{IN_LAB}}}', "{{lab}} {{instance}}"),),
                width=24,
                height=6,
                thresholds=((1, RED),),
            ),
        ),
    )
