"""A process a node, forked from one warmed parent; each with its own store and event loop.

Nodes dial out to a socket in the lab's folder and say hello; from then on the lab talks to them over that connection.
A child ends when the connection is lost, and the kernel ends it when its parent does, so that no death leaves any.
"""

import asyncio
import contextlib
import signal
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.control import Channel
from leaselab.appliance.adapters.wire.unix import KEEP_SOCKET, SocketAddress
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.testbed import processes
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.journal import Journal
from leaselab.testbed.labs import HOST_LOG
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.runtimes.dialled import DialledNode, Reception
from leaselab.testbed.runtimes.homes import Homes
from leaselab.testbed.runtimes.parent import STOP_SECONDS as PARENT_STOP_SECONDS
from leaselab.testbed.runtimes.parent import Parent
from leaselab.testbed.runtimes.protocol import Watcher

NURSERY: Final = "parent of the nodes"
"""The nursery's name in the journal."""

START_SECONDS: Final = 60.0
"""For a child to say hello, its parent's warming up included; a machine may be busy."""

STOP_SECONDS: Final = 5.0
"""For a node to shut down in good order; then it is killed."""


class ProcessNode(DialledNode):
    """A node that is a process.

    Args:
        name: of the node.
        process: its identity.
        ended: done, with the exit status, once its parent has reaped it.
    """

    def __init__(self, name: str, process: ProcessId, ended: "asyncio.Future[int]") -> None:
        super().__init__(name)
        self.process = process
        self.ended = ended

    async def stop(self) -> None:
        """Shut it down in good order: hanging up is the order to. Kill it if it does not."""
        self.stopping = True
        self.hang_up()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.ended), STOP_SECONDS)
            return
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL to this very process, and wait until it is gone."""
        self.stopping = True
        if self.process:
            processes.send(self.process, signal.SIGKILL)
        await self.ended
        self.hang_up()


class ProcessRuntime:
    """Runs nodes as processes.

    Args:
        folder: the lab's.
        watcher: told what nodes do.
        journal: told of every process and folder before it is made.
        parent: of the nodes, if one warms up already; the runtime ends it.
    """

    def __init__(self, folder: Path, watcher: Watcher, *, journal: Journal, parent: Parent | None = None) -> None:
        self._folder = folder
        self._homes = Homes(folder)
        self._watcher = watcher
        self._reception = Reception(watcher)
        self._journal = journal
        self._nodes: dict[str, ProcessNode] = {}
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._parent = parent
        self._orders: Channel | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen for nodes and start their parent, which warms up while the lab goes on."""
        loop = asyncio.get_running_loop()
        path = self._folder / "nodes.sock"
        path.unlink(missing_ok=True)  # of a host that died
        with explained("listen for the lab's nodes"), SocketAddress(path) as address:
            self._server = await loop.create_unix_server(self._reception.connection, address, **KEEP_SOCKET)
        self._journal.will_make("process", [NURSERY])
        if self._parent is None:
            self._parent = Parent()
        if identity := processes.identify(self._parent.pid):
            self._journal.made_process(NURSERY, identity)
        self._parent.log_to(self._folder / HOST_LOG)
        _, self._orders = await loop.create_connection(
            partial(Channel, self._hear, on_lost=self._nursery_lost), sock=self._parent.line
        )

    async def start(self, config: NodeConfig, *, now: Instant) -> ProcessNode:
        """Switch a node on; returns when it has said hello."""
        name = config.name
        self._journal.will_make("process", [f"node {name}"])
        node: ProcessNode | None = None
        with self._reception.expecting(name) as hello:
            try:
                async with asyncio.timeout(START_SECONDS):
                    node = self._nodes[name] = await self._fork(config, now)
                    either: list[asyncio.Future[Any]] = [hello, node.ended]
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not hello.done():
                    raise NodeFailedError(
                        f"{name}: its process ended before it was up", hint="host.log has its last words"
                    )
                node.met(*hello.result())
            except (TimeoutError, ConnectionError):
                raise NodeFailedError(
                    f"{name}: its process was not up within {START_SECONDS:g} s",
                    hint="the machine may be overloaded; `leaselab doctor FILE` says what a file needs",
                ) from None
            finally:
                if node and not node.up:
                    await node.kill()
        return node

    async def erase(self, node: str) -> None:
        """Forget all that a node has ever stored."""
        self._homes.erase(node)

    async def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored."""
        self._homes.copy(node, copy)

    async def keep(self) -> None:
        """Do nothing: a node process answers a grant when its store is on disk."""

    async def close(self) -> None:
        """Stop what still runs, then its parent, and remove the nodes' folders."""
        await asyncio.gather(*(node.stop() for node in self._nodes.values()))
        if self._orders:
            self._orders.close()
        if self._parent:
            await asyncio.sleep(0)  # the channel hangs up in the loop's next turn
            await asyncio.to_thread(self._parent.end, PARENT_STOP_SECONDS)
            self._journal.gone("process", [NURSERY])
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            (self._folder / "nodes.sock").unlink(missing_ok=True)

    async def _fork(self, config: NodeConfig, now: Instant) -> ProcessNode:
        home = self._homes.make(config.name)
        with explained(f"write the configuration of {config.name}"):
            write_whole(home / "config.json", msgspec.json.encode(config), sync=False)
        if self._orders is None:
            raise RuntimeError("the runtime is not open")
        order = {
            "config": str(home / "config.json"),
            "store": str(self._homes.store(config.name)),
            "socket": str(self._folder / "nodes.sock"),
            "now": now,
        }
        pid: int = (await self._orders.ask(order))["pid"]
        end = self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
        identity = processes.identify(pid) or ProcessId(pid=pid, started=0)
        self._journal.made_process(f"node {config.name}", identity)
        node = ProcessNode(config.name, identity, end)
        end.add_done_callback(lambda _end: self._gone(node, pid))
        return node

    def _gone(self, node: ProcessNode, pid: int) -> None:
        self._ends.pop(pid, None)
        if self._nodes.get(node.name) is node:
            del self._nodes[node.name]
        self._journal.gone("process", [f"node {node.name}"])
        if not node.stopping:
            status = node.ended.result()
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            self._watcher.lost(node.name, f"its process ended by itself ({how})")

    async def _hear(self, message: dict[str, Any]) -> dict[str, Any]:
        """Hear from the nursery how its start went, or of a child's end, perhaps before the answer that names it."""
        if "unrehearsed" in message:
            self._watcher.unrehearsed(message["unrehearsed"])
            return {}
        end = self._ends.setdefault(message["ended"], asyncio.get_running_loop().create_future())
        if not end.done():
            end.set_result(message["status"])
        return {}

    def _nursery_lost(self) -> None:
        """The nursery has gone, and with it, by the kernel's hand, all nodes."""
        for end in tuple(self._ends.values()):
            if not end.done():
                end.set_result(-signal.SIGKILL)
