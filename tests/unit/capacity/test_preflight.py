"""Whether a lab fits on a machine."""

import sys

import msgspec
import pytest

from leaselab.appliance.config import ApplianceConfig, Ports, Ssh, Tls
from leaselab.testbed.capacity.machine import MIB, PLENTY, EngineFacts, Machine
from leaselab.testbed.capacity.needs import APPETITES, BRIDGE_PORTS, needs
from leaselab.testbed.capacity.preflight import Finding, findings, require
from leaselab.testbed.errors import MachineError
from leaselab.testbed.topology.plan import ClockPlan, Container, NodePlan, Plan

ENGINE = EngineFacts(
    address="unix:///var/run/docker.sock",
    version="27.0.1",
    watches_memory=True,
    manages_swarm=True,
    memory=4096 * MIB,
    disk_free=1024 * MIB,
    root="/var/lib/docker",
    networks={"bridge": "172.17.0.0/16"},
)
ROOMY = Machine(
    python="3.11.7",
    system="Linux",
    loopback=True,
    taken_ports={},
    file_handles=1024,
    memory_free=4096 * MIB,
    disk_free=1024 * MIB,
    folder="/labs",
    folder_writable=True,
    ssh=True,
    file_handles_left=10_000,
    processes_left=1000,
    threads_left=1000,
    inotify_left=128,
    neighbours=1024,
    tracked_left=1000,
    routes={"eth0": "192.0.2.0/24"},
    engine=ENGINE,
)
"""Has room for twenty nodes of any runtime."""


def plan(nodes: int, *, runtime: str = "embedded", users: int = 0) -> Plan:
    """Return a lab of gateways on two networks."""

    first = 10 if runtime == "docker" else 127

    def node(number: int) -> NodePlan:
        config = ApplianceConfig(
            name=f"gw{number}",
            kind="psa3000",
            personality="pcs",
            release="8.3R1",
            hardware_id="0331MXY7YD0ZGS",
            serial_number="1",
            addresses={"internal": f"{first}.7.0.{number % 250}", "external": f"{first}.7.64.{number % 250}"},
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


def wanted(plan: Plan, machine: Machine = ROOMY) -> dict[str, int]:
    return {need.subject: need.wanted for need in needs(plan, machine)}


@pytest.mark.parametrize("runtime", sorted(APPETITES))
def test_a_roomy_machine_is_fine(runtime: str) -> None:
    assert set(states(findings(ROOMY)).values()) == {"fine"}
    assert set(states(findings(ROOMY, plan(20, runtime=runtime))).values()) == {"fine"}
    require(ROOMY, plan(20, runtime=runtime))


@pytest.mark.parametrize(
    ("change", "subject", "state", "hint"),
    [
        ({"loopback": False}, "loopback addresses", "missing", "use Linux"),
        ({"folder_writable": False}, "labs folder", "missing", "LEASELAB_HOME"),
        ({"taken_ports": {22: "needs root"}}, "usual ports", "limit", "ip_unprivileged_port_start"),
        ({"ssh": False}, "ssh", "limit", "leaselab console"),
        ({"engine": EngineFacts("", trouble="no engine", hint="DOCKER_HOST")}, "engine", "missing", "DOCKER_HOST"),
    ],
)
def test_what_a_machine_lacks_is_said_with_what_to_do(
    change: dict[str, object], subject: str, state: str, hint: str
) -> None:
    (finding,) = [each for each in findings(msgspec.structs.replace(ROOMY, **change)) if each.state != "fine"]

    assert (finding.subject, finding.state) == (subject, state)
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("runtime", "change", "subject", "hint"),
    [
        ("embedded", {"file_handles": 128}, "file handles", "ulimit -Hn"),
        ("process", {"file_handles": 128}, "file handles", "ulimit -Hn"),
        ("process", {"file_handles_left": 400}, "file handles in all", "fs.file-max"),
        ("process", {"processes_left": 40}, "processes", "ulimit -u"),
        ("docker", {"threads_left": 200}, "threads in all", "pid_max"),
        ("embedded", {"memory_free": 64 * MIB}, "memory", "embedded"),
        ("docker", {"memory_free": 1000 * MIB}, "memory", "embedded"),
        ("embedded", {"disk_free": 8 * MIB}, "disk", "LEASELAB_HOME"),
    ],
)
def test_a_lab_that_does_not_fit_is_told_and_refused_in_the_same_words(
    runtime: str, change: dict[str, object], subject: str, hint: str
) -> None:
    small, lab = msgspec.structs.replace(ROOMY, **change), plan(20, runtime=runtime)

    assert set(states(findings(small)).values()) == {"fine"}
    (finding,) = [each for each in findings(small, lab) if each.state != "fine"]
    assert (finding.subject, finding.state) == (subject, "missing")
    assert "too few" in finding.what
    assert hint in finding.hint
    with pytest.raises(MachineError) as refused:
        require(small, lab)
    assert f"lab fleet does not fit on this machine: {subject}: {finding.what}" == refused.value.message
    assert refused.value.hint == finding.hint


