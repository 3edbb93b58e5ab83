"""Looks at this machine and at the container engine: the facts that :mod:`.preflight` judges. Changes nothing."""

import contextlib
import ipaddress
import os
import platform
import resource
import shutil
import socket
from pathlib import Path
from typing import Any, Final

from leaselab.testbed.capacity.machine import ENGINE_RUNTIMES, PLENTY, USUAL_PORTS, EngineFacts, Machine
from leaselab.testbed.errors import EngineError
from leaselab.testbed.topology.plan import Plan

PROC: Final = Path("/proc")
SYSTEM: Final = PROC / "sys"
CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")

_MEMORY_FILES: Final = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Of a control group, by version 2 and 1: the limit of its memory, what it has, and what of that is given up first."""


def look(folder: Path, *, runtime: str = "embedded", plan: Plan | None = None) -> Machine:
    """Look at this machine.

    Args:
        folder: where labs are kept; it need not exist yet.
        runtime: where nodes would run; one that needs a container engine has it asked too.
        plan: of a lab that would come up, for the ports that it publishes and the networks that are its own.
    """
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    loopback = _binds("127.254.254.1", 0) == ""
    reasons = {port: _binds("127.254.254.1" if loopback else "127.0.0.1", port) for port in USUAL_PORTS}
    engine = _engine(folder, plan) if runtime in ENGINE_RUNTIMES else None
    return Machine(
        python=platform.python_version(),
        system=platform.system(),
        loopback=loopback,
        taken_ports={port: why for port, why in reasons.items() if why},
        file_handles=_finite(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        memory_free=free_memory(),
        disk_free=shutil.disk_usage(existing).free,
        folder=str(folder),
        folder_writable=os.access(existing, os.W_OK | os.X_OK),
        ssh=shutil.which("ssh") is not None,
        file_handles_left=_file_handles_left(),
        processes_left=_processes_left() if runtime == "process" else PLENTY,
        threads_left=threads_left(),
        inotify_left=_inotify_left() if engine and engine.watches_memory else PLENTY,
        neighbours=_number(SYSTEM / "net/ipv4/neigh/default/gc_thresh3"),
        tracked_left=_left(SYSTEM / "net/netfilter/nf_conntrack_max", SYSTEM / "net/netfilter/nf_conntrack_count"),
        taken_places=taken_places(plan) if plan and engine and engine.here else {},
        routes=_routes() if engine else {},
        engine=engine,
    )


def _engine(folder: Path, plan: Plan | None) -> EngineFacts:
    """Ask the engine; why it cannot be used is a fact like others, in the words that `up` would use."""
    from leaselab.testbed.containers.engine import LAB, Engine
    from leaselab.testbed.containers.images import current_image

    try:
        with contextlib.closing(Engine.connect()) as engine:
            current_image(engine)
            told = engine.do("ask the engine what it has", lambda api: api.info())
            networks = engine.do("list the networks", lambda api: api.networks())
    except EngineError as error:
        return EngineFacts(address="", trouble=error.message, hint=error.hint)
    root, own = Path(told["DockerRootDir"]), str(folder / plan.lab) if plan else None
    here = told["KernelVersion"] == platform.release() and engine.address.startswith("unix:")
    swarm: dict[str, Any] = told.get("Swarm") or {}
    return EngineFacts(
        address=engine.address,
        version=told["ServerVersion"],
        here=here,
        watches_memory=told.get("CgroupVersion") == "2",
        manages_swarm=bool(swarm.get("ControlAvailable")),
        memory=told["MemTotal"],
        disk_free=shutil.disk_usage(root).free if here and root.is_dir() else PLENTY,
        root=str(root),
        networks={
            network["Name"]: pool["Subnet"]
            for network in networks
            if network["Driver"] == "bridge" and (own is None or (network.get("Labels") or {}).get(LAB) != own)
            for pool in (network["IPAM"]["Config"] or ())
            if ":" not in pool.get("Subnet", ":")
        },
    )


def taken_places(plan: Plan) -> dict[str, str]:
    """Return what the plan publishes and that cannot be bound, with the reason."""
    places = [(node.name, port.address, port.port) for node in plan.nodes for port in node.container.published]
    found = {f"{address}:{port} of {name}": _binds(address, port) for name, address, port in places}
    return {place: why for place, why in found.items() if why}


def _binds(address: str, port: int) -> str:
    """Try to listen; return why it cannot be done, or nothing."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as listeners do: old connections do not count
        try:
            probe.bind((address, port))
        except PermissionError:
            return "needs root"
        except OSError as error:
            return "in use by another service" if port else str(error.strerror)
    return ""


