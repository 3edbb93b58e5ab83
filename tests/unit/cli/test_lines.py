"""Single lines that verbs print."""

from leaselab.appliance.instants import DAY, NEVER, parse_instant
from leaselab.testbed.capacity.preflight import Finding
from leaselab.testbed.cli.doctor import finding_lines
from leaselab.testbed.cli.events import event_line
from leaselab.testbed.cli.time import advance_line, clock_line
from leaselab.testbed.cli.users import refusals
from leaselab.testbed.views import Advanced, ClockStatus, LabEvent, UserRefusal

START = parse_instant("2018-01-01T00:00:00Z")


def test_a_clock_that_stands_with_nothing_due() -> None:
    clock = ClockStatus(now=START, mode="virtual", rate=0, next_due=NEVER)

    assert clock_line(clock) == "2018-01-01T00:00:00Z  (virtual, stands; nothing is due)"


def test_a_clock_that_runs() -> None:
    clock = ClockStatus(now=START, mode="virtual", rate=60, next_due=START + DAY)

    assert clock_line(clock) == "2018-01-01T00:00:00Z  (virtual, runs at 60; next due 2018-01-02T00:00:00Z)"


def test_an_advance_says_how_far_it_came() -> None:
    arrived = Advanced(start=START, to=START + 10 * DAY, now=START + 10 * DAY, grants=43, state="ready")
    paused = Advanced(start=START, to=START + 10 * DAY, now=START + DAY, grants=4, state="ready")

    assert advance_line(arrived) == "2018-01-11T00:00:00Z  (10d later; nodes woke 43 times)"
    assert advance_line(paused).endswith("stopped before 2018-01-11T00:00:00Z)")


def test_an_event_has_both_times() -> None:
    event = LabEvent(n=1, at=START, wall="2026-11-24T17:00:00Z", kind="phase", node="gw1", fields={"phase": "ready"})
    of_the_lab = LabEvent(n=2, at=START, wall="2026-11-24T17:00:00Z", kind="up", node="")

    assert event_line(event) == "2018-01-01T00:00:00Z  2026-11-24T17:00:00Z  gw1  phase  phase=ready"
    assert event_line(of_the_lab) == "2018-01-01T00:00:00Z  2026-11-24T17:00:00Z  -  up"


def test_users_refused_for_one_reason_share_a_line() -> None:
    full, shut = "all licenses are in use", "the gateway is a license server"
    refused = [UserRefusal("user5", full), UserRefusal("user6", full), UserRefusal("user7", shut)]

    assert refusals(refused) == [f"refused: user5 and 1 more: {full}", f"refused: user7: {shut}"]


def test_a_finding_has_its_hint_below() -> None:
    found = [Finding("python", "fine", "3.11"), Finding("memory", "missing", "9 of 5 MiB", hint="end something")]

    assert finding_lines(found) == [
        "fine     python  3.11",
        "missing  memory  9 of 5 MiB",
        "                 hint: end something",
    ]
