"""The token of a Super Admin session: whoever is at the console lets one browser in, once and soon."""

import base64
import hmac
import secrets
from collections.abc import Callable
from typing import Final

from leaselab.appliance.console.tools import RecoveryToken
from leaselab.appliance.instants import MINUTE, Duration, Instant

LIFETIME: Final[Duration] = 3 * MINUTE
"""On the lab's clock, as every session."""

_TOKEN_BYTES: Final = 10
"""80 bits make sixteen letters and digits, which a person can still type."""


class Recovery:
    """The one token that a device has given out.

    Args:
        now: the lab's time.
    """

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._token = ""
        self._ends_at: Instant = 0

    def issue(self) -> RecoveryToken:
        """Return a new token; an earlier one opens nothing any more."""
        self._token = base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
        self._ends_at = self._now() + LIFETIME
        return RecoveryToken(token=self._token, lives=LIFETIME)

    def redeem(self, shown: str) -> bool:
        """Tell whether that is the token; it is used up then."""
        right = hmac.compare_digest(shown.strip().upper().encode(), self._token.encode())
        if not self._token or not right or self._now() >= self._ends_at:
            return False
        self._token = ""
        return True
