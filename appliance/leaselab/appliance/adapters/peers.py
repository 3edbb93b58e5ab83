"""The way to other devices: HTTPS over kept connections, each answer within one instant (CLT-02 to CLT-05).

A general-purpose client costs a device more than its decision does: ten days of a lab are thousands of exchanges. This
one speaks just what devices speak, one request at a time a connection, and leaves parsing to httptools.
"""

import asyncio
import ssl
from collections.abc import Callable, Container
from typing import Any, Final, cast

import httptools
import msgspec

from leaselab.appliance.adapters.wire.tls import client_context, explain, validity_error
from leaselab.appliance.config import HostEntry, NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.machine import Envelope, Settle

TIMEOUT_SECONDS: Final = 10.0
"""Wall time for connecting, and for an answer; virtual time stands meanwhile."""

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""An answer larger than this is none of a device's."""

Gate = Callable[[str, str], str]
"""Says why a peer cannot be reached over a network, or nothing: the hook of injected cuts."""


class HttpsPeers:
    """One device's way out.

    Args:
        config: the device's: its addresses, the hosts it knows, whom it trusts.
        store_id: the secret of the store it commits to.
        local: names of the devices that share the store.
        gate: asked before each message.
    """

    def __init__(
        self, config: NodeConfig, *, store_id: str, local: Container[str], gate: Gate = lambda _to, _network: ""
    ) -> None:
        self.gate = gate
        self._config = config
        self._store_id = store_id
        self._local = local
        self._links: dict[tuple[str, str, bool], _Link] = {}

    def share_store(self, to: str) -> bool:
        """Tell whether that peer lives in this process and commits with us."""
        return to in self._local

    async def send(self, envelope: Envelope, now: Instant) -> Settle:
        """Deliver an envelope and return its answer; never raises for what the network does."""
        found = self._find(envelope.to)
        if found is None:
            return _failed(envelope, f"no host is called {envelope.to}")
        name, host = found
        network = envelope.network if self._usable(envelope.network, host) else "internal"
        address = host.addresses.get(network)
        why = self.gate(name, network) or ("" if address else f"{envelope.to} has no address on network {network}")
        if why or address is None:
            return _failed(envelope, why)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, body = await self._ask(envelope, name, (address, host.https_port), network, now)
        except TimeoutError:
            return _failed(envelope, f"{envelope.to} did not answer within {TIMEOUT_SECONDS:g} s")
        except ssl.SSLError as error:
            return _failed(envelope, f"{envelope.to}: {explain(error, envelope.to)}")
        except _RefusedError as refused:
            return _failed(envelope, f"{envelope.to}: {refused}")
        except OSError as error:
            return _failed(envelope, f"{envelope.to} cannot be reached: {error.strerror or error}")
        return Settle(id=envelope.id, status=status, body=msgspec.Raw(body or b"null"))

    def close(self) -> None:
        """Hang up everywhere."""
        for link in self._links.values():
            link.close()
        self._links.clear()

    def _find(self, to: str) -> tuple[str, HostEntry] | None:
        """Return a host by its name or by one of its addresses (CLT-01)."""
        host = self._config.hosts.get(to)
        if host is not None:
            return to, host
        for name, entry in self._config.hosts.items():
            if to in entry.addresses.values():
                return name, entry
        return None

    def _usable(self, network: str, host: HostEntry) -> bool:
        """Tell whether both ends are on the preferred network; otherwise the internal one is used (CLT-02)."""
        return network in self._config.addresses and network in host.addresses

    async def _ask(
        self, envelope: Envelope, name: str, address: tuple[str, int], network: str, now: Instant
    ) -> tuple[int, bytes]:
        key = (name, network, envelope.verify)
        link = self._links.get(key)
        request = self._request(envelope, name, now)
        if link is not None and link.open:
            try:
                return await link.ask(request)
            except _StaleError:
                pass  # it was closed while idle; nothing of the answer had come, and requests are idempotent (LSE-11)
        link = await self._connect(envelope, address, network, now)
        self._links[key] = link
        try:
            return await link.ask(request)
        except _StaleError:
            raise ConnectionResetError(0, "the connection was closed before an answer came") from None

    async def _connect(self, envelope: Envelope, address: tuple[str, int], network: str, now: Instant) -> "_Link":
        own = self._config.addresses.get(network) or self._config.addresses.get("internal")
        _, link = await asyncio.get_running_loop().create_connection(
            _Link,
            *address,
            ssl=client_context(self._config.tls.authority, verify=envelope.verify),
            server_hostname=envelope.to,
            local_addr=(own, 0) if own else None,
        )
        if envelope.verify:
            why = validity_error(link.certificate(), now)
            if why:
                link.close()
                raise _RefusedError(why)
        return link

    def _request(self, envelope: Envelope, name: str, now: Instant) -> bytes:
        body = bytes(envelope.body)
        store = f"x-leaselab-store: {self._store_id}\r\n" if self.share_store(name) else ""
        head = (
            f"POST {envelope.path} HTTP/1.1\r\nhost: {envelope.to}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-virtual-time: {now}\r\nx-leaselab-peer: {self._config.peer_secret}\r\n"
            f"{store}\r\n"
        )
        return head.encode() + body


def _failed(envelope: Envelope, why: str) -> Settle:
    return Settle(id=envelope.id, status=0, failure=why)


class _StaleError(Exception):
    """A kept connection turned out closed before anything of the answer came."""


class _RefusedError(Exception):
    """We do not want to talk to this peer, and why."""


class _Link(asyncio.Protocol):
    """One kept connection to a peer; one request at a time."""

    def __init__(self) -> None:
        self.open = False
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser: Any = None
        self._body: list[bytes] = []
        self._size = 0
        self._keep = True
        self._turn = asyncio.Lock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    def certificate(self) -> dict[str, Any]:
        """Return the peer's verified certificate."""
        certificate: dict[str, Any] = self._transport.get_extra_info("peercert") or {}
        return certificate

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body of the answer.

        Raises:
            _StaleError: the connection was closed before anything of an answer came.
            OSError: it broke in the middle of an answer.
        """
        async with self._turn:
            if not self.open:
                raise _StaleError
            self._answer = asyncio.get_running_loop().create_future()
            self._parser = httptools.HttpResponseParser(self)
            self._body, self._size = [], 0
            self._transport.write(request)
            try:
                return await self._answer
            finally:
                if not self._answer.done() or self._answer.cancelled() or not self._keep:
                    self.close()  # an answer that comes late must not be taken for the next one
                self._answer = None

    def close(self) -> None:
        """Hang up."""
        self.open = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._size += len(data)
        if self._answer is None or self._answer.done() or self._size > MAX_ANSWER_BYTES:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._break(ConnectionResetError(0, "its answer is no HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Fail the request under way: stale if nothing of an answer had come."""
        self.open = False
        self._break(ConnectionResetError(0, "the connection broke") if self._size else _StaleError())

    def on_body(self, body: bytes) -> None:
        """A piece of the answer's body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self._keep = self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._body)))

    def _break(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
