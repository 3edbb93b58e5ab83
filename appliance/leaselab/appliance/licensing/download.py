"""Keys from the download center: asking, and taking what it sends (DLD-02)."""

from typing import Final

import msgspec

from leaselab.appliance.instants import DAY, Duration, Instant
from leaselab.appliance.licensing import inventory
from leaselab.appliance.licensing.commands import DownloadKeys
from leaselab.appliance.licensing.events import DownloadAnswered, DownloadAsked, LicensingRestored
from leaselab.appliance.licensing.installation import Licenses, decide_add_keys
from leaselab.appliance.licensing.inventory import Holder
from leaselab.appliance.licensing.messages import CLAIM_PATH, ClaimedKeys, ClaimKeys
from leaselab.appliance.machine import Command, Decision, Envelope, Refusal, Settle, read

_claimed: Final = msgspec.json.Decoder(ClaimedKeys)

PREFIX: Final = "download-"
"""Envelope IDs of requests to the download center begin so."""

MAX_CODE: Final = 64

QUERY_KEY: Final = "download"
"""The agenda key of the next automatic query."""

RARELY: Final[Duration] = 90 * DAY
MONTHLY: Final[Duration] = 30 * DAY
WEEKLY: Final[Duration] = 7 * DAY
DAILY: Final[Duration] = DAY
EXPIRY_NEAR: Final[Duration] = 90 * DAY
EXPIRY_VERY_NEAR: Final[Duration] = 14 * DAY
GRACE_NEAR: Final[Duration] = 7 * DAY
"""DLD-01: every 3 months; monthly, weekly and daily as an expiry or the end of a grace period comes near. The guide
counts in months; a month is 30 days here."""


class ReportDownload(Command, frozen=True):
    """Internal: tell the asker what the download brought, once the center has answered."""


def decide_ask(
    command: DownloadKeys,
    *,
    cloud: str,
    number: int,
    hardware_id: str,
    kind: str,
    network: str,
    restore: bool,
    now: Instant,
) -> Decision | Refusal:
    """Queue the question to the download center."""
    code = command.code.strip()
    if len(code) > MAX_CODE:
        return Refusal("invalid-code", "an authentication code is four groups of four letters and digits")
    message = ClaimKeys(
        hardware_id=hardware_id,
        kind=kind,
        code=code,
        request_id=f"{hardware_id}-download-{number}",
        sent_at=now,
        restore=restore,
    )
    envelope = Envelope(
        id=f"{PREFIX}{number}",
        to=cloud,
        path=CLAIM_PATH,
        body=message,
        network=network,
    )
    asked = DownloadAsked(envelope=envelope, scheduled=command.scheduled)
    return Decision(events=(asked,), after_exchange=ReportDownload())


def decide_settle(
    envelope: Envelope, answer: Settle, licenses: Licenses, holder: Holder, *, public_key: bytes, now: Instant
) -> Decision:
    """Install the keys that came, each judged on its own; show the center's error as it came."""
    reachable, error, restored = True, "", False
    keys: tuple[str, ...] = ()
    if not answer.status:
        reachable, error = False, answer.failure
    else:
        try:
            claimed = read(answer.body, _claimed, ClaimedKeys)
            error, keys, restored = claimed.error, claimed.keys, claimed.restored
        except msgspec.DecodeError:
            error = f"{envelope.to} answered {answer.status}, which is no answer of a download center"
    events, outcomes = decide_add_keys(licenses, keys, holder, public_key=public_key, now=now, downloaded=True)
    answered = DownloadAnswered(id=envelope.id, host=envelope.to, reachable=reachable, error=error, outcomes=outcomes)
    back = (LicensingRestored(),) if restored else ()
    return Decision(events=(*events, answered, *back))


def next_query(licenses: Licenses, holder: Holder, *, last: Instant, now: Instant) -> Instant:
    """Return when to ask the center next by itself (DLD-01): the shortest interval that applies, as time goes on.

    Args:
        licenses: what is installed.
        holder: the device.
        last: when it last asked, or when automatic download was switched on.
        now: the present; the answer is not before it.
    """
    everything = licenses.installed.values()
    due = [last + RARELY]
    expiry = inventory.next_expiry(everything, holder=holder, now=now)
    for before, interval in ((EXPIRY_NEAR, MONTHLY), (EXPIRY_VERY_NEAR, WEEKLY)):
        due.append(max(expiry - before, last + interval))
    grace_end = inventory.next_grace_end(everything, holder=holder, now=now)
    due.append(max(grace_end - GRACE_NEAR, last + DAILY))
    return max(min(due), now)
