"""The line to a container engine: the Docker SDK's calls off the event loop, its errors as ours.

The only module that knows the SDK; what is made of containers and services is the runtimes' affair. Whatever a lab
makes carries the label :data:`LAB` with the lab's folder, which no two labs on a machine share, and cleaning up
removes what the journal names *and* that label confirms.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from leaselab.testbed.errors import EngineError, GoneError

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

ANSWER_SECONDS: Final = 120
"""For one answer; an engine with hundreds of containers on a busy machine takes its time."""

T = TypeVar("T")


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

        where = address or os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS
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
        return await self._elsewhere(partial(self.do, what, call))

    async def discard(self, kind: Literal["container", "network"], name: str, *, lab: str) -> None:
        """Remove something in another thread (see :meth:`remove_container`, :meth:`remove_network`)."""
        remove = self.remove_container if kind == "container" else self.remove_network
        await self._elsewhere(partial(remove, name, lab=lab))

    async def _elsewhere(self, call: Callable[[], T]) -> T:
        work = self._pool.submit(call)
        answer = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if not work.cancel():
                await asyncio.wait([answer])
            raise

    def remove_container(self, name: str, *, lab: str) -> None:
        """Kill and remove a container, if it is there and this lab's; what is another's stays."""
        self._remove(
            f"remove the container {name}",
            lab,
            look=lambda api: api.inspect_container(name)["Config"],
            remove=lambda api: api.remove_container(name, force=True, v=True),
        )

    def remove_network(self, name: str, *, lab: str) -> None:
        """Remove a network, if it is there and this lab's; what is another's stays."""
        self._remove(
            f"remove the network {name}",
            lab,
            look=lambda api: api.inspect_network(name),
            remove=lambda api: api.remove_network(name),
        )

    def _remove(
        self,
        what: str,
        lab: str,
        *,
        look: Callable[["APIClient"], dict[str, Any]],
        remove: Callable[["APIClient"], None],
    ) -> None:
        with contextlib.suppress(GoneError):
            if (self.do(what, look)["Labels"] or {}).get(LAB) == lab:
                self.do(what, remove)

    def close(self) -> None:
        """Hang up."""
        self._pool.shutdown(wait=True)
        self.api.close()


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
