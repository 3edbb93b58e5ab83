"""Installed licenses: what counts when (KEY-05 to KEY-12)."""

import itertools

import msgspec
import pytest

from leaselab.appliance.instants import DAY, NEVER, Instant, parse_instant
from leaselab.appliance.licensing.inventory import (
    EARLIER_GRACE_LENGTH,
    Change,
    Holder,
    InstalledLicense,
    changes,
    counting,
    grace_length,
    installed_units,
    next_change,
    next_expiry,
    next_grace_end,
    state_of,
)
from leaselab.appliance.models.platforms import platform
from leaselab.appliance.models.releases import Release

USERS = "concurrent-users"
RDP = "rdp-users"
NEW_YEAR_2018 = parse_instant("2018-01-01")
NEW_YEAR_2019 = parse_instant("2019-01-01")
NEW_YEAR_2020 = parse_instant("2020-01-01")
NEW_YEAR_2021 = parse_instant("2021-01-01")


def holder(
    kind: str = "psa3000",
    *,
    personality: str = "pcs",
    release: str = "9.1R12",
    server: bool = False,
    vls: bool = False,
) -> Holder:
    return Holder(
        platform=platform(kind),
        personality=personality,
        release=Release.parse(release),
        license_server=server,
        virtual_license_server=vls,
    )


def license_of(
    sku: str, starts_at: Instant = NEW_YEAR_2018, ends_at: Instant = NEVER, *, serial: str = "1"
) -> InstalledLicense:
    return InstalledLicense(
        serial=serial, key=f"key-{serial}", sku=sku, starts_at=starts_at, ends_at=ends_at, installed_at=NEW_YEAR_2018
    )


def year(sku: str, since: Instant = NEW_YEAR_2018, *, serial: str = "1") -> InstalledLicense:
    starts = {NEW_YEAR_2018: NEW_YEAR_2019, NEW_YEAR_2019: NEW_YEAR_2020, NEW_YEAR_2020: NEW_YEAR_2021}
    return license_of(sku, since, starts[since], serial=serial)


def units(*licenses: InstalledLicense, on: Holder | None = None, now: Instant, feature: str = USERS) -> int:
    return installed_units(licenses, feature, holder=on or holder(), now=now)


# --- what counts ---


@pytest.mark.rule("KEY-05")
def test_user_counts_add_up() -> None:
    assert units(year("ACCESS-100U-1YR"), year("ACCESS-100U-1YR", serial="2"), now=NEW_YEAR_2018) == 200


@pytest.mark.rule("ENF-05")
def test_role_specific_and_common_counts_add() -> None:
    licenses = (
        year("ACCESS-100U-1YR"),
        license_of("CONSEC-ADD-50U", serial="2"),
        license_of("PSA-LICENSE-MBR", serial="3"),
    )

    assert units(*licenses, now=NEW_YEAR_2018) == 150


def test_features_are_counted_apart() -> None:
    licenses = (year("ACCESS-100U-1YR"), year("ACCESS-RDP-25U-1YR", serial="2"))

    assert units(*licenses, now=NEW_YEAR_2018) == 100
    assert units(*licenses, now=NEW_YEAR_2018, feature=RDP) == 25


@pytest.mark.rule("KEY-06")
def test_a_subscription_counts_from_its_first_instant_and_is_inactive_before() -> None:
    ahead = year("ACCESS-100U-1YR", NEW_YEAR_2019)

    assert state_of(ahead, (), holder=holder(), now=NEW_YEAR_2019 - 1) == "inactive"
    assert units(ahead, now=NEW_YEAR_2019 - 1) == 0
    assert state_of(ahead, (), holder=holder(), now=NEW_YEAR_2019) == "active"
    assert units(ahead, now=NEW_YEAR_2019) == 100


@pytest.mark.rule("KEY-08")
def test_an_expired_subscription_counts_through_its_grace_period_and_not_after() -> None:
    one = year("ACCESS-100U-1YR")
    states = {
        at: (state_of(one, (one,), holder=holder(), now=at), units(one, now=at))
        for at in (NEW_YEAR_2019 - 1, NEW_YEAR_2019, NEW_YEAR_2019 + 31 * DAY - 1, NEW_YEAR_2019 + 31 * DAY)
    }

    assert list(states.values()) == [("active", 100), ("grace", 100), ("grace", 100), ("expired", 0)]


