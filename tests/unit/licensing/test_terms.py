"""The life of a subscription on a running device: start, expiry, grace, renewal (KEY-06 to KEY-08)."""

from datetime import date
from typing import Any

import msgspec
import pytest

from leaselab.appliance.instants import parse_instant
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, AddKeys
from leaselab.appliance.licensing.eventlog import lines
from leaselab.appliance.licensing.events import ApplianceEvent
from leaselab.testbed.testing.fleet import Fleet

NEW_YEAR = parse_instant("2018-01-01")

EXPIRED = "expired; it counts on for its grace period"
ENDED = "expired; it does not count any more"


def gateway(**about: Any) -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw", **about)
    return fleet


def enter(fleet: Fleet, sku: str, starts_on: date) -> None:
    fleet.do("gw", AddKeys(keys=(fleet.mint("gw", sku, starts_on=starts_on),)))


def limit(fleet: Fleet, name: str = "gw") -> int:
    return fleet.report(name).features[CONCURRENT_USERS].limit


def states(fleet: Fleet) -> list[str]:
    return [row.state for row in fleet.report("gw").licenses]


def log(fleet: Fleet) -> list[tuple[int, str, str]]:
    """Return day of the lab, code and message of what the log says of licenses, installation aside."""
    return [
        ((at - NEW_YEAR) // 86_400_000, line.code, line.message)
        for _, at, body in fleet.store.history("gw")
        for line in lines(msgspec.json.decode(body, type=ApplianceEvent), at)
        if line.code in {"LIC10200", "LIC10290", "LIC10291"}
    ]


def story(number: int, sku: str, words: str) -> str:
    return f"License {sku} {words} (serial SN{number:05})"


@pytest.mark.rule("KEY-06")
def test_a_subscription_that_begins_later_waits_for_its_day() -> None:
    fleet = gateway()
    enter(fleet, "ACCESS-50U-1YR", date(2018, 2, 1))

    fleet.advance(days=31, milliseconds=-1)
    assert (limit(fleet), states(fleet)) == (2, ["inactive"])
    fleet.advance(milliseconds=1)

    assert (limit(fleet), states(fleet)) == (50, ["active"])
    assert log(fleet) == [(31, "LIC10291", story(1, "ACCESS-50U-1YR", "activated"))]


@pytest.mark.rule("KEY-06")
def test_days_begin_and_end_in_the_devices_time_zone() -> None:
    """The first of February begins in Berlin at 23:00 UTC of the day before."""
    fleet = gateway()
    fleet.world.switch_on(msgspec.structs.replace(fleet.world.config("gw"), time_zone="Europe/Berlin"))
    enter(fleet, "ACCESS-50U-1YR", date(2018, 2, 1))

    fleet.advance(days=31, hours=-1, milliseconds=-1)
    assert limit(fleet) == 2
    fleet.advance(milliseconds=1)

    assert limit(fleet) == 50
    assert fleet.report("gw").licenses[0].ends_at == parse_instant("2019-01-31T23:00:00Z")


@pytest.mark.rule("KEY-08")
@pytest.mark.parametrize(("release", "grace_days"), [("8.3R1", 10), ("9.1R11", 10), ("9.1R12", 31)])
def test_an_expired_subscription_counts_for_its_grace_period_and_then_the_limit_falls(
    release: str, grace_days: int
) -> None:
    fleet = gateway(release=release)
    fleet.install("gw", "ACCESS-50U-1YR")

    fleet.advance(days=365, milliseconds=-1)
    assert (limit(fleet), states(fleet)) == (50, ["active"])
    fleet.advance(milliseconds=1)
    assert (limit(fleet), states(fleet)) == (50, ["grace"])
    fleet.advance(days=grace_days, milliseconds=-1)
    assert (limit(fleet), states(fleet)) == (50, ["grace"])
    fleet.advance(milliseconds=1)

    assert (limit(fleet), states(fleet)) == (2, ["expired"])
    assert log(fleet) == [
        (365, "LIC10200", story(1, "ACCESS-50U-1YR", EXPIRED)),
        (365 + grace_days, "LIC10200", story(1, "ACCESS-50U-1YR", ENDED)),
    ]


@pytest.mark.rule("KEY-08")
@pytest.mark.rule("ENF-08")
def test_users_stay_when_the_license_ends_and_nobody_new_comes_in() -> None:
    fleet = gateway()
    fleet.install("gw", "ACCESS-50U-1YR")
    fleet.sign_in("gw", 30)

    fleet.advance(days=365 + 10)

    assert fleet.report("gw").features[CONCURRENT_USERS].signed_in == 30
    assert len(fleet.sign_in("gw", 1)) == 1


@pytest.mark.rule("KEY-08")
def test_a_device_that_was_restarted_in_between_misses_no_change() -> None:
    fleet = gateway()
    fleet.install("gw", "ACCESS-50U-1YR")
    fleet.advance(days=364)

    fleet.restart("gw")
    fleet.advance(days=12)

    assert [(day, code) for day, code, _ in log(fleet)] == [(365, "LIC10200"), (375, "LIC10200")]
    assert limit(fleet) == 2


@pytest.mark.rule("KEY-05")
@pytest.mark.rule("KEY-08")
def test_what_has_not_ended_goes_on_counting() -> None:
    fleet = gateway()
    fleet.install("gw", "ACCESS-50U-1YR", "ACCESS-25U-2YR", "CONSEC-ADD-10U")

    fleet.advance(days=365 + 10)

    assert limit(fleet) == 35


@pytest.mark.rule("KEY-07")
def test_a_renewal_takes_over_on_the_day_its_subscription_ends() -> None:
    fleet = gateway()
    enter(fleet, "CONSEC-ADD-50U-1Y", date(2018, 1, 1))
    enter(fleet, "CONSEC-ADD-50U-1Y-R", date(2019, 1, 1))
    assert (limit(fleet), states(fleet)) == (50, ["active", "inactive"])

    fleet.advance(days=365)
    assert (limit(fleet), states(fleet)) == (50, ["expired", "active"])
    fleet.advance(days=365 + 10)

    assert (limit(fleet), states(fleet)) == (2, ["expired", "expired"])
    assert log(fleet) == [
        (365, "LIC10200", story(1, "CONSEC-ADD-50U-1Y", ENDED)),
        (365, "LIC10291", story(2, "CONSEC-ADD-50U-1Y-R", "activated")),
        (730, "LIC10200", story(2, "CONSEC-ADD-50U-1Y-R", EXPIRED)),
        (740, "LIC10200", story(2, "CONSEC-ADD-50U-1Y-R", ENDED)),
    ]


@pytest.mark.rule("KEY-07")
def test_a_renewal_whose_day_has_come_waits_until_its_subscription_has_ended() -> None:
    fleet = gateway()
    enter(fleet, "CONSEC-ADD-50U-1Y", date(2018, 1, 1))
    enter(fleet, "CONSEC-ADD-50U-1Y-R", date(2018, 6, 1))

    fleet.advance(days=200)
    assert (limit(fleet), states(fleet)) == (50, ["active", "inactive"])
    fleet.advance(days=165)

    assert (limit(fleet), states(fleet)) == (50, ["expired", "active"])


@pytest.mark.rule("KEY-07")
@pytest.mark.rule("KEY-08")
def test_grace_bridges_the_days_until_a_late_renewal() -> None:
    fleet = gateway()
    enter(fleet, "CONSEC-ADD-50U-1Y", date(2018, 1, 1))
    enter(fleet, "CONSEC-ADD-50U-1Y-R", date(2019, 1, 6))

    fleet.advance(days=366)
    assert (limit(fleet), states(fleet)) == (50, ["grace", "inactive"])
    fleet.advance(days=4)

    assert (limit(fleet), states(fleet)) == (50, ["expired", "active"])


@pytest.mark.rule("KEY-07")
def test_a_renewal_entered_after_the_limit_fell_lifts_it_again() -> None:
    fleet = gateway()
    enter(fleet, "CONSEC-ADD-50U-1Y", date(2018, 1, 1))
    fleet.advance(days=400)
    assert limit(fleet) == 2

    enter(fleet, "CONSEC-ADD-50U-1Y-R", date(2019, 1, 1))

    assert (limit(fleet), states(fleet)) == (50, ["expired", "active"])


@pytest.mark.rule("KEY-08")
@pytest.mark.rule("SRV-09")
def test_a_servers_pool_falls_after_the_grace_period_and_renewals_get_what_is_there() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    fleet.advance(hours=1)  # the client renews at 1, 7, 13 and 19 o'clock, the license ends at midnight
    fleet.client("gw", reserved=50, increment=10, maximum=100)

    fleet.advance(days=365 + 10, hours=-1)
    assert fleet.devices["server"].state.server.books[CONCURRENT_USERS].capacity() == 0
    assert (fleet.leased("gw"), limit(fleet)) == (50, 50)
    fleet.advance(hours=1)

    assert (fleet.leased("gw"), limit(fleet)) == (0, 2)
