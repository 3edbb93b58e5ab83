"""How many users an appliance admits, and when it is out of compliance (ENF)."""

from collections.abc import Collection
from typing import Final, NamedTuple

from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.licensing.inventory import InstalledLicense
from leaselab.appliance.models.platforms import Platform
from leaselab.appliance.models.releases import Release, enforces, holds_virtual_appliances_to_leases

UNLICENSED_USERS: Final = 2
"""ENF-01."""

OVER_CAPACITY_PERCENT: Final = 10
"""ENF-04: the guide says that some over-capacity is admitted and not how much."""


def unlicensed_users(feature: str, *, platform: Platform, personality: str, release: Release) -> int:
    """Return how many are admitted with no license at all (ENF-01).

    It is a default of concurrent users only. A virtual appliance from 8.0R5 on has none: it does not work without
    licenses, leased or its own (ENF-06).
    """
    if feature != CONCURRENT_USERS:
        return 0
    if platform.virtual and holds_virtual_appliances_to_leases(release, personality):
        return 0
    return UNLICENSED_USERS


class Door(NamedTuple):
    """What of a limit lies with platform and software, and stays as it is between two boots.

    Attributes:
        enforces: whether sign-ins are held to what is licensed (ENF-02).
        default: users that are admitted with no license at all (ENF-01).
        maximum: the platform's figure, or what the topology put in its place.
    """

    enforces: bool
    default: int
    maximum: int

    def limit(self, licensed: int) -> int:
        """Return how many users are licensed; ``licensed`` are the units installed and leased here (ENF-03)."""
        return min(self.maximum, max(self.default, licensed)) if self.enforces else self.maximum


def door(feature: str, *, platform: Platform, personality: str, release: Release, platform_maximum: int) -> Door:
    """Return how a feature's users are limited here (ENF-02, ENF-03, ENF-06).

    Args:
        feature: what is counted.
        platform: the kind of appliance.
        personality: ``pcs`` or ``pps``.
        release: its software.
        platform_maximum: the platform's figure, or what the topology put in its place.
    """
    default = unlicensed_users(feature, platform=platform, personality=personality, release=release)
    return Door(enforces=enforces(release, personality), default=default, maximum=platform_maximum)


def admits(signed_in: int, limit: int, platform_maximum: int, *, closed: bool = False) -> bool:
    """Tell whether one more user may sign in; the arguments but the first are those of :func:`most_users`."""
    return signed_in < most_users(limit, platform_maximum, closed=closed)


def most_users(limit: int, platform_maximum: int, *, closed: bool = False) -> int:
    """Return how many users there can be after the last that is admitted; those there already may be more.

    Args:
        limit: as :meth:`Door.limit` says.
        platform_maximum: never passed, over-capacity or not.
        closed: the limit fell below the number signed in, as :func:`stays_closed` says; there is no over-capacity then.
    """
    return limit if closed else min(platform_maximum, limit + limit * OVER_CAPACITY_PERCENT // 100)


def over_capacity(signed_in: int, limit: int) -> bool:
    """Tell whether one more user would be in the over-capacity, which is logged (ENF-04)."""
    return signed_in >= limit


def stays_closed(*, closed: bool, earlier_limit: int, limit: int, signed_in: int) -> bool:
    """Tell whether sign-in is closed: the limit fell below the number signed in, and that is still so (ENF-08).

    Args:
        closed: what this said last.
        earlier_limit: the limit at that time.
        limit: the limit now.
        signed_in: users there now.
    """
    if closed:
        return signed_in >= limit
    return limit < earlier_limit and signed_in > limit


def has_member_license(platform: Platform, licenses: Collection[InstalledLicense]) -> bool:
    """Tell whether the member license that fits the platform is installed (ENF-10).

    The product has none for a virtual appliance, which therefore needs none.
    """
    wanted = platform.member_license
    return not wanted or any(one.sku == wanted for one in licenses)


def member_license_notice(
    platform: Platform, licenses: Collection[InstalledLicense], *, leases_permanent: bool, surrenders: bool
) -> str:
    """Return the out-of-compliance notice, or an empty text where all is well (ENF-09). It stops nothing.

    Args:
        platform: the kind of appliance.
        licenses: what is installed.
        leases_permanent: whether it leases counts that come from permanent licenses.
        surrenders: whether it has surrendered a license.
    """
    if not (leases_permanent or surrenders) or has_member_license(platform, licenses):
        return ""
    use = "leases permanent license counts" if leases_permanent else "has surrendered a license"
    return f"Out of compliance: this device {use} and has no {platform.member_license} license. Install one."