@pytest.mark.rule("KEY-08")
def test_the_grace_period_is_31_days_from_9_1r12_on() -> None:
    assert grace_length(Release.parse("9.1R12")) == grace_length(Release.parse("22.7R2")) == 31 * DAY
    assert grace_length(Release.parse("9.1R11")) == EARLIER_GRACE_LENGTH == 10 * DAY
    assert units(year("ACCESS-100U-1YR"), on=holder(release="8.3R1"), now=NEW_YEAR_2019 + 10 * DAY) == 0


def test_an_evaluation_has_no_grace_period() -> None:
    one = license_of("ACCESS-25U-EVAL", NEW_YEAR_2018, NEW_YEAR_2018 + 28 * DAY)

    assert units(one, now=one.ends_at - 1) == 25
    assert units(one, now=one.ends_at) == 0


@pytest.mark.rule("KEY-07")
def test_a_renewal_is_active_only_when_what_it_follows_has_expired() -> None:
    old = year("CONSEC-ADD-100U-1Y")
    renewal = license_of("CONSEC-ADD-100U-2Y-R", NEW_YEAR_2018, NEW_YEAR_2020, serial="2")

    assert state_of(renewal, (old,), holder=holder(), now=NEW_YEAR_2019 - 1) == "inactive"
    assert units(old, renewal, now=NEW_YEAR_2019 - 1) == 100
    assert state_of(renewal, (old,), holder=holder(), now=NEW_YEAR_2019) == "active"
    assert state_of(old, (renewal,), holder=holder(), now=NEW_YEAR_2019) == "expired"
    assert units(old, renewal, now=NEW_YEAR_2019) == 100  # not also for the old one's grace period


