"""The running lab: brings a plan up, keeps it, and answers whoever asks over the lab's socket.

One host a lab, in a thread of the program that wants the lab or as a process by itself
(``python -m leaselab.testbed.hosting``). All it knows is in the lab's folder, so that a new host goes on where a
dead one stopped.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.wire.loop import run_loop
from leaselab.testbed import processes
from leaselab.testbed.capacity import preflight, survey
from leaselab.testbed.clearing import clear
from leaselab.testbed.errors import EngineError, LeaselabError, ProvisioningRefusedError
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.hosting.control_server import ControlServer, Emit
from leaselab.testbed.hosting.metrics import LabCollector, LabMetrics
from leaselab.testbed.hosting.raising import RaisedLab, first_instant
from leaselab.testbed.hosting.verbs import Verbs
from leaselab.testbed.journal import Journal
from leaselab.testbed.labs import Claim, LabFolder, Slot
from leaselab.testbed.runtimes.parent import Parent
from leaselab.testbed.runtimes.protocol import Runtime
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.views import Progress

FIRST_REQUEST_SECONDS: Final = 120.0
"""Whoever started the host asks it to bring the lab up; if nobody does, it was killed, and the host clears away."""

LAST_ANSWERS_SECONDS: Final = 1.0
"""For the answers under way when the host ends; a stream that is followed never ends by itself."""

LOOK_SECONDS: Final = 5.0
"""How often the host looks whether its folder is still there; without it nobody could ever take the lab down."""

ORDER_BYTES: Final = 65536
"""Of the message that says which lab to host; a path is at most 4096."""

_LOG: Final = logging.getLogger(__name__)


class LabHost:
    """Hosts one lab until it is taken down.

    Args:
        folder: the lab's.
        claim: its lock and slot, held as long as the host lives.
        listening: the socket in the folder, bound and listening.
        parent: of node processes, if one warms up already.
    """

    def __init__(
        self, folder: LabFolder, claim: Claim, listening: socket.socket, *, parent: Parent | None = None
    ) -> None:
        self._folder = folder
        self._parent = parent
        self._claim = claim
        self._listening = listening
        self._control = ControlServer(self._answer)
        self._journal: Journal | None = None
        self._lab: RaisedLab | None = None
        self._verbs: Verbs | None = None
        self._metrics: LabMetrics | None = None
        self._listeners: list[Callable[[Progress], None]] = []
        self._asked = asyncio.Event()
        self._ended = asyncio.Event()
        self._keep = True
        self._changing = asyncio.Lock()

    async def run(self) -> None:
        """Serve until the lab is taken down, or the host is told to end."""
        record = self._folder.record()
        self._folder.write_record(msgspec.structs.replace(record, host=processes.identify(os.getpid())))
        clear(self._folder.path)  # of a host that was killed
        self._journal = Journal(self._folder.path)
        await self._control.open(self._listening)
        try:
            await self._wait()
        finally:
            await self._close()

    def end(self, *, keep: bool) -> None:
        """End soon. ``keep`` leaves the folder, so that a later host can go on with the lab."""
        self._keep = keep
        self._asked.set()
        self._ended.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(FIRST_REQUEST_SECONDS):
                await self._asked.wait()
        except TimeoutError:
            _LOG.warning("nobody asked for the lab; clearing away")
            self._keep = self._folder.plan.exists()
            return
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), LOOK_SECONDS)
            if not self._folder.exists():
                _LOG.warning("the lab's folder is gone; so is the lab")
                self._keep = False
                return

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._control.finish(), LAST_ANSWERS_SECONDS)
        await self._control.close()
        if self._lab is not None:
            try:
                if self._keep:
                    self._lab.remember()
                await self._lower(self._lab)
            except EngineError:  # the journal is all that still knows the containers
                _LOG.exception("not everything of the lab could be removed")
                self._keep = True
            except (OSError, LeaselabError):  # a full disk must not keep the lab from going down
                _LOG.exception("the lab did not close in good order")
        if self._parent is not None:
            self._parent.end()
        if self._journal is not None:
            self._journal.close()
        if not self._keep:
            self._remove()
        self._claim.close()

    def _remove(self) -> None:
        """Remove the folder, and first what its journal still names: a start that was broken off leaves a container."""
        try:
            clear(self._folder.path)
        except EngineError:
            _LOG.exception("not everything of the lab could be removed; `leaselab down` tries again")
            return
        shutil.rmtree(self._folder.path, ignore_errors=not self._folder.exists())

    async def _answer(self, request: dict[str, Any], emit: Emit) -> Any:
        self._asked.set()
        match request.get("do"):
            case "up":
                return await self._up(request, emit)
            case "restore":
                return await self._restore(request, emit)
            case "down":
                asyncio.get_running_loop().call_soon(lambda: self.end(keep=bool(request.get("keep"))))
                return None
        if self._verbs is None:
            raise LeaselabError("the lab is not up yet", hint="wait for `leaselab up` to finish")
        return await self._verbs.answer(request, emit)

    async def _up(self, request: dict[str, Any], emit: Emit) -> Any:
        """Bring the lab to a plan. A new lab that does not come up, or is not waited for, is taken back."""
        plan = Plan.from_json(request["plan"])

        def show(progress: Progress) -> None:
            emit("progress", progress)

        async with self._changing:
            new = self._lab is None
            existing = self._existing()
            self._listeners.append(show)
            try:
                lab = self._lab or await self._raise(plan)
                outcome = await lab.bring_to(plan, existing, request["within"])
            except ProvisioningRefusedError:
                raise
            except (asyncio.CancelledError, Exception):
                if new:
                    self.end(keep=existing is not None)
                raise
            finally:
                self._listeners.remove(show)
                gc.enable()
            gc.collect()
            gc.freeze()  # what a lab is made of lives as long as it; the collector need not look at it again
            return outcome

    async def _restore(self, request: dict[str, Any], emit: Emit) -> Any:
        """Put a snapshot in the lab's place. One that cannot be taken leaves the lab as it is."""
        from leaselab.testbed import snapshots

        async with self._changing:
            if self._lab is None:
                raise LeaselabError("the lab is not up yet", hint="wait for `leaselab up` to finish")
            plan = snapshots.stage(Path(request["archive"]), self._folder)
            self._listeners.append(show := partial(emit, "progress"))
            try:
                await self._lower(self._lab)
                snapshots.take(self._folder.path)
                lab = await self._raise(plan)
                outcome = await lab.bring_to(plan, plan, request["within"])
            finally:
                self._listeners.remove(show)
            lab.events.add("restored", archive=request["archive"])
            return outcome

    def _existing(self) -> Plan | None:
        if self._lab is not None:
            return self._lab.plan
        return self._folder.read_plan()

    async def _raise(self, plan: Plan) -> RaisedLab:
        if self._journal is None:
            raise RuntimeError("the host does not run")
        facts = await asyncio.to_thread(survey.look, self._folder.path.parent, runtime=plan.runtime, plan=plan)
        preflight.require(facts, plan)
        self._write_keys(plan)
        lab = RaisedLab(
            self._folder.path,
            plan,
            now=first_instant(plan, time.time()),
            runtime=partial(self._runtime, plan),
            journal=self._journal,
            on_progress=self._show,
        )
        try:
            await lab.open()
        except BaseException:
            await lab.close()
            raise
        self._lab = lab
        record = self._folder.record()
        self._verbs = Verbs(lab, record)
        self._metrics = LabMetrics(LabCollector(lab, name=record.name, runtime=record.runtime), slot=record.slot)
        await self._metrics.open()
        return lab

    async def _lower(self, lab: RaisedLab) -> None:
        """Close a lab, and what tells of it."""
        if self._metrics is not None:
            await self._metrics.close()
            self._metrics = None
        await lab.close()

    def _runtime(self, plan: Plan, lab: RaisedLab) -> Runtime:
        """Return the runtime that the lab was made for."""
        name = self._folder.record().runtime
        if name == "swarm":
            from leaselab.testbed.runtimes.swarm import SwarmRuntime
            from leaselab.testbed.topology.credentials import Credentials

            return SwarmRuntime(
                self._folder.path,
                lab.fleet,
                journal=lab.journal,
                prefix=f"leaselab-{self._folder.name}-{self._claim.slot.number}",
                credentials=Credentials(plan.lab, plan.secret),
                container=lambda node: lab.fleet.seat(node).plan.container,
                machine_lost=lab.machine_lost,
            )
        if name == "docker":
            from leaselab.testbed.runtimes.docker import DockerRuntime

            return DockerRuntime(
                self._folder.path,
                lab.fleet,
                journal=lab.journal,
                prefix=f"leaselab-{self._folder.name}-{self._claim.slot.number}",
                container=lambda node: lab.fleet.seat(node).plan.container,
            )
        if name == "process":
            from leaselab.testbed.runtimes.process import ProcessRuntime

            parent, self._parent = self._parent, None
            return ProcessRuntime(self._folder.path, lab.fleet, journal=lab.journal, parent=parent)
        from leaselab.testbed.runtimes.embedded import EmbeddedRuntime

        return EmbeddedRuntime(self._folder.path, lab.fleet, now=lab.timekeeper.now)

    def _show(self, progress: Progress) -> None:
        for listener in self._listeners:
            listener(progress)

    def _write_keys(self, plan: Plan) -> None:
        """Write what people and tools need to get in: the console key pair and the authority's certificate."""
        from leaselab.testbed.inventory import known_hosts
        from leaselab.testbed.topology.credentials import public_half

        with explained("write the lab's keys"):
            self._folder.keys.mkdir(mode=0o700, exist_ok=True)
            write_whole(self._folder.keys / "id_ed25519", plan.console_key.encode(), sync=False)
            write_whole(self._folder.keys / "known_hosts", known_hosts(plan).encode(), mode=0o644, sync=False)
            public = f"{public_half(plan.console_key)}\n".encode()
            write_whole(self._folder.keys / "id_ed25519.pub", public, mode=0o644, sync=False)
            write_whole(self._folder.keys / "ca.pem", plan.authority_certificate.encode(), mode=0o644, sync=False)


