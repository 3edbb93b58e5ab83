"""Killed at any step, a lab leaves nothing that `down` does not remove, and never touches what is not its own."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crashes import exit_code_of_one_that_dies

from leaselab.testbed import Lab, journal, processes
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.labs import LabFolder, all_labs
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.testing.topologies import pair

TOPOLOGY = pair("crash")
PATIENCE_SECONDS = 40.0


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is nobody's, and looks like ours."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)  # leaselab node gw1"])
    yield process
    assert process.poll() is None
    process.kill()
    process.wait()


def journalled(folder: Path) -> list[ProcessId]:
    return [entry.process for entry in journal.read(folder) if entry.process is not None]


def all_gone(identities: list[ProcessId]) -> bool:
    return all(processes.gone_within(identity, 5.0) for identity in identities)


@pytest.mark.parametrize("step", range(1, 8))
@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_killed_at_a_step_of_its_journal_a_lab_goes_down_whole(
    runtime: str, step: int, home: Path, bystander: subprocess.Popen[bytes]
) -> None:
    exit_code_of_one_that_dies(step, TOPOLOGY, runtime=runtime)
    folder = LabFolder("crash")
    made = journalled(folder.path) if folder.exists() else []

    if folder.exists():
        Lab.attach("crash").down()

    assert all_gone(made)
    assert list((home / "labs").iterdir()) == []
    assert bystander.poll() is None


@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_a_host_that_is_killed_takes_its_nodes_along_and_up_goes_on_where_it_was(runtime: str) -> None:
    lab = Lab.up(TOPOLOGY, runtime=runtime, background=True)
    lab["gw1"].users.set(30)
    lab.clock.advance(hours=7)
    before = lab["server"].report(), lab["gw1"].report()
    host = processes.identify(lab.status().pid)
    assert host is not None
    made = [*journalled(Path(lab.folder)), host]
    processes.send(host, signal.SIGKILL)
    assert all_gone(made)
    assert [info.state for info in all_labs()] == ["down"]

    again = Lab.up(TOPOLOGY, runtime=runtime, background=True)

    assert {step.action for step in again.outcome.steps} == {"keep"}
    assert (again["server"].report(), again["gw1"].report()) == before
    again.clock.advance(hours=6)
    assert again["gw1"].leased("concurrent-users") == 45
    again.down()


@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_a_node_that_is_killed_comes_back_with_all_it_had_acknowledged(runtime: str) -> None:
    with Lab.up(TOPOLOGY, runtime=runtime) as lab:
        lab["gw1"].users.set(30)
        before = {name: lab[name].report() for name in ("server", "gw1")}

        for name in before:
            lab[name].kill()
            assert lab[name].phase == "off"
            lab[name].start()

        assert {name: lab[name].report() for name in before} == before


def interrupted(file: Path, folder: LabFolder) -> bool:
    """Interrupt an `up` in the middle; tell whether its lab is gone, and not up since the interrupt came too late."""
    up = subprocess.Popen(
        [sys.executable, "-m", "leaselab.testbed.cli", "up", str(file), "--runtime", "process"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while not (folder.path / journal.JOURNAL).exists() and time.monotonic() < until:
        time.sleep(0.005)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=PATIENCE_SECONDS)
    while folder.exists() and time.monotonic() < until:
        with contextlib.suppress(LeaselabError):
            lab = Lab.attach(folder.name)
            if "up" in [event.kind for event in lab.events()]:
                lab.down()
                return False
        time.sleep(0.05)
    assert up.returncode != 0
    return True


def test_ctrl_c_in_the_middle_of_up_takes_back_what_that_call_made(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "crash.yml"
    file.write_text(TOPOLOGY)

    assert any(interrupted(file, LabFolder("crash")) for _ in range(5))
    assert list((home / "labs").iterdir()) == []


def test_a_lab_that_is_up_already_is_not_taken_over(home: Path) -> None:
    with Lab.up(TOPOLOGY), pytest.raises(LeaselabError, match="the lab crash is up already"):
        Lab.up(TOPOLOGY)


def test_one_file_under_two_names_is_two_labs_side_by_side() -> None:
    with Lab.up(TOPOLOGY, name="one") as one, Lab.up(TOPOLOGY, name="two") as two:
        one["gw1"].users.set(20)
        one.clock.advance(days=1)

        assert two["gw1"].users.count == 3
        assert two.clock.now < one.clock.now
        assert one.plan.secret != two.plan.secret
        assert set(one["gw1"].status().addresses.values()).isdisjoint(two["gw1"].status().addresses.values())


def test_a_second_up_changes_nothing_and_a_changed_file_changes_only_what_differs() -> None:
    lab = Lab.up(TOPOLOGY, background=True)
    again = Lab.up(TOPOLOGY, background=True)
    assert {step.action for step in again.outcome.steps} == {"keep"}

    changed = Lab.up(TOPOLOGY.replace("maximum: 100", "maximum: 60").replace("users: 3", "users: 7"), background=True)

    assert {step.node: step.action for step in changed.outcome.steps} == {"server": "change", "gw1": "change"}
    assert changed["gw1"].users.count == 7
    assert changed["server"].report().server.clients[0].features["concurrent-users"].maximum == 60

    smaller = Lab.up(TOPOLOGY[: TOPOLOGY.index("  gw1:")].replace("node: gw1", "platform: psa3000"), background=True)
    assert [(step.node, step.action) for step in smaller.outcome.steps if step.action == "remove"] == [
        ("gw1", "remove")
    ]
    assert smaller.names() == ("server",)
    lab.down()


def test_what_the_file_takes_back_is_undone_on_the_device() -> None:
    lab = Lab.up(TOPOLOGY, background=True)
    other = TOPOLOGY.replace("[CONSEC-100U-1YR]", "[CONSEC-250U-1YR]").replace("GW1", "GW2")

    changed = Lab.up(other, background=True)

    assert [one.sku for one in changed["server"].licenses] == ["CONSEC-250U-1YR"]
    assert [client.id for client in changed["server"].report().server.clients] == ["GW2"]
    assert changed["gw1"].report().client.client_id == "GW2"
    lab.down()


def test_the_clock_of_a_lab_that_has_lived_is_not_set() -> None:
    lab = Lab.up(TOPOLOGY, background=True)

    with pytest.raises(LeaselabError, match="another clock"):
        Lab.up(f"clock: {{start: 2019-01-01}}\n{TOPOLOGY}", background=True)
    lab.down()


@pytest.mark.parametrize("kib", [60, 200])
def test_a_full_disk_is_said_and_leaves_no_lab(kib: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    monkeypatch.setenv("LEASELAB_HOME", str(disk))
    try:
        with pytest.raises(LeaselabError, match=r"disk is full|No space left|not fit on this machine: disk"):
            Lab.up(TOPOLOGY, background=True)
        until = time.monotonic() + 10
        while LabFolder("crash").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert all_labs() == []
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # its host may be on its last words


def test_a_port_in_use_is_named_and_leaves_no_lab(home: Path) -> None:
    name = "a-port-in-use"  # a slot that no other test is likely to take meanwhile
    lab = Lab.up(TOPOLOGY, name=name)
    address, port = lab["gw1"].address(), lab["gw1"].ports["https"]
    lab.close()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((address, port))
        taken.listen()

        with pytest.raises(LeaselabError, match=rf"gw1: cannot listen on {address}:{port}: .*free the port"):
            Lab.up(TOPOLOGY, name=name, background=True)
    until = time.monotonic() + 10
    while LabFolder(name).exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert list((home / "labs").iterdir()) == []


def test_a_lab_whose_state_another_release_wrote_can_still_be_taken_down(home: Path) -> None:
    lab = Lab.up(TOPOLOGY, background=True)
    record = Path(lab.folder) / "lab.json"
    record.write_text(record.read_text().replace('"format":1', '"format":0'))

    with pytest.raises(LeaselabError, match="state format 0, and this version of leaselab reads 1"):
        Lab.up(TOPOLOGY, background=True)
    Lab.attach("crash").down()

    assert list((home / "labs").iterdir()) == []
