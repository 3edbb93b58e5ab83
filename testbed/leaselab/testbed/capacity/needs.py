"""What a lab takes of a machine: computed from its plan, and from what a node of each runtime was measured to take.

The one place for these figures: of labs of 50 and 200 gateways that serve and lease (``./run bench``), rounded up.
"""

from collections import Counter
from typing import Final, Literal

import msgspec

from leaselab.testbed.capacity.machine import ENGINE_RUNTIMES, MIB, PLENTY, USUAL_PORTS, Machine
from leaselab.testbed.topology.plan import Plan

State = Literal["fine", "limit", "missing"]

BASE_HANDLES: Final = 64
"""Files and sockets of a lab's host, or of a node's process, before the first connection."""

CONNECTIONS_A_NODE: Final = 4
"""Kept HTTPS connections of a client and its server (both ends may be ours), and one visitor's."""

BASE_MEMORY: Final = 110 * MIB
"""A lab's host before its first node; 64 MiB embedded, 110 MiB with its nursery of processes."""

DISK_A_NODE: Final = 2 * MIB
"""History and certificates of a node: 1 MiB at most after ten days of lab time, and as much for later."""

ENGINE_DISK_A_NODE: Final = 2 * MIB
"""A container's folder in its engine: 40 KiB, and its log, which is cut at 1 MiB."""

BRIDGE_PORTS: Final = 1023
"""Of a Linux bridge: ``BR_MAX_PORTS`` of net/bridge/br_private.h is 1,024, and numbers begin at 1."""

NEIGHBOURS_A_NODE: Final = 3
"""On each network: a gateway's entry for its server, the server's for it, and the host's for who visits it."""


class Appetite(msgspec.Struct, frozen=True):
    """What one node takes of a machine.

    Attributes:
        memory: embedded 0.6 MiB and a process 12 to 18 MiB after ten days of lab time.
        threads: of its own, and of what keeps it: an engine's shim has 12.
        handles: of all processes that are there for it; a process has 22, a shim 26, the engine 6.
        apart: it is no part of the lab's process.
        contained: it is a container on this machine's engine.
    """

    memory: int
    threads: int = 0
    handles: int = 0
    apart: bool = False
    contained: bool = False


APPETITES: Final = {
    "embedded": Appetite(memory=1 * MIB),
    "process": Appetite(memory=20 * MIB, threads=2, handles=24, apart=True),
    "docker": Appetite(memory=48 * MIB, threads=15, handles=60, apart=True, contained=True),
    "swarm": Appetite(memory=1 * MIB),  # nodes are on other machines; their listeners are in the lab's process
}
"""By runtime."""


class Need(msgspec.Struct, frozen=True):
    """What a lab takes of one thing, what there is, and how to get more.

    Attributes:
        unless: what it means to have too little: the lab cannot be (``missing``), or a nuisance (``limit``).
    """

    subject: str
    wanted: int
    there: int
    unit: str
    hint: str
    unless: State = "missing"


def needs(plan: Plan, machine: Machine) -> list[Need]:
    """Compute what a lab takes of a machine; what has no limit there is left out."""
    appetite = APPETITES[plan.runtime]
    found = [*_handles(plan, machine, appetite), *_threads(plan, machine, appetite), *_space(plan, machine, appetite)]
    if plan.runtime in ENGINE_RUNTIMES:
        found += _limits(plan)
    if appetite.contained:
        found += _network(plan, machine)
    return [need for need in found if need.there < PLENTY]


def _handles(plan: Plan, machine: Machine, appetite: Appetite) -> list[Need]:
    count = len(plan.nodes)
    listeners = [len(set(node.config.addresses.values())) * len(USUAL_PORTS) for node in plan.nodes]
    connections = CONNECTIONS_A_NODE * count
    users = max(node.users for node in plan.nodes)
    if appetite.apart:  # the largest is the license server: all clients call it
        one, hint = BASE_HANDLES + max(listeners) + connections, "a smaller lab needs fewer"
    else:
        one, hint = BASE_HANDLES + sum(listeners) + connections + users, "--runtime process needs fewer in one process"
    return [
        Need(
            "file handles",
            one,
            machine.file_handles,
            "in one process" if appetite.apart else "in the lab's process",
            hint=f"raise the hard limit (`ulimit -Hn {2 * one}` as root); {hint}",
        ),
        Need(
            "file handles in all",
            one + appetite.handles * count,
            machine.file_handles_left,
            "in all processes",
            hint=f"`sysctl fs.file-max=N` as root, with N at least {2 * (one + appetite.handles * count)} more",
        ),
    ]


