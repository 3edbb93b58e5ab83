"""The boards of everything at once: the fleet of all labs, and the testbed itself."""

from typing import Final

from leaselab.appliance.adapters.metrics.families import PHASES
from leaselab.monitoring.dashboards.board import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    RED,
    Board,
    Query,
    Scope,
    Variable,
    chart,
    stat,
    table,
    timeline,
)
from leaselab.monitoring.rules import DAY_SECONDS, HOUR_SECONDS, LEASE_ENDING_SECONDS, LICENSE_ENDING_SECONDS

LAB: Final = Variable("lab", "leaselab_lab_info", "lab")
LABS: Final = Scope('lab=~"$lab"')
GATEWAYS: Final = 'role="gateway"'
JOB: Final = 'job="leaselab"'
PHASE_COLOURS: Final[dict[str, str]] = dict(zip(PHASES, (GREY, BLUE, AMBER, GREEN, RED), strict=True))
SCRAPE_COLOURS: Final = {"failed": RED, "fine": GREEN}
MOST_LINES: Final = 20
"""Of a chart of nodes: a thousand lines show nothing."""


def most(query: Query) -> Query:
    """Leave the highest series only."""
    return Query(f"topk({MOST_LINES}, {query.expr})", query.legend)


def per(rate: str, metric: str, window: str = "[1m]", *, legend: str = "{{lab}}") -> Query:
    """Query a metric's change over a window."""
    return Query(f"{rate}({LABS.only(metric)}{window})", legend)


def fleet() -> Board:
    """All nodes of the labs chosen."""
    return Board(
        uid="leaselab-fleet",
        title="Leaselab: fleet",
        text="Every node of the labs chosen: what is up, who is signed in, what is leased, what is about to end.",
        variables=(LAB,),
        panels=(
            stat("Nodes up", LABS.sum("leaselab_lab_node_up"), width=4),
            stat(
                "Nodes down",
                Query(f"sum(1 - {LABS.only('leaselab_lab_node_up')})"),
                width=4,
                thresholds=((1, RED),),
            ),
            stat("Users signed in", LABS.sum("leaselab_users_signed_in"), width=4),
            stat(
                "Units leased",
                LABS.sum("leaselab_leases_held"),
                width=4,
                text="By gateways; what a server has leased is the other side of the same units.",
            ),
            stat("Denials", LABS.sum("leaselab_lease_denials_total"), width=4, thresholds=((1, AMBER),)),
            stat("Out of compliance", LABS.sum("leaselab_out_of_compliance"), width=4, thresholds=((1, RED),)),
            chart(
                "Users signed in by node",
                most(LABS.sum("leaselab_users_signed_in", "lab", "node")),
                text="The twenty nodes with the most.",
            ),
            chart(
                "Units leased by node",
                most(LABS.sum("leaselab_leases_held", "lab", "node")),
                text="The twenty nodes with the most.",
            ),
            stat(
                "Lab time",
                Query(f"{LABS.only('leaselab_lab_virtual_time_seconds')} * 1000", "{{lab}}"),
                unit="dateTimeAsIso",
                width=8,
                height=8,
            ),
            table(
                "Leases that end next",
                Query(
                    f"sort(min by (lab, node, lease) ({LABS.only('leaselab_lease_seconds_to_end')} "
                    f"and on (lab, node) {LABS.only('leaselab_device_info', GATEWAYS)}))"
                ),
                unit="s",
                width=8,
                column="Ends in",
                floor=RED,
                thresholds=((LEASE_ENDING_SECONDS, AMBER), (12 * HOUR_SECONDS, GREEN)),
                text="Held by gateways, in lab time. A lease in good order is renewed long before it ends.",
            ),
            table(
                "Licenses that end next",
                Query(f"sort(min by (lab, node, sku) ({LABS.only('leaselab_license_seconds_to_end')}))"),
                unit="s",
                width=8,
                column="Ends in",
                floor=RED,
                thresholds=((LICENSE_ENDING_SECONDS, AMBER), (90 * DAY_SECONDS, GREEN)),
                text="Installed subscriptions, in lab time.",
            ),
            chart(
                "Lines of event logs",
                Query(
                    f"sum by (severity) (increase({LABS.only('leaselab_log_lines_total')}[1m]))",
                    "{{severity}}",
                ),
            ),
            table("Alerts", Query(LABS.only("ALERTS", 'alertstate="firing"')), quiet=True),
            timeline(
                "Nodes",
                LABS.state("leaselab_boot_phase", "phase", PHASES),
                PHASE_COLOURS,
                width=24,
                text="How far each has booted; a gap is a node that could not be scraped.",
            ),
        ),
    )


def testbed() -> Board:
    """What the testbed does and costs."""
    durations = LABS.only("leaselab_protocol_request_duration_seconds_bucket")
    return Board(
        uid="leaselab-testbed",
        title="Leaselab: testbed",
        text="The labs themselves: clock, grants, faults, events, and what their hosts cost this machine.",
        variables=(LAB,),
        panels=(
            stat(
                "Clock rate",
                LABS.each("leaselab_lab_clock_rate", "{{lab}}"),
                width=6,
                height=5,
                text="Seconds of lab time a second; 0 while the clock stands.",
            ),
            stat(
                "Something is due in",
                LABS.each("leaselab_lab_next_due_seconds", "{{lab}}"),
                unit="s",
                width=6,
                height=5,
            ),
            stat(
                "Memory of hosts",
                LABS.each("leaselab_lab_host_resident_memory_bytes", "{{lab}}"),
                unit="bytes",
                width=6,
                height=5,
            ),
            stat("Open files", LABS.each("leaselab_lab_host_open_files", "{{lab}}"), width=6, height=5),
            chart(
                "Lab time passed",
                per("delta", "leaselab_lab_virtual_time_seconds"),
                unit="s",
                text="Within the last minute of wall time.",
            ),
            chart("Grants", per("rate", "leaselab_lab_grants_total"), unit="ops"),
            chart("Processor time of hosts", per("rate", "leaselab_lab_host_cpu_seconds_total"), unit="percentunit"),
            chart(
                "Time to answer a request (99 of 100)",
                Query(
                    f"histogram_quantile(0.99, sum by (lab, verb, le) (rate({durations}[5m]))) >= 0",
                    "{{verb}}",
                ),
                unit="s",
                text="Wall time, of requests between nodes.",
                quiet=True,
            ),
            chart("Nodes by phase", LABS.sum("leaselab_lab_nodes", "phase")),
            chart("Events of the testbed", LABS.sum("leaselab_lab_events_total", "event")),
            chart(
                "Faults in force",
                LABS.sum("leaselab_lab_faults", "lab", "fault", "target"),
                text="Also drawn over every panel of every board.",
                quiet=True,
            ),
            timeline("Scrapes", Query(LABS.only("up", JOB), "{{lab}} {{instance}}"), SCRAPE_COLOURS),
        ),
    )