@pytest.mark.parametrize(
    ("change", "subject", "what", "hint"),
    [
        ({"disk_free": 8 * MIB}, "engine's disk", "too few", "/var/lib/docker"),
        ({"here": False, "memory": 500 * MIB}, "engine's memory", "too few", "engine's machine"),
        (
            {"networks": {"other": "10.7.64.0/24"}},
            "subnets",
            "10.7.64.0/18 is in 10.7.64.0/24 of the network other",
            "prune",
        ),
    ],
)
def test_an_engine_that_has_too_little_keeps_a_lab_of_containers_from_coming_up(
    change: dict[str, object], subject: str, what: str, hint: str
) -> None:
    small = msgspec.structs.replace(ROOMY, engine=msgspec.structs.replace(ENGINE, **change))

    (finding,) = [each for each in findings(small, plan(20, runtime="docker")) if each.state != "fine"]
    assert (finding.subject, finding.state) == (subject, "missing")
    assert what in finding.what
    assert hint in finding.hint
    require(small, plan(20, runtime="process"))


@pytest.mark.parametrize(
    ("change", "subject", "what", "hint"),
    [
        ({"routes": {"tun0": "10.0.0.0/8"}}, "subnets", "the interface tun0", "--name"),
        ({"taken_places": {"127.0.0.1:8443 of gw1": "in use"}}, "published ports", "8443 of gw1: in use", "publish"),
    ],
)
def test_what_is_taken_on_this_machine_keeps_containers_from_it(
    change: dict[str, object], subject: str, what: str, hint: str
) -> None:
    small = msgspec.structs.replace(ROOMY, **change)

    with pytest.raises(MachineError, match=what) as refused:
        require(small, plan(2, runtime="docker"))
    assert subject in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("change", "subject", "hint"),
    [
        ({"neighbours": 100}, "neighbour table", "gc_thresh3=240"),
        ({"tracked_left": 10}, "tracked connections", "nf_conntrack_max"),
        ({"inotify_left": 5}, "inotify instances", "max_user_instances=168"),
    ],
)
def test_a_table_that_would_be_full_is_good_to_know_and_refuses_no_lab(
    change: dict[str, object], subject: str, hint: str
) -> None:
    small, lab = msgspec.structs.replace(ROOMY, **change), plan(20, runtime="docker")

    (finding,) = [each for each in findings(small, lab) if each.state != "fine"]
    assert (finding.subject, finding.state) == (subject, "limit")
    assert hint in finding.hint
    require(small, lab)


