"""A Virtual License Server's standing with the cloud: heartbeats, grace, stop, clones (VLS-06 to VLS-09).

Each answered heartbeat carries a new token that the next one must show. A clone starts with a copy of the token; from
the first heartbeat on original and clone diverge, and whoever shows a token that was used already is the duplicate.
The vendor's wire format is not public; this is the emulator's.
"""

from typing import Final

import msgspec

from leaselab.appliance.instants import DAY, HOUR, Duration, Instant
from leaselab.appliance.licensing.events import HeartbeatAnswered, HeartbeatMissed, HeartbeatSent, LicensingStopped
from leaselab.appliance.licensing.messages import HEARTBEAT_PATH, Heartbeat, HeartbeatReply
from leaselab.appliance.machine import Agenda, Decision, Envelope, Settle, read

_reply: Final = msgspec.json.Decoder(HeartbeatReply)

PREFIX: Final = "heartbeat-"
"""Envelope IDs of heartbeats begin so."""

INTERVAL: Final[Duration] = 8 * HOUR
"""VLS-06; facts 5."""

GRACE: Final[Duration] = 24 * DAY
"""VLS-07; facts 5: licensing functions are disabled after more than 24 days without contact."""

HEARTBEAT_KEY: Final = "heartbeat"
STOP_KEY: Final = "cloud-stop"
"""Agenda keys."""


class Standing(msgspec.Struct):
    """Where a Virtual License Server stands with the service.

    Attributes:
        state: ``none`` (no Virtual License Server), ``ok``, ``grace``, ``stopped`` or ``duplicate``.
        last_ok_at: the last heartbeat that was answered well, or when the server took up its work.
        token: to show with the next heartbeat.
        beats: heartbeats sent so far.
        failed: heartbeats that got no answer so far.
        why: what the service or the network last said.
    """

    state: str = "none"
    last_ok_at: Instant = 0
    token: str = ""
    beats: int = 0
    failed: int = 0
    why: str = ""

    @property
    def serves(self) -> bool:
        """Whether leases may be granted and renewed (VLS-07, VLS-09)."""
        return self.state not in {"stopped", "duplicate"}

    def grace_left(self, now: Instant) -> Duration:
        """Return how long it goes on without an answered heartbeat; 0 once it has stopped."""
        if self.state == "none":
            return GRACE
        return max(0, self.last_ok_at + GRACE - now) if self.serves else 0


def begin(standing: Standing, agenda: Agenda, at: Instant) -> None:
    """Take up heartbeats: the device serves as Virtual License Server from now on."""
    standing.state, standing.last_ok_at = "ok", at
    agenda.set(HEARTBEAT_KEY, at)
    agenda.set(STOP_KEY, at + GRACE)


def decide_beat(standing: Standing, *, cloud: str, hardware_id: str, now: Instant) -> Decision:
    """Send a heartbeat; where there is no service to send it to, that is one missed."""
    number = standing.beats + 1
    if not cloud:
        missed = HeartbeatMissed(
            id="", host="the cloud licensing service", why="this lab has none", next_at=now + INTERVAL
        )
        return Decision(events=(missed,))
    message = Heartbeat(
        hardware_id=hardware_id, token=standing.token, request_id=f"{hardware_id}-heartbeat-{number}", sent_at=now
    )
    envelope = Envelope(id=f"{PREFIX}{number}", to=cloud, path=HEARTBEAT_PATH, body=message)
    return Decision(events=(HeartbeatSent(envelope=envelope),))


def decide_settle(envelope: Envelope, answer: Settle, now: Instant) -> Decision:
    """Take the service's answer, or its absence."""
    why = answer.failure
    if answer.status:
        try:
            reply = read(answer.body, _reply, HeartbeatReply)
        except msgspec.DecodeError:
            why = f"{envelope.to} answered {answer.status}, which is no answer to a heartbeat"
        else:
            answered = HeartbeatAnswered(
                id=envelope.id,
                host=envelope.to,
                token=reply.token,
                duplicate=reply.duplicate,
                message=reply.message,
                next_at=now + INTERVAL,
            )
            return Decision(events=(answered,))
    return Decision(events=(HeartbeatMissed(id=envelope.id, host=envelope.to, why=why, next_at=now + INTERVAL),))


def decide_stop(standing: Standing) -> Decision:
    """Stop licensing: the grace period is over (VLS-07)."""
    return Decision(events=(LicensingStopped(days=(GRACE // DAY), why=standing.why),))


def answered(standing: Standing, event: HeartbeatAnswered, agenda: Agenda, at: Instant) -> None:
    """Keep the new token, or learn to be the duplicate (VLS-09)."""
    standing.token, standing.why = event.token, event.message
    if event.duplicate:
        standing.state = "duplicate"
        agenda.drop(HEARTBEAT_KEY)
        agenda.drop(STOP_KEY)
        return
    if standing.state == "grace":
        standing.state = "ok"
    if standing.state == "ok":
        standing.last_ok_at = at
        agenda.set(STOP_KEY, at + GRACE)
    agenda.set(HEARTBEAT_KEY, event.next_at)


def missed(standing: Standing, event: HeartbeatMissed, agenda: Agenda) -> None:
    """Count a heartbeat without an answer; the first of them begins the grace period."""
    standing.failed += 1
    standing.why = event.why
    if standing.state == "ok":
        standing.state = "grace"
    agenda.set(HEARTBEAT_KEY, event.next_at)


def stopped(standing: Standing, agenda: Agenda) -> None:
    """Serve no more until an authentication code restores it (VLS-08); heartbeats go on."""
    standing.state = "stopped"
    agenda.drop(STOP_KEY)


def restored(standing: Standing, agenda: Agenda, at: Instant) -> None:
    """Serve again: an authentication code was entered and the service took it (VLS-08)."""
    standing.why = ""
    begin(standing, agenda, at)
