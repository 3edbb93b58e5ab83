"""A real Prometheus scrapes a real lab: every alert fires, every panel has its series, ten days show as ten days."""

import contextlib
import json
import math
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from leaselab.appliance.instants import DAY, HOUR, SECOND
from leaselab.monitoring.dashboards import DASHBOARDS, Board
from leaselab.monitoring.dashboards.board import FAULTS, Panel
from leaselab.monitoring.rules import ALERTS, RECORDINGS
from leaselab.testbed.errors import CallError
from leaselab.testbed.lab import Lab
from leaselab.testbed.prometheus.backfill import history_texts
from leaselab.testbed.prometheus.monitor import Monitor

pytestmark = [pytest.mark.needs("prometheus", "promtool"), pytest.mark.timeout(400)]

WITHIN_SECONDS = 90

# Two gateways that can ask for more than their server has, a Virtual License Server, and a license about to end.
TOPOLOGY = """\
name: watched
release: 8.3R1
clock: {start: 2018-01-01}
cloud:
  auth-codes:
    Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-100U-1YR]}
defaults:
  boot: {accept-license: true, admin: {name: admin, password: admin123}}
nodes:
  vls1:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server: {}
  server:
    kind: psa7000c
    licenses: [CONSEC-ADD-100U]
    license-server:
      clients:
        GW{n}:
          count: 2
          node: gw{n}
          password: secret{n}
          features: {concurrent-users: {reserved: 10, increment: 10, maximum: 60}}
  gw{n}:
    count: 2
    kind: psa3000
    license-client: {server: server, id: "GW{n}"}
    users: 5
  old:
    kind: psa3000
    licenses: [{sku: CONSEC-100U-1YR, starts: 2017-01-10}]
"""

PRESENT = """\
name: present
clock: {mode: real}
nodes:
  gw1: {kind: psa3000, boot: {accept-license: true, admin: {name: admin, password: admin123}}}
"""


class Watched:
    """The lab, its Prometheus, and what one may ask them."""

    def __init__(self, lab: Lab, monitor: Monitor, url: str) -> None:
        self.lab = lab
        self.monitor = monitor
        self.url = url

    def get(self, path: str, **arguments: str) -> Any:
        query = urllib.parse.urlencode(arguments)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
            return json.load(answer)["data"]

    def ask(self, query: str) -> list[dict[str, Any]]:
        series: list[dict[str, Any]] = self.get("query", query=query)["result"]
        return series

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + WITHIN_SECONDS
        while not holds():
            assert time.monotonic() < end, f"not within {WITHIN_SECONDS} s: {what}"
            time.sleep(0.3)

    def fired(self) -> set[str]:
        """Return every alert that has fired so far."""
        series = self.ask('count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1h]))')
        return {one["metric"]["alertname"] for one in series}

    def until_fired(self, *names: str) -> None:
        alerts = {f"Leaselab{name}" for name in names}
        self.until(f"{sorted(alerts)} fire", lambda: alerts <= self.fired())


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    file = folder / "watched.yml"
    file.write_text(TOPOLOGY)
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("LEASELAB_HOME", str(folder / "home"))
        lab = stack.enter_context(Lab.up(file, timeout=120))
        monitor = Monitor()
        stack.callback(monitor.down)
        state = monitor.up(port=0, interval_seconds=0.5)
        yield Watched(lab, monitor, state.url)
    assert not (folder / "home" / "monitor").exists()


def live(watched: Watched) -> None:
    """Let the lab go through all that there is an alert for."""
    lab = watched.lab
    watched.until_fired("OutOfCompliance", "LicenseEnding")
    lab.line.call("kill", node="server")
    lab.line.call("stop", node="cloud")
    lab.clock.advance(hours=9)
    watched.until_fired("NodeDown", "ContactLost", "CloudGrace")
    for gateway in ("gw1", "gw2"):  # both help themselves to more than the server can give to both (AUT-09)
        assert lab[gateway].users.set(60).signed_in == 60
    lab.line.call("start", node="server")
    lab.clock.advance(hours=7)
    watched.until_fired("AutoLeasePenalty")
    assert lab["gw1"].users.set(75).refused
    watched.until_fired("LeaseDenied", "SignInsRefused")
    lab.line.call("kill", node="server")
    lab.clock.advance(days=9, hours=20)
    watched.until_fired("LeaseEnding")
    lab.clock.advance(days=16)
    watched.until_fired("CloudStopped")
    for node in ("cloud", "server"):
        lab.line.call("start", node=node)
    lab.clock.advance(hours=7)


