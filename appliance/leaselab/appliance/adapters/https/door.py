"""The one way in for administrators, whether they fill in a form or ask for an api_key: judged, slowed, logged."""

import math
from typing import Final

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.sessions import AdminSession, Sessions, is_administrator
from leaselab.appliance.licensing.commands import NoteAdministrator
from leaselab.appliance.machine import Refusal

ADMIN_REALM: Final = "Admin Users"
"""The realm of administrators that the product ships (facts 6.3)."""

USERS_REALM: Final = "Users"


def pause_of(node: NodeContext, source: str, name: str) -> Refusal | None:
    """Refuse, with no password looked at, who gave too many wrong ones; ``None`` when it is nobody's turn to wait."""
    pause = node.attempts.pause_seconds(source, name)
    return Refusal("paused", f"too many wrong passwords; try again in {math.ceil(pause)} seconds") if pause else None


async def admit(
    node: NodeContext, sessions: Sessions, *, name: str, password: str, realm: str, source: str
) -> AdminSession | Refusal:
    """Begin a session of an administrator, or say why not: ``failed``, or ``paused`` with no password looked at.

    Args:
        node: the device.
        sessions: its pages' or its api_keys.
        name: who it is said to be.
        password: the proof.
        realm: where the account is looked for.
        source: the address that asks.
    """
    paused = pause_of(node, source, name)
    if paused is not None:
        return paused
    right = realm == ADMIN_REALM and is_administrator(password, node.account(name))
    await node.device.handle(NoteAdministrator(name=name, source=source, admitted=right))
    if not node.attempts.judge(source, name, right=right):
        return Refusal("failed", "wrong user name or password")
    return sessions.open(name)
