"""Whatever happens to the host of a lab or to its engine, nothing is left of it, and what is another's is untouched."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.crashes import exit_code_of_one_that_dies
from tests.docker.conftest import OwnEngine

from leaselab.testbed import Lab, processes
from leaselab.testbed.containers.engine import LAB, Engine
from leaselab.testbed.containers.images import current_image
from leaselab.testbed.errors import EngineError, LeaselabError, NodeFailedError
from leaselab.testbed.labs import LabFolder, take_slot
from leaselab.testbed.testing.topologies import gateways

pytestmark = pytest.mark.needs("docker")

SDK_LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The Docker SDK does not close a socket that it could not connect; here the engine is away for a while."""

TOPOLOGY = gateways("crash")


@contextmanager
def connected() -> Iterator[Engine]:
    engine = Engine.connect()
    try:
        yield engine
    finally:
        engine.close()


def left(folder: Path) -> list[str]:
    """Return what the engine has with a lab's label."""
    chosen = {"label": f"{LAB}={folder}"}
    with connected() as engine:
        return [
            each["Id"]
            for each in (*engine.api.containers(all=True, filters=chosen), *engine.api.networks(filters=chosen))
        ]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("step", range(1, 6))  # engine, network, container; then the two that are gone again
def test_killed_at_a_step_of_its_journal_a_lab_goes_down_whole(step: int) -> None:
    folder = LabFolder("crash")
    assert exit_code_of_one_that_dies(step, TOPOLOGY, runtime="docker", goes_down=True) == -9

    Lab.attach("crash").down()

    assert left(folder.path) == []
    assert not folder.exists()


def test_a_host_that_is_killed_takes_its_nodes_along_and_up_goes_on_where_it_was() -> None:
    lab = Lab.up(TOPOLOGY, runtime="docker", background=True)
    lab.clock.advance(hours=7)
    before = lab["gw1"].report()
    host = processes.identify(lab.status().pid)
    assert host is not None
    processes.end(host, grace=0)

    again = Lab.up(TOPOLOGY, runtime="docker", background=True)

    assert {step.action for step in again.outcome.steps} == {"keep"}
    assert again["gw1"].report() == before
    again.down()
    assert left(Path(lab.folder)) == []


def test_a_name_that_is_anothers_is_said_and_the_other_stays() -> None:
    slot = take_slot("name-taken")
    name = f"leaselab-name-taken-{slot.number}-gw1"
    slot.close()
    with connected() as engine:
        other = engine.api.create_container(current_image(engine), name=name)["Id"]
        try:
            with pytest.raises(NodeFailedError, match=rf"gw1: .*{name}.* already in use"):
                Lab.up(TOPOLOGY, name="name-taken", runtime="docker")
            assert engine.api.inspect_container(name)["Id"] == other
        finally:
            engine.api.remove_container(other)
    assert left(LabFolder("name-taken").path) == []


def test_a_network_that_is_there_already_is_said_and_the_other_stays() -> None:
    from docker.types import IPAMConfig, IPAMPool

    slot = take_slot("network-taken")
    slot.close()
    pool = IPAMPool(subnet=f"10.{slot.number}.7.0/24")
    with connected() as engine:
        other = engine.api.create_network("lltest-other", ipam=IPAMConfig(pool_configs=[pool]))["Id"]
        try:
            with pytest.raises(
                LeaselabError, match=rf"10\.{slot.number}\.0\.0/18 is in .* of the network lltest-other"
            ):
                Lab.up(TOPOLOGY, name="network-taken", runtime="docker")
            assert engine.api.inspect_network(other)["Id"] == other
        finally:
            engine.api.remove_network(other)
    assert left(LabFolder("network-taken").path) == []


@pytest.mark.needs("unshare", "setpriv")
@SDK_LEAVES_SOCKETS
def test_what_could_not_be_removed_while_the_engine_was_away_is_removed_once_it_is_back(own_engine: OwnEngine) -> None:
    lab = Lab.up(TOPOLOGY, runtime="docker")

    own_engine.stop()
    until(lambda: lab["gw1"].phase == "off")
    with pytest.raises(EngineError, match="no container engine answers"):
        lab.down()
    assert LabFolder("crash").exists(), "its journal is needed to remove what is left"
    own_engine.start()
    assert left(Path(lab.folder)) != []

    Lab.attach("crash").down()

    assert left(Path(lab.folder)) == []


@pytest.mark.needs("unshare", "setpriv")
@SDK_LEAVES_SOCKETS
def test_after_the_engine_has_restarted_a_node_starts_again_where_it_was(own_engine: OwnEngine) -> None:
    with Lab.up(TOPOLOGY, runtime="docker") as lab:
        before = lab["gw1"].report()
        own_engine.stop()
        until(lambda: lab["gw1"].phase == "off")
        own_engine.start()

        lab["gw1"].start()

        assert lab["gw1"].report() == before
    assert left(Path(lab.folder)) == []
