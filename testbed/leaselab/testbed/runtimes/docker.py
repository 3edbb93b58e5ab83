"""A container a node, on networks of the lab's own, in a Docker Engine on this machine.

A node's folder is the only thing it shares with the lab: its configuration, its store and the socket that it dials out
to are in there, so no secret is in an image, an environment or a command line, and a node that has lost its container
has lost nothing. The socket is no part of the networks: cutting packets cuts nodes off from each other, not from time.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.wire.unix import KEEP_SOCKET, SocketAddress
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.testbed import processes
from leaselab.testbed.containers.engine import LAB, NODE, Engine
from leaselab.testbed.containers.images import IMAGE_USER, current_image
from leaselab.testbed.errors import EngineError, GoneError, NodeFailedError
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.journal import Journal
from leaselab.testbed.runtimes import packets
from leaselab.testbed.runtimes.dialled import DialledNode, Losses, Reception, first_words
from leaselab.testbed.runtimes.homes import Homes
from leaselab.testbed.runtimes.networks import Networks, subnet_of
from leaselab.testbed.runtimes.protocol import Watcher
from leaselab.testbed.topology.plan import Container

_LOG: Final = logging.getLogger(__name__)

HOME: Final = "/lab"
"""Where a container sees its node's folder."""

START_SECONDS: Final = 120.0
"""For a container to say hello: fifty of them import their libraries side by side, perhaps on a busy machine."""

LOOK_SECONDS: Final = 2.0
"""How often a container that has not said hello is looked at; one that has ended never will.

Fifty that are looked at four times as often keep an engine busy enough to be up a second later."""

STOP_SECONDS: Final = 5
"""For a node to shut down in good order; then it is killed."""

END_SECONDS: Final = 10
"""For the engine to notice that a container has ended whose connection is lost."""

LAST_LINES: Final = 5
"""Of a failed container's output, that its error shows."""

PROCESSES: Final = 64
"""Processes and threads of a node; it has one and a few."""

SIGNALLED: Final = 128
"""Exit statuses above this are 128 and the number of the signal."""


class DockerNode(DialledNode):
    """A node that is a container.

    Args:
        name: of the node.
        container: what it is called in the engine.
        engine: where it is.
        remove: kills and removes the container, and all that the lab has for it.
    """

    def __init__(
        self, name: str, container: str, engine: Engine, *, remove: Callable[["DockerNode"], Awaitable[None]]
    ) -> None:
        super().__init__(name)
        self.container = container
        self.lines: asyncio.Server | None = None
        self._engine = engine
        self._remove = remove

    async def stop(self) -> None:
        """Shut it down in good order, kill it if it does not, and remove its container."""
        self.stopping = True
        self.hang_up()
        with contextlib.suppress(GoneError):
            await self._engine.ask(f"stop {self.name}", lambda api: api.stop(self.container, timeout=STOP_SECONDS))
        await self._remove(self)

    async def kill(self) -> None:
        """SIGKILL to all of its processes, as a power cut does; its container is removed."""
        self.stopping = True
        await self._remove(self)

    def leave(self) -> None:
        """Hang up, and take no more calls."""
        self.hang_up()
        if self.lines:
            self.lines.close()


