"""A service a node, on overlay networks of the lab's own, in a Docker Swarm whose manager this machine can ask.

Nodes dial out to the lab from whichever machine the swarm puts them on (:mod:`leaselab.testbed.runtimes.door`), and
the lab keeps their histories (:mod:`leaselab.testbed.runtimes.archive`): nothing of a node is on its machine but a
process, and what it must know in secret is a secret of the swarm. A task that ends is not begun anew by the swarm,
since a lab's nodes are off when something has ended them; only the loss of a machine the lab mends, if it is to.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.control import Channel, ControlError
from leaselab.appliance.adapters.remote import LAB as LAB_NAME
from leaselab.appliance.adapters.remote import Papers
from leaselab.appliance.config import NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.testbed.containers.engine import LAB, NODE, Engine
from leaselab.testbed.containers.images import IMAGE_USER, current_image
from leaselab.testbed.errors import EngineError, GoneError, NodeFailedError
from leaselab.testbed.files import explained
from leaselab.testbed.journal import Journal
from leaselab.testbed.runtimes.archive import Archive
from leaselab.testbed.runtimes.dialled import DialledNode, Losses, Reception, first_words
from leaselab.testbed.runtimes.door import Door
from leaselab.testbed.runtimes.homes import Homes
from leaselab.testbed.runtimes.networks import Networks, subnet_of
from leaselab.testbed.runtimes.protocol import Watcher
from leaselab.testbed.runtimes.tasks import Task, task_of, template
from leaselab.testbed.runtimes.whereabouts import ADDRESS, overlaid, own_address, places, service_name
from leaselab.testbed.topology.credentials import Credentials
from leaselab.testbed.topology.plan import Container

START_SECONDS: Final = 90.0
"""For a task to be scheduled, started and to say hello, and for its neighbours to reach it."""

LOOK_SECONDS: Final = 0.2
"""How often a task that has not said hello is looked at; one that has ended never will."""

STOP_SECONDS: Final = 5.0
"""For a node to shut down in good order; then it is killed."""

END_SECONDS: Final = 60.0
"""For the swarm to notice that a task has ended, or its machine is down, whose line is lost."""


class SwarmNode(DialledNode):
    """A node that is a service of one task.

    Args:
        config: the node's, as the plan has it.
        service: what it is called in the swarm; its secret too.
        caller: what it calls itself on its line: its name, and which of its starts this is.
        remove: removes the service, and all that the lab has for it.
    """

    def __init__(self, config: NodeConfig, service: str, caller: str, *, remove: Callable[["SwarmNode"], Any]) -> None:
        super().__init__(config.name)
        self.config = config
        self.service = service
        self.caller = caller
        self.addresses: dict[str, str] = {}
        self.line: Channel | None = None
        self.gone = asyncio.Event()
        self.machine_lost = False
        self.removing = asyncio.Lock()
        self.removed = False
        self._remove = remove

    def met(self, channel: Channel, hello: dict[str, Any]) -> None:
        """Take the connection and what the node said on it first, its own addresses included."""
        super().met(channel, hello)
        self.addresses = hello["addresses"]

    def hang_up(self) -> None:
        """Close its line, whether it has said hello or not: who is not wanted any more must not write its history."""
        if self.line:
            self.line.close()

    async def stop(self) -> None:
        """Have it shut down in good order, and remove its service."""
        await self._end("shut-down", STOP_SECONDS)

    async def kill(self) -> None:
        """Have it drop dead, as a power cut does; one that cannot even do that the swarm kills."""
        await self._end("die", LOOK_SECONDS)

    async def _end(self, how: str, within_seconds: float) -> None:
        self.stopping = True
        with contextlib.suppress(ConnectionError, ControlError, TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self.request({"do": how})
                await self.gone.wait()
        self.hang_up()
        await self._remove(self)


class SwarmRuntime:
    """Runs nodes as services.

    Args:
        folder: the lab's.
        watcher: told what nodes do.
        journal: told of every service, secret and network before it is made.
        prefix: of the names of all; no other lab of this machine has it.
        credentials: of the lab.
        container: how a node's container runs, by the node's name.
        machine_lost: told of a node whose machine has gone, after the watcher.
    """

    def __init__(
        self,
        folder: Path,
        watcher: Watcher,
        *,
        journal: Journal,
        prefix: str,
        credentials: Credentials,
        container: Callable[[str], Container] = lambda _node: Container(),
        machine_lost: Callable[[str], None] = lambda _node: None,
    ) -> None:
        self._folder = folder
        self._watcher = watcher
        self._journal = journal
        self._prefix = prefix
        self._container = container
        self._machine_lost = machine_lost
        self._credentials = credentials.of_lines()
        self._homes = Homes(folder)
        self._archive = Archive(self._homes)
        self._reception = _Reception(watcher, self._archive)
        self._door = Door(self._credentials.tls(LAB_NAME, names=[LAB_NAME]), self._line)
        self._starts = count(1)
        self._starting: dict[str, SwarmNode] = {}
        self._nodes: dict[str, SwarmNode] = {}
        self._losses = Losses[SwarmNode](cause=self._cause, remove=self._remove, tell=self._tell)
        self._engine: Engine | None = None
        self._networks: Networks | None = None
        self._image = ""
        self._place = ""

    async def open(self) -> None:
        """Find the swarm's manager and the image, and listen for nodes."""
        engine = await asyncio.to_thread(Engine.connect)
        try:
            address = await asyncio.to_thread(own_address, engine)
            self._image = await asyncio.to_thread(current_image, engine)
            with explained(f"listen for nodes ({ADDRESS} says at which address of this machine)"):
                self._place = await self._door.open(address)
        except BaseException:
            engine.close()
            raise
        self._engine = engine
        self._networks = Networks(engine, self._journal, prefix=self._prefix, lab=self._folder, driver="overlay")
        self._journal.will_make("engine", [engine.address])

    async def start(self, config: NodeConfig, *, now: Instant) -> SwarmNode:
        """Switch a node on; returns when it has said hello and those who know it reach it."""
        name = config.name
        if name in self._nodes:  # its end came while the engine was away, so its service is still there
            await self._remove(self._nodes[name])
        service, caller = service_name(f"{self._prefix}-{name}"), f"{next(self._starts)}.{name}"
        node = SwarmNode(config, service, caller, remove=self._remove)
        self._starting[caller] = node
        with self._reception.expecting(name) as hello, _said_of(name, self._place):
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._make(node, now)
                    failure = partial(self._failure, node)
                    node.met(*await first_words(hello, look_seconds=LOOK_SECONDS, failure=failure))
                    self._nodes[name] = node
                    await self._introduce(node)
                    task = await self._task(node)
                    node.machine = task.machine if task else ""
            except BaseException:
                with contextlib.suppress(EngineError):  # the journal still has it
                    await node.kill()
                raise
            finally:
                del self._starting[caller]
        return node

    async def erase(self, node: str) -> None:
        """Forget all that a node has ever stored."""
        self._homes.erase(node)

    async def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored."""
        self._homes.copy(node, copy)

    async def keep(self) -> None:
        """Do nothing: a node answers a grant when its history is on our disk."""

    async def close(self) -> None:
        """Stop what still runs, and remove every service, secret and network."""
        if self._engine is None or self._networks is None:
            return
        try:
            await asyncio.gather(*(node.stop() for node in tuple(self._nodes.values())))
            await self._losses.settled()
            await asyncio.to_thread(self._engine.await_tasks, lab=str(self._folder))
            await self._networks.remove()
        finally:
            for node in self._nodes.values():  # whose services could not be removed
                node.hang_up()
            await self._door.close()
            self._archive.close_all()
            self._engine.close()
            self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the runtime is not open")
        return self._engine

    def _line(self, caller: str) -> Channel | None:
        """Return what talks to a caller, if he is a node that is starting."""
        node = self._starting.get(caller)
        if node is None:
            return None
        node.line = self._reception.connection(only=node.name, on_lost=lambda: self._line_lost(node))
        return node.line

    async def _make(self, node: SwarmNode, now: Instant) -> None:
        """Make a node's places for visitors, store, networks, secret and service."""
        engine, networks, name = self._opened(), self._networks, node.name
        if networks is None:
            raise RuntimeError("the runtime is not open")
        wanted = self._container(name)
        await self._door.admit(node.caller, places(node.config, wanted), node.request)
        self._archive.open(name)
        subnets = {network: overlaid(address) for network, address in node.config.addresses.items()}
        made = [await networks.have(network, subnet_of(subnet)) for network, subnet in subnets.items()]
        papers = Papers(
            config=msgspec.structs.replace(
                node.config, addresses={network: str(subnet_of(subnet)) for network, subnet in subnets.items()}
            ),
            line=self._credentials.tls(node.caller, names=[node.caller], calls=True),
        )
        labels = {LAB: str(self._folder), NODE: name}
        self._journal.will_make("secret", [node.service])
        secret = await engine.ask(
            f"keep the secret of {name}",
            lambda api: api.create_secret(node.service, msgspec.json.encode(papers), labels=labels),
        )
        self._journal.will_make("service", [node.service])
        order = template(
            name,
            image=self._image,
            secret=(secret["ID"], node.service),
            networks=made,
            lab=self._place,
            now=now,
            user=IMAGE_USER,
            wanted=wanted,
        )
        await engine.ask(
            f"make the service {node.service}",
            lambda api: api.create_service(order, name=node.service, labels=labels, endpoint_spec={"Mode": "dnsrr"}),
        )

    async def _failure(self, node: SwarmNode) -> NodeFailedError | None:
        """Return why a node will not say hello: its task has ended, or cannot run."""
        task = await self._task(node)
        if task is None or not task.hopeless:
            return None
        return NodeFailedError(
            f"{node.name}: its task cannot run: {await self._last_words(node, task)}", hint=task.hint
        )

    async def _introduce(self, node: SwarmNode) -> None:
        """Tell a node where those are whom it knows, and them where it is; all wait until they reach each other."""
        others = [other for other in self._nodes.values() if other is not node and not other.stopping]
        known = {other.name: other.addresses for other in others if other.name in node.config.hosts}
        knowing = [other for other in others if node.name in other.config.hosts]
        meeting = [other.request({"do": "meet", "hosts": {node.name: node.addresses}}) for other in knowing]
        try:
            await asyncio.gather(node.request({"do": "meet", "hosts": known}), *map(_unless_gone, meeting))
        except (ControlError, ConnectionError) as error:
            raise NodeFailedError(
                f"{node.name}: {error}", hint="let the machines reach each other's ports 7946 (TCP, UDP) and 4789 (UDP)"
            ) from error

    async def _task(self, node: SwarmNode) -> Task | None:
        return await self._opened().ask(f"look at {node.service}", lambda api: task_of(api, node.service))

    async def _last_words(self, node: SwarmNode, task: Task) -> str:
        """Say how a task ended, with the end of what it wrote if that may tell why."""
        if not task.failed_by_itself:
            return task.why
        read = {"stdout": True, "stderr": True, "tail": 5}
        output: bytes = await self._opened().ask(
            f"read the output of {node.service}", lambda api: b"".join(api.service_logs(node.service, **read))
        )
        words = " / ".join(line.strip() for line in output.decode(errors="replace").splitlines() if line.strip())
        return f"{task.why}{': ' if words else ''}{words}"

    def _line_lost(self, node: SwarmNode) -> None:
        node.gone.set()
        self._losses.look_into(node)

    async def _cause(self, node: SwarmNode) -> str:
        """Say why a node has gone, and note whether its machine has."""
        try:
            async with asyncio.timeout(END_SECONDS):
                task = await self._its_end(node)
        except TimeoutError:
            return "its line is lost, though the swarm says that it runs"
        node.machine_lost = bool(task.machine_lost)
        return task.why if node.machine_lost else f"its process ended by itself ({await self._last_words(node, task)})"

    def _tell(self, node: SwarmNode, why: str) -> None:
        self._watcher.lost(node.name, why)
        if node.machine_lost:
            self._machine_lost(node.name)

    async def _its_end(self, node: SwarmNode) -> Task:
        """Return how a node's task stands once it has ended, or its machine is known to be down."""
        task = await self._task(node)
        while task is None or not (task.ended or task.machine_lost):
            await asyncio.sleep(LOOK_SECONDS)
            if node.removed:  # by whoever switched it off meanwhile; its name may be another's by now
                raise GoneError(f"{node.service} was removed")
            task = await self._task(node)
        return task

    async def _remove(self, node: SwarmNode) -> None:
        """Remove a node's service and secret if they are this lab's, and have the others forget where it was."""
        async with node.removing:
            if not node.removed:
                await self._take_away(node)
                node.removed = True

    async def _take_away(self, node: SwarmNode) -> None:
        if node.gone.is_set():  # removed before the swarm knows that it has ended, a task is three seconds a-dying
            with contextlib.suppress(TimeoutError, EngineError):
                await asyncio.wait_for(self._its_end(node), STOP_SECONDS)
        node.hang_up()
        self._door.turn_away(node.caller)
        engine, lab = self._opened(), str(self._folder)
        await engine.discard(("service", node.service), ("secret", node.service), lab=lab)
        self._journal.gone("service", [node.service])
        self._journal.gone("secret", [node.service])
        if self._nodes.get(node.name) is node:
            del self._nodes[node.name]
            knowing = [other for other in self._nodes.values() if node.name in other.config.hosts]
            parting = [other.request({"do": "part", "host": node.name}) for other in knowing if not other.stopping]
            await asyncio.gather(*map(_unless_gone, parting))
        if node.name not in self._nodes:
            self._archive.close(node.name)


