"""The line to a container engine: the Docker SDK's calls off the event loop, its errors as ours.

The only module that knows the SDK; what is made of containers and services is the runtimes' affair. Whatever a lab
makes carries the label :data:`LAB` with the lab's folder, which no two labs on a machine share, and cleaning up
removes what the journal names *and* that label confirms.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from leaselab.testbed.errors import EngineError, GoneError
from leaselab.testbed.journal import Thing

if TYPE_CHECKING:
    from docker import APIClient

LAB: Final = "leaselab.lab"
"""Label: the folder of the lab that a container or network belongs to."""

NODE: Final = "leaselab.node"
"""Label: the node that a container is."""

DEFAULT_ADDRESS: Final = "unix:///var/run/docker.sock"

OLDEST_API: Final = (1, 41)
"""Of Docker Engine 20.10."""

AT_ONCE: Final = 8
"""Calls side by side: measured, 50 containers take 7.5 s with 8 and 12.4 s in turn; more gain nothing."""

GONE_SECONDS: Final = 15.0
"""For a swarm to end the tasks of services that were removed."""

LOOK_SECONDS: Final = 0.1

ANSWER_SECONDS: Final = 120
"""For one answer; an engine with hundreds of containers on a busy machine takes its time."""

T = TypeVar("T")

Labels = dict[str, str] | None

_REMOVAL: Final[dict[Thing, tuple[Callable[["APIClient", str], Labels], Callable[["APIClient", str], object]]]] = {
    "container": (
        lambda api, name: api.inspect_container(name)["Config"]["Labels"],
        lambda api, name: api.remove_container(name, force=True, v=True),
    ),
    "network": (
        lambda api, name: api.inspect_network(name)["Labels"],
        lambda api, name: api.remove_network(name),
    ),
    "service": (
        lambda api, name: api.inspect_service(name)["Spec"]["Labels"],
        lambda api, name: api.remove_service(name),
    ),
    "secret": (
        lambda api, name: api.inspect_secret(name)["Spec"]["Labels"],
        lambda api, name: api.remove_secret(api.inspect_secret(name)["ID"]),
    ),
}
"""How each is looked at, and how it goes."""


class Engine:
    """A Docker Engine that answers. Use :meth:`connect`.

    Args:
        api: the SDK's client.
        address: where the engine is, as in ``DOCKER_HOST``.
    """

    def __init__(self, api: "APIClient", address: str) -> None:
        self.api = api
        self.address = address
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="leaselab-engine")

    @classmethod
    def connect(cls, address: str = "") -> "Engine":
        """Find the engine: at an address, at ``DOCKER_HOST``, or where it usually listens.

        Raises:
            EngineError: none answers there, or it is too old.
        """
        import docker
        from docker.errors import DockerException

        where = address or usual_address()
        try:
            _knock(where)
            api = docker.APIClient(base_url=where, version="auto", timeout=ANSWER_SECONDS, max_pool_size=AT_ONCE)
        except (DockerException, OSError) as error:
            raise EngineError(
                f"no container engine answers at {where}: {_innermost(error)}",
                hint="start it, be in the group that may use it, or set DOCKER_HOST to where it listens",
            ) from error
        if tuple(int(part) for part in api.api_version.split(".")) < OLDEST_API:
            api.close()
            raise EngineError(
                f"the engine at {where} speaks API {api.api_version}; {'.'.join(map(str, OLDEST_API))} is needed",
                hint="update it to Docker Engine 20.10 or later",
            )
        return cls(api, where)

    def do(self, what: str, call: Callable[["APIClient"], T]) -> T:
        """Make a call and wait for it.

        Args:
            what: what it does, for the message if it fails: ``start the container lab-gw1``.
            call: given the SDK's client.

        Raises:
            GoneError: there is no such thing (any more).
            EngineError: the engine refuses, or does not answer.
        """
        from docker.errors import APIError, DockerException, NotFound
        from requests.exceptions import RequestException

        try:
            return call(self.api)
        except NotFound as error:
            raise GoneError(f"cannot {what}: {error.explanation or error}") from error
        except APIError as error:
            raise EngineError(f"cannot {what}: {_plain(str(error.explanation or error))}") from error
        except (DockerException, RequestException, OSError) as error:
            raise EngineError(
                f"cannot {what}: the engine at {self.address} does not answer: {_innermost(error)}",
                hint="start the engine again, then call `leaselab up FILE`, or `leaselab down` to remove the lab",
            ) from error

    def refuse_rootless(self) -> None:
        """Refuse an engine whose networks are in a namespace of its own: a lab could not reach its nodes there.

        Raises:
            EngineError: it is rootless, or does not answer.
        """
        found = self.do("ask the engine how it runs", lambda api: api.info())
        if found.get("Rootless") or "name=rootless" in (found.get("SecurityOptions") or ()):  # Podman's word, Docker's
            raise EngineError(
                f"the engine at {self.address} is rootless: this machine does not reach its containers' addresses",
                hint="set DOCKER_HOST to one that runs as root; its users need not be root, only in its socket's group",
            )

    async def ask(self, what: str, call: Callable[["APIClient"], T]) -> T:
        """Make a call (see :meth:`do`) in another thread; a few go on side by side.

        A call that has begun cannot be taken back: who is cancelled meanwhile goes on only once it is over, so that
        whatever it made is there to be removed.
        """
        work = self._pool.submit(self.do, what, call)
        answer = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if not work.cancel():
                await asyncio.wait([answer])
            raise

    async def discard(self, *things: tuple[Thing, str], lab: str) -> None:
        """Remove things in another thread (see :meth:`remove`). Who is cancelled meanwhile still waits for that."""

        def remove() -> None:
            for kind, name in things:
                self.remove(kind, name, lab=lab)

        removed = asyncio.wrap_future(self._pool.submit(remove))
        try:
            await asyncio.shield(removed)
        except asyncio.CancelledError:
            await asyncio.wait([removed])
            raise

    def remove(self, kind: Thing, name: str, *, lab: str) -> None:
        """Remove something, if it is there and this lab's; what is another's stays. What runs in it is killed."""
        labels, remove = _REMOVAL[kind]
        what = f"remove the {kind} {name}"
        with contextlib.suppress(GoneError):
            if (self.do(what, lambda api: labels(api, name)) or {}).get(LAB) == lab:
                self.do(what, lambda api: remove(api, name))

    def await_tasks(self, *, lab: str) -> None:
        """Wait until a swarm has ended all tasks of a lab whose services were removed.

        It takes four seconds for one that still runs. Nobody hears any more of those on machines that are down.
        """
        what, until = "look for tasks", time.monotonic() + GONE_SECONDS
        nodes = self.do(what, lambda api: api.nodes())
        down = {node["ID"] for node in nodes if node["Status"]["State"] == "down"}
        while time.monotonic() < until:
            tasks = self.do(what, lambda api: api.tasks(filters={"label": f"{LAB}={lab}"}))
            if all(task.get("NodeID") in down for task in tasks):
                return
            time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Hang up."""
        self._pool.shutdown(wait=True)
        self.api.close()


def usual_address() -> str:
    """Return where this user's engine listens: at ``DOCKER_HOST``, or where engines usually do."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS


def _knock(address: str) -> None:
    """Try a Unix socket by hand: the SDK leaves the one open that it could not connect."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address.removeprefix("unix://"))


def _innermost(error: BaseException) -> str:
    """Return the cause that says something: the SDK wraps a refused connection four times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(getattr(error, "strerror", None) or error)


def _plain(text: str) -> str:
    """Return an engine's message as one line."""
    return " ".join(text.split()).rstrip(".")
