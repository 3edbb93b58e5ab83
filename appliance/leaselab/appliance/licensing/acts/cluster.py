"""The device as a node of a cluster (CLU)."""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import cluster, commands, tenancy
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.messages import ClusterBeat, Denied, Relay
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Envelope, Forward, Refusal


def _join(state: ApplianceState, command: commands.JoinCluster, _now: Instant) -> Decision | Refusal:
    if state.is_license_server:
        return Refusal("is-a-server", "a license server is no node of a cluster of gateways")
    return cluster.decide_join(command, state.name)


def _beat(state: ApplianceState, beat: ClusterBeat, _now: Instant) -> Decision:
    return cluster.decide_heard(state.cluster, beat, state.beat())


def _relay(state: ApplianceState, relay: Relay, _now: Instant) -> Decision:
    """Pass a member's request on to the license server, and its answer back (CLU-02)."""
    if relay.cluster != state.cluster.name or relay.node not in state.cluster.members:
        return Decision(reply=Denied(reason="not-a-member", message=f"{relay.node} is no node of this cluster"))
    envelope = Envelope(
        id=f"relay-{relay.node}",
        to=relay.to,
        path=relay.path,
        body=relay.body,
        network=relay.network,
        verify=relay.verify,
    )
    return Decision(reply=Forward(envelope))


def _event(state: ApplianceState, event: e.ClusterEvent, at: Instant) -> None:
    cluster.evolve(state.cluster, event, state.agenda, state.name, at)
    answered = getattr(event, "id", "")
    if answered:
        state.outbox.pop(answered, None)


def _joined(state: ApplianceState, event: e.ClusterJoined, at: Instant) -> None:
    _event(state, event, at)
    state.forget_requests()
    tenancy.talk_anew(state.client)


def _beats_sent(state: ApplianceState, event: e.BeatsSent, at: Instant) -> None:
    for envelope in event.envelopes:
        state.outbox[envelope.id] = envelope
    _event(state, event, at)


DECIDERS: Final[Deciders] = {
    commands.JoinCluster: _join,
    ClusterBeat: _beat,
    Relay: _relay,
}

EVOLVERS: Final[Evolvers] = {
    e.ClusterJoined: _joined,
    e.BeatsSent: _beats_sent,
    e.MemberHeard: _event,
    e.MemberLost: _event,
    e.BorrowingEnded: _event,
}