class _Reception(Reception):
    """Takes nodes' calls, and keeps their histories."""

    def __init__(self, watcher: Watcher, archive: Archive) -> None:
        super().__init__(watcher)
        self._archive = archive

    async def heard(self, channel: Callable[[], Channel], only: str, message: dict[str, Any]) -> dict[str, Any]:
        """Answer a node: with what it did before, or that what it does is on disk; or hear it as any other."""
        answer = await super().heard(channel, only, message)  # refuses what is said in another's name
        match message:
            case {"event": "recall", "node": node, "after": after}:
                return self._archive.recall(node, after)
            case {"event": "keep", "node": node, "acts": acts}:
                return await self._archive.keep(node, acts)
        return answer


@contextlib.contextmanager
def _said_of(node: str, place: str) -> Iterator[None]:
    """Turn whatever keeps a node from coming up into one sort of error, with its name."""
    try:
        yield
    except TimeoutError:
        raise NodeFailedError(
            f"{node}: its task was not up within {START_SECONDS:g} s",
            hint=f"can its machine reach {place}? `docker service ps` shows where it is put",
        ) from None
    except EngineError as error:
        raise NodeFailedError(f"{node}: {error.message}", hint=error.hint) from error
    except OSError as error:
        raise NodeFailedError(f"{node}: {error}", hint="`leaselab doctor` checks ports and limits") from error


async def _unless_gone(asking: Any) -> None:
    """Ask one who may be going just now: where others are is nothing to him then."""
    with contextlib.suppress(ConnectionError):
        await asking
