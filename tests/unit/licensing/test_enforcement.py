"""Who is admitted, and what is out of compliance (ENF)."""

import pytest

from leaselab.appliance.instants import NEVER
from leaselab.appliance.licensing.enforcement import (
    admits,
    door,
    has_member_license,
    member_license_notice,
    over_capacity,
    stays_closed,
)
from leaselab.appliance.licensing.inventory import InstalledLicense
from leaselab.appliance.models.platforms import PLATFORMS, platform
from leaselab.appliance.models.releases import Release

USERS = "concurrent-users"
RDP = "rdp-users"


def limit_on(
    kind: str = "psa3000",
    *,
    personality: str = "pcs",
    release: str = "8.3R1",
    feature: str = USERS,
    maximum: int = 200,
    installed: int = 0,
    leased: int = 0,
) -> int:
    fixed = door(
        feature,
        platform=platform(kind),
        personality=personality,
        release=Release.parse(release),
        platform_maximum=maximum,
    )
    return fixed.limit(installed + leased)


def member(sku: str) -> InstalledLicense:
    return InstalledLicense(serial="1", key="key", sku=sku, starts_at=0, ends_at=NEVER, installed_at=0)


@pytest.mark.rule("ENF-01")
@pytest.mark.parametrize("kind", [key for key in PLATFORMS if key != "va-spe"])
def test_without_a_license_an_enforcing_appliance_admits_two(kind: str) -> None:
    assert limit_on(kind) == limit_on(kind, personality="pps", release="5.4R1") == 2


@pytest.mark.rule("ENF-01")
def test_the_default_two_are_concurrent_users_not_rdp_users() -> None:
    assert limit_on(feature=RDP) == 0
    assert limit_on(feature=RDP, installed=10) == 10


@pytest.mark.rule("ENF-02")
@pytest.mark.parametrize(("release", "expected"), [("8.0", 200), ("8.0R4", 200), ("8.0R5", 50), ("7.4R12", 50)])
def test_a_release_that_does_not_enforce_admits_up_to_the_platforms_maximum(release: str, expected: int) -> None:
    assert limit_on(release=release, installed=50) == expected


@pytest.mark.rule("ENF-03")
@pytest.mark.parametrize(
    ("installed", "leased", "expected"),
    [(0, 0, 2), (1, 0, 2), (0, 1, 2), (1, 1, 2), (2, 1, 3), (50, 25, 75), (150, 100, 200)],
)
def test_the_limit_is_installed_and_leased_up_to_the_platforms_maximum(
    installed: int, leased: int, expected: int
) -> None:
    assert limit_on(installed=installed, leased=leased) == expected


def test_an_overridden_maximum_below_two_holds() -> None:
    assert limit_on(maximum=1) == 1


@pytest.mark.rule("ENF-04")
@pytest.mark.parametrize(("licensed", "most"), [(2, 2), (9, 9), (10, 11), (19, 20), (100, 110), (190, 200), (200, 200)])
def test_over_capacity_is_a_tenth_rounded_down_and_never_past_the_platforms_maximum(licensed: int, most: int) -> None:
    assert admits(most - 1, licensed, 200)
    assert not admits(most, licensed, 200)


@pytest.mark.rule("ENF-04")
def test_sign_ins_past_the_limit_are_told_apart_for_the_log() -> None:
    assert [over_capacity(signed_in, 100) for signed_in in (98, 99, 100, 109)] == [False, False, True, True]


@pytest.mark.rule("ENF-06")
@pytest.mark.parametrize(
    ("release", "installed", "leased", "expected"),
    [
        ("8.0R5", 0, 0, 0),
        ("8.3R1", 0, 0, 0),
        ("8.3R1", 0, 50, 50),
        ("8.3R1", 1, 0, 1),
        ("8.0R4", 0, 0, 200),
        ("7.4R12", 0, 0, 2),
    ],
)
def test_a_virtual_appliance_admits_only_with_licenses_from_8_0r5_on(
    release: str, installed: int, leased: int, expected: int
) -> None:
    assert limit_on("va-spe", release=release, installed=installed, leased=leased) == expected


@pytest.mark.rule("ENF-07")
def test_an_upgrade_to_an_enforcing_release_counts_what_was_entered_before() -> None:
    assert limit_on(release="8.0R4", installed=100) == 200
    assert limit_on(release="8.0R5", installed=100) == 100
    assert limit_on(release="8.0R5") == 2


@pytest.mark.rule("ENF-08")
def test_when_the_limit_falls_below_the_users_nobody_new_comes_in_until_they_are_below_it() -> None:
    closed = stays_closed(closed=False, earlier_limit=100, limit=50, signed_in=52)
    assert closed
    assert not admits(52, 50, 200, closed=closed)
    assert admits(52, 50, 200)  # what over-capacity alone would say

    closed = stays_closed(closed=closed, earlier_limit=50, limit=50, signed_in=50)
    assert closed
    assert not admits(50, 50, 200, closed=closed)

    assert admits(49, 50, 200, closed=closed)
    closed = stays_closed(closed=closed, earlier_limit=50, limit=50, signed_in=49)
    assert not closed


@pytest.mark.rule("ENF-08")
@pytest.mark.parametrize(
    ("earlier", "now", "signed_in"),
    [(100, 100, 105), (100, 120, 105), (100, 50, 50), (100, 50, 10)],
)
def test_over_capacity_a_raise_or_a_fall_that_nobody_feels_close_nothing(
    earlier: int, now: int, signed_in: int
) -> None:
    assert not stays_closed(closed=False, earlier_limit=earlier, limit=now, signed_in=signed_in)


@pytest.mark.rule("ENF-09")
@pytest.mark.parametrize(
    ("leases_permanent", "surrenders", "use"),
    [
        (True, False, "leases permanent license counts"),
        (False, True, "has surrendered a license"),
        (True, True, "leases permanent license counts"),
    ],
)
def test_a_need_without_a_member_license_is_out_of_compliance(
    leases_permanent: bool, surrenders: bool, use: str
) -> None:
    notice = member_license_notice(platform("psa3000"), (), leases_permanent=leases_permanent, surrenders=surrenders)

    assert notice == f"Out of compliance: this device {use} and has no PSA-LICENSE-MBR license. Install one."


@pytest.mark.rule("ENF-09")
def test_without_the_need_or_with_the_license_there_is_no_notice() -> None:
    psa = platform("psa3000")

    assert member_license_notice(psa, (), leases_permanent=False, surrenders=False) == ""
    assert member_license_notice(psa, (member("PSA-LICENSE-MBR"),), leases_permanent=True, surrenders=True) == ""


@pytest.mark.rule("ENF-10")
@pytest.mark.parametrize(
    ("kind", "sku", "fits"),
    [
        ("mag2600", "MAG2600-LICENSE-MBR", True),
        ("mag4610", "MAG2600-LICENSE-MBR", False),
        ("mag-sm360", "SM360-LICENSE-MBR", True),
        ("psa300", "PSA-LICENSE-MBR", True),
        ("psa7000c", "PSA-LICENSE-MBR", True),
        ("psa3000", "CONSEC-ADD-10U", False),
    ],
)
def test_only_the_member_license_of_the_platform_counts(kind: str, sku: str, fits: bool) -> None:
    assert has_member_license(platform(kind), (member(sku),)) is fits


@pytest.mark.rule("ENF-10")
def test_a_virtual_appliance_needs_none_since_the_product_has_none_for_it() -> None:
    assert has_member_license(platform("va-spe"), ())