def _threads(plan: Plan, machine: Machine, appetite: Appetite) -> list[Need]:
    wanted = appetite.threads * len(plan.nodes) + 2
    embedded = "--runtime embedded runs all nodes in one process"
    found = [
        Need(
            "threads in all",
            wanted,
            machine.threads_left,
            "processes and threads",
            hint="`sysctl kernel.threads-max kernel.pid_max` and pids.max of the control group say where the limit is; "
            + embedded,
        )
    ]
    if not appetite.contained:  # an engine's containers are not this user's processes
        hint = f"`ulimit -u` shows the limit, /etc/security/limits.conf raises it; {embedded}"
        found.append(Need("processes", wanted, machine.processes_left, "processes and threads", hint=hint))
    return found


def _space(plan: Plan, machine: Machine, appetite: Appetite) -> list[Need]:
    count, engine = len(plan.nodes), machine.engine if appetite.contained else None
    of_nodes = appetite.memory * count
    here = BASE_MEMORY + (0 if engine and not engine.here else of_nodes)
    found = [
        Need(
            "memory",
            here // MIB,
            machine.memory_free // MIB,
            "MiB",
            hint="end something else, or --runtime embedded, which takes a fraction of it",
        ),
        Need(
            "disk",
            DISK_A_NODE * count // MIB,
            machine.disk_free // MIB,
            "MiB",
            hint="free some space, or set LEASELAB_HOME to a folder on another disk",
        ),
    ]
    if engine and not engine.here:
        hint = "give the engine's machine more, or --runtime embedded on this one"
        found.append(Need("engine's memory", of_nodes // MIB, engine.memory // MIB, "MiB", hint=hint))
    if engine and engine.disk_free < PLENTY:
        hint = f"free some space below {engine.root}: `docker system df` says what takes it"
        wanted = ENGINE_DISK_A_NODE * count // MIB
        found.append(Need("engine's disk", wanted, engine.disk_free // MIB, "MiB", hint=hint))
    return found


def _limits(plan: Plan) -> list[Need]:
    """Compare the tightest limit of memory that the file sets with what a container takes."""
    limited = [node for node in plan.nodes if node.container.memory_bytes]
    if not limited:
        return []
    node = min(limited, key=lambda node: node.container.memory_bytes)
    return [
        Need(
            "limits.memory",
            APPETITES["docker"].memory // MIB,
            node.container.memory_bytes // MIB,
            f"MiB for {node.name}",
            hint="give it more in the file, or leave the limit out: a node that takes more is killed",
            unless="limit",
        )
    ]


def _network(plan: Plan, machine: Machine) -> list[Need]:
    """What containers take of the kernel's tables; those of an engine elsewhere cannot be looked at."""
    members = Counter(network for node in plan.nodes for network in node.config.addresses)
    network, most = max(members.items(), key=lambda item: item[1])
    found = [
        Need(
            "bridge ports",
            most,
            BRIDGE_PORTS,
            f"nodes on the network {network}",
            hint="put fewer nodes on one network; no setting raises it. --runtime embedded has no such limit",
        )
    ]
    engine = machine.engine
    if engine is None or engine.trouble or not engine.here:
        return found
    neighbours, connections = NEIGHBOURS_A_NODE * members.total(), CONNECTIONS_A_NODE * len(plan.nodes)
    return [
        *found,
        Need(
            "neighbour table",
            neighbours,
            machine.neighbours,
            "entries",
            hint=f"`sysctl net.ipv4.neigh.default.gc_thresh3={2 * neighbours}` as root; when it is full, connections "
            "between nodes are slow to come about",
            unless="limit",
        ),
        Need(
            "tracked connections",
            connections,
            machine.tracked_left,
            "connections",
            hint="`sysctl net.netfilter.nf_conntrack_max=N` as root raises it; when it is full, packets are dropped",
            unless="limit",
        ),
        Need(
            "inotify instances",
            len(plan.nodes) if engine.watches_memory else 0,
            machine.inotify_left,
            "instances",
            hint=f"`sysctl fs.inotify.max_user_instances={2 * len(plan.nodes) + 128}` as root; without it the engine "
            "does not see which container ran out of memory",
            unless="limit",
        ),
    ]
