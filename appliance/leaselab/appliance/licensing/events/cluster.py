"""What happened in a cluster of gateways."""

from typing import TypeAlias

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.machine import Envelope, Event


class ClusterJoined(Event, frozen=True):
    """The device is a node of a cluster (CLU-01)."""

    name: str
    members: tuple[str, ...]
    heartbeat: Duration


class BeatsSent(Event, frozen=True):
    """Beats to the other members are on their way."""

    envelopes: tuple[Envelope, ...]
    next_at: Instant


class MemberHeard(Event, frozen=True):
    """Another member told what it has; ``answered`` says that it did so in answer to a beat of ours."""

    id: str
    node: str
    answered: bool
    installed: dict[str, int]
    leased: dict[str, int]
    users: dict[str, int]


class MemberLost(Event, frozen=True):
    """A member does not answer, or is none of ours."""

    id: str
    node: str
    why: str
    since: Instant


class BorrowingEnded(Event, frozen=True):
    """These members were lost for ten days; what they had does not count any more (CLU-05)."""

    nodes: tuple[str, ...]


ClusterEvent: TypeAlias = ClusterJoined | BeatsSent | MemberHeard | MemberLost | BorrowingEnded
"""All that changes a node's view of its cluster."""
