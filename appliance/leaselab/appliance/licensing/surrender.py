"""Surrender and recall: counts that move between a client and its server, and are never counted twice (SUR).

The client says at each change which licenses it has given away, the whole list; the server's pools follow the list.
A surrender stops counting at the client first and is added at the server at the next contact; a recall is removed at
the server first and counts at the client once that is confirmed. So at every instant one side counts it at most.
"""

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import enforcement
from leaselab.appliance.licensing.events import LicenseRecalled, LicenseSurrendered, SurrendersConfirmed
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.inventory import Holder
from leaselab.appliance.licensing.messages import SurrenderedLicense
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.machine import Decision, Refusal


def decide_surrender(licenses: Licenses, serial: str, holder: Holder, *, has_server: bool) -> Decision | Refusal:
    """Give a license away, if it is a permanent user count and the member license is there (SUR-01)."""
    one = licenses.installed.get(serial)
    if one is None:
        return Refusal("no-license", f"no license of serial {serial!r} is installed")
    sku = known_sku(one.sku)
    if one.surrendered_at is not None:
        return Refusal("surrendered", f"license {serial} ({one.sku}) is surrendered already")
    if sku.feature is None:
        return Refusal("no-count", f"only user counts can be surrendered, {one.sku} is none")
    if not sku.permanent:
        return Refusal("not-permanent", f"only permanent licenses can be surrendered, {one.sku} is a subscription")
    if not has_server:
        return Refusal("no-server", "set the license server that is to have the license first, under Configure Server")
    if not enforcement.has_member_license(holder.platform, tuple(licenses.installed.values())):
        wanted = holder.platform.member_license
        return Refusal("no-member-license", f"to surrender a license this device needs {wanted}: install it first")
    return Decision(events=(LicenseSurrendered(serial=serial, sku=one.sku),))


def decide_recall(licenses: Licenses, serial: str) -> Decision | Refusal:
    """Ask a license back (SUR-03)."""
    one = licenses.installed.get(serial)
    if one is None:
        return Refusal("no-license", f"no license of serial {serial!r} is installed")
    if one.surrendered_at is None:
        return Refusal("not-surrendered", f"license {serial} ({one.sku}) is not surrendered")
    if one.recalled_at is not None:
        return Refusal("recalled", f"license {serial} ({one.sku}) is recalled already; the server has yet to confirm")
    return Decision(events=(LicenseRecalled(serial=serial, sku=one.sku),))


def given_away(licenses: Licenses) -> tuple[SurrenderedLicense, ...]:
    """Return what the server is to count: surrendered, and not asked back."""
    return tuple(
        SurrenderedLicense(serial=one.serial, sku=one.sku, surrendered_at=one.surrendered_at)
        for one in licenses.installed.values()
        if one.surrendered_at is not None and one.recalled_at is None
    )


def confirmed(licenses: Licenses, envelope: str, serials: tuple[str, ...]) -> SurrendersConfirmed:
    """Return what the server's confirmation means here: recalled licenses that it counts no more are back."""
    returned = tuple(
        one.serial for one in licenses.installed.values() if one.recalled_at is not None and one.serial not in serials
    )
    return SurrendersConfirmed(id=envelope, serials=serials, returned=returned)


def mark(licenses: Licenses, serial: str, *, surrendered_at: Instant | None, recalled_at: Instant | None) -> None:
    """Change the marks of a license."""
    licenses.installed[serial] = msgspec.structs.replace(
        licenses.installed[serial], surrendered_at=surrendered_at, recalled_at=recalled_at
    )
