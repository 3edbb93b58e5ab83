"""Administrators who have proved who they are: on the pages by a cookie, over REST by an api_key; one store for each.

A session lives for as long as the role's session options allow, on the lab's clock; a new password, a deleted account
and a factory reset end it at once (:class:`~leaselab.appliance.adapters.https.context.NodeContext` hears of these).
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.licensing.passwords import verify_password

MAX_SESSIONS: Final = 64
"""Of one store; one more ends the oldest."""

FAILURES_BEFORE_PAUSE: Final = 5
LONGEST_PAUSE_SECONDS: Final = 60.0
MAX_TRIED_NAMES: Final = 1_024
"""Names and addresses whose failures are remembered; the oldest make room."""

_NOBODY: Final = "scrypt$10$00$00"
"""Checked when the name is unknown, so that an unknown name takes as long as a wrong password."""


@dataclass(slots=True)
class AdminSession:
    """A signed-in administrator.

    Attributes:
        name: who.
        token: the secret that stands for the session: a cookie's value, or an api_key.
        began_at: for the longest session, on the lab's clock.
        last_seen_at: for the idle time-out, on the lab's clock.
        notes: what the next page says of the form before it.
    """

    name: str
    token: str
    began_at: Instant
    last_seen_at: Instant
    notes: tuple[str, ...] = ()

    @property
    def xsauth(self) -> str:
        """What every form that changes something must carry."""
        return xsauth_of(self.token)


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionLimits:
    """How long a session lives: without a request, and in all; ``None`` is for ever."""

    idle: Duration | None
    longest: Duration | None


class Sessions:
    """The sessions of one device's administrators.

    Args:
        now: the lab's time.
        limits: how long a session lives.
        make_token: makes the secret of a new session.
    """

    def __init__(
        self,
        *,
        now: Callable[[], Instant],
        limits: Callable[[], SessionLimits],
        make_token: Callable[[], str],
    ) -> None:
        self._now = now
        self._limits = limits
        self._make_token = make_token
        self._sessions: dict[str, AdminSession] = {}

    def open(self, name: str) -> AdminSession:
        """Begin a session of an administrator whose password was right."""
        while len(self._sessions) >= MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        now = self._now()
        session = AdminSession(name, self._make_token(), began_at=now, last_seen_at=now)
        self._sessions[session.token] = session
        return session

    def find(self, token: str) -> AdminSession | None:
        """Return the session of a token, if it lives; asking keeps it from being idle."""
        session = self._sessions.get(token)
        if session is None:
            return None
        if not self._lives(session):
            del self._sessions[token]
            return None
        session.last_seen_at = self._now()
        return session

    def of(self, name: str) -> list[AdminSession]:
        """Return the live sessions of an administrator, the oldest first."""
        return [session for session in self._sessions.values() if session.name == name and self._lives(session)]

    def end(self, token: str) -> None:
        """End a session."""
        self._sessions.pop(token, None)

    def end_all(self, name: str) -> None:
        """End every session of an administrator."""
        for token in [token for token, session in self._sessions.items() if session.name == name]:
            del self._sessions[token]

    def _lives(self, session: AdminSession) -> bool:
        now, limits = self._now(), self._limits()
        idle = limits.idle is not None and now - session.last_seen_at >= limits.idle
        too_long = limits.longest is not None and now - session.began_at >= limits.longest
        return not idle and not too_long


def xsauth_of(token: str) -> str:
    """Return the anti-forgery word of a session: it follows from the token, and the token cannot be had from it."""
    return hashlib.blake2b(token.encode(), digest_size=16, person=b"xsauth").hexdigest()


def shows_xsauth(token: str, shown: str) -> bool:
    """Tell whether a form or link carries the session's own word, which another site cannot know."""
    return hmac.compare_digest(shown.encode(), xsauth_of(token).encode())


@dataclass(slots=True)
class _Failures:
    count: int = 0
    closed_until: float = 0.0


class Attempts:
    """Wrong passwords in a row, by address and name: from the fifth on, the next is looked at only after a pause.

    The pause is of the host's time, since guessing happens there: on a lab's clock that stands still it would never
    end, and on one that is advanced it would not hold anybody up (docs/decisions/0012).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}

    def pause_seconds(self, source: str, name: str) -> float:
        """Return how long this address has to wait before it may try this name again; 0 where it need not."""
        failures = self._failures.get((source, name))
        return max(0.0, failures.closed_until - self._clock()) if failures is not None else 0.0

    def judge(self, source: str, name: str, *, right: bool) -> bool:
        """Take note of an attempt that was looked at, and return whether it was right."""
        if right:
            self._failures.pop((source, name), None)
            return True
        if (source, name) not in self._failures and len(self._failures) >= MAX_TRIED_NAMES:
            self._failures.pop(next(iter(self._failures)))
        failures = self._failures.setdefault((source, name), _Failures())
        failures.count += 1
        over = failures.count - FAILURES_BEFORE_PAUSE
        if over >= 0:
            failures.closed_until = self._clock() + min(2.0 ** min(over, 10), LONGEST_PAUSE_SECONDS)
        return False


def is_administrator(password: str, account: str) -> bool:
    """Tell whether the password is an account's; no account takes as long as a wrong password."""
    return verify_password(password, account or _NOBODY)
