"""Which keys a device takes in (KEY-02 to KEY-04, KEY-06, KEY-07, KEY-11, KEY-12)."""

from datetime import date

import pytest

from leaselab.appliance.instants import HOUR, NEVER, Instant, parse_instant
from leaselab.appliance.licensing.inventory import Holder, InstalledLicense, judge_key, start_of_day, state_of
from leaselab.appliance.licensing.keys import authority_pair, mint_key
from leaselab.appliance.machine import Refusal
from leaselab.appliance.models.platforms import platform
from leaselab.appliance.models.releases import Release

DEVICE = "0271MRQ5ZK8TDNVW"
PRIVATE, PUBLIC = authority_pair(b"inventory")
NEW_YEAR_2018 = parse_instant("2018-01-01")
NEW_YEAR_2019 = parse_instant("2019-01-01")


def holder(
    kind: str = "psa3000",
    *,
    personality: str = "pcs",
    release: str = "9.1R12",
    vls: bool = False,
    time_zone: str = "UTC",
) -> Holder:
    return Holder(
        platform=platform(kind),
        personality=personality,
        release=Release.parse(release),
        hardware_id=DEVICE,
        virtual_license_server=vls,
        time_zone=time_zone,
    )


def key(sku: str, *, serial: str = "1", starts_on: date | None = None, ends_on: date | None = None) -> str:
    return mint_key(sku, DEVICE, serial, starts_on, ends_on, PRIVATE)


def judge(
    text: str,
    on: Holder | None = None,
    *,
    installed: tuple[InstalledLicense, ...] = (),
    now: Instant = NEW_YEAR_2018,
) -> InstalledLicense | Refusal:
    return judge_key(text, holder=on or holder(), installed=installed, public_key=PUBLIC, now=now)


def reason(outcome: InstalledLicense | Refusal) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


def subscription(sku: str, ends_at: Instant = NEW_YEAR_2019) -> InstalledLicense:
    return InstalledLicense(
        serial="1", key="key-1", sku=sku, starts_at=NEW_YEAR_2018, ends_at=ends_at, installed_at=NEW_YEAR_2018
    )


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nonsense", "malformed"),
        (mint_key("CONSEC-ADD-100U", DEVICE, "1", None, None, authority_pair(b"forger")[0]), "tampered"),
        (mint_key("CONSEC-ADD-100U", "0271AAAAAAAAAAAA", "1", None, None, PRIVATE), "other-device"),
        (key("GOLD-100U"), "unknown-sku"),
    ],
)
def test_a_faulty_key_is_refused_with_its_fault(text: str, fault: str) -> None:
    assert reason(judge(text)) == fault


@pytest.mark.rule("KEY-03")
def test_a_key_entered_twice_changes_nothing_and_says_so() -> None:
    first = judge(key("CONSEC-ADD-100U"))
    assert isinstance(first, InstalledLicense)

    again = judge(key("CONSEC-ADD-100U").lower(), installed=(first,))

    assert again == Refusal("duplicate", "license 1 (CONSEC-ADD-100U) is installed already; nothing changed")


@pytest.mark.rule("KEY-03")
def test_another_key_of_the_same_serial_is_the_same_license() -> None:
    first = judge(key("CONSEC-ADD-100U"))
    assert isinstance(first, InstalledLicense)

    assert reason(judge(key("CONSEC-ADD-200U"), installed=(first,))) == "duplicate"


@pytest.mark.rule("KEY-06")
def test_a_term_runs_from_the_start_of_its_first_day_to_the_end_of_its_last() -> None:
    text = key("ACCESS-100U-1YR", starts_on=date(2018, 1, 1), ends_on=date(2018, 12, 31))

    assert judge(text, now=NEW_YEAR_2018 + HOUR) == InstalledLicense(
        serial="1",
        key=text,
        sku="ACCESS-100U-1YR",
        starts_at=NEW_YEAR_2018,
        ends_at=NEW_YEAR_2019,
        installed_at=NEW_YEAR_2018 + HOUR,
    )


@pytest.mark.rule("KEY-06")
def test_days_are_those_of_the_devices_time_zone() -> None:
    text = key("ACCESS-100U-1YR", starts_on=date(2018, 1, 1), ends_on=date(2018, 6, 30))

    outcome = judge(text, holder(time_zone="Europe/Berlin"))

    assert isinstance(outcome, InstalledLicense)
    assert outcome.starts_at == parse_instant("2017-12-31T23:00:00Z")
    assert outcome.ends_at == parse_instant("2018-06-30T22:00:00Z")


