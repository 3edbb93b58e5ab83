"""Starting and ending Prometheus: what is asked for twice, what cannot be had, and that nothing is left."""

import json
import signal
import socket
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from leaselab.testbed import processes
from leaselab.testbed.cli.monitor import monitor as verb
from leaselab.testbed.errors import CallError
from leaselab.testbed.lab import Lab
from leaselab.testbed.prometheus.monitor import Monitor
from leaselab.testbed.prometheus.programs import MonitorError

pytestmark = pytest.mark.timeout(300)
WITHIN_SECONDS = 60

ONE_NODE = """\
name: alone
nodes: {gw1: {kind: psa3000, boot: {accept-license: true, admin: {name: admin, password: admin123}}}}
"""


@pytest.mark.needs("prometheus")
def test_it_is_started_once_and_leaves_nothing(monitor: Monitor) -> None:
    started = json.loads(CliRunner().invoke(verb, ["up", "--port", "0", "--format", "json"]).stdout)
    state = monitor.state()

    assert state is not None
    assert (state.url, state.prometheus.pid) == (started["url"], started["pid"])
    assert monitor.up(port=0) == state, "it runs already"
    with pytest.raises(CallError, match="a monitor runs already"):
        monitor.up(port=0, interval_seconds=1)

    assert monitor.down()
    assert not processes.lives(state.prometheus)
    assert not processes.lives(state.keeper)
    assert not monitor.folder.exists()
    assert not monitor.down(), "none is left to end"


@pytest.mark.needs("prometheus")
def test_a_prometheus_whose_keeper_was_killed_is_found_and_ended(monitor: Monitor) -> None:
    state = monitor.up(port=0)
    processes.send(state.keeper, signal.SIGKILL)
    assert processes.gone_within(state.keeper, WITHIN_SECONDS)

    assert monitor.state() is None
    monitor.down()

    assert not processes.lives(state.prometheus)


@pytest.mark.needs("prometheus")
def test_a_port_that_is_taken_is_said_and_nothing_starts(monitor: Monitor) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CallError, match=f"port {port} of 127.0.0.1 cannot be had") as raised:
            monitor.up(port=port)

    assert "--port 0" in raised.value.hint
    assert not monitor.folder.exists()


def test_a_program_that_is_missing_is_named_with_its_package(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(MonitorError, match="prometheus is not on the path") as raised:
        monitor.up(port=0)
    assert raised.value.hint.startswith("on Debian: apt-get install prometheus; or `leaselab monitor up --image prom/")
    with pytest.raises(MonitorError, match="prometheus is not on the path"):
        monitor.backfill(iter(()))
    assert not monitor.folder.exists()


def test_a_container_engine_that_may_be_another_machines_is_refused(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")

    with pytest.raises(MonitorError, match=r"192\.0\.2\.1:2375 may be another machine's") as raised:
        monitor.up(port=0, image="prom/prometheus")
    assert "DOCKER_HOST" in raised.value.hint
    assert not monitor.folder.exists()


def test_a_prometheus_that_will_not_start_is_quoted(
    monitor: Monitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("prometheus", "promtool"):
        fake = tmp_path / name
        fake.write_text("#!/bin/sh\necho 'storage is locked' >&2\nexit 1\n")
        fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(MonitorError, match="does not start: storage is locked"):
        monitor.up(port=0)


@pytest.mark.needs("prometheus")
def test_labs_come_and_go_among_the_targets(monitor: Monitor, tmp_path: Path) -> None:
    state = monitor.up(port=0, interval_seconds=0.5)
    file = tmp_path / "alone.yml"
    file.write_text(ONE_NODE)

    with Lab.up(file, timeout=120):
        assert await_targets(state.url, 2) == {("alone", "gw1"), ("alone", "")}
    assert await_targets(state.url, 0) == set()


def await_targets(url: str, count: int) -> set[tuple[str, str]]:
    """Return what Prometheus scrapes, by lab and node, once it is so many; or what it is at the end of our patience."""
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        with urllib.request.urlopen(f"{url}/api/v1/targets?state=active", timeout=30) as answer:
            targets = [one["labels"] for one in json.load(answer)["data"]["activeTargets"]]
        if len(targets) == count or time.monotonic() > end:
            return {(one["lab"], one.get("node", "")) for one in targets}
        time.sleep(0.2)
