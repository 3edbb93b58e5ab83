"""The licenses on a device as it keeps them: adding and deleting keys, and what they count for now."""

from typing import Final

import msgspec

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing import inventory
from leaselab.appliance.licensing.commands import FEATURES, KeyOutcome
from leaselab.appliance.licensing.events import KeyRefused, LicenseInstalled, LicenseRemoved, LicensesChanged
from leaselab.appliance.licensing.inventory import ACTIVE, Holder, InstalledLicense
from leaselab.appliance.licensing.skus import ICE, known_sku
from leaselab.appliance.machine import Agenda, Decision, Event, Refusal

LICENSES_KEY: Final = "licenses"
"""The agenda key of the next instant at which a license begins, runs into grace or ends."""

MAX_KEYS_AT_ONCE: Final = 200
"""A paste of more than this is a mistake, and each key costs a signature check."""


class Licenses(msgspec.Struct):
    """What is installed.

    Attributes:
        installed: by serial, in order of installation.
        states: of each, as of the last recount.
        usable: by feature, the units that count on this device now (0 on a license server: there they are its pools').
        counted: by feature, the units that count now, here or in the pools.
        counted_at: when the last recount was.
        emergency: an ICE license counts here (ICE-01).
    """

    installed: dict[str, InstalledLicense] = {}
    states: dict[str, str] = {}
    usable: dict[str, int] = {}
    counted: dict[str, int] = {}
    counted_at: Instant = 0
    emergency: bool = False

    def recount(self, holder: Holder, agenda: Agenda, at: Instant) -> None:
        """Count anew, and look again when the next license changes by itself."""
        everything = self.installed.values()
        self.states = {
            serial: inventory.state_of(one, everything, holder=holder, now=at) for serial, one in self.installed.items()
        }
        self.counted = {
            feature: inventory.installed_units(everything, feature, holder=holder, now=at) for feature in FEATURES
        }
        self.usable = {} if holder.serves else self.counted
        self.counted_at = at
        self.emergency = any(
            state == ACTIVE and known_sku(self.installed[serial].sku).kind == ICE
            for serial, state in self.states.items()
        )
        due_at = inventory.next_change(everything, holder=holder, now=at)
        if due_at < NEVER:
            agenda.set(LICENSES_KEY, due_at)
        else:
            agenda.drop(LICENSES_KEY)


def decide_add_keys(
    licenses: Licenses,
    keys: tuple[str, ...],
    holder: Holder,
    *,
    public_key: bytes,
    now: Instant,
    downloaded: bool = False,
) -> tuple[tuple[Event, ...], tuple[KeyOutcome, ...]]:
    """Judge each key on its own (KEY-03); what one of them is refused for does not touch the others."""
    events: list[Event] = []
    outcomes: list[KeyOutcome] = []
    installed = list(licenses.installed.values())
    for text in keys[:MAX_KEYS_AT_ONCE]:
        judged = inventory.judge_key(text, holder=holder, installed=installed, public_key=public_key, now=now)
        if isinstance(judged, Refusal):
            outcome = KeyOutcome(key=text, result=judged.reason, message=judged.message)
            events.append(KeyRefused(outcome=outcome, downloaded=downloaded))
        else:
            installed.append(judged)
            outcome = KeyOutcome(key=judged.key, result="installed", message=f"{judged.sku} is installed")
            events.append(LicenseInstalled(license=judged, downloaded=downloaded))
        outcomes.append(outcome)
    outcomes += [
        KeyOutcome(key=text, result="too-many", message=f"enter at most {MAX_KEYS_AT_ONCE} keys at once")
        for text in keys[MAX_KEYS_AT_ONCE:]
    ]
    return tuple(events), tuple(outcomes)


def decide_delete(licenses: Licenses, serial: str) -> Decision | Refusal:
    """Remove a license."""
    one = licenses.installed.get(serial)
    if one is None:
        known = ", ".join(licenses.installed) or "none"
        return Refusal("no-license", f"no license of serial {serial!r} is installed; installed are {known}")
    if one.surrendered_at is not None:  # its counts are the server's: gone from here, the key could be entered again
        return Refusal("surrendered", f"license {serial} ({one.sku}) is surrendered; recall it before you delete it")
    return Decision(events=(LicenseRemoved(serial=serial, sku=one.sku),))


def decide_changes(licenses: Licenses, holder: Holder, now: Instant) -> Decision:
    """Say which licenses began, ran into grace or ended since the last count (KEY-06 to KEY-08)."""
    changed = inventory.changes(licenses.installed.values(), holder=holder, after=licenses.counted_at, until=now)
    return Decision(events=(LicensesChanged(changes=tuple((one.serial, one.sku, one.state) for one in changed)),))
