"""A simulation under faults: they befall it, its invariants hold, and it replays."""

import pytest

from leaselab.appliance.instants import DAY, HOUR
from leaselab.testbed.faults.kinds import KINDS, Fault
from leaselab.testbed.simulation.boot import bring_up
from leaselab.testbed.simulation.faults import SimulatedFaults
from leaselab.testbed.simulation.run import Figures, Simulation, simulate, simulated_plan
from leaselab.testbed.topology.loading import read

LAB = """
name: sim
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  server:
    kind: psa7000c
    licenses: [CONSEC-1000U-1YR]
    license-server:
      clients:
        GW{n}:
          count: 3
          node: gw{n}
          password: secret{n}
          features: {concurrent-users: {reserved: 20, increment: 20, maximum: 200}}
  gw{n}: {count: 3, kind: psa3000, license-client: {server: server, id: "GW{n}"}}
  vls:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server: {}
cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}}}
load: [{office-hours: {peak: 150}}]
"""
EVERY_KIND = """
faults:
  - {kind: cut, between: [gw1, server], after: 2d, for: 12d, every: 30d}
  - {kind: cut, between: [server, gw2], one-way: true, after: 4d, for: 6h, every: 9d}
  - {kind: loss, network: internal, loss: 0.1, after: 1d}
  - {kind: delay, between: [gw2, server], delay: 5s, after: 1d, for: 10d, every: 20d}
  - {kind: delay, between: [gw3, server], delay: 45s, after: 1d, for: 2d, every: 20d}
  - {kind: throttle, between: [gw1, server], bytes-per-second: 100, after: 1d, for: 1d}
  - {kind: kill, node: server, after: 3d, for: 8h, every: 7d, probability: 0.5}
  - {kind: restart, node: server, after: 1d, every: 3d}
  - {kind: pause, node: gw3, after: 4d, for: 1d, every: 9d}
  - {kind: skew, node: gw2, skew: 3m, after: 2d, for: 5d, every: 10d}
  - {kind: slow, node: server, delay: 3s, after: 9d, for: 1d}
  - {kind: error, node: server, after: 12d, for: 1d}
  - {kind: wrong, node: server, after: 14d, for: 1d}
  - {kind: bad-certificate, node: server, after: 16d, for: 1d}
  - {kind: disk-full, node: server, after: 18d, for: 3h}
  - {kind: clone, node: vls, after: 20d, for: 5d}
"""


def run(text: str, days: int = 40) -> Figures:
    return simulate(simulated_plan(read(text, file="sim.yml")), days * DAY, 7)


def test_every_kind_befalls_a_simulation_and_the_invariants_hold() -> None:
    figures = run(LAB + EVERY_KIND)

    assert set(figures.faults) == set(KINDS)
    assert figures.broken == ()
    assert figures.messages_failed > 100
    assert figures.leasing["contacts_lost"] > 10


def test_the_same_faults_and_seed_give_the_same_history() -> None:
    first, second = run(LAB + EVERY_KIND, 20), run(LAB + EVERY_KIND, 20)

    assert first == second


def test_without_faults_nothing_fails() -> None:
    figures = run(LAB, 10)

    assert (figures.faults, figures.messages_failed, figures.leasing["contacts_lost"]) == ({}, 0, 0)


def test_when_the_last_fault_is_over_everything_is_as_without_it() -> None:
    during = run(LAB + "faults: [{kind: cut, network: internal, after: 2d, for: 1d}]\n", 3)
    after = run(LAB + "faults: [{kind: cut, network: internal, after: 2d, for: 1d}]\n", 20)

    assert during.messages_failed > 0
    assert after.messages_failed == during.messages_failed
    assert after.broken == ()


@pytest.mark.rule("VLS-09")
def test_a_clone_is_told_that_it_is_the_duplicate_and_is_gone_when_the_fault_is_over() -> None:
    simulation = Simulation(simulated_plan(read(LAB, file="sim.yml")), 7, lambda _now: None)
    world = simulation.world
    bring_up(world, simulated_plan(read(LAB, file="sim.yml")))
    before = set(world.devices)
    fault = Fault(kind="clone", node="vls", at=world.clock.now() + DAY, lasts=DAY)
    SimulatedFaults(world, [fault], seed="seed")

    world.run(world.clock.now() + DAY + 9 * HOUR)
    standings = {name: world.devices[name].state.standing.state for name in ("vls", "vls-clone")}
    world.run(world.clock.now() + DAY)

    assert standings == {"vls": "ok", "vls-clone": "duplicate"}
    assert set(world.devices) == before
    assert world.devices["vls"].state.standing.state == "ok"
