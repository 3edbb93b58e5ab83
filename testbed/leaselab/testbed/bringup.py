"""From a topology file to a hosted lab: plans, finds or makes the lab's folder, and has a host bring it up."""

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from leaselab.appliance.adapters.wire.unix import SocketAddress
from leaselab.testbed.errors import CallError, LabExistsError, LabGoneError, LeaselabError, ProvisioningRefusedError
from leaselab.testbed.files import explained
from leaselab.testbed.hostline import HostLine
from leaselab.testbed.labs import Claim, LabFolder, LabRecord, take_slot
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.views import Progress, Step, UpOutcome

if TYPE_CHECKING:
    from leaselab.testbed.topology.topology import Topology

JOIN_SECONDS: Final = 120.0
"""For a host in a thread to end once its lab is down."""

LOW_PORT: Final = 22

_NAME_LINE: Final = re.compile(r"^name:\s*([\w.-]+)", re.MULTILINE)


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
        from leaselab.appliance.adapters.wire.loop import run_loop
        from leaselab.testbed.hosting.host import LabHost

        async def serve() -> None:
            with listening:
                listening.setblocking(False)
                await LabHost(self._folder, claim, listening).run()

        run_loop(serve())


class SpareHost:
    """A host process that imports what it needs while this one still reads the file it will be asked to host.

    Half of a start is two programs importing their libraries: side by side they take the time of one. It waits for
    its lab on a socket, and ends when that is closed without one.

    Args:
        runtime: whose libraries it should import.
    """

    def __init__(self, runtime: str) -> None:
        self._given = False
        self._orders, theirs = socket.socketpair()
        with theirs, explained("start the lab's host"):
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter, and words of our own
                [sys.executable, "-m", "leaselab.testbed.hosting", str(theirs.fileno()), runtime],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )

    def give(self, folder: LabFolder, claim: Claim, listening: socket.socket) -> None:
        """Hand it a lab: folder, lock, slot and socket. It outlives this process."""
        order = msgspec.json.encode({"folder": str(folder.path), "slot": claim.slot.number})
        with explained("hand the lab to its host"):
            socket.send_fds(self._orders, [order], [claim.lock, claim.slot.fileno(), listening.fileno()])
        self._orders.close()
        self._given = True
        # Should this process live longer than the lab, its host must not stay behind as a zombie.
        threading.Thread(target=self._process.wait, name="leaselab-reaper", daemon=True).start()

    def discard(self) -> None:
        """End it, unless it has a lab."""
        if not self._given:
            self._orders.close()
            self._process.kill()
            self._process.wait()


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
    with contextlib.ExitStack() as cleanup:
        spare: SpareHost | None = None
        if background and not _is_probably_up(file, name):
            spare = SpareHost(runtime)
            cleanup.callback(spare.discard)
        return _bring_up(file, name, runtime, variables, spare, timeout, on_progress, background=background)


def _bring_up(
    file: str | os.PathLike[str],
    name: str | None,
    runtime: str,
    variables: Mapping[str, str],
    spare: SpareHost | None,
    timeout: float,
    on_progress: Callable[[Progress], None],
    *,
    background: bool,
) -> tuple[LabFolder, HostThread | None, UpOutcome]:
    from leaselab.testbed.topology.files import load

    topology = load(file, variables)
    folder = LabFolder(name or topology.name)
    _must_be_its_file(folder, file)
    thread: HostThread | None = None
    if folder.exists() and folder.is_hosted():
        existing = folder.read_plan()
        _must_be_ours(folder, runtime, background=background)
        plan = _plan(topology, folder, runtime, existing)
    else:
        claim, existing = _claimed(folder, runtime, str(file), background=background)
        with _given_back(folder, claim, existing):
            plan = _plan(topology, folder, runtime, existing, slot=claim.slot.number)
            thread = _hosted(folder, claim, runtime, spare, background=background)
    try:
        return folder, thread, _told(folder, plan, timeout, on_progress)
    except ProvisioningRefusedError:
        raise  # the lab stays, to be looked at
    except LeaselabError:
        if existing is None:  # its host takes back what it made; then `up` can be called again
            folder.await_end(JOIN_SECONDS, kept=False)
        raise


def _hosted(
    folder: LabFolder, claim: Claim, runtime: str, spare: SpareHost | None, *, background: bool
) -> HostThread | None:
    """Give a lab its host: a process of its own, or a thread of this one, which is returned."""
    listening = _listen(folder)
    if not background:
        return HostThread(folder, claim, listening)
    with listening:
        (spare or SpareHost(runtime)).give(folder, claim, listening)
    claim.close()
    return None


def _told(folder: LabFolder, plan: Plan, timeout: float, on_progress: Callable[[Progress], None]) -> UpOutcome:
    """Have the lab's host bring it to a plan."""
    answer = HostLine(folder.name, folder.socket).call(
        "up",
        plan=plan.to_json().decode(),
        within=timeout,
        on_progress=lambda progress: on_progress(msgspec.convert(progress, Progress)),
    )
    return msgspec.convert(answer, UpOutcome)


