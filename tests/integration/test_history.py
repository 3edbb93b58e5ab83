"""A node's past, replayed from its events, is what the node itself says of the present."""

from pathlib import Path

import pytest

from leaselab.appliance.instants import DAY, HOUR
from leaselab.testbed.errors import CallError
from leaselab.testbed.lab import Lab
from leaselab.testbed.pictures.history import changes, lives, reports
from leaselab.testbed.pictures.timeline import timeline_of

QUICKSTART = Path(__file__).parents[2] / "topologies" / "quickstart.yml"


def test_the_replayed_report_of_every_node_is_its_own_report() -> None:
    with Lab.up(QUICKSTART, timeout=120) as lab:
        lab["gw1"].users.set(60)
        lab.clock.advance(days=3)
        now = lab.clock.now
        found = lives(lab)

        assert found.keys() == {"vls1", "gw1", "gw2", "nac1"}
        for name, life in found.items():
            *_, last = reports(life, [*changes(life), now])
            assert last == lab[name].report(), name


def test_the_timeline_has_users_and_leases_as_they_came() -> None:
    with Lab.up(QUICKSTART, timeout=120) as lab:
        begin = lab.clock.now
        lab.clock.advance(hours=5)
        lab["gw1"].users.set(60)
        lab.clock.advance(hours=1)
        lab.line.call("kill", node="gw2")

        timeline = timeline_of(lab, nodes=["gw1"])

    (track,) = timeline.tracks
    last = track.points[-1]
    assert (timeline.begins_at, timeline.ends_at) == (begin, begin + 6 * HOUR)
    assert (last.signed_in, last.reserved, last.incremental) == (60, 50, 25)
    assert last.at == begin + 5 * HOUR
    assert timeline.marks == (), "gw2 was not asked for"


def test_of_a_long_life_some_moments_are_left_out_but_never_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaselab.testbed.pictures.history.MOMENTS", 10)
    with Lab.up(QUICKSTART, timeout=120) as lab:
        lab.clock.advance(10 * DAY)
        life = lives(lab, ["gw1"])["gw1"]

    moments = changes(life)

    assert 5 <= len(moments) <= 10
    assert moments[-1] == life.events[-1][0]


def test_a_timeline_of_nodes_that_are_off_is_refused() -> None:
    with Lab.up(QUICKSTART, timeout=120) as lab:
        lab.line.call("stop", node="gw1")
        with pytest.raises(CallError, match="none of these nodes is switched on"):
            timeline_of(lab, nodes=["gw1"])
