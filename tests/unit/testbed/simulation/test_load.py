"""The users of a simulated lab: on every gateway with a load, each time their number changes."""

from pathlib import Path

import pytest

from leaselab.appliance.instants import HOUR, parse_instant
from leaselab.testbed.simulation.boot import bring_up
from leaselab.testbed.simulation.load import Loads
from leaselab.testbed.simulation.run import simulated_plan
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.files import load

START = parse_instant("2018-01-01T00:00:00Z")

TEXT = """
name: bursts
release: 8.0R1
clock: {start: 2018-01-01T00:00:00Z}
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
load:
  - {nodes: [one], burst: {at: 2018-01-01T01:00:00Z, users: 7, for: 2h}}
  - {nodes: [other], burst: {at: 2018-01-01T01:00:00Z, users: 5, for: 4h}}
nodes:
  one: {kind: psa3000}
  other: {kind: psa3000}
  quiet: {kind: psa3000}
"""
"""A release that enforces nothing."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    file = tmp_path / "bursts.yml"
    file.write_text(TEXT)
    plan = simulated_plan(load(file, {}))
    world = World(START)
    bring_up(world, plan)
    Loads(world, plan.nodes, "seed")
    return world


def users_at(world: World, hours: int) -> dict[str, int]:
    world.run(START + hours * HOUR)
    return {name: sum(device.state.signed_in.values()) for name, device in world.devices.items()}


def test_users_come_and_go_on_each_gateway_as_its_load_says(world: World) -> None:
    assert users_at(world, 0) == {"one": 0, "other": 0, "quiet": 0}
    assert users_at(world, 1) == {"one": 7, "other": 5, "quiet": 0}
    assert users_at(world, 3) == {"one": 0, "other": 5, "quiet": 0}
    assert users_at(world, 5) == {"one": 0, "other": 0, "quiet": 0}


def test_nobody_comes_to_a_gateway_that_is_held(world: World) -> None:
    world.hold("one")

    assert users_at(world, 1) == {"one": 0, "other": 5, "quiet": 0}
