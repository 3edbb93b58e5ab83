"""End users: who is signed in, and who may sign in next (ENF, PLT-06)."""

import hashlib
from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import enforcement
from leaselab.appliance.licensing.commands import FEATURES, Session, SignIn
from leaselab.appliance.licensing.events import SignedIn, SignInRefused
from leaselab.appliance.machine import Decision, Refusal

MAX_USER_NAME: Final = 256
"""A longer name is nobody's; it would only fill logs."""


def decide_sign_in(
    command: SignIn, *, signed_in: int, limit: int, maximum: int, closed: bool, secret: bytes, serial: int, now: Instant
) -> Decision:
    """Admit a user or say why not, once the server has been asked for more (ENF-03, ENF-04)."""
    if not command.user or len(command.user) > MAX_USER_NAME or command.feature not in FEATURES:
        return refuse(command, "invalid", "the user name is empty or too long, or the feature is unknown")
    if not enforcement.admits(signed_in, limit, maximum, closed=closed):
        return refuse(
            command, "limit", f"{signed_in} users are signed in, the licensed limit is {limit}; no further user can be"
        )
    text = f"session/{serial}/{command.user}/{now}"
    session = Session(
        id=hashlib.blake2b(text.encode(), key=secret, digest_size=16).hexdigest(),
        user=command.user,
        feature=command.feature,
        source=command.source,
        since=now,
    )
    over = enforcement.over_capacity(signed_in, limit)
    return Decision(events=(SignedIn(session=session, over_capacity=over),), reply=session)


def refuse(command: SignIn, reason: str, message: str) -> Decision:
    """Refuse a sign-in, and log it."""
    event = SignInRefused(
        user=command.user[:MAX_USER_NAME],
        source=command.source,
        feature=command.feature,
        reason=reason,
        message=message,
    )
    return Decision(events=(event,), reply=Refusal(reason, message))
