"""End users: who is signed in, and who may sign in next (ENF, PLT-06)."""

import hashlib
import hmac
from typing import Final

from leaselab.appliance.instants import DAY, MINUTE, NEVER, Duration, Instant, format_duration
from leaselab.appliance.licensing import enforcement
from leaselab.appliance.licensing.commands import (
    FEATURES,
    ROLES,
    RefuseUser,
    Session,
    SessionOptions,
    SetSessionOptions,
    SignIn,
)
from leaselab.appliance.licensing.events import SignedIn, SignInRefused
from leaselab.appliance.machine import Decision, Refusal

MAX_USER_NAME: Final = 256
"""A longer name is nobody's; it would only fill logs."""


def decide_sign_in(
    command: SignIn, *, signed_in: int, limit: int, maximum: int, closed: bool, secret: bytes, serial: int, now: Instant
) -> Decision:
    """Admit a user or say why not, once the server has been asked for more (ENF-03, ENF-04)."""
    if not is_user_name(command.user) or command.feature not in FEATURES:
        return refuse(
            command, "invalid", "the user name is empty, too long or not printable, or the feature is unknown"
        )
    if not enforcement.admits(signed_in, limit, maximum, closed=closed):
        return refuse(
            command, "limit", f"{signed_in} users are signed in, the licensed limit is {limit}; no further user can be"
        )
    text = f"session/{serial}/{command.user}/{now}"
    session = Session(
        id="sid" + hashlib.blake2b(text.encode(), key=secret, digest_size=16).hexdigest(),
        user=command.user,
        feature=command.feature,
        source=command.source,
        since=now,
    )
    over = enforcement.over_capacity(signed_in, limit)
    return Decision(events=(SignedIn(session=session, over_capacity=over),), reply=session)


def is_user_name(text: str) -> bool:
    """Tell whether somebody can be called that: what cannot be printed would forge lines of logs."""
    return 0 < len(text) <= MAX_USER_NAME and text.isprintable()


def refuse(command: SignIn | RefuseUser, reason: str, message: str) -> Decision:
    """Refuse a sign-in, and log it."""
    event = SignInRefused(
        user=command.user[:MAX_USER_NAME],
        source=command.source,
        feature=command.feature,
        reason=reason,
        message=message,
    )
    return Decision(events=(event,), reply=Refusal(reason, message))


# --- sessions --------------------------------------------------------------------------------------------------------

SESSION_END: Final = "session-end"
TIMEOUT_RANGE: Final[tuple[Duration, Duration]] = (MINUTE, 365 * DAY)
"""What a session may be limited to."""


def end_key(session: str) -> str:
    """Return the agenda key of a session's end."""
    return f"{SESSION_END}:{session}"


def end_of(session: Session, options: SessionOptions, *, seen_at: Instant) -> tuple[Instant, str]:
    """Return when a session ends if nothing more is heard of its user, and why: ``idle`` or ``too-long``."""
    idle_at = NEVER if options.idle_timeout is None else seen_at + options.idle_timeout
    over_at = NEVER if options.max_timeout is None else session.since + options.max_timeout
    return (over_at, "too-long") if over_at <= idle_at else (idle_at, "idle")


def problem_of_options(command: SetSessionOptions) -> str:
    """Say what is wrong with a role's session options, or nothing."""
    if command.role not in ROLES:
        return f"there is no role {command.role!r}; roles are {', '.join(ROLES)}"
    shortest, longest = TIMEOUT_RANGE
    for name in SessionOptions.__struct_fields__:
        value = getattr(command.options, name)
        if value is not None and not shortest <= value <= longest:
            return f"{name} is outside {format_duration(shortest)} to {format_duration(longest)}"
    return ""


def cookie_of(session: str, key: bytes) -> str:
    """Return what a user's browser shows for a session; the ID alone, which logs and reports name, opens nothing."""
    return f"{session}-{hashlib.blake2b(session.encode(), key=key, digest_size=16, person=b'cookie').hexdigest()}"


def session_of(cookie: str, key: bytes) -> str:
    """Return the ID of the session that a cookie is for, empty where it is none of this device's."""
    session = cookie.partition("-")[0]
    return session if hmac.compare_digest(cookie.encode(), cookie_of(session, key).encode()) else ""
