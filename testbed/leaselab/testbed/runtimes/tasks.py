"""A swarm's tasks: how a node's is ordered, and what the swarm tells of it."""

from typing import Any, Final

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.testbed.topology.plan import Container

PAPERS: Final = "papers.json"
"""What a node's secret is called inside its container, under ``/run/secrets``."""

PROCESSES: Final = 64
"""Processes and threads of a node; it has one and a few."""

NANO: Final = 1_000_000_000

SIGNALLED: Final = 128
"""Exit statuses above this are 128 and the number of the signal."""

ENDED: Final = frozenset({"complete", "failed", "shutdown", "rejected", "orphaned", "remove"})

NO_PLACE: Final = "no suitable node"
"""How the scheduler begins to say that no machine fits."""


class Task(msgspec.Struct, frozen=True):
    """How a node's task stands.

    Attributes:
        state: the swarm's word for it.
        error: what the swarm says went wrong.
        exit_status: of its process, once it has ended.
        machine: host name and address of the machine it was put on.
        machine_lost: ``down`` if the swarm has not heard of that machine for a while, ``drained`` if it is to have no
            tasks; empty while it is fine.
    """

    state: str
    error: str
    exit_status: int
    machine: str
    machine_lost: str

    @property
    def ended(self) -> bool:
        """Whether its process is no more."""
        return self.state in ENDED

    @property
    def hopeless(self) -> bool:
        """Whether it will never run. A machine that is down now may only be slow, and is heard of in a moment."""
        return self.ended or self.error.startswith(NO_PLACE)

    @property
    def failed_by_itself(self) -> bool:
        """Whether its process ran and ended; its output may tell why."""
        return self.state in ("failed", "complete") and 0 <= self.exit_status <= SIGNALLED

    @property
    def why(self) -> str:
        """What keeps it from running, in words."""
        if self.machine_lost:
            return f"its machine is {self.machine_lost} ({self.machine})"
        if self.state == "rejected" or self.error.startswith(NO_PLACE):
            return self.error
        if self.exit_status > SIGNALLED:
            return f"signal {self.exit_status - SIGNALLED}"
        return f"exit status {self.exit_status}"

    @property
    def hint(self) -> str:
        """What to do about that."""
        if "image" in self.error.lower():
            return "`leaselab images copy ENGINE...` brings the image to the other machines' engines"
        if self.error.startswith(NO_PLACE):
            return (
                "`docker node ls` shows the machines; `docker node update --label-add` gives one a label of `placement`"
            )
        return ""


def task_of(api: Any, service: str) -> Task | None:
    """Return a service's task, once it has one.

    Raises:
        docker.errors.NotFound: there is no such service.
    """
    identity = api.inspect_service(service)["ID"]
    found = [task for task in api.tasks(filters={"service": service}) if task["ServiceID"] == identity]
    if not found:
        return None
    task = max(found, key=lambda each: each["CreatedAt"])
    status = task["Status"]
    machine = api.inspect_node(task["NodeID"]) if task.get("NodeID") else None
    return Task(
        state=status["State"],
        error=status.get("Err", ""),
        exit_status=status.get("ContainerStatus", {}).get("ExitCode", 0),
        machine=f"{machine['Description']['Hostname']}, {machine['Status'].get('Addr', '')}" if machine else "",
        machine_lost=_lost(machine) if machine else "",
    )


def _lost(machine: dict[str, Any]) -> str:
    if machine["Status"]["State"] == "down":
        return "down"
    return "drained" if machine["Spec"]["Availability"] == "drain" else ""


def template(
    node: str,
    *,
    image: str,
    secret: tuple[str, str],
    networks: list[str],
    lab: str,
    now: Instant,
    user: tuple[int, int],
    wanted: Container,
) -> dict[str, Any]:
    """Return the order for a node's task, as the engine takes it.

    Args:
        node: its name, and its host name.
        image: ID of the image; no registry is asked.
        secret: ID and name of the secret that holds its papers.
        networks: names of its networks.
        lab: where the lab takes calls.
        now: the lab's instant.
        user: who it runs as, user and group by number.
        wanted: its limits, and the labels that its machine must have.
    """
    from docker.types import (
        ContainerSpec,
        DriverConfig,
        Mount,
        NetworkAttachmentConfig,
        Placement,
        Resources,
        RestartPolicy,
        SecretReference,
        TaskTemplate,
    )

    secret_id, secret_name = secret
    container = ContainerSpec(
        image,
        args=[f"/run/secrets/{PAPERS}", f"--lab={lab}", f"--now={now}"],
        hostname=node,
        user="{}:{}".format(*user),
        read_only=True,
        cap_drop=["ALL"],
        sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
        # The lab has asked it to end before it removes it; by then nothing is left to wait for.
        stop_signal="SIGKILL",
        healthcheck={"Test": ["NONE"]},
        mounts=[Mount("/tmp", None, type="tmpfs", tmpfs_size=16 << 20)],  # noqa: S108 - the container's own
        secrets=[
            SecretReference(secret_id, secret_name, filename=PAPERS, uid=str(user[0]), gid=str(user[1]), mode=0o400)
        ],
    )
    resources = Resources(cpu_limit=int(wanted.cpus * NANO) or None, mem_limit=wanted.memory_bytes or None)
    resources.setdefault("Limits", {})["Pids"] = PROCESSES
    constraints = [f"node.labels.{label}=={value}" for label, value in wanted.labels.items()]
    order: dict[str, Any] = TaskTemplate(
        container,
        resources=resources,
        restart_policy=RestartPolicy(condition="none"),
        placement=Placement(constraints=constraints),
        networks=[NetworkAttachmentConfig(network) for network in networks],
        log_driver=DriverConfig("json-file", {"max-size": "1m", "max-file": "1"}),
    )
    return order
