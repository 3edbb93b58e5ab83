"""How many users are at a gateway when: the curve of a working day, and bursts."""

from collections.abc import Iterator
from itertools import islice

from leaselab.appliance.instants import DAY, HOUR, MINUTE, Instant, parse_instant
from leaselab.testbed.hosting.attendance import CURVE, totals
from leaselab.testbed.topology.plan import Burst, Load, OfficeHours

MONDAY = parse_instant("2018-01-01T00:00:00Z")
FRIDAY_NIGHT = parse_instant("2018-01-05T22:00:00Z")
OFFICE = OfficeHours(feature="concurrent-users", peak=110, base=10, time_zone="UTC")
RUSH = Burst(feature="concurrent-users", at=MONDAY + 10 * HOUR, users=50, lasts=2 * HOUR)


def changes(*loads: Load, start: Instant = MONDAY, seed: str = "7") -> Iterator[tuple[Instant, int]]:
    return totals(loads, start, seed)


def test_a_burst_comes_at_once_and_leaves_at_once() -> None:
    assert list(changes(RUSH)) == [(MONDAY + 10 * HOUR, 50), (MONDAY + 12 * HOUR, 0)]


def test_a_working_day_follows_its_curve_in_half_hours_between_base_and_peak() -> None:
    night, *day = islice(changes(OFFICE), 1 + len(CURVE))

    assert night == (MONDAY, 10)
    assert [at for at, _ in day] == [MONDAY + 7 * HOUR + step * 30 * MINUTE for step in range(len(CURVE))]
    users = dict(day)
    assert users[MONDAY + 20 * HOUR] == 10
    assert 10 + 0.8 * 0.95 * 100 - 1 <= users[MONDAY + 11 * HOUR] <= 110
    assert users[MONDAY + 7 * HOUR] < users[MONDAY + 9 * HOUR] < users[MONDAY + 11 * HOUR]
    assert users[MONDAY + 13 * HOUR] < users[MONDAY + 11 * HOUR]  # lunch
    assert all(10 <= number <= 110 for number in users.values())


def test_nobody_comes_at_the_weekend_and_a_day_that_has_begun_is_gone_on_with() -> None:
    (_, base), (first, _) = islice(changes(OFFICE, start=FRIDAY_NIGHT), 2)
    assert (base, first) == (10, MONDAY + 7 * DAY + 7 * HOUR)

    _, (first, _) = islice(changes(OFFICE, start=MONDAY + 9 * HOUR + MINUTE), 2)
    assert first == MONDAY + 9 * HOUR + 30 * MINUTE


def test_it_is_morning_where_the_gateway_is() -> None:
    vienna = OfficeHours(feature="concurrent-users", peak=110, base=10, time_zone="Europe/Vienna")

    _, (first, _) = islice(changes(vienna), 2)

    assert first == MONDAY + 6 * HOUR


def test_several_loads_add_up() -> None:
    together = dict(islice(changes(OFFICE, RUSH), 2 + len(CURVE)))
    alone = dict(islice(changes(OFFICE), 1 + len(CURVE)))

    nine, eleven, one = (MONDAY + hour * HOUR for hour in (9, 11, 13))
    assert [together[at] - alone[at] for at in (nine, eleven, one)] == [0, 50, 0]


def test_the_same_seed_draws_the_same_days_and_another_seed_others() -> None:
    week = 5 * len(CURVE)

    first, again, other = (list(islice(changes(OFFICE, seed=seed), week)) for seed in ("7", "7", "8"))

    assert again == first
    assert [at for at, _ in other] == [at for at, _ in first]
    assert other != first


def test_no_loads_bring_nobody() -> None:
    assert list(changes()) == []