def _file_handles_left() -> int:
    try:
        used, _, most = (SYSTEM / "fs/file-nr").read_text().split()
    except (OSError, ValueError):
        return PLENTY
    return max(0, int(most) - int(used))


def _processes_left() -> int:
    """Count against ``ulimit -u``, which does not bind the superuser."""
    limit = _finite(resource.getrlimit(resource.RLIMIT_NPROC)[0])
    if os.geteuid() == 0 or limit == PLENTY:
        return PLENTY
    own = 0
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            own += len(list((folder / "task").iterdir())) if folder.stat().st_uid == os.geteuid() else 0
    return max(0, limit - own)


def threads_left() -> int:
    """Return how many more threads the machine may run, or the control groups that this process is in."""
    try:
        running = int((PROC / "loadavg").read_text().split()[3].split("/")[1])
    except (OSError, IndexError, ValueError):
        return PLENTY
    most = min(_number(SYSTEM / "kernel/threads-max"), _number(SYSTEM / "kernel/pid_max"))
    groups = _groups("pids", "pids.max")
    return min(max(0, most - running), *(_left(group / "pids.max", group / "pids.current") for group in groups))


def free_memory() -> int:
    """Return the bytes that a new program could use: of the machine's, and of the control groups' that we are in."""
    left = [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for line in (PROC / "meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            left = [int(line.split()[1]) * 1024]
    for most, used, cache in _MEMORY_FILES:
        for group in _groups("memory", most):
            there = _left(group / most, group / used)
            left.append(there if there == PLENTY else there + _reclaimable(group / "memory.stat", cache))
    return min(left)


def _reclaimable(statistics: Path, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in statistics.read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0


def _groups(controller: str, file: str) -> list[Path]:
    """Return the folders of the control groups that this process is in and that have such a file, innermost first."""
    with contextlib.suppress(OSError):
        for line in (PROC / "self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", controller):
                group = CONTROL_GROUPS / controllers / path.lstrip("/")
                if (group / file).exists():
                    return [each for each in (group, *group.parents) if (each / file).exists()]
    return [CONTROL_GROUPS]


def _inotify_left() -> int:
    """Count what the superuser's processes have: an engine's shims are among them. Others cannot be counted by us."""
    used = 0
    for descriptor in PROC.glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it is closed meanwhile, or another user's
            used += descriptor.readlink().name == "anon_inode:inotify" and descriptor.parent.parent.stat().st_uid == 0
    limit = _number(SYSTEM / "fs/inotify/max_user_instances")
    return limit if limit == PLENTY else max(0, limit - used)


def _routes() -> dict[str, str]:
    """Return the subnet behind each interface that no engine made."""
    found = {}
    with contextlib.suppress(OSError):
        for line in (PROC / "net/route").read_text().splitlines()[1:]:
            name, to, _, _, _, _, _, mask, *_ = line.split()
            if int(mask, 16) and not name.startswith(("br-", "docker", "veth")):
                address, bits = (socket.inet_ntoa(int(word, 16).to_bytes(4, "little")) for word in (to, mask))
                found[name] = str(ipaddress.IPv4Network(f"{address}/{bits}", strict=False))
    return found


def _left(most: Path, used: Path) -> int:
    limit, count = _number(most), _number(used)
    return PLENTY if PLENTY in (limit, count) else max(0, limit - count)


def _number(file: Path) -> int:
    """Return the number in a file; one that is not there, or says ``max``, sets no limit."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return PLENTY


def _finite(limit: int) -> int:
    return PLENTY if limit == resource.RLIM_INFINITY else limit
