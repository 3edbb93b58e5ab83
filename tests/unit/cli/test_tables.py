"""What tables and JSON say of a lab: real reports of a fleet without sockets."""

import json

import msgspec
import pytest

from leaselab.appliance.instants import NEVER, parse_instant
from leaselab.appliance.licensing.views import Report
from leaselab.testbed import shapes
from leaselab.testbed.cli import tables
from leaselab.testbed.cli.status import headline
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.views import Advanced, ClockStatus, LabEvent, LabStatus, NodeLogLine, NodeStatus

START = parse_instant("2018-01-01T00:00:00Z")


def node_status(name: str, kind: str, *, phase: str = "ready", prompt: str = "") -> NodeStatus:
    return NodeStatus(
        name=name,
        kind=kind,
        phase=phase,
        prompt=prompt,
        provisioned=phase == "ready",
        waits_for="",
        failure="",
        addresses={"internal": "127.7.0.1"},
        ports={"ssh": 22, "https": 443, "metrics": 9100},
        admin_url="https://127.7.0.1/admin",
        metrics_url="http://127.7.0.1:9100/metrics",
    )


STATUS = LabStatus(
    name="quickstart",
    runtime="embedded",
    topology="quickstart.yml",
    state="up",
    clock=ClockStatus(now=START, mode="virtual", rate=0.0, next_due=NEVER),
    nodes=(
        node_status("cloud", "cloud"),
        node_status("server", "psa5000"),
        node_status("gw1", "psa3000"),
        node_status("gw2", "psa3000", phase="wizard", prompt="IP address:"),
    ),
    pid=7,
    folder="/labs/quickstart",
)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """A server with a thousand counts and a gateway that leased 50 of them for the ten users it has."""
    fleet = Fleet(cloud="")
    fleet.license_server("server", kind="psa5000", licenses=["LICENSE-SVR", "CONSEC-1000U-1YR"])
    fleet.client("gw1", reserved=50, increment=25, maximum=200)
    fleet.advance(seconds=1)
    fleet.sign_in("gw1", 10)
    return {name: fleet.report(name) for name in ("server", "gw1")}


def test_the_table_of_nodes_has_users_for_gateways_and_a_console_for_appliances(reports: dict[str, Report]) -> None:
    cloud, server, gateway, waiting = tables.node_rows(STATUS, reports)

    assert cloud[:8] == ("cloud", "cloud", "ready", None, None, None, "https://127.7.0.1/admin", None)
    assert server[3:6] == (None, None, None)
    assert gateway[:6] == ("gw1", "psa3000", "ready", 10, 50, 50)
    assert gateway[7] == "127.7.0.1:22"
    assert waiting[2] == "wizard: IP address:"


def test_counts_are_those_that_a_node_has_by_its_role(reports: dict[str, Report]) -> None:
    rows = {(row[0], row[1]): row[2:] for row in tables.count_rows(reports)}

    assert rows["server", "concurrent-users"][:4] == (None, None, 1000, None)
    assert rows["server", "concurrent-users"][4:6] == (50, 950)
    assert rows["gw1", "concurrent-users"][:6] == (10, 50, 0, 50, None, None)


def test_a_lease_is_listed_where_it_was_given_and_where_it_is_held(reports: dict[str, Report]) -> None:
    rows = tables.lease_rows(reports)

    assert [row[:5] for row in rows] == [
        ("server", "gw1", "concurrent-users", "reserved", 50),
        ("gw1", "gw1", "concurrent-users", "reserved", 50),
    ]
    assert rows[0][6] == "2018-01-11T00:00:00Z"


def test_licenses_are_listed_with_sku_and_term(reports: dict[str, Report]) -> None:
    server, users = tables.license_rows(reports)

    assert server[2:] == ("LICENSE-SVR", "", None, "active", "2018-01-01T00:00:00Z", None)
    assert users[2:6] == ("CONSEC-1000U-1YR", "concurrent-users", 1000, "active")


def test_every_row_has_a_cell_for_every_column(reports: dict[str, Report]) -> None:
    for columns, rows in [
        (tables.NODE_COLUMNS, tables.node_rows(STATUS, reports)),
        (tables.COUNT_COLUMNS, tables.count_rows(reports)),
        (tables.LEASE_COLUMNS, tables.lease_rows(reports)),
        (tables.LICENSE_COLUMNS, tables.license_rows(reports)),
    ]:
        assert {len(row) for row in rows} == {len(columns)}


def plain(shape: object) -> object:
    """Return what a program reads."""
    return json.loads(msgspec.json.encode(shape))


def test_a_lab_as_json(reports: dict[str, Report]) -> None:
    shape = shapes.lab(STATUS, reports)

    assert list(shape) == ["name", "runtime", "topology", "state", "pid", "folder", "metrics_url", "clock", "nodes"]
    assert plain(shape["clock"]) == {"now": "2018-01-01T00:00:00Z", "mode": "virtual", "rate": 0.0, "next_due": None}
    cloud, _, gateway, _ = shape["nodes"]
    assert cloud["role"] == ""
    assert cloud["features"] == {}
    assert gateway["role"] == "gateway"
    assert gateway["features"]["concurrent-users"]["signed_in"] == 10
    assert gateway["addresses"] == {"internal": "127.7.0.1"}


def test_leases_as_json_have_instants_as_text(reports: dict[str, Report]) -> None:
    shape = shapes.leases(reports)

    assert plain(shape["leases"][1]) == {
        "node": "gw1",
        "client": "gw1",
        "feature": "concurrent-users",
        "kind": "reserved",
        "units": 50,
        "acquired_at": "2018-01-01T00:00:00Z",
        "ends_at": "2018-01-11T00:00:00Z",
    }
    counted = {(each["node"], each["feature"]): each for each in shape["features"]}
    assert counted["server", "concurrent-users"]["available"] == 950


def test_licenses_as_json_have_null_for_an_end_that_never_comes(reports: dict[str, Report]) -> None:
    server, users = shapes.licenses(reports)["licenses"]

    assert server["ends_at"] is None
    assert users["ends_at"].startswith("2019-01-01")


def test_an_event_and_a_log_line_as_json() -> None:
    event = LabEvent(n=3, at=START, wall="2026-01-01T00:00:00Z", kind="up", node="gw1", fields={"seconds": 2})
    line = NodeLogLine(node="gw1", n=9, at=START, severity=8, code="LIC30514", text="Major LIC30514 …")

    assert plain(shapes.event(event)) == {
        "n": 3,
        "at": "2018-01-01T00:00:00Z",
        "wall": "2026-01-01T00:00:00Z",
        "kind": "up",
        "node": "gw1",
        "fields": {"seconds": 2},
    }
    assert list(shapes.log_line(line)) == ["node", "n", "at", "severity", "code", "text"]


def test_an_advance_as_json() -> None:
    advanced = Advanced(start=START, to=START + 1000, now=START + 1000, grants=4, state="ready")

    assert list(shapes.advance(advanced)) == ["start", "to", "now", "grants", "state"]


def test_the_headline_says_how_late_it_is_and_whether_the_clock_runs() -> None:
    running = msgspec.structs.replace(STATUS, clock=ClockStatus(now=START, mode="virtual", rate=60, next_due=NEVER))

    assert headline(STATUS) == "quickstart: up, embedded, 2018-01-01T00:00:00Z, the clock stands"
    assert headline(running).endswith("the clock runs at 60")
