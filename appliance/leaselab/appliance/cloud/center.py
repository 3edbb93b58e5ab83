"""The vendor's cloud as one machine; here the download center: authentication codes in, keys out (DLD-02, DLD-04).

A code is good once and for one device: the claim binds it to the hardware ID that made it. Its owner may also have the
keys made at the vendor's portal, for a hardware ID given there (product facts, 6.4); they come with that device's next
query. The vendor's own protocol is not public; this one is the emulator's (docs/lease-protocol.md). What is known of
the real center's behaviour is kept: code and hardware ID are marked as used, and a second claim fails as already
provisioned (product facts, 5).
"""

import hashlib
from datetime import date
from typing import Final

import msgspec

from leaselab.appliance.cloud import service
from leaselab.appliance.cloud.service import Beat, Beats
from leaselab.appliance.config import AuthCode, CloudConfig
from leaselab.appliance.instants import Instant, as_datetime
from leaselab.appliance.licensing.keys import mint_key
from leaselab.appliance.licensing.messages import ClaimedKeys, ClaimKeys, Heartbeat
from leaselab.appliance.machine import Agenda, Command, Decision, Envelope, Event, Refusal

ALREADY_PROVISIONED: Final = "already provisioned for this device"
"""How the error of a second claim by one device ends (product facts, 5)."""


class CodeClaimed(Event, frozen=True):
    """A device redeemed a code; ``request_id`` is the request that a lost reply repeats."""

    code: str
    hardware_id: str
    request_id: str
    keys: tuple[str, ...]


class ClaimRefused(Event, frozen=True):
    """A claim got an error."""

    code: str
    hardware_id: str
    error: str


CloudEvent = CodeClaimed | ClaimRefused | Beat


class Claim(msgspec.Struct, frozen=True):
    """What became of a code."""

    hardware_id: str
    request_id: str
    keys: tuple[str, ...]


class CloudState(msgspec.Struct):
    """All the center knows: what codes entitle to, and which were claimed."""

    name: str
    auth_codes: dict[str, AuthCode]
    authority_key: str
    seed: str
    claims: dict[str, Claim] = {}
    beats: dict[str, Beats] = {}
    agenda: Agenda = msgspec.field(default_factory=Agenda)
    outbox: dict[str, Envelope] = {}


def initial_cloud_state(config: CloudConfig) -> CloudState:
    """Return the center's state before anybody asked."""
    return CloudState(
        name=config.name, auth_codes=dict(config.auth_codes), authority_key=config.authority_key, seed=config.seed
    )


class CloudMachine:
    """The download center's rules."""

    state_type = CloudState
    event_type = CloudEvent

    def decide(self, state: CloudState, command: Command, now: Instant) -> Decision | Refusal:
        """Answer a claim; everything else is not for the center."""
        if isinstance(command, Heartbeat):
            return service.decide_beat(state.beats, command, seed=state.seed)
        if not isinstance(command, ClaimKeys):
            return Refusal("not-here", f"{state.name} is the vendor's cloud; it does not take {type(command).__name__}")
        if not command.code:
            made = _made(state, command, now)
            keys = (*_keys_of(state, command.hardware_id), *(key for claimed in made for key in claimed.keys))
            return Decision(events=made, reply=ClaimedKeys(keys=keys))
        error = _problem(state, command)
        if error:
            refused = ClaimRefused(code=command.code, hardware_id=command.hardware_id, error=error)
            return Decision(events=(refused,), reply=ClaimedKeys(error=error))
        claim = state.claims.get(command.code)
        if claim is not None:
            return Decision(reply=ClaimedKeys(keys=claim.keys, restored=command.restore))
        claimed = _claim(state, command, command.code, now)
        return Decision(events=(claimed,), reply=ClaimedKeys(keys=claimed.keys))

    def evolve(self, state: CloudState, event: Event, at: Instant) -> None:  # noqa: ARG002 - the shape of a machine
        """Remember a claim."""
        if isinstance(event, Beat):
            service.beaten(state.beats, event)
        elif isinstance(event, CodeClaimed):
            state.claims[event.code] = Claim(
                hardware_id=event.hardware_id, request_id=event.request_id, keys=event.keys
            )


def _problem(state: CloudState, command: ClaimKeys) -> str:
    if command.code not in state.auth_codes:
        return f"authentication code {command.code} is not known"
    claim = state.claims.get(command.code)
    used_by = claim.hardware_id if claim is not None else state.auth_codes[command.code].hardware_id
    if used_by not in {"", command.hardware_id}:
        return f"authentication code {command.code} was used by another device"
    if claim is None:
        return ""
    if claim.request_id != command.request_id and not command.restore:
        return f"authentication code {command.code} is {ALREADY_PROVISIONED}"
    return ""


def _keys_of(state: CloudState, hardware_id: str) -> tuple[str, ...]:
    """Return every key this device ever claimed: what a query without a code brings."""
    return tuple(key for claim in state.claims.values() if claim.hardware_id == hardware_id for key in claim.keys)


def _made(state: CloudState, command: ClaimKeys, now: Instant) -> tuple[CodeClaimed, ...]:
    """Return what was made for this device at the vendor's portal since it last asked (DLD-01)."""
    return tuple(
        _claim(state, command, code, now)
        for code, entitled in state.auth_codes.items()
        if code not in state.claims and entitled.hardware_id == command.hardware_id and entitled.made_at <= now
    )


def _claim(state: CloudState, command: ClaimKeys, code: str, now: Instant) -> CodeClaimed:
    """Sign a code's keys for the device; a subscription begins on the code's day, or today (KEY-06)."""
    entitled = state.auth_codes[code]
    starts = date.fromisoformat(entitled.starts) if entitled.starts else as_datetime(now).date()
    keys = tuple(
        mint_key(
            sku,
            command.hardware_id,
            hashlib.blake2b(f"{state.seed}/{code}/{index}".encode(), digest_size=6).hexdigest().upper(),
            starts,
            None,
            bytes.fromhex(state.authority_key),
        )
        for index, sku in enumerate(entitled.licenses)
    )
    return CodeClaimed(code=code, hardware_id=command.hardware_id, request_id=command.request_id, keys=keys)