class DockerRuntime:
    """Runs nodes as containers.

    Args:
        folder: the lab's.
        watcher: told what nodes do.
        journal: told of every container and network before it is made.
        prefix: of the names of both; no other lab on this machine has it.
        container: how a node's container runs, by the node's name.
    """

    def __init__(
        self,
        folder: Path,
        watcher: Watcher,
        *,
        journal: Journal,
        prefix: str,
        container: Callable[[str], Container] = lambda _node: Container(),
    ) -> None:
        self._folder = folder
        self._user = IMAGE_USER if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        self._homes = Homes(folder, owner=IMAGE_USER if os.geteuid() == 0 else None)
        self._journal = journal
        self.prefix = prefix
        self._container = container
        self._reception = Reception(watcher)
        self._nodes: dict[str, DockerNode] = {}
        self._configs: dict[str, NodeConfig] = {}
        self._cuts: dict[tuple[str, str], bool] = {}
        self._networks: Networks | None = None
        self._losses = Losses[DockerNode](
            cause=self._cause, remove=self._remove, tell=lambda node, why: watcher.lost(node.name, why)
        )
        self._engine: Engine | None = None
        self._image = ""

    async def open(self) -> None:
        """Find the engine and the image.

        Raises:
            EngineError: no engine answers, it is rootless, or it has no image of this code.
        """
        engine = await asyncio.to_thread(Engine.connect)
        try:
            await asyncio.to_thread(engine.refuse_rootless)
            self._image = await asyncio.to_thread(current_image, engine)
        except BaseException:
            engine.close()
            raise
        self._engine = engine
        self._networks = Networks(engine, self._journal, prefix=self.prefix, lab=self._folder, driver="bridge")
        self._journal.will_make("engine", [engine.address])

    async def start(self, config: NodeConfig, *, now: Instant) -> DockerNode:
        """Switch a node on; returns when it has said hello."""
        name = config.name
        node = DockerNode(name, f"{self.prefix}-{name}", self._opened(), remove=self._remove)
        with self._reception.expecting(name) as hello:
            try:
                async with asyncio.timeout(START_SECONDS):
                    if name in self._nodes:  # its end came while the engine was away, so its container is still there
                        await self._remove(self._nodes[name])
                    await self._make(node, config, now)
                    failure = partial(self._failure, node)
                    node.met(*await first_words(hello, look_seconds=LOOK_SECONDS, failure=failure))
            except TimeoutError:
                raise NodeFailedError(
                    f"{name}: its container was not up within {START_SECONDS:g} s",
                    hint="the machine may be overloaded; `leaselab doctor FILE` says what a file needs",
                ) from None
            except EngineError as error:
                raise NodeFailedError(f"{name}: {error.message}", hint=error.hint) from error
            finally:
                if not node.up:
                    with contextlib.suppress(EngineError):  # the journal still has it
                        await node.kill()
        self._nodes[name], self._configs[name] = node, config
        await self._apply_cuts(*{source for source, to in self._cuts if name in (source, to)})
        return node

    async def erase(self, node: str) -> None:
        """Forget all that a node has ever stored."""
        self._homes.erase(node)

    async def cut(self, one: str, other: str, *, one_way: bool) -> None:
        """Drop the packets between two nodes; ``one_way``: those from the first to the second.

        One way spares the lease protocol, whose connections need both: the appliances lose its messages themselves.
        Where packets cannot be cut, those messages still are, and the host's log says what is lacking.
        """
        if lacking := packets.lacking():
            _LOG.warning("packets between %s and %s are not cut: that takes %s", one, other, lacking)
            return
        self._cuts[one, other] = one_way
        if not one_way:
            self._cuts[other, one] = False
        await self._apply_cuts(one, other)

    async def heal(self, one: str, other: str) -> None:
        """Let packets through again between two nodes."""
        for way in ((one, other), (other, one)):
            self._cuts.pop(way, None)
        await self._apply_cuts(one, other)

    async def _apply_cuts(self, *nodes: str) -> None:
        """Have nodes drop what they must not send. One that is off, or whose peer has never been on, has it later."""
        for name in nodes:
            node = self._nodes.get(name)
            if node is None or node.process is None or packets.lacking():
                continue
            ways = [(to, one_way) for (source, to), one_way in self._cuts.items() if source == name]
            await packets.drop(
                node.process,
                [
                    packets.Drop(address, self._configs[to].ports.https if one_way else 0)
                    for to, one_way in ways
                    if to in self._configs
                    for address in self._configs[to].addresses.values()
                ],
            )

    async def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored."""
        self._homes.copy(node, copy)

    async def keep(self) -> None:
        """Do nothing: a node answers a grant when its store is on disk."""

    async def close(self) -> None:
        """Stop what still runs, and remove every container and network."""
        if self._engine is None or self._networks is None:
            return
        try:
            await asyncio.gather(*(node.stop() for node in tuple(self._nodes.values())))
            await self._losses.settled()
            await self._networks.remove()
        finally:
            for node in self._nodes.values():  # whose containers could not be removed
                node.leave()
            self._engine.close()
            self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the runtime is not open")
        return self._engine

    async def _make(self, node: DockerNode, config: NodeConfig, now: Instant) -> None:
        """Make a node's folder, networks and container, and start it."""
        if self._networks is None:
            raise RuntimeError("the runtime is not open")
        engine, networks = self._opened(), {}
        await self._furnish(node, config)
        for network, address in config.addresses.items():
            networks[await self._networks.have(network, subnet_of(address))] = address
        self._journal.will_make("container", [node.container])
        order = self._order(node, config, networks, now)
        await engine.ask(f"create {node.name}", order)
        for network in list(networks)[1:]:
            await engine.ask(
                f"connect {node.name} at {networks[network]}",
                partial(_connect, node=node, network=network, address=networks[network]),
            )
        await engine.ask(f"start {node.name} at {', '.join(networks.values())}", lambda api: api.start(node.container))
        node.process = _first_process(await self._inspect(node))

    async def _furnish(self, node: DockerNode, config: NodeConfig) -> None:
        """Put into a node's folder what it needs, and make all of it the container's user's."""
        home = self._homes.make(node.name)
        path = home / "lab.sock"
        with explained(f"furnish the folder of {node.name}"):
            write_whole(home / "config.json", msgspec.json.encode(config), sync=False)
            path.unlink(missing_ok=True)
            with SocketAddress(path) as address:
                node.lines = await asyncio.get_running_loop().create_unix_server(
                    lambda: self._reception.connection(only=node.name, on_lost=lambda: self._losses.look_into(node)),
                    address,
                    **KEEP_SOCKET,
                )
            self._homes.hand_over((home, home / "config.json", path))

    def _order(
        self, node: DockerNode, config: NodeConfig, networks: dict[str, str], now: Instant
    ) -> Callable[[Any], Any]:
        """Return the call that creates a node's container on its internal network."""
        wanted = self._container(node.name)
        network, address = next(iter(networks.items()))
        ports = {f"{each.node_port}/tcp": (each.address, each.port) for each in wanted.published}

        def create(api: Any) -> Any:
            return api.create_container(
                self._image,
                name=node.container,
                hostname=config.name,
                command=[f"{HOME}/config.json", f"--store={HOME}/device.db", f"--lab={HOME}/lab.sock", f"--now={now}"],
                user="{}:{}".format(*self._user),
                labels={LAB: str(self._folder), NODE: node.name},
                ports=[each.node_port for each in wanted.published],
                host_config=api.create_host_config(
                    binds={str(self._homes.of(node.name)): {"bind": HOME, "mode": "rw"}},
                    network_mode=network,
                    port_bindings=ports,
                    read_only=True,
                    tmpfs={"/tmp": "size=16m"},  # noqa: S108 - the container's own
                    cap_drop=["ALL"],
                    security_opt=["no-new-privileges"],
                    sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
                    nano_cpus=int(wanted.cpus * 1_000_000_000) or None,
                    mem_limit=wanted.memory_bytes or None,
                    pids_limit=PROCESSES,
                    log_config={"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
                ),
                networking_config=api.create_networking_config(
                    {network: api.create_endpoint_config(ipv4_address=address, aliases=[node.name])}
                ),
            )

        return create

    async def _failure(self, node: DockerNode) -> NodeFailedError | None:
        """Return why a node will not say hello: its container has ended."""
        if (await self._state(node))["Running"]:
            return None
        return NodeFailedError(
            f"{node.name}: its container ended before it was up ({await self._how_it_ended(node)})",
            hint="`leaselab images build` if the image is not the one meant",
        )

    async def _state(self, node: DockerNode) -> dict[str, Any]:
        state: dict[str, Any] = (await self._inspect(node))["State"]
        return state

    async def _inspect(self, node: DockerNode) -> dict[str, Any]:
        found: dict[str, Any] = await self._opened().ask(
            f"look at {node.name}", lambda api: api.inspect_container(node.container)
        )
        return found

    async def _cause(self, node: DockerNode) -> str:
        """Say why a node has gone, once its container has ended or should have."""
        with contextlib.suppress(EngineError):
            await self._opened().ask(f"wait for {node.name}", lambda api: api.wait(node.container, timeout=END_SECONDS))
        return f"its process ended by itself ({await self._how_it_ended(node)})"

    async def _how_it_ended(self, node: DockerNode) -> str:
        state = await self._state(node)
        status: int = state["ExitCode"]
        if state["OOMKilled"]:
            return f"it took more than its {self._container(node.name).memory_bytes >> 20} MiB of memory"
        if status > SIGNALLED:
            return f"signal {status - SIGNALLED}"
        output: bytes = await self._opened().ask(
            f"read the output of {node.name}", lambda api: api.logs(node.container, tail=LAST_LINES)
        )
        words = " / ".join(line.strip() for line in output.decode(errors="replace").splitlines() if line.strip())
        return f"exit status {status}{': ' if words else ''}{words}"

    async def _remove(self, node: DockerNode) -> None:
        """Kill and remove a node's container if it is this lab's; a name may be another's."""
        node.leave()
        await self._opened().discard(("container", node.container), lab=str(self._folder))
        if self._nodes.get(node.name) is node:
            del self._nodes[node.name]
        self._journal.gone("container", [node.container])


def _connect(api: Any, *, node: DockerNode, network: str, address: str) -> None:
    api.connect_container_to_network(node.container, network, ipv4_address=address, aliases=[node.name])


def _first_process(found: dict[str, Any]) -> processes.ProcessId | None:
    """Return a container's first process, if it is one of this machine's: an engine may be in a virtual machine."""
    pid: int = found["State"]["Pid"]
    try:
        ours = pid > 0 and found["Id"] in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    return processes.identify(pid) if ours else None
