"""A whole simulation: the same in, the same out, and the figures agree with each other."""

from pathlib import Path

import pytest

from leaselab.appliance.instants import DAY
from leaselab.testbed.simulation.run import Figures, simulate, simulated_plan
from leaselab.testbed.topology.files import load

TEXT = """
name: branches
release: 8.3R1
clock: {start: 2018-01-01T00:00:00Z}
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
load: [{office-hours: {peak: 40, base: 2}}]
nodes:
  server:
    kind: psa7000c
    licenses: [CONSEC-100U-1YR]
    license-server:
      clients:
        GW{n}:
          count: 3
          node: gw{n}
          password: secret{n}
          features: {concurrent-users: {reserved: 10, increment: 5, maximum: 40}}
  gw{n}:
    count: 3
    kind: psa3000
    license-client: {server: server, id: "GW{n}"}
"""


def week(folder: Path, seed: int) -> Figures:
    file = folder / "branches.yml"
    file.write_text(TEXT)
    return simulate(simulated_plan(load(file, {})), 7 * DAY, seed)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = week(tmp_path, 7), week(tmp_path, 7), week(tmp_path, 8)

    assert again == first
    assert (other.digest, other.sign_ins) != (first.digest, first.sign_ins)


@pytest.mark.rule("LSE-10")
def test_a_week_of_work_breaks_no_invariant_and_its_lease_events_add_up(tmp_path: Path) -> None:
    figures = week(tmp_path, 7)

    assert figures.broken_in_all == 0
    assert figures.lease_events == sum(figures.leases.values())
    assert figures.leases["granted"] > figures.leases["given_back"] > 0
    assert figures.leasing["renewals"] == 3 * 4 * 7
    assert figures.leases["renewed"] > figures.leasing["renewals"]
    assert figures.events == sum(figures.events_by_type.values())