@pytest.mark.parametrize("runtime", ["docker", "swarm"])
def test_a_limit_of_memory_that_a_container_would_reach_is_good_to_know(runtime: str) -> None:
    lab = plan(2, runtime=runtime)
    tight, loose = (Container(memory_bytes=size * MIB) for size in (40, 96))

    def with_limits(first: Container, second: Container) -> Plan:
        nodes = zip(lab.nodes, (first, second), strict=True)
        return msgspec.structs.replace(
            lab, nodes=tuple(msgspec.structs.replace(node, container=container) for node, container in nodes)
        )

    (finding,) = [each for each in findings(ROOMY, with_limits(loose, tight)) if each.state != "fine"]
    assert (finding.subject, finding.state, finding.what) == ("limits.memory", "limit", "48 MiB for gw2 of 40: too few")
    assert states(findings(ROOMY, with_limits(loose, loose)))["limits.memory"] == "fine"
    assert "limits.memory" not in states(findings(ROOMY, lab))


def test_what_is_lacking_is_said_all_at_once() -> None:
    small = msgspec.structs.replace(ROOMY, file_handles=100, memory_free=MIB)

    with pytest.raises(MachineError, match=r"file handles: .*; memory: "):
        require(small, plan(20))


def test_a_bridge_has_so_many_ports_and_no_setting_raises_them() -> None:
    huge = msgspec.structs.replace(ROOMY, **dict.fromkeys(("file_handles", "memory_free", "disk_free"), PLENTY))

    lab = plan(BRIDGE_PORTS + 1, runtime="docker")
    assert states(findings(huge, lab))["bridge ports"] == "missing"
    assert "bridge ports" not in states(findings(huge, plan(BRIDGE_PORTS + 1)))
    assert states(findings(huge, plan(BRIDGE_PORTS, runtime="docker")))["bridge ports"] == "fine"


def test_a_lab_without_containers_is_judged_without_an_engine() -> None:
    without = msgspec.structs.replace(ROOMY, engine=None)

    assert set(states(findings(without, plan(2)))) == set(states(findings(ROOMY, plan(2)))) - {"engine"}


def test_an_engine_without_a_swarm_runs_no_lab_over_many_machines() -> None:
    alone = msgspec.structs.replace(ROOMY, engine=msgspec.structs.replace(ENGINE, manages_swarm=False))

    (finding,) = [each for each in findings(alone, plan(2, runtime="swarm")) if each.state != "fine"]
    assert (finding.subject, finding.state, finding.hint) == ("swarm", "missing", "`docker swarm init` makes one")


def test_an_engine_that_does_not_answer_is_left_to_say_so_itself() -> None:
    away = msgspec.structs.replace(ROOMY, engine=EngineFacts(address="", trouble="none answers"))

    assert states(findings(away, plan(2, runtime="docker")))["engine"] == "missing"
    require(away, plan(2, runtime="docker"))


def test_an_engine_elsewhere_is_not_judged_by_this_machines_tables() -> None:
    elsewhere = msgspec.structs.replace(ROOMY, neighbours=1, engine=msgspec.structs.replace(ENGINE, here=False))

    found = {finding.subject: finding for finding in findings(elsewhere, plan(20, runtime="docker"))}
    assert "neighbour table" not in found
    assert "on another machine" in found["engine"].what


def test_handles_grow_with_nodes_networks_and_users_in_one_process() -> None:
    handles = wanted(plan(10))["file handles"]

    assert handles == 64 + 10 * (2 * 3 + 4)
    assert wanted(plan(10, users=100))["file handles"] - handles == 100


def test_a_process_a_node_needs_fewer_handles_each_and_more_memory_in_all() -> None:
    embedded, apart = wanted(plan(100)), wanted(plan(100, runtime="process"))

    assert apart["file handles"] < embedded["file handles"]
    assert apart["threads in all"] == 202
    assert apart["memory"] > embedded["memory"]


def test_what_has_no_limit_is_not_spoken_of() -> None:
    boundless = msgspec.structs.replace(ROOMY, processes_left=sys.maxsize)

    assert "processes" not in states(findings(boundless, plan(2, runtime="process")))
