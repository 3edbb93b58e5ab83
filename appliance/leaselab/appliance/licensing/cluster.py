"""Clusters of gateways: who is connected, who leads, and what the members' licenses give together (CLU, AUT-11).

Members beat to each other. Who does not answer is lost at once; the first member in the cluster's order that is
connected is the lease leader. Only the leader talks to the license server: the others hand it their requests, each
under its own client ID, and get the server's answer back. So leases stay with the member they belong to, whoever
leads, and a lost leader loses none and takes none twice (CLU-03).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from leaselab.appliance.instants import DAY, MINUTE, NEVER, SECOND, Duration, Instant
from leaselab.appliance.licensing.client import Continue
from leaselab.appliance.licensing.commands import JoinCluster
from leaselab.appliance.licensing.events import (
    BeatsSent,
    BorrowingEnded,
    ClusterEvent,
    ClusterJoined,
    MemberHeard,
    MemberLost,
)
from leaselab.appliance.licensing.messages import CLUSTER_BEAT_PATH, ClusterBeat, Denied
from leaselab.appliance.machine import Agenda, Decision, Envelope, Refusal, Settle, read

_beat: Final = msgspec.json.Decoder(ClusterBeat)

PREFIX: Final = "cluster-"
"""Envelope IDs of beats begin so."""

HEARTBEAT_RANGE: Final = (10 * SECOND, 30 * MINUTE)
DEFAULT_HEARTBEAT: Final[Duration] = 5 * MINUTE
"""Not published for the product. Short enough that a lost leader is soon replaced, long enough that ten days of a
cluster are a few thousand beats."""

BORROWING: Final[Duration] = 10 * DAY
"""CLU-05: how long the rest of a cluster goes on with what a lost node had installed."""

BEAT_KEY: Final = "cluster-beat"
BORROWING_KEY: Final = "cluster-borrowing"
"""Agenda keys."""


class Member(msgspec.Struct):
    """Another node of the cluster as this one knows it. Counts are by feature."""

    connected: bool = False
    lost_at: Instant | None = None
    installed: dict[str, int] = {}
    leased: dict[str, int] = {}
    users: dict[str, int] = {}


class ClusterState(msgspec.Struct):
    """A node's cluster; ``name`` is empty for a device that stands alone."""

    name: str = ""
    order: tuple[str, ...] = ()
    heartbeat: Duration = DEFAULT_HEARTBEAT
    members: dict[str, Member] = {}
    beats: int = 0

    def leader(self, own_name: str) -> str:
        """Return the lease leader in this node's eyes: the first connected member in order (CLU-02)."""
        for name in self.order:
            if name == own_name or self.members[name].connected:
                return name
        return own_name

    def spare(self, feature: str, own_installed: int) -> int:
        """Return what the cluster gives this node of a feature besides its own lease (CLU-05).

        That is all installed counts, with at most as much again borrowed from nodes lost within ten days, less the
        others' users that their own leases do not cover. Leases stay with the client ID they were given to.
        """
        connected = [member for member in self.members.values() if member.connected]
        installed = own_installed + sum(member.installed.get(feature, 0) for member in connected)
        lost = sum(member.installed.get(feature, 0) for member in self.members.values() if member.lost_at is not None)
        others = sum(max(0, member.users.get(feature, 0) - member.leased.get(feature, 0)) for member in connected)
        return max(0, installed + min(installed, lost) - others)  # an emergency elsewhere takes nothing away (ICE-03)


def decide_join(command: JoinCluster, own_name: str) -> Decision | Refusal:
    """Make the device a node of a cluster (CLU-01)."""
    shortest, longest = HEARTBEAT_RANGE
    heartbeat = command.heartbeat or DEFAULT_HEARTBEAT
    problem = ""
    if not command.name:
        problem = "a cluster needs a name"
    elif len(set(command.members)) < 2 or len(set(command.members)) != len(command.members):  # noqa: PLR2004 - CLU-01
        problem = "a cluster has two nodes or more, each named once"
    elif own_name not in command.members:
        problem = f"this node, {own_name}, is not among the members {', '.join(command.members)}"
    elif not shortest <= heartbeat <= longest:
        problem = "the heartbeat is between 10 seconds and 30 minutes"
    if problem:
        return Refusal("invalid-cluster", f"cluster {command.name!r}: {problem}; nothing was changed")
    joined = ClusterJoined(name=command.name, members=command.members, heartbeat=heartbeat)
    return Decision(events=(joined,), then=(Continue(),))


def decide_beats(cluster: ClusterState, beat: ClusterBeat, now: Instant) -> Decision:
    """Beat to every other member; the next beats follow after one heartbeat."""
    envelopes = tuple(
        Envelope(id=f"{PREFIX}{cluster.beats + 1}-{name}", to=name, path=CLUSTER_BEAT_PATH, body=beat)
        for name in cluster.members
    )
    return Decision(events=(BeatsSent(envelopes=envelopes, next_at=now + cluster.heartbeat),))


