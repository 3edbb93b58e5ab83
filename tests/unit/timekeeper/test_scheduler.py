"""Who is granted which instant next."""

import pytest

from leaselab.appliance.instants import DAY, HOUR, NEVER, parse_instant
from leaselab.testbed.timekeeper.scheduler import Scheduler, SchedulerError, Turn

START = parse_instant("2018-01-01T00:00:00Z")


def scheduler(**wishes: int) -> Scheduler:
    """Return a scheduler at START whose nodes want to wake so many hours later."""
    made = Scheduler(now=START)
    for node, hours in wishes.items():
        made.register(node, START + hours * HOUR)
    return made


def turns(made: Scheduler, until: int) -> list[tuple[str, int]]:
    """Take all turns up to an instant: node, and hours after START."""
    taken = []
    while turn := made.take(until):
        taken.append((turn.node, (turn.at - START) // HOUR))
    return taken


def test_nodes_take_their_turns_in_order_of_their_wishes() -> None:
    assert turns(scheduler(a=3, b=1, c=2), START + DAY) == [("b", 1), ("c", 2), ("a", 3)]


def test_equal_instants_go_by_priority_and_then_by_name_whatever_the_order_of_registration() -> None:
    made = Scheduler(now=START)
    for node, priority in (("b", 0), ("z", -1), ("a", 0)):
        made.register(node, START + HOUR, priority=priority)

    assert turns(made, START + HOUR) == [("z", 1), ("a", 1), ("b", 1)]


def test_nothing_later_than_the_limit_is_given_out_and_time_does_not_pass_it() -> None:
    made = scheduler(a=1, b=5)

    assert turns(made, START + 4 * HOUR) == [("a", 1)]
    assert made.now == START + HOUR
    assert made.next_due() == START + 5 * HOUR


def test_a_node_wakes_when_it_last_said_and_not_when_it_said_before() -> None:
    made = scheduler(a=1)
    made.wakes("a", START + 3 * HOUR)
    made.wakes("a", START + 2 * HOUR)

    assert turns(made, START + DAY) == [("a", 2)]


def test_a_node_that_had_its_turn_sleeps_until_it_says_otherwise() -> None:
    made = scheduler(a=1)
    assert turns(made, START + DAY) == [("a", 1)]
    assert made.next_due() == NEVER

    made.wakes("a", START + 3 * HOUR)
    assert turns(made, START + DAY) == [("a", 3)]


def test_a_forgotten_node_wants_nothing_and_can_come_back() -> None:
    made = scheduler(a=1, b=2)
    made.forget("a")
    made.wakes("a", START + HOUR)
    assert turns(made, START + DAY) == [("b", 2)]

    made.register("a", START + 3 * HOUR)
    assert turns(made, START + DAY) == [("a", 3)]


def test_an_overdue_wish_is_met_at_the_present_instant_never_before_it() -> None:
    made = scheduler(a=5)
    turns(made, START + 5 * HOUR)
    made.register("late", START + HOUR)

    assert made.take(START + 5 * HOUR) == Turn(node="late", at=START + 5 * HOUR, due_at=START + HOUR)


def test_time_does_not_go_back() -> None:
    made = scheduler()
    made.reach(START + HOUR)
    made.reach(START)

    assert made.now == START + HOUR


def test_a_node_that_wakes_again_and_again_at_one_instant_is_named() -> None:
    made = Scheduler(now=START, max_grants_an_instant=3)
    made.register("gw1", START + HOUR)
    for _ in range(2):
        assert made.take(START + DAY)
        made.wakes("gw1", START + HOUR)
    with pytest.raises(SchedulerError, match=r"gw1: woke 3 times at 2018-01-01T01:00:00Z"):
        made.take(START + DAY)


def test_an_advance_has_a_limit_of_grants_and_the_next_one_begins_anew() -> None:
    made = Scheduler(now=START, max_grants=2)
    made.register("gw1", START)

    def take() -> Turn | None:
        made.wakes("gw1", made.now + HOUR)
        return made.take(START + DAY)

    assert take()
    assert take()
    with pytest.raises(SchedulerError, match="2 grants in one advance"):
        take()
    made.begin()
    assert take()