async def _run(host: LabHost) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: host.end(keep=True))
    await host.run()


def _raise_limits() -> None:
    """Take as many file handles as one may have: a lab of hundreds of nodes needs thousands."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _warm(runtime: str) -> None:
    """Import what the lab will need, while it is still being planned."""
    if runtime == "embedded":
        import leaselab.testbed.runtimes.embedded  # noqa: F401 - for its import alone


def serve_one(descriptor: int, runtime: str, parent: Parent | None) -> None:
    """Host the lab that comes over a socket, or none if it is closed without one.

    Args:
        descriptor: of the socket.
        runtime: whose libraries to import until the lab comes.
        parent: of node processes, if that is the runtime.
    """
    gc.disable()  # until the lab is up: nothing of what is made on the way there is garbage
    _raise_limits()
    _warm(runtime)
    with socket.socket(fileno=descriptor) as orders:
        text, descriptors, _, _ = socket.recv_fds(orders, ORDER_BYTES, 3)
    if not text:
        return  # there is no lab after all; the kernel ends the parent with us
    order = msgspec.json.decode(text, type=dict[str, Any])
    path, (lock, slot, listening) = Path(order["folder"]), descriptors
    folder = LabFolder(path.name, root=path.parent)
    _log_to(folder.log)
    claim = Claim(lock, Slot(order["slot"], descriptor=slot))

    async def serve() -> None:
        with socket.socket(fileno=listening) as listener:
            listener.setblocking(False)
            await _run(LabHost(folder, claim, listener, parent=parent))

    run_loop(serve())


def _log_to(path: Path) -> None:
    """Send all output to the lab's own log from here on: the terminal belongs to whoever started us."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
