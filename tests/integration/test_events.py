"""What a lab writes into its event log is what the catalogue of events says."""

import contextlib
from pathlib import Path

from leaselab.appliance.instants import HOUR
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.eventkinds import EVENTS
from leaselab.testbed.lab import Lab
from leaselab.testbed.pictures.timeline import timeline_of
from leaselab.testbed.views import LabEvent

QUICKSTART = Path(__file__).parents[2] / "topologies" / "quickstart.yml"
RARE = {"unrehearsed", "refused", "failed", "lost", "overdue", "stalled", "shut-down"}
"""What no lab in good order sees; each has its own test where it comes about."""


def live(lab: Lab) -> list[LabEvent]:
    """Let the lab see whatever one can ask of it; return what it noted until it was brought back to a snapshot."""
    lab["gw1"].users.set(60)
    lab.clock.advance(hours=1)
    lab.clock.rate(10)
    lab.clock.pause()
    lab.faults.inject("delay", between=("gw1", "vls1"), delay="2s")
    lab.faults.inject("skew", node="gw1", skew="3m")
    lab.faults.cut("gw1", "vls1", one_way=True)
    lab.clock.advance(hours=2)
    lab.faults.clear()
    lab.clock.advance(hours=1)
    for act in ("kill", "start", "stop", "reset"):
        with contextlib.suppress(LeaselabError):  # a reset waits for nobody here; what it did is in the log
            lab.line.call(act, node="gw2")
    lab.snapshots.save("then")
    noted = list(lab.events())
    lab.snapshots.restore("then")
    return noted


def test_every_event_is_of_a_kind_and_has_the_fields_that_the_catalogue_describes() -> None:
    with Lab.up(QUICKSTART, timeout=120) as lab:
        before = live(lab)
        events = list(lab.events())
        timeline = timeline_of(lab)

    assert [event.n for event in events] == list(range(1, len(events) + 1))
    for event in (*before, *events):
        described = {name for key in EVENTS[event.kind].fields for name in key.split(", ")}  # type: ignore[index]
        assert set(event.fields) <= described, event
    assert {event.kind for event in (*before, *events)} >= set(EVENTS) - RARE
    assert {(one.name, one.ends_at - one.begins_at) for one in timeline.faults} == {
        ("delay gw1 vls1", 2 * HOUR),
        ("skew gw1", 2 * HOUR),
        ("cut gw1 vls1", 2 * HOUR),
    }