@pytest.mark.rule("KEY-06")
def test_a_day_without_a_midnight_begins_when_the_clocks_have_gone_forward() -> None:
    assert start_of_day(date(2018, 11, 4), "America/Sao_Paulo") == parse_instant("2018-11-04T03:00:00Z")


@pytest.mark.rule("KEY-06")
def test_a_subscription_without_days_starts_on_the_day_it_is_installed() -> None:
    outcome = judge(key("CONSEC-100U-1YR"), holder(time_zone="America/New_York"), now=NEW_YEAR_2018 + HOUR)

    assert isinstance(outcome, InstalledLicense)
    assert outcome.starts_at == parse_instant("2017-12-31T05:00:00Z")  # it was still December there
    assert outcome.ends_at == parse_instant("2018-12-31T05:00:00Z")


def test_a_permanent_license_never_ends() -> None:
    outcome = judge(key("CONSEC-ADD-100U"), now=NEW_YEAR_2018 + HOUR)

    assert isinstance(outcome, InstalledLicense)
    assert (outcome.starts_at, outcome.ends_at) == (NEW_YEAR_2018, NEVER)


@pytest.mark.rule("KEY-11")
@pytest.mark.parametrize("sku", ["ACCESS-100U-1YR", "CONSEC-100U-1YR", "CONSEC-ADD-100U", "POLSEC-ADD-100U", "ICE"])
def test_a_virtual_appliance_takes_subscriptions_and_role_specific_permanent_counts(sku: str) -> None:
    assert isinstance(judge(key(sku), holder("va-spe")), InstalledLicense)


@pytest.mark.rule("KEY-11")
def test_a_virtual_appliance_takes_no_other_permanent_counts() -> None:
    outcome = judge(key("ACCESSX600-ADD-100U"), holder("va-spe"))

    assert outcome == Refusal(
        "virtual-appliance",
        "a virtual appliance takes subscriptions, and of permanent counts only CONSEC and POLSEC, "
        "not ACCESSX600-ADD-100U",
    )


@pytest.mark.rule("KEY-12")
@pytest.mark.parametrize(
    "sku", ["ACCESSX600-ADD-100U", "MAG2600-LICENSE-MBR", "SM360-LICENSE-MBR", "MAG4610-LICENSE-SVR"]
)
def test_a_virtual_license_server_takes_nothing_tied_to_the_mag(sku: str) -> None:
    outcome = judge(key(sku), holder("va-spe", vls=True))

    assert isinstance(outcome, Refusal)
    assert outcome.reason == "virtual-license-server"
    assert f"{sku} is tied to the MAG family, and a Virtual License Server serves no MAG" in outcome.message


@pytest.mark.rule("KEY-12")
@pytest.mark.parametrize(
    "sku", ["LICENSE-SVR", "PSA-LICENSE-MBR", "CONSEC-ADD-100U", "ACCESS-100U-1YR", "ACCESS-RDP-9U-1YR"]
)
def test_a_virtual_license_server_takes_psa_and_subscription_licenses(sku: str) -> None:
    assert isinstance(judge(key(sku), holder("va-spe", vls=True)), InstalledLicense)


@pytest.mark.rule("KEY-07")
def test_a_renewal_needs_a_subscription_of_its_family_and_size() -> None:
    text = key("CONSEC-ADD-100U-1Y-R", serial="2")
    others = (
        subscription("CONSEC-ADD-200U-1Y"),
        subscription("POLSEC-ADD-100U-1Y"),
        subscription("CONSEC-ADD-100U", NEVER),
    )

    outcome = judge(text, installed=others)

    assert outcome == Refusal(
        "nothing-to-renew",
        "CONSEC-ADD-100U-1Y-R renews a CONSEC subscription of 100 users and there is none: install that first",
    )
    assert isinstance(judge(text, installed=(subscription("CONSEC-100U-1YR"),)), InstalledLicense)


@pytest.mark.rule("KEY-09")
def test_a_role_license_for_another_personality_or_a_later_release_is_taken_but_does_not_count() -> None:
    for on in (holder(personality="pps"), holder(release="8.0R4")):
        taken = judge(key("CONSEC-ADD-100U"), on)
        assert isinstance(taken, InstalledLicense)
        assert state_of(taken, (taken,), holder=on, now=NEW_YEAR_2018) == "unusable"