def bring_back(
    archive: Path, *, timeout: float, background: bool, on_progress: Callable[[Progress], None]
) -> tuple[LabFolder, HostThread | None, UpOutcome]:
    """Bring a lab that is not there back from a snapshot (see :meth:`leaselab.testbed.lab.Lab.from_snapshot`)."""
    from leaselab.testbed import snapshots

    manifest = snapshots.read_manifest(archive)
    folder = LabFolder(manifest.lab)
    if folder.exists():
        raise LabExistsError(
            f"there is a lab {manifest.lab}; the snapshot would take its place",
            hint=f"`leaselab snapshot restore` on the running lab, or `leaselab down {manifest.lab}` first",
        )
    claim = folder.create(
        runtime=manifest.runtime, topology=manifest.topology, background=background, slot=manifest.slot
    )
    with _given_back(folder, claim, None):
        plan = snapshots.stage(archive, folder)
        snapshots.take(folder.path)
        thread = _hosted(folder, claim, manifest.runtime, None, background=background)
    return folder, thread, _told(folder, plan, timeout, on_progress)


def _is_probably_up(file: str | os.PathLike[str], name: str | None) -> bool:
    """Guess, before the file is read properly, whether its lab has a host. A wrong guess only costs time."""
    try:
        text = str(file) if "\n" in str(file) else Path(file).read_text(encoding="utf-8-sig")
        found = _NAME_LINE.search(text)
        guess = name or (found[1] if found else "")
        return bool(guess) and LabFolder(guess).is_hosted()
    except (OSError, ValueError, LeaselabError):
        return False


def dry_run(
    file: str | os.PathLike[str], *, name: str | None, runtime: str, variables: Mapping[str, str]
) -> tuple[Plan, tuple[Step, ...]]:
    """Return the plan of a lab and what bringing it up would do; nothing is made."""
    from leaselab.testbed.topology.files import load
    from leaselab.testbed.topology.steps import steps

    topology = load(file, variables)
    folder = LabFolder(name or topology.name)
    _must_be_its_file(folder, file)
    existing = folder.read_plan() if folder.exists() else None
    plan = _plan(topology, folder, runtime, existing, slot=existing.slot if existing else _likely_slot(folder.name))
    return plan, steps(plan, existing)


def _likely_slot(name: str) -> int:
    """Return the slot that a lab of that name would get now."""
    slot = take_slot(name)
    slot.close()
    return slot.number


def _plan(
    topology: "Topology", folder: LabFolder, runtime: str, existing: Plan | None, *, slot: int | None = None
) -> Plan:
    from leaselab.testbed.topology.planner import plan

    number = slot or folder.record().slot
    planned = plan(
        topology,
        slot=number,
        privileged=_has_low_ports(number),
        runtime=runtime,
        secret=existing.secret if existing is not None else secrets.token_hex(32),
        name=folder.name,
        existing=existing,
    )
    _must_keep_its_time(planned, existing)
    return planned


def _has_low_ports(slot: int) -> bool:
    """Try a port below 1024 on an address of the lab that no node has."""
    with socket.socket() as probe:
        try:
            probe.bind((f"127.{slot}.255.254", LOW_PORT))
        except OSError:
            return False
    return True


def _must_keep_its_time(plan: Plan, existing: Plan | None) -> None:
    """Refuse a file that would set the clock of a lab that has lived: its time is in all its histories."""
    if existing is not None and (plan.clock.start, plan.clock.mode) != (existing.clock.start, existing.clock.mode):
        raise CallError(
            f"the file gives lab {plan.lab} another clock (start or mode) than it began with",
            hint=f"`leaselab down {plan.lab}` first, or give the new one another name with `--name`",
        )


def _must_be_its_file(folder: LabFolder, file: str | os.PathLike[str]) -> None:
    """Refuse a file whose name another file's lab has: that lab would lose all its nodes. A file may move, though."""
    if "\n" in str(file) or not folder.plan.exists():
        return
    first = folder.record().topology
    if first and Path(first).exists() and not Path(first).samefile(file):
        raise LabExistsError(
            f"there is a lab {folder.name} of another file, {first}",
            hint=f"give this one another name with `--name`, or `leaselab down {folder.name}` first",
        )


def _must_be_ours(folder: LabFolder, runtime: str, *, background: bool) -> None:
    record = folder.record()
    if not background or not record.background:
        raise LabExistsError(
            f"the lab {folder.name} is up already, hosted by another program",
            hint=f"`leaselab down {folder.name}` takes it down; another name lets both be up",
        )
    _must_be_of(runtime, folder, record)


def _must_be_of(runtime: str, folder: LabFolder, record: LabRecord) -> None:
    """Refuse to go on with a lab in another runtime than it was made with."""
    if record.runtime != runtime:
        raise LabExistsError(
            f"the lab {folder.name} was made with runtime {record.runtime}, not {runtime}",
            hint=f"`leaselab down {folder.name}` first, or give the new one another name with `--name`",
        )


def _claimed(folder: LabFolder, runtime: str, file: str, *, background: bool) -> tuple[Claim, Plan | None]:
    """Take a lab's lock and slot: of a new lab, or of one whose host has gone, perhaps in the middle of a restore."""
    if folder.exists():
        from leaselab.testbed import snapshots

        snapshots.take(folder.path)
    if folder.exists() and _can_go_on(folder, runtime, background=background):
        existing = folder.read_plan()
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
    _must_be_of(runtime, folder, record)
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


def _listen(folder: LabFolder) -> socket.socket:
    """Open the lab's socket; whoever will host the lab answers on it once it can."""
    folder.socket.unlink(missing_ok=True)  # of a host that died
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with explained("listen on the lab's socket"), SocketAddress(folder.socket) as address:
            listening.bind(address)
            listening.listen()
    except BaseException:
        listening.close()
        raise
    return listening
