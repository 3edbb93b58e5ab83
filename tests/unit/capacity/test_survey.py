"""Looking at a machine changes nothing, and finds what is there."""

import socket
import sys
from pathlib import Path

import msgspec
import pytest

from leaselab.testbed.capacity import survey
from leaselab.testbed.capacity.machine import PLENTY
from leaselab.testbed.topology.files import load
from leaselab.testbed.topology.plan import Container, Plan, Published
from leaselab.testbed.topology.planner import plan

PUBLISHED = "name: published\nnodes: {gw1: {kind: psa3000}}"


def lab(port: int) -> Plan:
    """Return a lab of one container that publishes a port."""
    made = plan(load(PUBLISHED), slot=9, privileged=False, runtime="docker", secret="00" * 32, name="published")
    container = Container(published=(Published(node_port=443, address="127.0.0.1", port=port),))
    nodes = tuple(msgspec.structs.replace(node, container=container) for node in made.nodes)
    return msgspec.structs.replace(made, nodes=nodes)


def test_looking_at_this_machine_changes_nothing(tmp_path: Path) -> None:
    machine = survey.look(tmp_path / "not" / "there" / "labs", runtime="process")

    assert machine.python == ".".join(map(str, sys.version_info[:3]))
    assert machine.folder_writable
    for number in (
        machine.file_handles,
        machine.file_handles_left,
        machine.memory_free,
        machine.disk_free,
        machine.processes_left,
        machine.threads_left,
    ):
        assert number > 0
    assert machine.engine is None
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_away_is_a_fact_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")

    engine = survey.look(tmp_path, runtime="docker", plan=lab(0)).engine

    assert engine is not None
    assert f"no container engine answers at unix://{tmp_path}/nobody.sock" in engine.trouble
    assert "DOCKER_HOST" in engine.hint


def test_a_port_that_another_service_has_is_named_with_its_node() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = survey.taken_places(lab(port))

    assert taken == {f"127.0.0.1:{port} of gw1": "in use by another service"}


def test_a_kernel_table_that_is_not_there_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "SYSTEM", tmp_path)
    monkeypatch.setattr(survey, "CONTROL_GROUPS", tmp_path)

    machine = survey.look(tmp_path)

    assert machine.file_handles_left == machine.neighbours == machine.tracked_left == PLENTY


def test_the_innermost_and_every_outer_control_group_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    inner = groups / "user" / "session"
    inner.mkdir(parents=True)
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text("0::/user/session\n")
    (proc / "loadavg").write_text("0.1 0.1 0.1 2/300 4711\n")
    for folder, most in ((inner, "max"), (inner.parent, "100")):
        (folder / "pids.max").write_text(most)
        (folder / "pids.current").write_text("60")
    monkeypatch.setattr(survey, "PROC", proc)
    monkeypatch.setattr(survey, "SYSTEM", tmp_path)
    monkeypatch.setattr(survey, "CONTROL_GROUPS", groups)

    assert survey.threads_left() == 40


@pytest.mark.parametrize(
    ("line", "folder", "most", "used", "cache"),
    [
        ("0::/user/session", ".", "memory.max", "memory.current", "inactive_file"),
        ("8:memory:/user/session", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ],
    ids=["version 2", "version 1"],
)
def test_memory_is_what_the_control_groups_leave_of_the_machines(
    line: str, folder: str, most: str, used: str, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    inner = groups / folder / "user" / "session"
    inner.mkdir(parents=True)
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(f"{line}\n")
    (proc / "meminfo").write_text("MemTotal: 3000 kB\nMemAvailable:    2000 kB\n")
    for group, limit in ((inner, "max"), (inner.parent, "900000")):
        (group / most).write_text(limit)
        (group / used).write_text("600000")
        (group / "memory.stat").write_text(f"anon 1\n{cache} 100000\n")
    monkeypatch.setattr(survey, "PROC", proc)
    monkeypatch.setattr(survey, "CONTROL_GROUPS", groups)

    assert survey.free_memory() == 400_000

    (inner.parent / most).write_text("max")
    assert survey.free_memory() == 2000 * 1024
