"""What a machine has, and whether a lab fits on it."""

import sys
from pathlib import Path

import msgspec
import pytest

from leaselab.appliance.config import ApplianceConfig, Ports, Ssh, Tls
from leaselab.testbed.preflight import MIB, Finding, Machine, findings, look, needs
from leaselab.testbed.topology.plan import ClockPlan, NodePlan, Plan

ROOMY = Machine(
    python="3.11.7",
    system="Linux",
    loopback=True,
    taken_ports={},
    file_handles=1024,
    processes=1000,
    memory_free=1024 * MIB,
    disk_free=1024 * MIB,
    folder="/labs",
    folder_writable=True,
    ssh=True,
)


def plan(nodes: int, *, runtime: str = "embedded", users: int = 0) -> Plan:
    """Return a lab of gateways on two networks."""

    def node(number: int) -> NodePlan:
        config = ApplianceConfig(
            name=f"gw{number}",
            kind="psa3000",
            personality="pcs",
            release="8.3R1",
            hardware_id="0331MXY7YD0ZGS",
            serial_number="1",
            addresses={"internal": f"127.7.0.{number}", "external": f"127.7.64.{number}"},
            ports=Ports(ssh=22, https=443, metrics=9100),
            hosts={},
            tls=Tls(certificate="", key="", authority=""),
            ssh=Ssh(host_key=""),
            authority_key="",
            user_password="",
            seed="",
        )
        return NodePlan(name=config.name, index=number, config=config, users=users)

    return Plan(
        lab="fleet",
        slot=7,
        runtime=runtime,
        seed="",
        clock=ClockPlan(start=0),
        nodes=tuple(node(number) for number in range(1, nodes + 1)),
        secret="",
        authority_certificate="",
        console_key="",
    )


def states(found: list[Finding]) -> dict[str, str]:
    return {finding.subject: finding.state for finding in found}


def test_a_roomy_machine_is_fine() -> None:
    assert set(states(findings(ROOMY)).values()) == {"fine"}
    assert set(states(findings(ROOMY, plan(10))).values()) == {"fine"}


@pytest.mark.parametrize(
    ("change", "subject", "state", "hint"),
    [
        ({"loopback": False}, "loopback addresses", "missing", "use Linux"),
        ({"folder_writable": False}, "labs folder", "missing", "LEASELAB_HOME"),
        ({"taken_ports": {22: "needs root"}}, "usual ports", "limit", "ip_unprivileged_port_start"),
        ({"ssh": False}, "ssh", "limit", "leaselab console"),
    ],
)
def test_what_a_machine_lacks_is_said_with_what_to_do(
    change: dict[str, object], subject: str, state: str, hint: str
) -> None:
    (finding,) = [each for each in findings(msgspec.structs.replace(ROOMY, **change)) if each.state != "fine"]

    assert (finding.subject, finding.state) == (subject, state)
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"file_handles": 128}, "file handles"),
        ({"memory_free": 64 * MIB}, "memory"),
        ({"disk_free": 8 * MIB}, "disk"),
    ],
)
def test_a_lab_that_does_not_fit_is_told_before_it_is_made(change: dict[str, object], subject: str) -> None:
    small = msgspec.structs.replace(ROOMY, **change)

    assert set(states(findings(small)).values()) == {"fine"}
    (finding,) = [each for each in findings(small, plan(20)) if each.state != "fine"]
    assert finding.subject == subject
    assert "too few" in finding.what
    assert finding.hint


def test_handles_grow_with_nodes_networks_and_users_in_one_process() -> None:
    wanted = {need.subject: need.wanted for need in needs(plan(10), ROOMY)}
    more_users = {need.subject: need.wanted for need in needs(plan(10, users=100), ROOMY)}

    assert wanted["file handles"] == 64 + 10 * (2 * 3 + 4)
    assert more_users["file handles"] - wanted["file handles"] == 100


def test_a_process_a_node_needs_fewer_handles_each_and_more_memory_in_all() -> None:
    embedded = {need.subject: need.wanted for need in needs(plan(100), ROOMY)}
    apart = {need.subject: need.wanted for need in needs(plan(100, runtime="process"), ROOMY)}

    assert apart["file handles"] < embedded["file handles"]
    assert apart["processes"] == 101
    assert apart["memory"] > embedded["memory"]


def test_looking_at_this_machine_changes_nothing(tmp_path: Path) -> None:
    machine = look(tmp_path / "not" / "there" / "labs")

    assert machine.python == ".".join(map(str, sys.version_info[:3]))
    assert machine.folder_writable
    assert machine.file_handles > 0
    assert machine.memory_free > 0
    assert machine.disk_free > 0
    assert list(tmp_path.iterdir()) == []
