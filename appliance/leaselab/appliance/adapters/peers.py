"""The way to other devices: HTTPS over kept connections, each answer within one instant (CLT-02 to CLT-05).

A general-purpose client costs a device more than its decision does: ten days of a lab are thousands of exchanges. This
one speaks just what devices speak, one request at a time a connection.
"""

import asyncio
import ssl
from collections.abc import Container
from typing import Final

import msgspec

from leaselab.appliance.adapters.wire.link import Answer, Link, StaleError
from leaselab.appliance.adapters.wire.sockets import connected
from leaselab.appliance.adapters.wire.tls import client_context, explain, validity_error
from leaselab.appliance.config import HostEntry, NodeConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.machine import Envelope, Settle
from leaselab.appliance.passage import Passage
from leaselab.appliance.ports import Later

_encode: Final = msgspec.json.Encoder().encode

TIMEOUT_SECONDS: Final = 10.0
"""Wall time for connecting, and for an answer; virtual time stands meanwhile."""


class HttpsPeers:
    """One device's way out.

    Args:
        config: the device's: its addresses, the hosts it knows, whom it trusts.
        store_id: the secret of the store it commits to.
        local: names of the devices that share the store.
        passage: what injected faults do to messages.
    """

    def __init__(
        self, config: NodeConfig, *, store_id: str, local: Container[str], passage: Passage | None = None
    ) -> None:
        self.passage = passage or Passage()
        self._config = config
        self._store_id = store_id
        self._local = local
        self._links: dict[tuple[str, str, bool], Link] = {}

    def share_store(self, to: str) -> bool:
        """Tell whether that peer lives in this process and commits with us."""
        return to in self._local

    async def send(self, envelope: Envelope, now: Instant) -> Settle | Later:
        """Deliver an envelope and return its answer, or when it arrives; never raises for what the network does."""
        found = self._find(envelope.to)
        if found is None:
            return _failed(envelope, f"no host is called {envelope.to}")
        name, host = found
        network = envelope.network if self._usable(envelope.network, host) else "internal"
        address = host.addresses.get(network)
        if address is None:
            return _failed(envelope, f"{envelope.to} has no address on network {network}")
        fate = self.passage.judge(envelope, name, network, now)
        if isinstance(fate, Later):
            return fate
        if fate.obstacle:
            return _failed(envelope, fate.obstacle)
        settled = await self._deliver(envelope, name, (address, host.https_port), network, now)
        return _failed(envelope, fate.lost_reply) if fate.lost_reply else settled

    async def _deliver(
        self, envelope: Envelope, name: str, address: tuple[str, int], network: str, now: Instant
    ) -> Settle:
        """Send a message, and return its answer or why there is none."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._ask(envelope, name, address, network, now)
        except TimeoutError:
            return _failed(envelope, f"{envelope.to} did not answer within {TIMEOUT_SECONDS:g} s")
        except ssl.SSLError as error:
            return _failed(envelope, f"{envelope.to}: {explain(error, envelope.to)}")
        except _RefusedError as refused:
            return _failed(envelope, f"{envelope.to}: {refused}")
        except OSError as error:
            return _failed(envelope, f"{envelope.to} cannot be reached: {error.strerror or error}")
        return Settle(id=envelope.id, status=answer.status, body=_json(answer.body))

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

    async def _ask(self, envelope: Envelope, name: str, address: tuple[str, int], network: str, now: Instant) -> Answer:
        key = (name, network, envelope.verify)
        link = self._links.get(key)
        request = self._request(envelope, name, now)
        if link is not None and link.open:
            try:
                return await link.ask(request)
            except StaleError:
                pass  # it was closed while idle; nothing of the answer had come, and requests are idempotent (LSE-11)
        link = await self._connect(envelope, address, network, now)
        self._links[key] = link
        try:
            return await link.ask(request)
        except StaleError:
            raise ConnectionResetError(0, "the connection was closed before an answer came") from None

    async def _connect(self, envelope: Envelope, address: tuple[str, int], network: str, now: Instant) -> Link:
        own = self._config.addresses.get(network) or self._config.addresses.get("internal")
        _, link = await asyncio.get_running_loop().create_connection(
            Link,
            sock=await connected(own, *address),
            ssl=client_context(self._config.tls.authority, verify=envelope.verify),
            server_hostname=envelope.to,
        )
        if envelope.verify:
            why = validity_error(link.certificate(), now)
            if why:
                link.close()
                raise _RefusedError(why)
        return link

    def _request(self, envelope: Envelope, name: str, now: Instant) -> bytes:
        body = _encode(envelope.body)
        at = now - self.passage.conditions.skew  # the lab's time, whatever our clock says
        store = f"x-leaselab-store: {self._store_id}\r\n" if self.share_store(name) else ""
        head = (
            f"POST {envelope.path} HTTP/1.1\r\nhost: {envelope.to}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-virtual-time: {at}\r\nx-leaselab-peer: {self._config.peer_secret}\r\n"
            f"{store}\r\n"
        )
        return head.encode() + body


def _json(body: bytes) -> msgspec.Raw:
    """Return an answer's body; what is not JSON, as a proxy's page or a broken server's, is none.

    The whole of it is read: deep nesting and text that is not UTF-8 would otherwise fail in the machine, which knows
    only messages that do not fit.
    """
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw(b"null")
    return msgspec.Raw(body)


def _failed(envelope: Envelope, why: str) -> Settle:
    return Settle(id=envelope.id, status=0, failure=why)


class _RefusedError(Exception):
    """We do not want to talk to this peer, and why."""
