"""In case of emergency: for eight weeks in all a node admits more than it is licensed for (ICE).

Nothing ticks. What has been used follows from when the mode was enabled; the 30-second looks of the automatic mode are
made only while the sign-ins are such that a look would switch something.

No source says what becomes of a step of five minutes that was only begun: it counts whole, or switching on and off
would be free. Nor does one say what is raised: the platform's maximum is one of concurrent users, so their limit is.
"""

from typing import Final

import msgspec

from leaselab.appliance.instants import MINUTE, SECOND, WEEK, Duration, Instant
from leaselab.appliance.licensing.commands import SetEmergency
from leaselab.appliance.licensing.events import EmergencySwitched
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.inventory import EXPIRED
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.machine import Agenda, Command, Decision, Refusal
from leaselab.appliance.models.releases import Release

OVER_MAXIMUM_PERCENT: Final = 10
"""ICE-01."""

TOTAL: Final[Duration] = 8 * WEEK
STEP: Final[Duration] = 5 * MINUTE
"""ICE-02."""

AUTOMATIC_SINCE: Final = Release(9, 1, 7)
LOOK: Final[Duration] = 30 * SECOND
CALM: Final[Duration] = 30 * MINUTE
"""ICE-04. Looks are made at whole half minutes of the device's clock."""

ADMIN: Final = "admin"
SYSTEM: Final = "system"
"""Who enabled or disabled the mode."""

SPENT: Final = "spent"
QUIET: Final = "quiet"
LICENSE_GONE: Final = "license-gone"
"""Why the system disabled it."""

END_KEY: Final = "emergency-end"
LOOK_KEY: Final = "emergency-look"
CALM_KEY: Final = "emergency-calm"
"""Agenda keys: the eight weeks are over; a look that enables the mode; a look that disables it."""


