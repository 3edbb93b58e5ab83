"""A node in a process of its own, which dials out to its lab: beside it on one machine, or far from it."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.clocks import LabClock
from leaselab.appliance.adapters.control import Channel, ControlError, Verb
from leaselab.appliance.adapters.replica import ReplicatedStore
from leaselab.appliance.adapters.sqlite import SqliteStore
from leaselab.appliance.adapters.wire.loop import run_loop
from leaselab.appliance.adapters.wire.unix import SocketAddress
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.main import Node

_CONFIG: Final = msgspec.json.Decoder(NodeConfig)
"""Made with the module: a node that is forked from a warmed parent need not make it."""

Dial = Callable[[Verb, Callable[[], None]], Awaitable[Channel]]
"""Calls the lab: given what answers it, and what is told when it has gone."""

Keep = Callable[[Channel], Awaitable[SqliteStore | ReplicatedStore]]
"""Opens the node's history, once there is a line to the lab."""


def run_node(path: Path, *, store: Path, socket_path: Path, now: Instant) -> int:
    """Be one node until the lab hangs up; return the exit status.

    Args:
        path: its configuration.
        store: its own store.
        socket_path: the lab's socket, to dial out to.
        now: the lab's instant.
    """

    async def dial(handle: Verb, on_lost: Callable[[], None]) -> Channel:
        with SocketAddress(socket_path) as address:
            _, channel = await asyncio.get_running_loop().create_unix_connection(
                lambda: Channel(handle, on_lost=on_lost), address
            )
        return channel

    async def keep(_channel: Channel) -> SqliteStore:
        return SqliteStore(store)

    with contextlib.suppress(KeyboardInterrupt):
        return run_loop(_live(_CONFIG.decode(path.read_bytes()), dial, keep, now))
    return 0


def run_far_node(path: Path, *, lab: str, now: Instant) -> int:
    """Be one node on another machine than the lab, which keeps its history; return the exit status.

    Args:
        path: its papers.
        lab: where the lab listens, ``ADDRESS:PORT``.
        now: the lab's instant.
    """
    from leaselab.appliance.adapters.remote import Outpost, Papers

    outpost = Outpost(msgspec.json.decode(path.read_bytes(), type=Papers), lab)
    config = outpost.config

    async def keep(channel: Channel) -> ReplicatedStore:
        return await ReplicatedStore.fetch(channel, config.name)

    with contextlib.suppress(KeyboardInterrupt):
        return run_loop(_live(config, outpost.call, keep, now))
    return 0


async def _live(config: NodeConfig, dial: Dial, keep: Keep, now: Instant) -> int:
    hung_up = asyncio.Event()
    answering: list[Node] = []

    async def handle(request: dict[str, Any]) -> dict[str, Any]:
        if not answering:
            raise ControlError(f"{config.name} is not up yet")
        if request.get("do") == "shut-down":
            hung_up.set()
            return {}
        answer = await answering[0].control(request)
        if request.get("do") == "grant":
            await kept.durable()  # the lab counts on what a finished grant has done
        return answer

    channel = await dial(handle, hung_up.set)
    line = _Line(channel, config.name)
    try:
        kept = await keep(channel)
        node = await Node.start(
            config,
            store=kept,
            clock=LabClock(now),
            timekeeper=line,
            local_nodes={},
            on_phase=line.phase,
        )
    except (OSError, ValueError) as error:
        await channel.ask({"event": "failed", "node": config.name, "why": str(error)})
        return 1
    answering.append(node)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, hung_up.set)  # the first process of a container has no other way to end
    await channel.ask(
        {
            "event": "hello",
            "node": config.name,
            "next_due": node.next_due,
            "now": node.now,
            "addresses": config.addresses,
        }
    )
    await hung_up.wait()
    await node.stop()
    kept.close()
    channel.close()
    return 0


class _Line:
    """A node's words to the lab over its control channel."""

    def __init__(self, channel: Channel, node: str) -> None:
        self._channel = channel
        self._node = node
        self._said: set[asyncio.Task[Any]] = set()

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Tell the timekeeper, and wait until it knows."""
        with contextlib.suppress(ConnectionError):  # the lab is gone, and this node with it in a moment
            await self._channel.ask({"event": "wakes", "node": device, "next_due": next_due})

    def phase(self, node: str, phase: str, prompt: str) -> None:
        """Tell how far the boot is."""
        asked = asyncio.get_running_loop().create_task(self._tell(node, phase, prompt))
        self._said.add(asked)
        asked.add_done_callback(self._said.discard)

    async def _tell(self, node: str, phase: str, prompt: str) -> None:
        with contextlib.suppress(ConnectionError):
            await self._channel.ask({"event": "phase", "node": node, "phase": phase, "prompt": prompt})
