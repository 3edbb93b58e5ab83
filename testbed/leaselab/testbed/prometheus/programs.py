"""Prometheus and promtool: the programs of this machine, or those of a container image.

Either way Prometheus is a process of this machine and of this user, on this machine's own network, as labs listen on
loopback addresses; so whoever holds its process id can end it, and nothing above this module asks which way it came.
"""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from leaselab.testbed.errors import LeaselabError

if TYPE_CHECKING:
    from leaselab.testbed.containers.engine import Engine

USUAL_IMAGE: Final = "prom/prometheus:v2.53.4"
"""Of Prometheus's long-term support; any with ``prometheus`` and ``promtool`` on its path will do."""

LOCAL_SOCKET: Final = "unix://"
"""How the address of an engine on this machine begins."""


class MonitorError(LeaselabError):
    """Prometheus cannot be started, or does not do what it is asked."""


class Started(msgspec.Struct, frozen=True):
    """A Prometheus that has begun. ``ended`` returns once it is over, with nothing of it left but its data."""

    pid: int
    ended: Callable[[], Awaitable[None]]


class OfMachine(msgspec.Struct, frozen=True, tag="machine"):
    """The programs on this user's path."""

    def check(self) -> None:
        """Find both.

        Raises:
            MonitorError: one is not installed.
        """
        for name in ("prometheus", "promtool"):
            _path_of(name)

    async def start(self, arguments: list[str], _folder: Path) -> Started:
        """Start Prometheus; its log is our output."""
        process = await asyncio.create_subprocess_exec(
            _path_of("prometheus"), *arguments, stdin=asyncio.subprocess.DEVNULL
        )

        async def ended() -> None:
            await process.wait()

        return Started(process.pid, ended)

    def promtool(self, arguments: list[str], _folder: Path) -> str:
        """Run promtool to its end; return why it failed, or nothing."""
        run = subprocess.run(  # noqa: S603 - a program found by name on the user's own path
            [_path_of("promtool"), *arguments], capture_output=True, text=True, check=False
        )
        return _why(run.returncode, run.stderr)


class OfImage(msgspec.Struct, frozen=True, tag="image"):
    """The programs in a container image.

    Attributes:
        image: its name.
        engine: address of the container engine that has it, on this machine.
    """

    image: str
    engine: str

    @classmethod
    def of(cls, image: str) -> "OfImage":
        """Return the programs of an image in the engine that this user's labs would use."""
        from leaselab.testbed.containers.engine import usual_address

        return cls(image, usual_address())

    def check(self) -> None:
        """Find the image, or pull it.

        Raises:
            MonitorError: the engine is not one that runs Prometheus on this machine's network.
            EngineError: it does not answer, is rootless, or has no such image and cannot get it.
        """
        from leaselab.testbed.containers.images import pulled

        if not self.engine.startswith(LOCAL_SOCKET):
            raise MonitorError(
                f"the engine at {self.engine} may be another machine's, and labs listen on this one's loopback",
                hint="set DOCKER_HOST to the socket of an engine on this machine, as unix:///var/run/docker.sock",
            )
        with closing(self._connect()) as engine:
            engine.refuse_rootless()
            pulled(engine, self.image, hint="is its registry within reach? one that the engine has needs none")

    async def start(self, arguments: list[str], folder: Path) -> Started:
        """Start Prometheus; its log is copied to our output."""
        engine = self._connect()
        name = f"leaselab-monitor-{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"
        try:
            await engine.discard(("container", name), lab=str(folder))  # of a keeper that was killed
            made = await engine.ask(
                f"make the container {name}",
                lambda api: self._create(api, "prometheus", arguments, folder, name=name, network_mode="host"),
            )
            await engine.ask(f"start the container {name}", lambda api: api.start(made))
            seen = await engine.ask(f"look at the container {name}", lambda api: api.inspect_container(made))
        except BaseException:
            await engine.discard(("container", name), lab=str(folder))
            engine.close()
            raise

        def copy_log(api: Any) -> None:
            for chunk in api.attach(made, logs=True, stream=True):
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()

        async def ended() -> None:
            try:
                await engine.ask(f"read the log of {name}", copy_log)
                await engine.ask(f"wait for {name}", lambda api: api.wait(made, timeout=None))
            finally:
                await engine.discard(("container", name), lab=str(folder))
                engine.close()

        return Started(seen["State"]["Pid"], ended)

    def promtool(self, arguments: list[str], folder: Path) -> str:
        """Run promtool to its end; return why it failed, or nothing.

        Raises:
            EngineError: the engine refuses, or does not answer.
        """

        def run(api: Any) -> str:
            made = self._create(api, "promtool", arguments, folder, network_mode="none")
            try:
                api.start(made)
                status = api.wait(made, timeout=None)["StatusCode"]
                return _why(status, api.logs(made, stdout=False).decode(errors="replace"))
            finally:
                api.remove_container(made, force=True, v=True)

        with closing(self._connect()) as engine:
            return engine.do(f"run promtool of {self.image}", run)

    def _connect(self) -> "Engine":
        from leaselab.testbed.containers.engine import Engine

        return Engine.connect(self.engine)

    def _create(
        self, api: Any, program: str, arguments: list[str], folder: Path, *, network_mode: str, name: str = ""
    ) -> str:
        """Make a container that sees the monitor's folder where we see it, as this user, and nothing else of ours."""
        from leaselab.testbed.containers.engine import LAB

        made = api.create_container(
            self.image,
            arguments,
            entrypoint=[program],
            name=name or None,
            user=f"{os.getuid()}:{os.getgid()}",
            labels={LAB: str(folder)},
            environment={"TMPDIR": str(folder)},  # promtool puts blocks together there
            volumes=[str(folder)],
            host_config=api.create_host_config(
                binds=[f"{folder}:{folder}"],
                network_mode=network_mode,
                userns_mode="host",
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
            ),
        )
        identity: str = made["Id"]
        return identity


Programs = OfMachine | OfImage


def _path_of(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise MonitorError(
            f"{name} is not on the path",
            hint=f"on Debian: apt-get install prometheus; or `leaselab monitor up --image {USUAL_IMAGE}`",
        )
    return path


def _why(status: int, said: str) -> str:
    lines = said.strip().splitlines()
    return (lines[-1] if lines else f"exit status {status}") if status else ""