@pytest.mark.rule("KEY-07")
def test_a_renewal_that_starts_in_the_grace_period_ends_it() -> None:
    old = year("CONSEC-ADD-100U-1Y")
    renewal = license_of("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2019 + 5 * DAY, NEW_YEAR_2020, serial="2")

    assert [units(old, renewal, now=NEW_YEAR_2019 + days * DAY) for days in (0, 4, 5, 31)] == [100] * 4
    assert state_of(old, (renewal,), holder=holder(), now=NEW_YEAR_2019 + 4 * DAY) == "grace"
    assert state_of(old, (renewal,), holder=holder(), now=NEW_YEAR_2019 + 5 * DAY) == "expired"


@pytest.mark.rule("KEY-07")
def test_a_renewal_without_a_subscription_stays_inactive_to_its_end() -> None:
    renewal = year("CONSEC-ADD-100U-1Y-R")

    assert units(renewal, now=NEW_YEAR_2018) == 0
    assert state_of(renewal, (), holder=holder(), now=NEW_YEAR_2019 - 1) == "inactive"
    assert state_of(renewal, (), holder=holder(), now=NEW_YEAR_2019) == "expired"


@pytest.mark.rule("KEY-07")
@pytest.mark.parametrize("other", ["POLSEC-ADD-100U-1Y", "CONSEC-ADD-200U-1Y", "CONSEC-ADD-100U"])
def test_a_renewal_follows_no_other_family_size_or_permanent_license(other: str) -> None:
    renewal = license_of("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2018, NEW_YEAR_2021, serial="2")
    ends_at = NEVER if other == "CONSEC-ADD-100U" else NEW_YEAR_2019

    one = license_of(other, NEW_YEAR_2018, ends_at)

    assert state_of(renewal, (one,), holder=holder(), now=NEW_YEAR_2020) == "inactive"


@pytest.mark.rule("KEY-07")
def test_renewals_follow_each_other_whatever_the_order_of_installation() -> None:
    licenses = [
        year("CONSEC-100U-1YR", NEW_YEAR_2018, serial="1"),
        year("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2019, serial="2"),
        year("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2020, serial="3"),
    ]

    for order in itertools.permutations(licenses):
        assert [units(*order, now=at) for at in (NEW_YEAR_2018, NEW_YEAR_2019, NEW_YEAR_2020)] == [100] * 3
        assert units(*order, now=NEW_YEAR_2021 + 31 * DAY - 1) == 100
        assert units(*order, now=NEW_YEAR_2021 + 31 * DAY) == 0


@pytest.mark.rule("KEY-07")
def test_each_license_is_renewed_once_and_by_the_renewal_that_begins_as_it_ends() -> None:
    june = parse_instant("2018-06-30")
    short = license_of("CONSEC-ADD-100U-1Y", NEW_YEAR_2018, june, serial="1")
    long = year("CONSEC-ADD-100U-1Y", serial="2")
    renewal = year("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2019, serial="3")

    assert state_of(short, (long, renewal), holder=holder(), now=june) == "grace"
    assert units(short, long, renewal, now=NEW_YEAR_2019 - 1) == 100
    assert units(short, long, renewal, now=NEW_YEAR_2019) == 100
    assert state_of(long, (short, renewal), holder=holder(), now=NEW_YEAR_2019) == "expired"


# --- which licenses fit ---


@pytest.mark.rule("KEY-09")
@pytest.mark.parametrize(
    ("sku", "personality", "release", "counted"),
    [
        ("CONSEC-ADD-100U", "pcs", "8.0R5", 100),
        ("CONSEC-ADD-100U", "pcs", "7.4R12", 100),
        ("CONSEC-ADD-100U", "pcs", "8.0R4", 0),
        ("CONSEC-ADD-100U", "pcs", "7.4R11", 0),
        ("CONSEC-ADD-100U", "pps", "5.0R5", 0),
        ("POLSEC-ADD-100U", "pps", "5.0R5", 100),
        ("POLSEC-ADD-100U", "pps", "4.4R12", 100),
        ("POLSEC-ADD-100U", "pps", "5.0R4", 0),
        ("POLSEC-ADD-100U", "pcs", "8.0R5", 0),
        ("ACCESS-100U-1YR", "pcs", "7.4R1", 100),
        ("ACCESS-100U-1YR", "pps", "5.0R4", 100),
    ],
)
def test_role_licenses_count_for_their_personality_and_from_their_release_on(
    sku: str, personality: str, release: str, counted: int
) -> None:
    on = holder(personality=personality, release=release)
    one = license_of(sku)

    assert units(one, on=on, now=NEW_YEAR_2018) == counted
    assert state_of(one, (), holder=on, now=NEW_YEAR_2018) == ("active" if counted else "unusable")


@pytest.mark.rule("KEY-10")
@pytest.mark.parametrize(("kind", "counted"), [("mag2600", 100), ("mag-sm360", 100), ("psa3000", 0)])
def test_accessx600_counts_on_the_mag_family_only(kind: str, counted: int) -> None:
    assert units(license_of("ACCESSX600-ADD-100U"), on=holder(kind), now=NEW_YEAR_2018) == counted


@pytest.mark.rule("ENF-10")
@pytest.mark.parametrize(
    ("sku", "kind", "state"),
    [
        ("MAG2600-LICENSE-MBR", "mag2600", "active"),
        ("MAG2600-LICENSE-MBR", "mag4610", "unusable"),
        ("SM360-LICENSE-MBR", "mag-sm360", "active"),
        ("SM360-LICENSE-MBR", "mag-sm160", "unusable"),
        ("PSA-LICENSE-MBR", "psa300", "active"),
        ("PSA-LICENSE-MBR", "psa7000f", "active"),
        ("PSA-LICENSE-MBR", "mag2600", "unusable"),
    ],
)
def test_a_member_license_must_fit_the_platform(sku: str, kind: str, state: str) -> None:
    assert state_of(license_of(sku), (), holder=holder(kind), now=NEW_YEAR_2018) == state


@pytest.mark.rule("PLT-04")
@pytest.mark.rule("PLT-05")
@pytest.mark.parametrize(
    ("on", "state"),
    [
        (holder(), "active"),
        (holder(personality="pps"), "unusable"),
        (holder("va-spe"), "unusable"),
        (holder("va-spe", vls=True), "active"),
    ],
)
def test_a_license_server_license_is_of_use_where_there_can_be_a_server(on: Holder, state: str) -> None:
    assert state_of(license_of("LICENSE-SVR"), (), holder=on, now=NEW_YEAR_2018) == state


@pytest.mark.rule("SRV-06")
def test_on_a_license_server_counts_for_other_personalities_and_families_are_of_use() -> None:
    licenses = (license_of("POLSEC-ADD-100U"), license_of("ACCESSX600-ADD-50U", serial="2"))

    assert units(*licenses, on=holder(server=True), now=NEW_YEAR_2018) == 150
    assert units(*licenses, on=holder(), now=NEW_YEAR_2018) == 0
    assert units(*licenses, on=holder(server=True, release="8.0R4"), now=NEW_YEAR_2018) == 50


@pytest.mark.rule("SUR-02")
def test_a_surrendered_license_does_not_count_and_nothing_about_it_changes_by_itself() -> None:
    given = msgspec.structs.replace(license_of("CONSEC-ADD-100U"), surrendered_at=NEW_YEAR_2018)

    assert state_of(given, (given,), holder=holder(), now=NEW_YEAR_2019) == "surrendered"
    assert units(given, now=NEW_YEAR_2019) == 0
    assert next_change((given,), holder=holder(), now=0) == NEVER


# --- when to look again ---


@pytest.mark.rule("KEY-06")
@pytest.mark.rule("KEY-08")
def test_the_next_change_is_the_next_start_end_or_end_of_grace() -> None:
    licenses = (year("ACCESS-100U-1YR", NEW_YEAR_2019), license_of("CONSEC-ADD-10U", serial="2"))
    seen = []
    now = 0
    while now < NEVER:
        now = next_change(licenses, holder=holder(), now=now)
        seen.append(now)

    assert seen == [NEW_YEAR_2018, NEW_YEAR_2019, NEW_YEAR_2020, NEW_YEAR_2020 + 31 * DAY, NEVER]


@pytest.mark.rule("KEY-08")
def test_start_expiry_and_end_of_grace_are_told_in_order_for_the_log() -> None:
    one = year("ACCESS-100U-1YR", NEW_YEAR_2019, serial="b")
    two = year("ACCESS-50U-1YR", NEW_YEAR_2018, serial="a")
    mute = year("POLSEC-100U-1YR", NEW_YEAR_2018, serial="c")

    told = changes((one, two, mute), holder=holder(), after=NEW_YEAR_2018, until=NEW_YEAR_2020 + 30 * DAY)

    assert told == (
        Change(NEW_YEAR_2019, "a", "ACCESS-50U-1YR", "grace"),
        Change(NEW_YEAR_2019, "b", "ACCESS-100U-1YR", "active"),
        Change(NEW_YEAR_2019 + 31 * DAY, "a", "ACCESS-50U-1YR", "expired"),
        Change(NEW_YEAR_2020, "b", "ACCESS-100U-1YR", "grace"),
    )


@pytest.mark.rule("KEY-07")
def test_a_renewal_that_takes_over_is_told_once_and_the_old_one_expires_without_grace() -> None:
    licenses = (year("CONSEC-100U-1YR"), year("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2019, serial="2"))

    assert changes(licenses, holder=holder(), after=NEW_YEAR_2018, until=NEW_YEAR_2019) == (
        Change(NEW_YEAR_2019, "1", "CONSEC-100U-1YR", "expired"),
        Change(NEW_YEAR_2019, "2", "CONSEC-ADD-100U-1Y-R", "active"),
    )


def test_a_renewal_that_ends_with_what_it_follows_is_never_active() -> None:
    renewal = license_of("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2018, NEW_YEAR_2020)
    old = license_of("CONSEC-ADD-100U-1Y", NEW_YEAR_2018, NEW_YEAR_2020, serial="2")

    told = changes((renewal, old), holder=holder(), after=0, until=NEW_YEAR_2020)

    assert [(one.serial, one.state) for one in told] == [("2", "active"), ("1", "expired"), ("2", "expired")]


def test_an_instant_at_which_no_state_changes_is_not_told() -> None:
    backwards = license_of("ACCESS-100U-1YR", NEW_YEAR_2020, NEW_YEAR_2019)

    told = changes((backwards,), holder=holder(), after=0, until=NEW_YEAR_2021)

    assert [(one.at, one.state) for one in told] == [(NEW_YEAR_2019, "expired")]


@pytest.mark.rule("DLD-01")
def test_the_next_expiry_leaves_out_what_a_renewal_follows() -> None:
    old, renewal = year("CONSEC-100U-1YR"), year("CONSEC-ADD-100U-1Y-R", NEW_YEAR_2019, serial="2")

    assert next_expiry((old,), holder=holder(), now=NEW_YEAR_2018) == NEW_YEAR_2019
    assert next_expiry((old,), holder=holder(), now=NEW_YEAR_2019) == NEVER
    assert next_expiry((old, renewal), holder=holder(), now=NEW_YEAR_2018) == NEW_YEAR_2020


@pytest.mark.rule("DLD-01")
def test_the_next_end_of_grace_is_of_a_grace_period_that_runs() -> None:
    one = year("ACCESS-100U-1YR")

    assert next_grace_end((one,), holder=holder(), now=NEW_YEAR_2019 - 1) == NEVER
    assert next_grace_end((one,), holder=holder(), now=NEW_YEAR_2019) == NEW_YEAR_2019 + 31 * DAY
    assert next_grace_end((one,), holder=holder(), now=NEW_YEAR_2019 + 31 * DAY) == NEVER


def test_the_licenses_that_count_are_named() -> None:
    one, two = license_of("CONSEC-ADD-10U"), license_of("POLSEC-ADD-10U", serial="2")

    assert counting((one, two), USERS, holder=holder(), now=NEW_YEAR_2018) == [one]