class Emergency(msgspec.Struct):
    """The emergency mode of one node.

    Attributes:
        by: who enabled it, ``admin`` or ``system``; empty while it is disabled.
        since: since when it is enabled.
        used: what earlier runs took of the eight weeks, in whole steps.
        turned_away: a user was refused for the limit, and the sign-ins have not been below it since.
        overruled: an admin disabled it while too many were signed in: only further sign-ins enable it again.
    """

    by: str = ""
    since: Instant = 0
    used: Duration = 0
    turned_away: bool = False
    overruled: bool = False

    @property
    def enabled(self) -> bool:
        """Whether it is an emergency now."""
        return bool(self.by)

    def left(self, now: Instant) -> Duration:
        """Return what is left of the eight weeks (ICE-02)."""
        running = -(-(now - self.since) // STEP) * STEP if self.enabled else 0
        return max(0, TOTAL - self.used - running)


class Review(Command, frozen=True):
    """Internal: licenses were removed; without an ICE license the emergency is over."""


def limit(platform_maximum: int) -> int:
    """Return how many concurrent users an emergency admits (ICE-01)."""
    return platform_maximum + platform_maximum * OVER_MAXIMUM_PERCENT // 100


def is_automatic(release: Release) -> bool:
    """Tell whether the system itself enables and disables the mode with this release (ICE-04)."""
    return release >= AUTOMATIC_SINCE


def obstacle(emergency: Emergency, licenses: Licenses, *, license_server: bool, now: Instant) -> Refusal | None:
    """Say why the mode cannot be enabled (ICE-01 to ICE-03), or nothing."""
    if not licenses.emergency:
        return Refusal("no-ice-license", "emergency mode needs an ICE license that fits this device: install one first")
    evaluation = next(
        (
            serial
            for serial, state in licenses.states.items()
            if state != EXPIRED and known_sku(licenses.installed[serial].sku).evaluation
        ),
        None,
    )
    if evaluation is not None:
        sku = licenses.installed[evaluation].sku
        return Refusal(
            "evaluation", f"evaluation license {evaluation} ({sku}) rules emergency mode out: delete it, or let it end"
        )
    if license_server:
        return Refusal("is-a-server", "a license server admits no end users, in an emergency neither")
    if not emergency.left(now):
        return Refusal(SPENT, "the eight weeks of emergency mode have been used on this device")
    return None


def decide_set(
    emergency: Emergency, command: SetEmergency, blocked: Refusal | None, now: Instant
) -> Decision | Refusal:
    """Do as an admin says; one who enables what the system has enabled takes it over (ICE-01, ICE-04)."""
    if not command.enabled:
        return _disable(emergency, now, by=ADMIN) if emergency.enabled else Decision()
    if emergency.by == ADMIN:
        return Decision()
    return blocked or enable(emergency, now, by=ADMIN)


def decide_review(emergency: Emergency, licenses: Licenses, now: Instant) -> Decision:
    """End an emergency whose license is gone, whoever enabled it."""
    if not emergency.enabled or licenses.emergency:
        return Decision()
    return _disable(emergency, now, by=SYSTEM, why=LICENSE_GONE)


def decide_look(emergency: Emergency, now: Instant) -> Decision:
    """Enable the mode: at a look the sign-ins had passed the licensed number (ICE-04)."""
    return enable(emergency, now, by=SYSTEM)


def decide_calm(emergency: Emergency, now: Instant) -> Decision:
    """Disable what the system enabled: for 30 minutes the sign-ins were below the licensed number (ICE-04)."""
    return _disable(emergency, now, by=SYSTEM, why=QUIET)


def decide_end(emergency: Emergency, now: Instant) -> Decision:
    """Disable the mode: the eight weeks are over, whoever enabled it (ICE-02)."""
    return _disable(emergency, now, by=SYSTEM, why=SPENT)


def enable(emergency: Emergency, now: Instant, *, by: str) -> Decision:
    """Return the event of the mode being enabled."""
    return Decision(events=(EmergencySwitched(enabled=True, by=by, left=emergency.left(now)),))


def _disable(emergency: Emergency, now: Instant, *, by: str, why: str = "") -> Decision:
    return Decision(events=(EmergencySwitched(enabled=False, by=by, why=why, left=emergency.left(now)),))


# --- what events do --------------------------------------------------------------------------------------------------


def switch(emergency: Emergency, event: EmergencySwitched, agenda: Agenda, at: Instant) -> None:
    """Enable, take over or disable; time is taken off the eight weeks while it is enabled (ICE-02)."""
    if not event.enabled:
        emergency.used = TOTAL - emergency.left(at)
        agenda.drop(END_KEY)
        agenda.drop(CALM_KEY)
    elif not emergency.enabled:
        agenda.set(END_KEY, at + emergency.left(at))
        emergency.since = at
    emergency.by = event.by if event.enabled else ""
    emergency.overruled = not event.enabled and event.by == ADMIN
    emergency.turned_away = False


def plan_looks(
    emergency: Emergency, agenda: Agenda, *, automatic: bool, licensed: int, signed_in: int, at: Instant
) -> None:
    """After sign-ins, limits or licenses changed: plan the look that will switch the mode, if one will (ICE-04).

    Args:
        emergency: the node's.
        agenda: the node's.
        automatic: it is disabled, and the system may enable it: the release does so, and there is no obstacle.
        licensed: the limit of concurrent users without an emergency.
        signed_in: concurrent users now.
        at: the instant of the change.
    """
    if signed_in <= licensed:
        emergency.overruled = False
    if signed_in < licensed:
        emergency.turned_away = False
    passed = emergency.turned_away or (signed_in > licensed and not emergency.overruled)
    _plan(agenda, LOOK_KEY, _look_from(at + 1), wanted=automatic and passed)
    _plan(agenda, CALM_KEY, _look_from(at + CALM), wanted=emergency.by == SYSTEM and signed_in < licensed)


def _look_from(at: Instant) -> Instant:
    """Return the first look that is not before ``at``."""
    return -(-at // LOOK) * LOOK


def _plan(agenda: Agenda, key: str, due_at: Instant, *, wanted: bool) -> None:
    """Plan what is wanted unless it is planned already; drop what is wanted no more."""
    if not wanted:
        agenda.drop(key)
    elif key not in agenda.entries:
        agenda.set(key, due_at)
