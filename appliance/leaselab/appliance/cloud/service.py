"""The cloud licensing service: it hears heartbeats, and tells original from clone (VLS-06, VLS-09).

Every answer gives a token for the next heartbeat. Two instances that were one share a token until the first of them
beats; the other then shows one that was used already, from another address, and is told that it is the duplicate. The
vendor does not publish how its service tells; this way needs nothing that a clone could not have copied.
"""

import hashlib

import msgspec

from leaselab.appliance.licensing.messages import Heartbeat, HeartbeatReply
from leaselab.appliance.machine import Decision, Event


class Beat(Event, frozen=True):
    """A heartbeat was heard."""

    hardware_id: str
    shown: str
    token: str
    source: str
    duplicate: bool


class Beats(msgspec.Struct):
    """One identity as the service knows it.

    Attributes:
        shown: the token that the last good heartbeat showed.
        token: the one it was given.
        source: where it came from; from there the same token may be shown again, since an answer can be lost.
        heard: good heartbeats so far.
        duplicates: heartbeats of a duplicate so far.
    """

    shown: str = ""
    token: str = ""
    source: str = ""
    heard: int = 0
    duplicates: int = 0


def decide_beat(known: dict[str, Beats], command: Heartbeat, *, seed: str) -> Decision:
    """Answer a heartbeat."""
    beats = known.get(command.hardware_id)
    if beats is not None and command.token != beats.token:
        answer_was_lost = (command.token, command.source) == (beats.shown, beats.source)
        if not answer_was_lost:
            return _duplicate(command, beats)
        return Decision(reply=HeartbeatReply(token=beats.token))
    heard = beats.heard if beats is not None else 0
    text = f"{seed}/beat/{command.hardware_id}/{heard + 1}"
    token = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    beat = Beat(
        hardware_id=command.hardware_id,
        shown=command.token,
        token=token,
        source=command.source,
        duplicate=False,
    )
    return Decision(events=(beat,), reply=HeartbeatReply(token=token))


def _duplicate(command: Heartbeat, beats: Beats) -> Decision:
    beat = Beat(
        hardware_id=command.hardware_id,
        shown=command.token,
        token=beats.token,
        source=command.source,
        duplicate=True,
    )
    message = f"another instance beats under hardware ID {command.hardware_id}"
    return Decision(events=(beat,), reply=HeartbeatReply(duplicate=True, message=message))


def beaten(known: dict[str, Beats], event: Beat) -> None:
    """Remember a heartbeat."""
    beats = known.setdefault(event.hardware_id, Beats())
    if event.duplicate:
        beats.duplicates += 1
        return
    beats.shown, beats.token = event.shown, event.token
    beats.source = event.source
    beats.heard += 1
