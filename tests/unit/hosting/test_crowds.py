"""The users that a file brings to running gateways, over sign-ins that are only counted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import HOUR, NEVER, Instant
from leaselab.testbed.hosting.crowds import USERS_A_TURN, Crowd, Crowds
from leaselab.testbed.hosting.signins import SignIns
from leaselab.testbed.runtimes.protocol import RunningNode
from leaselab.testbed.testing.puppets import START, Stage, staged
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.topology.planner import plan
from leaselab.testbed.views import UserRefusal, UsersOutcome

LAB = "name: lab\ncloud: {}\nnodes: {gw1: {kind: psa7000c}, gw2: {kind: psa3000}}\n"
BURST = 'load: [{nodes: [gw1], burst: {at: "2018-01-01T10:00:00Z", users: %d, for: 2h}}]\n'


class Counting(SignIns):
    """Signs in by counting, up to a limit."""

    def __init__(self) -> None:
        super().__init__("")
        self.limit = 10_000
        self.asked: list[tuple[str, int]] = []

    async def set(self, config: ApplianceConfig, node: RunningNode, count: int) -> UsersOutcome:
        del node
        self.asked.append((config.name, count))
        there = min(count, self.limit)
        refused = tuple(UserRefusal(user=f"user{number}", why="limit") for number in range(there + 1, count + 1))
        return UsersOutcome(signed_in=there, refused=refused)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, LAB) as made:
        for name in made.fleet.seats:
            await made.fleet.start(name)
        yield made


def crowd(stage: Stage, counting: Counting, *changes: tuple[Instant, int], name: str = "gw1") -> Crowd:
    return Crowd(name, iter(changes), stage.fleet, counting, stage.events)


def planned(rest: str) -> Plan:
    return plan(read(LAB + rest, file="lab.yml"), slot=1, privileged=False, runtime="embedded", secret="00" * 32)


async def test_users_come_when_their_time_has_come_and_the_last_number_due_counts(stage: Stage) -> None:
    counting = Counting()
    made = crowd(stage, counting, (START, 5), (START + HOUR, 7), (START + 2 * HOUR, 9))
    assert made.next_due == START

    assert await made.grant(START + HOUR) == START + 2 * HOUR
    assert await made.grant(START + 2 * HOUR) == NEVER

    assert counting.asked == [("gw1", 7), ("gw1", 9)]
    assert await stage.told("users") == [
        ("users", "gw1", {"signed_in": 7, "refused": 0}),
        ("users", "gw1", {"signed_in": 9, "refused": 0}),
    ]


async def test_a_large_crowd_takes_several_turns_at_one_instant_and_is_told_once(stage: Stage) -> None:
    counting = Counting()
    made = crowd(stage, counting, (START, 2 * USERS_A_TURN + 1), (START + HOUR, 0))

    assert [await made.grant(START) for _ in range(3)] == [START, START, START + HOUR]

    assert [count for _, count in counting.asked] == [USERS_A_TURN, 2 * USERS_A_TURN, 2 * USERS_A_TURN + 1]
    assert len(await stage.told("users")) == 1


async def test_whom_a_gateway_turns_away_comes_again_with_the_next_change(stage: Stage) -> None:
    counting = Counting()
    counting.limit = 55
    made = crowd(stage, counting, (START, 300), (START + HOUR, 60))

    assert await made.grant(START) == START + HOUR
    counting.limit = 60
    await made.grant(START + HOUR)

    assert counting.asked == [("gw1", USERS_A_TURN), ("gw1", 60)]
    assert await stage.told("users") == [
        ("users", "gw1", {"signed_in": 55, "refused": 45}),
        ("users", "gw1", {"signed_in": 60, "refused": 0}),
    ]


@pytest.mark.parametrize("name", ["gw2", "cloud", "gone"])
async def test_nobody_comes_to_a_gateway_that_is_off_or_is_none(stage: Stage, name: str) -> None:
    counting = Counting()
    await stage.fleet.stop("gw2")

    assert await crowd(stage, counting, (START, 5), (START + HOUR, 6), name=name).grant(START) == START + HOUR
    assert counting.asked == []


async def test_a_plans_load_is_registered_and_one_that_is_taken_out_is_forgotten(stage: Stage) -> None:
    crowds = Crowds(stage.timekeeper, stage.fleet, Counting(), stage.events)
    begins = START + 10 * HOUR

    crowds.follow(planned(BURST % 30))
    assert stage.timekeeper.scheduler.next_due() == begins
    crowds.follow(planned(""))
    assert stage.timekeeper.scheduler.next_due() == NEVER

    await stage.timekeeper.advance(begins + HOUR)
    crowds.follow(planned(BURST % 30))
    assert stage.timekeeper.scheduler.next_due() == begins + HOUR  # in the middle of a burst, its users come at once


async def test_a_load_that_has_not_changed_goes_on_as_it_was(stage: Stage) -> None:
    counting = Counting()
    crowds = Crowds(stage.timekeeper, stage.fleet, counting, stage.events)
    crowds.follow(planned(BURST % 30))
    await stage.timekeeper.advance(START + 11 * HOUR)

    crowds.follow(planned(BURST % 30))
    await stage.timekeeper.advance(START + 13 * HOUR)

    assert [count for _, count in counting.asked] == [30, 0]
