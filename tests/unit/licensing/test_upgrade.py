"""Starting with another release: how it is named, and what it enforces from its first second (PLT-03, ENF-07)."""

from typing import Any

import pytest

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, PowerOn
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.fleet import Fleet


def limit(fleet: Fleet, name: str = "gw") -> int:
    return fleet.report(name).features[CONCURRENT_USERS].limit


def signed_in(fleet: Fleet) -> int:
    return fleet.report("gw").features[CONCURRENT_USERS].signed_in


def gateway(**about: Any) -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw", **about)
    return fleet


UNENFORCED = pytest.mark.parametrize(
    ("personality", "before", "after"), [("pcs", "8.0R4", "8.0R5"), ("pps", "5.0R4", "5.0R5"), ("pcs", "8.0", "8.3R1")]
)


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-01")
@pytest.mark.rule("ENF-08")
@UNENFORCED
def test_an_upgrade_without_a_license_leaves_two_and_throws_nobody_out(
    personality: str, before: str, after: str
) -> None:
    fleet = gateway(personality=personality, release=before)
    fleet.sign_in("gw", 150)

    fleet.upgrade("gw", after)

    assert (fleet.report("gw").enforces, limit(fleet), signed_in(fleet)) == (True, 2, 150)
    assert [refusal.reason for refusal in fleet.sign_in("gw", 1)] == ["limit"]
    fleet.sign_out("gw", 149)
    assert fleet.sign_in("gw", 1) == []


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-03")
@UNENFORCED
def test_licenses_entered_before_count_from_the_first_second(personality: str, before: str, after: str) -> None:
    fleet = gateway(personality=personality, release=before)
    fleet.install("gw", "ACCESS-100U-1YR")
    assert limit(fleet) == fleet.report("gw").maximum_users
    fleet.sign_in("gw", 50)

    fleet.upgrade("gw", after)

    assert limit(fleet) == 100
    assert fleet.sign_in("gw", 50) == []


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-04")
def test_over_capacity_is_admitted_after_an_upgrade_too() -> None:
    fleet = gateway(release="8.0R4")
    fleet.install("gw", "ACCESS-100U-1YR")
    fleet.sign_in("gw", 100)

    fleet.upgrade("gw", "8.0R5")

    assert len(fleet.sign_in("gw", 11)) == 1


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-05")
@pytest.mark.rule("KEY-09")
@pytest.mark.parametrize(
    ("personality", "before", "after", "sku"),
    [
        ("pcs", "8.0R4", "8.0R5", "CONSEC-ADD-50U"),
        ("pcs", "7.4R11", "7.4R12", "CONSEC-50U-1YR"),
        ("pps", "5.0R4", "5.0R5", "POLSEC-ADD-50U"),
        ("pps", "4.4R11", "4.4R12", "POLSEC-50U-1YR"),
    ],
)
def test_role_licenses_count_from_the_release_on_that_knows_them(
    personality: str, before: str, after: str, sku: str
) -> None:
    fleet = gateway(personality=personality, release=before)
    fleet.install("gw", "ACCESS-25U-1YR", sku)
    assert [row.state for row in fleet.report("gw").licenses] == ["active", "unusable"]

    fleet.upgrade("gw", after)

    assert [row.state for row in fleet.report("gw").licenses] == ["active", "active"]
    assert limit(fleet) == 75


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-06")
def test_a_virtual_appliance_needs_leases_from_the_upgrade_on() -> None:
    fleet = gateway(kind="va-spe", release="8.0R4")
    fleet.sign_in("gw", 1)

    fleet.upgrade("gw", "8.0R5")

    assert limit(fleet) == 0
    assert len(fleet.sign_in("gw", 1)) == 1


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-06")
def test_leases_are_held_across_an_upgrade() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["ACCESS-1000U-1YR"], kind="psa5000")
    fleet.client("gw", reserved=50, increment=10, maximum=100, kind="va-spe", release="8.0R4")

    fleet.upgrade("gw", "8.0R5")
    assert limit(fleet) == 50
    fleet.advance(days=30)

    assert limit(fleet) == 50
    assert fleet.report("server").features[CONCURRENT_USERS].promised == 50


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("ENF-02")
def test_a_return_to_a_release_that_does_not_enforce_opens_the_door() -> None:
    fleet = gateway(release="8.0R5")
    assert len(fleet.sign_in("gw", 3)) == 1

    fleet.upgrade("gw", "8.0R4")

    assert fleet.sign_in("gw", 100) == []


@pytest.mark.rule("ENF-07")
@pytest.mark.rule("KEY-08")
def test_an_upgrade_to_9_1r12_lengthens_a_grace_period_that_is_over() -> None:
    fleet = gateway(release="9.1R11")
    fleet.install("gw", "ACCESS-100U-1YR")
    fleet.advance(days=365 + 20)
    assert limit(fleet) == 2

    fleet.upgrade("gw", "9.1R12")
    assert (limit(fleet), [row.state for row in fleet.report("gw").licenses]) == (100, ["grace"])
    fleet.advance(days=11)

    assert (limit(fleet), [row.state for row in fleet.report("gw").licenses]) == (2, ["expired"])


@pytest.mark.rule("PLT-03")
@pytest.mark.parametrize(
    ("personality", "given", "printed"),
    [
        ("pcs", "8.0", "8.0R1"),
        ("pcs", "8.0r5", "8.0R5"),
        ("pcs", "9.1R13.2", "9.1R13.2"),
        ("pcs", "5.4R3", "8.3R3"),
        ("pps", "8.3R1", "5.4R1"),
        ("pps", "7.4r12", "4.4R12"),
        ("pps", "5.0", "5.0R1"),
        ("pps", "9.0r1", "9.0R1"),
    ],
)
def test_a_device_names_its_release_as_its_personality_does(personality: str, given: str, printed: str) -> None:
    fleet = gateway(personality=personality, release="9.1R1")

    fleet.upgrade("gw", given)

    assert fleet.report("gw").release == printed


@pytest.mark.rule("PLT-03")
@pytest.mark.parametrize(
    ("personality", "given", "said"),
    [
        ("pcs", "newest", "'newest' is not a release"),
        ("pcs", "6.5R1", "no pcs release goes with 6.5R1"),
        ("pps", "6.0", "no pps release goes with 6.0R1"),
    ],
)
def test_what_is_no_release_of_the_personality_does_not_start(personality: str, given: str, said: str) -> None:
    fleet = gateway(personality=personality, release="9.1R1")
    fleet.install("gw", "ACCESS-25U-1YR")
    before = fleet.report("gw")

    refusal = fleet.ask("gw", PowerOn(release=given, secret=b"secret"))

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "release"
    assert refusal.message.startswith(said)
    assert refusal.message.endswith("gw stays with 9.1R1")
    assert fleet.report("gw") == before
