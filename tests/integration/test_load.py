"""The load of a running lab: users come and go as its clock moves."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaselab.appliance.instants import HOUR
from leaselab.testbed import Lab

TOPOLOGY = """
name: loaded
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  gw1: {kind: psa3000, licenses: [CONSEC-500U-1YR]}
  gw2: {kind: psa3000, licenses: [CONSEC-500U-1YR]}
load:
  - {nodes: [gw1], office-hours: {peak: 40, base: 3}}
  - {nodes: [gw2], burst: {at: "2018-01-01T10:00:00Z", users: 130, for: 2h}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "loaded.yml"
    path.write_text(TOPOLOGY)
    return path


@pytest.fixture
def lab(file: Path) -> Iterator[Lab]:
    with Lab.up(file, name=f"loaded-{secrets.token_hex(4)}") as lab:
        yield lab


def test_a_burst_comes_at_once_and_leaves_at_once(lab: Lab) -> None:
    seen = []
    for to in ("2018-01-01T09:59:59Z", "2018-01-01T10:00:00Z", "2018-01-01T11:59:59Z", "2018-01-01T12:00:00Z"):
        lab.clock.to(to)
        seen.append(lab["gw2"].users.count)

    assert seen == [0, 130, 130, 0]


def test_office_hours_follow_their_curve_and_leave_the_base_at_night(lab: Lab) -> None:
    seen = {}
    for hour in (6, 8, 11, 23):
        lab.clock.to(f"2018-01-01T{hour:02}:00:00Z")
        seen[hour] = lab["gw1"].users.count

    assert seen[6] == seen[23] == 3
    assert 3 < seen[8] < seen[11] <= 40
    assert seen[11] >= 28  # the quietest of days has four fifths of the peak


def test_at_a_gateway_that_is_frozen_or_off_nobody_signs_in_and_later_they_do(lab: Lab) -> None:
    lab.clock.to("2018-01-01T06:00:00Z")
    with lab.faults.during("pause", node="gw1"):
        lab.clock.to("2018-01-01T09:00:00Z")
        assert lab["gw1"].users.count == 3
    lab["gw2"].kill()
    lab.clock.to("2018-01-01T11:00:00Z")
    lab["gw2"].start()

    assert lab["gw1"].users.count >= 28
    assert lab["gw2"].users.count == 0


def test_the_same_file_brings_the_same_users(file: Path) -> None:
    def history() -> list[tuple[int, str, object]]:
        with Lab.up(file, name=f"loaded-{secrets.token_hex(4)}") as lab:
            lab.clock.advance(15 * HOUR)
            return [
                (event.at, event.node, event.fields["signed_in"]) for event in lab.events() if event.kind == "users"
            ]

    assert history() == history()
