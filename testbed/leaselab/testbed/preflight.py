"""What this machine has, and whether a lab fits on it: looked at before anything is made.

The needs are computed from the plan and from figures measured on real labs (docs/cli.md, "doctor").
"""

import os
import platform
import resource
import shutil
import socket
import sys
from pathlib import Path
from typing import Final, Literal

import msgspec

from leaselab.testbed.topology.plan import Plan

MIB: Final = 1024 * 1024

BASE_HANDLES: Final = 64
"""Files and sockets of a lab's host before its first node."""

CONNECTIONS_A_NODE: Final = 4
"""Kept HTTPS connections of a client and its server (both ends are ours), and one visitor's."""

BASE_MEMORY: Final = 110 * MIB
"""A lab's host before its first node; 64 MiB embedded, 110 MiB with its nursery of processes."""

MEMORY_A_NODE: Final = {"embedded": 1 * MIB, "process": 20 * MIB, "docker": 48 * MIB, "swarm": 1 * MIB}
"""Of each node, by runtime: 0.6 and 18 MiB after ten days of lab time, rounded up."""

DISK_A_NODE: Final = 2 * MIB
"""History and certificates of a node: 1 MiB at most after ten days of lab time, and as much for later."""

USUAL_PORTS: Final = (22, 443, 9100)

State = Literal["fine", "limit", "missing"]


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at. ``missing`` keeps a lab from coming up; ``limit`` is good to know."""

    subject: str
    state: State
    what: str
    hint: str = ""


class Machine(msgspec.Struct, frozen=True):
    """What was found on this machine.

    Attributes:
        loopback: whether every address of 127.0.0.0/8 can be used.
        taken_ports: ports of :data:`USUAL_PORTS` that cannot be bound on such an address, with the reason.
        file_handles: how many files and sockets one process may open; a lab's host raises its own limit that far.
    """

    python: str
    system: str
    loopback: bool
    taken_ports: dict[int, str]
    file_handles: int
    processes: int
    memory_free: int
    disk_free: int
    folder: str
    folder_writable: bool
    ssh: bool


def look(folder: Path) -> Machine:
    """Look at this machine. ``folder`` is where labs are kept; it need not exist yet."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    loopback = _binds("127.254.254.1", 0) == ""
    reasons = {port: _binds("127.254.254.1" if loopback else "127.0.0.1", port) for port in USUAL_PORTS}
    return Machine(
        python=platform.python_version(),
        system=platform.system(),
        loopback=loopback,
        taken_ports={port: why for port, why in reasons.items() if why},
        file_handles=_finite(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        processes=_finite(resource.getrlimit(resource.RLIMIT_NPROC)[0]),
        memory_free=_free_memory(),
        disk_free=shutil.disk_usage(existing).free,
        folder=str(folder),
        folder_writable=os.access(existing, os.W_OK | os.X_OK),
        ssh=shutil.which("ssh") is not None,
    )


def findings(machine: Machine, plan: Plan | None = None) -> list[Finding]:
    """Say how the machine stands, and with a plan also whether that lab fits."""
    return [*_of_the_machine(machine), *(_of_the_lab(machine, plan) if plan else ())]


def _of_the_machine(machine: Machine) -> list[Finding]:
    reasons = "; ".join(f"{port}: {why}" for port, why in machine.taken_ports.items())
    return [
        Finding("python", "fine", f"{machine.python} on {machine.system}"),
        _fine_if(machine.loopback, "loopback addresses", "every address of 127.0.0.0/8 can be used")
        or Finding(
            "loopback addresses",
            "missing",
            "only 127.0.0.1 can be used, and a lab has an address for each node",
            hint="this system hands them out one by one: use Linux, or a Linux container",
        ),
        _fine_if(machine.folder_writable, "labs folder", machine.folder)
        or Finding(
            "labs folder",
            "missing",
            f"{machine.folder} cannot be written to",
            hint="set LEASELAB_HOME to a folder of your own",
        ),
        _fine_if(not reasons, "usual ports", "22, 443 and 9100 can be used")
        or Finding(
            "usual ports",
            "limit",
            f"not to be had ({reasons}); a lab's consoles are on 2022 and its admin pages on 8443 then",
            hint="to have them be root, or call `sysctl net.ipv4.ip_unprivileged_port_start=22`, and have no other "
            "service on all addresses",
        ),
        _fine_if(machine.ssh, "ssh", "the ssh command is there")
        or Finding("ssh", "limit", "no ssh command", hint="`leaselab console NODE` works without one"),
    ]


def _fine_if(condition: bool, subject: str, what: str) -> Finding | None:
    return Finding(subject, "fine", what) if condition else None


class Need(msgspec.Struct, frozen=True):
    """What a lab takes of one thing, what there is, and how to get more."""

    subject: str
    wanted: int
    there: int
    unit: str
    hint: str

    def finding(self) -> Finding:
        """Compare."""
        what = f"{self.wanted:,} {self.unit} of {self.there:,}"
        return _fine_if(self.wanted <= self.there, self.subject, what) or Finding(
            self.subject, "missing", f"{what}: too few", hint=self.hint
        )


def needs(plan: Plan, machine: Machine) -> list[Need]:
    """Compute what a lab takes of this machine."""
    apart = plan.runtime not in ("embedded", "swarm")  # of a swarm's nodes only the listeners are here
    count = len(plan.nodes)
    listeners = [len(node.config.addresses) * len(USUAL_PORTS) for node in plan.nodes]
    together = BASE_HANDLES + sum(listeners) + CONNECTIONS_A_NODE * count + max(node.users for node in plan.nodes)
    alone = BASE_HANDLES + max(listeners) + CONNECTIONS_A_NODE * count
    return [
        Need(
            "file handles",
            alone if apart else together,
            machine.file_handles,
            "a process" if apart else "in the lab's process",
            hint=f"raise the hard limit (`ulimit -Hn {2 * together}` as root), or --runtime process",
        ),
        Need(
            "processes",
            count + 1 if apart else 1,
            machine.processes,
            "processes",
            hint="`ulimit -u` raises the limit, or --runtime embedded runs all nodes in one",
        ),
        Need(
            "memory",
            (BASE_MEMORY + MEMORY_A_NODE[plan.runtime] * count) // MIB,
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


def _of_the_lab(machine: Machine, plan: Plan) -> list[Finding]:
    return [need.finding() for need in needs(plan, machine)]


def _binds(address: str, port: int) -> str:
    """Try to listen; return why it cannot be done, or nothing."""
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except PermissionError:
            return "needs root"
        except OSError as error:
            return "in use by another service" if port else str(error.strerror)
    return ""


def _finite(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def _free_memory() -> int:
    """Return the bytes that a new program could use."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