def test_every_alert_fires_in_a_lab_that_gives_it_reason(watched: Watched) -> None:
    live(watched)

    assert {alert.name for alert in ALERTS} <= watched.fired()
    assert watched.ask(f'ALERTS{{lab!="{watched.lab.name}"}}') == []


def filled(query: str, lab: str, nodes: str = "") -> str:
    return query.replace("$lab", lab).replace("$node", nodes)


def chosen(watched: Watched, board: Board) -> str:
    """Return what Grafana puts for the nodes of a board while all are chosen."""
    return "|".join(
        name
        for variable in board.variables
        if variable.name == "node"
        for name in watched.get("label/node/values", **{"match[]": filled(variable.metric, watched.lab.name)})
    )


def faults_of(panel: Panel, query: str, legend: str, series: list[dict[str, Any]]) -> Iterator[str]:
    """Say what is wrong with the answer to a panel's query."""
    if not series and not panel.quiet:
        yield f"{panel.title}: nothing for {query}"
    for one in series:
        missing = [label for label in re.findall(r"\{\{(\w+)\}\}", legend) if label not in one["metric"]]
        if missing:
            yield f"{panel.title}: {one['metric']} has no {missing}"
        value = float(one["value"][1])
        if not math.isfinite(value):
            yield f"{panel.title}: {value} for {query}"
        elif panel.states and value not in range(len(panel.states)):
            yield f"{panel.title}: {value} is none of {panel.states}"


def test_every_panel_gets_finite_series_with_the_labels_of_its_legend(watched: Watched) -> None:
    lab = watched.lab
    lab["gw1"].users.set(20)
    watched.until("all targets are scraped", lambda: len(watched.ask("up == 1")) == len(lab) + 1)
    time.sleep(2)  # two samples of each series, so that there are rates

    found = [
        fault
        for board in DASHBOARDS
        for nodes in [chosen(watched, board)]
        for panel in board.panels
        for query in panel.queries
        for fault in faults_of(panel, query.expr, query.legend, watched.ask(filled(query.expr, lab.name, nodes)))
    ]

    assert found == []
    assert [name for name in RECORDINGS if not watched.ask(name)] == []


def test_a_fault_is_drawn_over_every_panel_while_it_is_in_force(watched: Watched) -> None:
    query = filled(FAULTS.expr, watched.lab.name)
    assert watched.ask(query) == []

    fault = watched.lab.faults.inject("cut", between=("gw1", "server"))
    watched.until("the cut is scraped", lambda: watched.ask(query) != [])
    (series,) = watched.ask(query)
    watched.lab.faults.clear(fault.n)

    assert (series["metric"]["fault"], series["value"][1]) == ("cut", "1")
    watched.until("it is seen to be over", lambda: watched.ask(query) == [])


def test_every_variable_has_the_choices_that_it_names(watched: Watched) -> None:
    for board in DASHBOARDS:
        for variable in board.variables:
            match = filled(variable.metric, watched.lab.name)
            watched.until(
                f"{board.uid} has choices of {variable.name}",
                partial(watched.get, f"label/{variable.label}/values", **{"match[]": match}),
            )


def test_ten_days_that_were_advanced_show_as_ten_days(watched: Watched) -> None:
    lab = watched.lab
    begin = lab.clock.now
    lab.clock.advance(days=10)

    written = watched.monitor.backfill(history_texts(lab))
    state = watched.monitor.state()

    assert written
    assert state is not None
    watched.url = state.url
    answer = watched.get(
        "query_range",
        query=f'leaselab_users_maximum{{job="leaselab-history",lab="{lab.name}",node="gw1"}}',
        start=str(begin / SECOND),
        end=str(lab.clock.now / SECOND),
        step=str(DAY / SECOND),
    )
    (series,) = answer["result"]
    assert len(series["values"]) == 11


def test_a_lab_that_lives_in_the_present_has_no_history_for_prometheus(tmp_path: Path, watched: Watched) -> None:
    file = tmp_path / "present.yml"
    file.write_text(PRESENT)
    with Lab.up(file, timeout=120) as lab, pytest.raises(CallError, match="takes history up to"):
        list(history_texts(lab))


def test_a_step_that_is_longer_than_prometheus_looks_back_is_refused(watched: Watched) -> None:
    with pytest.raises(CallError, match="a step of 2h is none"):
        list(history_texts(watched.lab, step=2 * HOUR))
