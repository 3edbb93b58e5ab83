"""A node's way to its peers under faults: which messages get through, which answers come back, and when.

Delay is never waited for: every exchange is over within one instant, so a late message is one that is sent later
(docs/architecture.md, "Time"). The same code stands before real sockets and before the simulated network.
"""

from random import Random
from typing import Final, NamedTuple

import msgspec

from leaselab.appliance.conditions import CALM, Conditions, LinkCondition
from leaselab.appliance.instants import SECOND, Duration, Instant, format_duration
from leaselab.appliance.machine import Envelope
from leaselab.appliance.ports import Later

_encode: Final = msgspec.json.Encoder().encode

PATIENCE: Final[Duration] = 30 * SECOND
"""How long a device waits for an answer by its own clock; one that comes later reaches nobody."""


class Fate(NamedTuple):
    """What becomes of one message: ``obstacle`` keeps it from its peer, ``lost_reply`` the answer from coming back."""

    obstacle: str = ""
    lost_reply: str = ""


FREE: Final = Fate()


class Passage:
    """Judges the messages of one node. ``conditions`` may be replaced at any time."""

    def __init__(self) -> None:
        self.conditions: Conditions = CALM
        self._arrivals: dict[str, tuple[Instant, bool]] = {}
        self._draws: dict[str, Random] = {}

    def judge(self, envelope: Envelope, to: str, network: str, now: Instant) -> Fate | Later:
        """Say what becomes of a message.

        Args:
            envelope: the message.
            to: the peer's name.
            network: that it would take.
            now: the node's time.
        """
        if not self.conditions.links and not self._arrivals:
            return FREE
        links = [link for link in self.conditions.links if _is_on(link, to, network)]
        if any(link.cut for link in links):
            return Fate(obstacle=f"{to} is out of reach")
        late = self._on_its_way(envelope, links, now)
        if isinstance(late, Later):
            return late
        if any(self._is_lost(link) for link in links):
            return Fate(obstacle=f"the request to {to} was lost")
        if any(link.cut_replies for link in links) or any(self._is_lost(link) for link in links):
            return Fate(lost_reply=f"the answer of {to} was lost")
        return Fate(lost_reply=f"{to} did not answer within {format_duration(PATIENCE)}") if late else FREE

    def reaches(self, peer: str, network: str) -> bool:
        """Tell whether a ping to a peer over a network would be answered."""
        return not any((link.cut or link.cut_replies) and _is_on(link, peer, network) for link in self.conditions.links)

    def _on_its_way(self, envelope: Envelope, links: list[LinkCondition], now: Instant) -> Later | bool:
        """Return when a message arrives, or, if it has arrived, whether that took longer than its sender waits."""
        if envelope.id not in self._arrivals:
            delay = sum(link.delay + _transit(link, envelope) for link in links)
            if not delay:
                return False
            self._arrivals[envelope.id] = (now + min(delay, PATIENCE), delay > PATIENCE)
        arrives_at, late = self._arrivals[envelope.id]
        if now < arrives_at:
            return Later(at=arrives_at)
        del self._arrivals[envelope.id]
        return late

    def _is_lost(self, link: LinkCondition) -> bool:
        if not link.loss:
            return False
        draw = self._draws.setdefault(link.seed, Random(link.seed))  # noqa: S311 - a fault, no secret
        return draw.random() < link.loss


def _is_on(link: LinkCondition, peer: str, network: str) -> bool:
    return link.peer in ("", peer) and link.network in ("", network)


def _transit(link: LinkCondition, envelope: Envelope) -> Duration:
    return len(_encode(envelope.body)) * SECOND // link.bytes_per_second if link.bytes_per_second else 0
