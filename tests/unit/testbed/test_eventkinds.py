"""The catalogue of events has every kind that the testbed may write."""

from typing import get_args

from leaselab.testbed.eventkinds import EVENTS, EventKind
from leaselab.testbed.faults.kinds import PARAMETERS, written


def test_every_kind_is_described_and_no_other() -> None:
    assert set(EVENTS) == set(get_args(EventKind))
    assert all(one.meaning.endswith(".") for one in EVENTS.values())


def test_events_of_faults_name_all_that_a_fault_may_say() -> None:
    named = {name for key in EVENTS["fault"].fields for name in key.split(", ")}

    assert named == {"fault", "n", "target", "one-way", *map(written, PARAMETERS)}
    assert EVENTS["fault-over"].fields == EVENTS["fault"].fields
