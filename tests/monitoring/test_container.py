"""`leaselab monitor up --image`: the same Prometheus, out of a container image."""

import io
import re
import shutil
import signal
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.monitoring.test_monitor import ONE_NODE, await_targets

from leaselab.testbed import processes
from leaselab.testbed.containers.engine import LAB, Engine
from leaselab.testbed.errors import CallError, EngineError
from leaselab.testbed.lab import Lab
from leaselab.testbed.prometheus.backfill import history_texts
from leaselab.testbed.prometheus.monitor import Monitor
from leaselab.testbed.prometheus.programs import MonitorError

pytestmark = [pytest.mark.needs("docker", "prometheus", "promtool"), pytest.mark.timeout(300)]
WITHIN_SECONDS = 60


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    one = Engine.connect()
    yield one
    one.close()


@pytest.fixture(scope="module")
def image(engine: Engine) -> Iterator[str]:
    """Bring an image with Debian's programs and what they load, as no registry is within reach of a test."""
    repository, tag = "leaselab-test/prometheus", uuid.uuid4().hex
    name = f"{repository}:{tag}"
    engine.do("import the programs", lambda api: api.import_image_from_data(programs(), repository, tag))
    yield name
    engine.do("remove the programs", lambda api: api.remove_image(name))


def programs() -> bytes:
    found = [shutil.which(name) for name in ("prometheus", "promtool")]
    said = subprocess.run(["ldd", *filter(None, found)], capture_output=True, text=True, check=True).stdout
    files = {*filter(None, found), *re.findall(r"(/\S+) \(0x", said)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
        for file in sorted(files):
            tar.add(file)
    return buffer.getvalue()


def left(engine: Engine, monitor: Monitor) -> list[str]:
    """Return the monitor's containers."""
    found = engine.do("look", lambda api: api.containers(all=True, filters={"label": f"{LAB}={monitor.folder}"}))
    return [one["Names"][0] for one in found]


def test_a_container_scrapes_the_labs_takes_their_history_and_leaves_nothing(
    monitor: Monitor, image: str, engine: Engine, tmp_path: Path
) -> None:
    state = monitor.up(port=0, interval_seconds=0.5, image=image)
    file = tmp_path / "alone.yml"
    file.write_text(ONE_NODE)

    assert len(left(engine, monitor)) == 1
    assert monitor.up(port=0, interval_seconds=0.5, image=image) == state, "it runs already"
    with pytest.raises(CallError, match="a monitor runs already"):
        monitor.up(port=0, interval_seconds=0.5)
    with Lab.up(file, timeout=120) as lab:
        assert await_targets(state.url, 2) == {("alone", "gw1"), ("alone", "")}
        lab.clock.advance("3d")
        assert monitor.backfill(history_texts(lab)) > 3 * 24
        again = monitor.state()
        assert again is not None, "it was started anew, to show the history"
        assert len(left(engine, monitor)) == 1, "in a container as before"

    assert monitor.down()
    assert not processes.lives(again.prometheus)
    assert left(engine, monitor) == []
    assert not monitor.folder.exists()


def test_a_container_whose_keeper_was_killed_makes_room_for_the_next(
    monitor: Monitor, image: str, engine: Engine
) -> None:
    state = monitor.up(port=0, image=image)
    processes.send(state.keeper, signal.SIGKILL)
    assert processes.gone_within(state.keeper, WITHIN_SECONDS)

    again = monitor.up(port=0, image=image)

    assert again.prometheus != state.prometheus
    assert not processes.lives(state.prometheus)
    monitor.down()
    assert left(engine, monitor) == []


def test_a_prometheus_that_is_killed_takes_its_container_along(monitor: Monitor, image: str, engine: Engine) -> None:
    state = monitor.up(port=0, image=image)
    processes.send(state.prometheus, signal.SIGKILL)

    assert processes.gone_within(state.keeper, WITHIN_SECONDS)
    assert monitor.state() is None
    assert left(engine, monitor) == []


def test_an_image_without_the_program_is_said(monitor: Monitor, engine: Engine) -> None:
    empty = io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("nothing"))
    engine.do("import", lambda api: api.import_image_from_data(empty.getvalue(), "leaselab-test/nothing", "one"))
    try:
        with pytest.raises(MonitorError, match=r"does not start: .*prometheus.* not found"):
            monitor.up(port=0, image="leaselab-test/nothing:one")
        assert left(engine, monitor) == []
    finally:
        engine.do("remove", lambda api: api.remove_image("leaselab-test/nothing:one"))


def test_an_image_that_cannot_be_had_is_said_and_nothing_starts(monitor: Monitor) -> None:
    with pytest.raises(EngineError, match=r"cannot pull localhost:1/none:1") as raised:
        monitor.up(port=0, image="localhost:1/none:1")

    assert "registry" in raised.value.hint
    assert not monitor.folder.exists()
