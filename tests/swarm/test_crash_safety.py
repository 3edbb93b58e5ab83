"""Whatever happens to the host of a lab or to its swarm, nothing is left of it, and what is another's is untouched."""

from pathlib import Path

import pytest
from tests.crashes import exit_code_of_one_that_dies
from tests.docker.test_crash_safety import SDK_LEAVES_SOCKETS
from tests.swarm.hosts import SWARM_PARTS, Host, label, left, until

from leaselab.testbed import Lab, processes
from leaselab.testbed.cli import main
from leaselab.testbed.containers.images import current_image, tag
from leaselab.testbed.errors import LeaselabError, MachineError, NodeFailedError
from leaselab.testbed.labs import LabFolder, take_slot
from leaselab.testbed.testing.topologies import gateways

pytestmark = pytest.mark.needs("docker", *SWARM_PARTS)

TOPOLOGY = gateways("crash")
NEAR, FAR = (f"placement: {{labels: {{place: {place}}}}}" for place in ("near", "far"))


@pytest.mark.parametrize("step", range(1, 6))  # engine, network, secret, service; then the first that is gone again
def test_killed_at_a_step_of_its_journal_a_lab_goes_down_whole(step: int, hosts: tuple[Host, Host]) -> None:
    folder = LabFolder("crash")
    assert exit_code_of_one_that_dies(step, TOPOLOGY, runtime="swarm", goes_down=True) == -9

    Lab.attach("crash").down()

    assert left(hosts[0], folder.path) == []
    assert not folder.exists()


def test_a_host_that_is_killed_takes_its_nodes_along_and_up_goes_on_where_it_was(hosts: tuple[Host, Host]) -> None:
    lab = Lab.up(TOPOLOGY, runtime="swarm", background=True, timeout=200)
    lab.clock.advance(hours=7)
    before = lab["gw1"].report()
    host = processes.identify(lab.status().pid)
    assert host is not None
    processes.end(host, grace=0)

    again = Lab.up(TOPOLOGY, runtime="swarm", background=True, timeout=200)

    assert {step.action for step in again.outcome.steps} == {"keep"}
    assert again["gw1"].report() == before
    again.down()
    assert left(hosts[0], lab.folder) == []


def test_a_name_that_is_anothers_is_said_and_the_other_stays(hosts: tuple[Host, Host]) -> None:
    slot = take_slot("name-taken")
    name = f"leaselab-name-taken-{slot.number}-gw1"
    slot.close()
    with hosts[0].connected() as engine:
        idle = {"ContainerSpec": {"Image": current_image(engine), "Command": ["sleep", "60"]}}
        other = engine.api.create_service(idle, name=name, mode={"Replicated": {"Replicas": 0}})["ID"]
        try:
            with pytest.raises(NodeFailedError, match=rf"gw1: .*{name}.*already exists|name conflicts"):
                Lab.up(TOPOLOGY, name="name-taken", runtime="swarm", timeout=200)
            assert engine.api.inspect_service(name)["ID"] == other
        finally:
            engine.api.remove_service(other)
    assert left(hosts[0], LabFolder("name-taken").path) == []


def test_a_network_that_is_there_already_is_said_and_the_other_stays(hosts: tuple[Host, Host]) -> None:
    from docker.types import IPAMConfig, IPAMPool

    slot = take_slot("network-taken")
    slot.close()
    pool = IPAMPool(subnet=f"10.{slot.number}.7.0/24")
    with hosts[0].connected() as engine:
        other = engine.api.create_network("lltest-other", driver="overlay", ipam=IPAMConfig(pool_configs=[pool]))["Id"]
        try:
            with pytest.raises(LeaselabError, match=rf"10\.{slot.number}\.0\.0/18.*[Oo]verlap"):
                Lab.up(TOPOLOGY, name="network-taken", runtime="swarm", timeout=200)
            assert engine.api.inspect_network(other)["Id"] == other
        finally:
            engine.api.remove_network(other)
    assert left(hosts[0], LabFolder("network-taken").path) == []


def test_an_engine_that_manages_no_swarm_is_said(hosts: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", hosts[1].address)

    with pytest.raises(MachineError, match="swarm: the engine manages none") as failed:
        Lab.up(TOPOLOGY, runtime="swarm")

    assert "docker swarm init" in failed.value.hint


def test_an_image_that_another_machine_lacks_is_said_and_a_copy_mends_it(
    hosts: tuple[Host, Host], capsys: pytest.CaptureFixture[str]
) -> None:
    manager, worker = hosts
    label(manager, worker, place="far")
    far = gateways("crash", settings=FAR)
    with worker.connected() as engine:
        engine.api.remove_image(tag(), force=True)
    with pytest.raises(NodeFailedError, match="gw1: its task cannot run: No such image") as failed:
        Lab.up(far, runtime="swarm", timeout=200)
    assert "leaselab images copy" in failed.value.hint

    assert [main(["images", "copy", worker.address]) for _ in range(2)] == [0, 0]

    assert capsys.readouterr().out == f"{worker.address}: copied\n{worker.address}: there already\n"
    Lab.up(far, runtime="swarm", timeout=200).down()
    assert left(manager, LabFolder("crash").path) == []


@SDK_LEAVES_SOCKETS
def test_after_the_managers_engine_has_restarted_nodes_go_on_where_they_were(hosts: tuple[Host, Host]) -> None:
    manager, worker = hosts
    label(manager, manager, place="near")
    label(manager, worker, place="far")
    text = gateways("crash", settings=NEAR) + gateways("crash", "gw2", settings=FAR).partition("nodes:\n")[2]
    with Lab.up(text, runtime="swarm", timeout=200) as lab:
        before = lab["gw1"].report()
        manager.stop()
        until(lambda: lab["gw1"].phase == "off", "the end of what ran there")
        assert lab["gw2"].report().now == before.now, "a node elsewhere does not mind"
        manager.start()

        lab["gw1"].start()

        assert lab["gw1"].report() == before
        lab.clock.advance(hours=1)
    until(lambda: left(manager, lab.folder) == [], "the end of all")
    assert not Path(lab.folder).exists()
