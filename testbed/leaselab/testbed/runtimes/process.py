"""A process a node, forked from one warmed parent; each with its own store and event loop.

Nodes dial out to a socket in the lab's folder and say hello; from then on the lab talks to them over that connection.
A child ends when the connection is lost, and the kernel ends it when its parent does, so that no death leaves any.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.control import Channel, ControlError
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.testbed import processes
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.hostline import SocketAddress
from leaselab.testbed.journal import Journal
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.runtimes.protocol import Watcher

START_SECONDS: Final = 20.0
"""For the parent to warm up, and for a child to say hello."""

STOP_SECONDS: Final = 5.0
"""For a node to shut down in good order; then it is killed."""


class ProcessNode:
    """A node that is a process."""

    def __init__(self, name: str, channel: Channel, hello: dict[str, Any], end: "asyncio.Future[int]") -> None:
        self.name = name
        self.next_due: Instant = hello["next_due"]
        self.now: Instant = hello["now"]
        self.process: ProcessId | None = processes.identify(hello["pid"])
        self.ended = end
        self.expected = False
        self._channel = channel

    async def grant(self, to: Instant) -> Instant:
        """Let it do all that is due by ``to``."""
        next_due: Instant = (await self._channel.ask({"do": "grant", "to": to}))["next_due"]
        return next_due

    async def observe(self, at: Instant) -> None:
        """Set its clock."""
        await self._channel.ask({"do": "observe", "at": at})

    async def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request over its control channel."""
        return await self._channel.ask(request)

    async def stop(self) -> None:
        """Shut it down in good order, or kill it if it does not."""
        self.expected = True
        self._channel.close()  # hanging up is the order to stop
        try:
            await asyncio.wait_for(asyncio.shield(self.ended), STOP_SECONDS)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """SIGKILL to this very process."""
        self.expected = True
        if self.process:
            processes.send(self.process, processes.signal.SIGKILL)
        await self.ended
        self._channel.close()


class ProcessRuntime:
    """Runs nodes as processes.

    Args:
        folder: the lab's.
        watcher: told what nodes do.
        journal: told of every process before it is made.
    """

    def __init__(self, folder: Path, watcher: Watcher, journal: Journal) -> None:
        self._folder = folder
        self._watcher = watcher
        self._journal = journal
        self._nodes: dict[str, ProcessNode] = {}
        self._greeting: dict[str, asyncio.Future[tuple[Channel, dict[str, Any]]]] = {}
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._one_fork = asyncio.Lock()
        self._forked: asyncio.Future[int] | None = None
        self._nursery: subprocess.Popen[bytes] | None = None
        self._to_nursery: Channel | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen for nodes and start their parent."""
