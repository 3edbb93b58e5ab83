"""What a machine and its container engine have, as facts that :mod:`.survey` found and :mod:`.preflight` judges."""

import sys
from typing import Final

import msgspec

MIB: Final = 1024 * 1024

PLENTY: Final = sys.maxsize
"""No limit, or none that could be found out."""

USUAL_PORTS: Final = (22, 443, 9100)

ENGINE_RUNTIMES: Final = ("docker", "swarm")
"""Those that need a container engine."""


class EngineFacts(msgspec.Struct, frozen=True):
    """What a container engine says of itself.

    Attributes:
        address: as in ``DOCKER_HOST``.
        trouble: why it cannot be used; empty when it can. ``hint`` says what to do about it.
        version: of the engine.
        here: it runs on this machine and not in a virtual one, so that this machine's limits are its own.
        watches_memory: it takes an inotify instance for each container (cgroup v2).
        manages_swarm: services can be made.
        memory: of its machine, in all.
        disk_free: where its containers are.
        root: the folder for that.
        networks: subnet of each network that it has, by name.
    """

    address: str
    trouble: str = ""
    hint: str = ""
    version: str = ""
    here: bool = True
    watches_memory: bool = False
    manages_swarm: bool = False
    memory: int = PLENTY
    disk_free: int = PLENTY
    root: str = ""
    networks: dict[str, str] = {}


class Machine(msgspec.Struct, frozen=True):
    """What was found on this machine.

    Attributes:
        loopback: whether every address of 127.0.0.0/8 can be used.
        taken_ports: ports of :data:`USUAL_PORTS` that cannot be bound on such an address, with the reason.
        taken_places: what the file publishes (``address:port of node``) and that cannot be bound, with the reason.
        file_handles: how many files and sockets one process may open; a lab's host raises its own limit that far.
        file_handles_left: how many more all processes together may open.
        processes_left: how many more processes and threads this user may have.
        threads_left: how many more the machine, or the control group that this program is in.
        inotify_left: how many more inotify instances the superuser may have.
        neighbours: entries of the kernel's table of neighbours, which all containers share.
        tracked_left: connections that the kernel can track beyond those it does.
        routes: subnets that this machine reaches other than by an engine's bridge, by interface.
        engine: where the lab's runtime needs one.
    """

    python: str
    system: str
    loopback: bool
    taken_ports: dict[int, str]
    file_handles: int
    memory_free: int
    disk_free: int
    folder: str
    folder_writable: bool
    ssh: bool
    file_handles_left: int = PLENTY
    processes_left: int = PLENTY
    threads_left: int = PLENTY
    inotify_left: int = PLENTY
    neighbours: int = PLENTY
    tracked_left: int = PLENTY
    taken_places: dict[str, str] = {}
    routes: dict[str, str] = {}
    engine: EngineFacts | None = None