def decide_heard(cluster: ClusterState, beat: ClusterBeat, own: ClusterBeat) -> Decision:
    """Answer another member's beat with our own (CLU-01: one cluster, one personality, one release)."""
    problem = _mismatch(cluster, beat, own)
    if problem:
        return Decision(reply=Denied(reason="not-a-member", message=problem))
    member = cluster.members[beat.node]
    if (member.installed, member.leased, member.users) == (beat.installed, beat.leased, beat.users):
        return Decision(reply=own)  # it says nothing new
    return Decision(events=(_heard(beat, envelope="", answered=False),), reply=own)


def decide_settle(
    cluster: ClusterState, envelope: Envelope, answer: Settle, own: ClusterBeat, now: Instant
) -> Decision:
    """Take a member's answer: it is connected; without one it is lost."""
    why = answer.failure or f"answered {answer.status}"
    if answer.status == HTTPStatus.OK:
        try:
            beat = read(answer.body, _beat, ClusterBeat)
        except msgspec.DecodeError:
            why = "its answer is no cluster beat"
        else:
            why = _mismatch(cluster, beat, own)
            if not why:
                heard = _heard(beat, envelope=envelope.id, answered=True)
                back = not cluster.members[beat.node].connected
                return Decision(events=(heard,), then=(Continue(),) if back else ())
    return Decision(events=(lost(cluster, envelope.to, why, envelope=envelope.id, now=now),), then=(Continue(),))


def lost(cluster: ClusterState, name: str, why: str, *, envelope: str, now: Instant) -> MemberLost:
    """Return the event of a member that does not answer; from its first loss on its licenses are borrowed (CLU-05)."""
    earlier = cluster.members[name].lost_at
    return MemberLost(id=envelope, node=name, why=why, since=now if earlier is None else earlier)


def decide_borrowing_end(cluster: ClusterState, now: Instant) -> Decision:
    """Stop counting what was borrowed from nodes lost for ten days (CLU-05)."""
    over = tuple(
        name
        for name, member in cluster.members.items()
        if member.lost_at is not None and member.lost_at + BORROWING <= now
    )
    return Decision(events=(BorrowingEnded(nodes=over),))


def _mismatch(cluster: ClusterState, beat: ClusterBeat, own: ClusterBeat) -> str:
    if beat.cluster != cluster.name or beat.node not in cluster.members:
        return f"{beat.node} is no node of cluster {cluster.name or '(none)'}"
    if (beat.personality, beat.release) != (own.personality, own.release):
        return (
            f"{beat.node} runs {beat.personality} {beat.release}, this node {own.personality} {own.release}; "
            "a cluster has one personality and release"
        )
    return ""


def _heard(beat: ClusterBeat, *, envelope: str, answered: bool) -> MemberHeard:
    return MemberHeard(
        id=envelope,
        node=beat.node,
        answered=answered,
        installed=beat.installed,
        leased=beat.leased,
        users=beat.users,
    )


# --- what events do --------------------------------------------------------------------------------------------------


def evolve(cluster: ClusterState, event: ClusterEvent, agenda: Agenda, own_name: str, at: Instant) -> None:
    """Apply a cluster event."""
    match event:
        case ClusterJoined():
            cluster.name, cluster.order, cluster.heartbeat = event.name, event.members, event.heartbeat
            cluster.members = {name: Member() for name in event.members if name != own_name}
            agenda.set(BEAT_KEY, at)
        case BeatsSent():
            cluster.beats += 1
            agenda.set(BEAT_KEY, event.next_at)
        case MemberHeard():
            member = cluster.members[event.node]
            member.installed, member.leased, member.users = event.installed, event.leased, event.users
            if event.answered:
                member.connected, member.lost_at = True, None
        case MemberLost():
            member = cluster.members[event.node]
            member.connected = False
            if member.lost_at is None and member.installed:
                member.lost_at = event.since
        case _:  # BorrowingEnded
            for name in event.nodes:
                cluster.members[name].lost_at = None
                cluster.members[name].installed = {}
    _schedule(cluster, agenda)


def _schedule(cluster: ClusterState, agenda: Agenda) -> None:
    ends = [member.lost_at + BORROWING for member in cluster.members.values() if member.lost_at is not None]
    due_at = min(ends, default=NEVER)
    if due_at < NEVER:
        agenda.set(BORROWING_KEY, due_at)
    else:
        agenda.drop(BORROWING_KEY)


def own_beat(
    cluster: ClusterState,
    *,
    node: str,
    personality: str,
    release: str,
    installed: Mapping[str, int],
    leased: Mapping[str, int],
    users: Mapping[str, int],
) -> ClusterBeat:
    """Return what this node tells the others; counts of nothing are left out."""
    return ClusterBeat(
        cluster=cluster.name,
        node=node,
        personality=personality,
        release=release,
        installed={feature: count for feature, count in installed.items() if count},
        leased={feature: count for feature, count in leased.items() if count},
        users={feature: count for feature, count in users.items() if count},
    )
