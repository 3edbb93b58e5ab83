"""What is made of a swarm's words about a task, and what it is told for one."""

from typing import Any

import pytest

from leaselab.testbed.runtimes.tasks import Task, task_of, template
from leaselab.testbed.topology.plan import Container

HOST = "host2, 10.0.0.2"


def task(state: str, error: str = "", exit_status: int = 0, *, machine_lost: str = "") -> Task:
    return Task(state=state, error=error, exit_status=exit_status, machine=HOST, machine_lost=machine_lost)


@pytest.mark.parametrize(
    ("found", "hopeless", "why"),
    [
        (task("failed", "task: non-zero exit (137)", 137), True, "signal 9"),
        (task("failed", "task: non-zero exit (1)", 1), True, "exit status 1"),
        (task("rejected", "No such image: sha256:1"), True, "No such image: sha256:1"),
        (task("pending", "no suitable node (1 node not available)"), True, "no suitable node (1 node not available)"),
        (task("running", machine_lost="down"), False, f"its machine is down ({HOST})"),
        (task("shutdown", machine_lost="drained"), True, f"its machine is drained ({HOST})"),
        (task("starting"), False, "exit status 0"),
    ],
)
def test_a_task_that_will_never_run_is_known_and_why(found: Task, hopeless: bool, why: str) -> None:
    assert (found.hopeless, found.why) == (hopeless, why)


def test_the_hint_says_how_to_mend_it() -> None:
    assert "images copy" in task("rejected", "No such image: sha256:1").hint
    assert "--label-add" in task("pending", "no suitable node").hint
    assert task("failed", exit_status=1).hint == ""


class Api:
    """A swarm whose service has had two tasks."""

    def inspect_service(self, _name: str) -> dict[str, Any]:
        return {"ID": "s1"}

    def tasks(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters == {"service": "lab-gw1"}
        old = {"ServiceID": "s1", "CreatedAt": "2026-01-01T00:00:01Z", "NodeID": "n1", "Status": {"State": "failed"}}
        new = {"ServiceID": "s1", "CreatedAt": "2026-01-01T00:00:02Z", "NodeID": "n1", "Status": {"State": "running"}}
        other = {"ServiceID": "s2", "CreatedAt": "2026-01-01T00:00:03Z", "Status": {"State": "new"}}
        return [new, old, other]

    def inspect_node(self, _identity: str) -> dict[str, Any]:
        return {
            "Description": {"Hostname": "host2"},
            "Status": {"State": "down", "Addr": "10.0.0.2"},
            "Spec": {"Availability": "active"},
        }


def test_the_latest_task_of_this_very_service_counts_and_so_does_its_machine() -> None:
    assert task_of(Api(), "lab-gw1") == task("running", machine_lost="down")


def test_an_order_confines_the_container_and_places_it_by_labels() -> None:
    order = template(
        "gw1",
        image="sha256:1",
        secret=("id", "lab-gw1"),
        networks=["lab-internal"],
        lab="10.0.0.1:5000",
        now=7,
        user=(10001, 10001),
        wanted=Container(cpus=0.5, memory_bytes=64 << 20, labels={"zone": "east"}),
    )

    container = order["ContainerSpec"]
    assert (container["ReadOnly"], container["CapabilityDrop"], container["User"]) == (True, ["ALL"], "10001:10001")
    assert container["Args"] == ["/run/secrets/papers.json", "--lab=10.0.0.1:5000", "--now=7"]
    assert container["Secrets"][0]["File"]["Mode"] == 0o400
    assert order["Resources"]["Limits"] == {"NanoCPUs": 500_000_000, "MemoryBytes": 64 << 20, "Pids": 64}
    assert order["Placement"]["Constraints"] == ["node.labels.zone==east"]
    assert order["RestartPolicy"]["Condition"] == "none"
