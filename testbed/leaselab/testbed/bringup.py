"""From a topology file to a hosted lab: plans, finds or makes the lab's folder, and has a host bring it up."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.testbed.errors import LabExistsError, LabGoneError, LeaselabError
from leaselab.testbed.files import explained
from leaselab.testbed.hostline import HostLine, SocketAddress
from leaselab.testbed.labs import Claim, LabFolder, take_slot
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.views import Progress, Step, UpOutcome

JOIN_SECONDS: Final = 30.0
"""For a host in a thread to end once its lab is down."""

LOW_PORT: Final = 22


class HostThread:
    """A host in a thread of this process, with an event loop of its own.

    Args:
        folder: the lab's.
        claim: its lock and slot.
        listening: the lab's socket.
    """

    def __init__(self, folder: LabFolder, claim: Claim, listening: socket.socket) -> None:
        self._folder = folder
        self._thread = threading.Thread(
            target=self._run, args=(claim, listening), name=f"leaselab-{folder.name}", daemon=True
        )
        self._failure: BaseException | None = None
        self._thread.start()

    def join(self) -> None:
        """Wait until the host has ended.

        Raises:
            LabGoneError: it does not.
        """
        self._thread.join(JOIN_SECONDS)
        if self._thread.is_alive():
            raise LabGoneError(
                f"the host of lab {self._folder.name} does not end", hint="its thread ends with this process"
            )

    def _run(self, claim: Claim, listening: socket.socket) -> None:
        from leaselab.testbed.host import LabHost, run_in_loop

        async def serve() -> None:
            with listening:
                listening.setblocking(False)
                await LabHost(self._folder, claim, listening).run()

        run_in_loop(serve())


def bring_up(
    file: str | os.PathLike[str],
    *,
    name: str | None,
    runtime: str,
    variables: Mapping[str, str],
    timeout: float,
    background: bool,
    on_progress: Callable[[Progress], None],
) -> tuple[LabFolder, HostThread | None, UpOutcome]:
    """Bring a lab to what its file says (see :meth:`leaselab.testbed.lab.Lab.up`)."""
    from leaselab.testbed.topology.files import load

    topology = load(file, variables)
    folder = LabFolder(name or topology.name)
    thread: HostThread | None = None
    if folder.exists() and folder.is_hosted():
        existing = _its_plan(folder)
        _must_be_ours(folder, runtime, background=background)
        plan = _plan(topology, folder, runtime, existing)
    else:
        claim, existing = _claimed(folder, runtime, str(file), background=background)
        with _given_back(folder, claim, existing):
            plan = _plan(topology, folder, runtime, existing, slot=claim.slot.number)
            thread = _hosted(folder, claim, background=background)
    line = HostLine(folder.name, folder.socket)
    answer = line.call(
        "up",
        plan=plan.to_json().decode(),
        within=timeout,
        on_progress=lambda progress: on_progress(msgspec.convert(progress, Progress)),
    )
    return folder, thread, msgspec.convert(answer, UpOutcome)


def dry_run(
    file: str | os.PathLike[str], *, name: str | None, runtime: str, variables: Mapping[str, str]
) -> tuple[Plan, tuple[Step, ...]]:
    """Return the plan of a lab and what bringing it up would do; nothing is made."""
    from leaselab.testbed.topology.files import load
    from leaselab.testbed.topology.steps import steps

    topology = load(file, variables)
    folder = LabFolder(name or topology.name)
    existing = _its_plan(folder) if folder.exists() else None
    plan = _plan(topology, folder, runtime, existing, slot=existing.slot if existing else _likely_slot(folder.name))
    return plan, steps(plan, existing)


def _likely_slot(name: str) -> int:
    """Return the slot that a lab of that name would get now."""
    slot = take_slot(name)
    slot.close()
    return slot.number


def _plan(topology: Any, folder: LabFolder, runtime: str, existing: Plan | None, *, slot: int | None = None) -> Plan:
    from leaselab.testbed.topology.planner import plan

    number = slot or folder.record().slot
    return plan(
        topology,
        slot=number,
        privileged=_has_low_ports(number),
        runtime=runtime,
        secret=existing.secret if existing is not None else secrets.token_hex(32),
        name=folder.name,
        existing=existing,
    )


def _has_low_ports(slot: int) -> bool:
    """Try a port below 1024 on an address of the lab that no node has."""
    with socket.socket() as probe:
        try:
            probe.bind((f"127.{slot}.255.254", LOW_PORT))
        except OSError:
            return False
    return True


def _its_plan(folder: LabFolder) -> Plan | None:
    try:
        return Plan.from_json(folder.plan.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise LeaselabError(f"{folder.plan}: {error}", hint=f"`leaselab down {folder.name}` removes the lab") from error


def _must_be_ours(folder: LabFolder, runtime: str, *, background: bool) -> None:
    record = folder.record()
    if not background or not record.background:
        raise LabExistsError(
            f"the lab {folder.name} is up already, hosted by another program",
            hint=f"`leaselab down {folder.name}` takes it down; another name lets both be up",
        )
    if record.runtime != runtime:
        raise LabExistsError(
            f"the lab {folder.name} is up with runtime {record.runtime}, not {runtime}",
            hint=f"`leaselab down {folder.name}` first, or give the new one another name with `--name`",
        )


def _claimed(folder: LabFolder, runtime: str, file: str, *, background: bool) -> tuple[Claim, Plan | None]:
    """Take a lab's lock and slot: of a new lab, or of one whose host has gone."""
    if folder.exists() and _can_go_on(folder, runtime, background=background):
        existing = _its_plan(folder)
        lock = folder.lock()
        try:
            return Claim(lock, take_slot(folder.name, wanted=folder.record().slot)), existing
        except BaseException:
            os.close(lock)
            raise
    path = file if "\n" in file else str(Path(file).resolve())
    return folder.create(runtime=runtime, topology="" if "\n" in file else path, background=background), None


def _can_go_on(folder: LabFolder, runtime: str, *, background: bool) -> bool:
    if not folder.plan.exists():
        return False
    record = folder.record()
    if not record.background or not background:
        return False
    if record.runtime != runtime:
        raise LabExistsError(
            f"the lab {folder.name} was made with runtime {record.runtime}, not {runtime}",
            hint=f"`leaselab down {folder.name}` first, or give the new one another name with `--name`",
        )
    return True


@contextlib.contextmanager
def _given_back(folder: LabFolder, claim: Claim, existing: Plan | None) -> Iterator[None]:
    """Give the claim back, and the folder of a new lab, when nobody comes to host it."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            claim.close()
        if existing is None:
            folder.remove()
        raise


def _hosted(folder: LabFolder, claim: Claim, *, background: bool) -> HostThread | None:
    """Have the lab hosted: by a process that outlives this one, or by a thread of this one."""
    folder.socket.unlink(missing_ok=True)  # of a host that died
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with explained("listen on the lab's socket"), SocketAddress(folder.socket) as address:
            listening.bind(address)
            listening.listen()
        if not background:
            return HostThread(folder, claim, listening)
        with explained("start the lab's host"), folder.log.open("ab") as log:
            subprocess.Popen(  # noqa: S603 - this very interpreter, and paths and numbers of our own
                [
                    sys.executable,
                    "-m",
                    "leaselab.testbed.host",
                    *map(str, (folder.path, claim.lock, claim.slot.number, claim.slot.fileno(), listening.fileno())),
                ],
                pass_fds=[claim.lock, claim.slot.fileno(), listening.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
    except BaseException:
        listening.close()
        raise
    listening.close()
    claim.close()
    return None
