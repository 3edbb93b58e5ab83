"""Keys from the download center: asking, and taking what it sends (DLD-02)."""

from typing import Final

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.commands import DownloadKeys
from leaselab.appliance.licensing.events import DownloadAnswered, DownloadAsked
from leaselab.appliance.licensing.installation import Licenses, decide_add_keys
from leaselab.appliance.licensing.inventory import Holder
from leaselab.appliance.licensing.messages import CLAIM_PATH, ClaimedKeys, ClaimKeys
from leaselab.appliance.machine import Command, Decision, Envelope, Refusal, Settle

PREFIX: Final = "download-"
"""Envelope IDs of requests to the download center begin so."""

MAX_CODE: Final = 64


class ReportDownload(Command, frozen=True):
    """Internal: tell the asker what the download brought, once the center has answered."""


def decide_ask(
    command: DownloadKeys, *, cloud: str, number: int, hardware_id: str, kind: str, network: str, now: Instant
) -> Decision | Refusal:
    """Queue the question to the download center."""
    code = command.code.strip()
    if len(code) > MAX_CODE:
        return Refusal("invalid-code", "an authentication code is four groups of four letters and digits")
    message = ClaimKeys(
        hardware_id=hardware_id, kind=kind, code=code, request_id=f"{hardware_id}-download-{number}", sent_at=now
    )
    envelope = Envelope(
        id=f"{PREFIX}{number}",
        to=cloud,
        path=CLAIM_PATH,
        body=msgspec.Raw(msgspec.json.encode(message)),
        network=network,
    )
    return Decision(events=(DownloadAsked(envelope=envelope),), after_exchange=ReportDownload())


def decide_settle(
    envelope: Envelope, answer: Settle, licenses: Licenses, holder: Holder, *, public_key: bytes, now: Instant
) -> Decision:
    """Install the keys that came, each judged on its own; show the center's error as it came."""
    reachable, error = True, ""
    keys: tuple[str, ...] = ()
    if not answer.status:
        reachable, error = False, answer.failure
    else:
        try:
            claimed = msgspec.json.decode(answer.body, type=ClaimedKeys)
            error, keys = claimed.error, claimed.keys
        except msgspec.DecodeError:
            error = f"{envelope.to} answered {answer.status}, which is no answer of a download center"
    events, outcomes = decide_add_keys(licenses, keys, holder, public_key=public_key, now=now, downloaded=True)
    answered = DownloadAnswered(id=envelope.id, host=envelope.to, reachable=reachable, error=error, outcomes=outcomes)
    return Decision(events=(*events, answered))
