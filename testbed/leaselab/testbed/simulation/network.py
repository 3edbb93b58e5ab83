"""The simulated network: messages by function call, and all that can befall one on its way.

A fault is of messages between two nodes by name. Every exchange is over within one instant, as it is in a running lab:
what does not get through fails at once.
"""

from collections import deque
from enum import StrEnum
from typing import Any, Final

import msgspec

from leaselab.appliance.device import Device
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.messages import ROUTES, Denied
from leaselab.appliance.machine import Command, Envelope, Refusal, Settle
from leaselab.appliance.passage import FREE, Fate, Passage
from leaselab.appliance.ports import Later

Pair = tuple[str, str]

REFUSED_STATUS: Final = 403
"""What a device's HTTPS side answers with a :class:`Refusal`."""

_encode: Final = msgspec.json.Encoder().encode
_DECODERS: Final = {path: msgspec.json.Decoder(kind) for path, kind in ROUTES.items()}
_SHOWS_SOURCE: Final = {path for path, kind in ROUTES.items() if "source" in kind.__struct_fields__}


class Mishap(StrEnum):
    """What can befall one message."""

    LOST_REQUEST = "lost-request"
    LOST_REPLY = "lost-reply"
    DUPLICATE = "duplicate"
    """It arrives twice; the asker hears the answer to the second."""
    POWER_CUT = "power-cut"
    """It arrives and is answered, and while it waits for that the asker loses its power (:class:`PowerCutError`)."""


class PowerCutError(Exception):
    """A device has lost its power; whoever runs the world switches it on again.

    Args:
        name: the device.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has lost its power")
        self.name = name


class Network:
    """Who can be reached by whom, and what happens to messages.

    Attributes:
        nodes: who can be reached.
        cuts: pairs ``(from, to)`` between which nothing gets through, neither requests nor replies.
        lost_replies: pairs ``(asker, asked)`` whose requests arrive and whose replies do not.
        refusing: nodes that refuse every connection, as one that is switched off does.
        bad_certificates: nodes whose certificate does not stand up (CLT-03).
        passages: what injected faults do to a node's messages, by node.
        ports: the networks that a node is on, by node.
        statuses: nodes that answer everything with this HTTP status and nothing of their own.
        delivered: messages that reached their node so far.
        failed: messages that got no answer so far.
        mishaps: what is yet to befall messages between two nodes.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Device[Any]] = {}
        self.cuts: set[Pair] = set()
        self.lost_replies: set[Pair] = set()
        self.refusing: set[str] = set()
        self.bad_certificates: set[str] = set()
        self.passages: dict[str, Passage] = {}
        self.ports: dict[str, frozenset[str]] = {}
        self.statuses: dict[str, int] = {}
        self.delivered = 0
        self.failed = 0
        self.mishaps: dict[Pair, deque[Mishap]] = {}

    def cut(self, one: str, other: str, *, one_way: bool = False) -> None:
        """Let nothing through between two nodes any more; ``one_way``: from the first to the second only."""
        self.cuts.add((one, other))
        if not one_way:
            self.cuts.add((other, one))

    def heal(self, one: str, other: str) -> None:
        """Take back what cuts two nodes off from each other, in either direction."""
        self.cuts -= {(one, other), (other, one)}

    def befall(self, asker: str, asked: str, *mishaps: Mishap) -> None:
        """Let this happen to the next messages from one node to another, one each."""
        self.mishaps.setdefault((asker, asked), deque()).extend(mishaps)

    def calm(self) -> None:
        """Take back every fault."""
        for faults in (self.cuts, self.lost_replies, self.refusing, self.bad_certificates, self.mishaps):
            faults.clear()

    def obstacle(self, asker: str, envelope: Envelope) -> str:
        """Say what keeps a message from reaching its node, or nothing."""
        to = envelope.to
        if to not in self.nodes:
            return f"no host is called {to}"
        if (asker, to) in self.cuts:
            return f"{to} is out of reach"
        if to in self.refusing:
            return f"{to} refuses the connection"
        if envelope.verify and to in self.bad_certificates:
            return f"{to}: its certificate is not trusted; nothing was sent"
        return ""

    def judge(self, asker: str, envelope: Envelope, now: Instant) -> Fate | Later:
        """Say what the faults in force do to a message; it takes the preferred network if both are on it (CLT-02)."""
        passage = self.passages.get(asker)
        if passage is None:
            return FREE
        both = self.ports[asker] & self.ports.get(envelope.to, frozenset())
        return passage.judge(envelope, envelope.to, envelope.network if envelope.network in both else "internal", now)

    def next_mishap(self, asker: str, asked: str) -> Mishap | None:
        """Return what befalls the next message, and forget it."""
        waiting = self.mishaps.get((asker, asked))
        return waiting.popleft() if waiting else None


def _answer(envelope: str, reply: Any) -> Settle:
    """Return what the asker's side makes of a reply."""
    if isinstance(reply, Settle):  # passed on, and this is what came back
        if reply.status:
            return msgspec.structs.replace(reply, id=envelope)
        reply = Denied(reason="unreachable", message=reply.failure)
    if isinstance(reply, Refusal):  # as it is written on the wire
        return Settle(id=envelope, status=REFUSED_STATUS, body=Denied(reason=reply.reason, message=reply.message))
    return Settle(id=envelope, status=200, body=reply)


class Line:
    """One node's way to the others: the port that its device sends by.

    Args:
        network: the network.
        own_name: the node's.
        store_id: of the store that all its devices share.
    """

    def __init__(self, network: Network, own_name: str, store_id: str) -> None:
        self._network = network
        self._own_name = own_name
        self._store_id = store_id

    def share_store(self, to: str) -> bool:
        """Tell whether the peer commits with us: all devices of a simulation do."""
        return to in self._network.nodes

    async def send(self, envelope: Envelope, now: Instant) -> Settle | Later:
        """Take a message to its node, and return the answer or why there is none, or when it arrives."""
        network, own_name, to = self._network, self._own_name, envelope.to
        fate = network.judge(own_name, envelope, now) if network.passages else FREE
        if isinstance(fate, Later):
            return fate
        why = fate.obstacle or network.obstacle(own_name, envelope)
        mishap = None if why or not network.mishaps else network.next_mishap(own_name, to)
        if why or mishap is Mishap.LOST_REQUEST:
            network.failed += 1
            return Settle(id=envelope.id, status=0, failure=why or f"the request to {to} was lost")
        if to in network.statuses:
            return Settle(id=envelope.id, status=network.statuses[to])
        node, path, message, reply = network.nodes[to], envelope.path, envelope.body, None
        if not isinstance(message, Command):  # of a relay, or from before a restart
            message = _DECODERS[path].decode(_encode(message))
        if path in _SHOWS_SOURCE:
            message = msgspec.structs.replace(message, source=own_name)
        for _ in range(2 if mishap is Mishap.DUPLICATE else 1):
            network.delivered += 1
            reply = await node.serve(message, store_id=self._store_id)
        if mishap is Mishap.POWER_CUT:
            raise PowerCutError(own_name)
        pair = (own_name, to)
        if (
            fate.lost_reply
            or mishap is Mishap.LOST_REPLY
            or pair in network.lost_replies
            or (to, own_name) in network.cuts
        ):
            network.failed += 1
            return Settle(id=envelope.id, status=0, failure=fate.lost_reply or f"the reply of {to} was lost")
        return _answer(envelope.id, reply)
