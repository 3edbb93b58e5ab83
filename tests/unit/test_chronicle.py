"""What a history shows to people."""

from collections.abc import Callable
from typing import Any

import pytest

from leaselab.appliance.chronicle import LINES_KEPT, Chronicle
from leaselab.appliance.instants import MINUTE, Instant
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, SetCrowd
from leaselab.testbed.testing.fleet import Fleet, MemoryStore


def on(fleet: Fleet) -> Callable[[], int]:
    return lambda: fleet.report("gw1").features[CONCURRENT_USERS].signed_in


def write(event: Any, at: Instant) -> list[tuple[int, str, str]]:
    return [(1, "X", f"{at} {type(event).__name__}")]


def test_a_line_for_each_event_and_only_the_new_are_read_the_next_time() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    read: list[int] = []

    class Counting(MemoryStore):
        def history(self, device: str, after: int = 0, latest: int = -1) -> Any:
            rows = list(fleet.store.history(device, after, latest))
            read.append(len(rows))
            return iter(rows)

    chronicle = Chronicle(Counting(), "gw1", write, signed_in=on(fleet))
    first = [line.text.split()[1] for line in chronicle.lines()]
    fleet.sign_in("gw1", 1)

    assert first[:2] == ["Booted", "AgreementAccepted"]
    assert chronicle.tail(1)[0].endswith("SignedIn")
    assert read[1:] == [1]


def test_users_are_counted_by_sign_in_sign_out_and_number_and_a_minute_keeps_its_last_count() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    start = fleet.clock.now()
    chronicle = Chronicle(fleet.store, "gw1", write, signed_in=on(fleet))

    fleet.sign_in("gw1", 2)
    fleet.advance(minutes=1)
    fleet.sign_out("gw1", 1)
    fleet.advance(minutes=1)
    fleet.do("gw1", SetCrowd(users=1))

    assert list(chronicle.users()) == [(start, 2), (start + MINUTE, 1), (start + 2 * MINUTE, 2)]


def test_what_the_store_has_forgotten_is_forgotten() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    chronicle = Chronicle(fleet.store, "gw1", write, signed_in=on(fleet))
    assert chronicle.lines()

    fleet.store.erase("gw1")
    chronicle.forget()

    assert (list(chronicle.lines()), list(chronicle.users())) == ([], [])


def test_the_latest_lines_are_kept() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    chronicle = Chronicle(fleet.store, "gw1", lambda _event, _at: [(1, "X", "line")] * 1_000, signed_in=on(fleet))

    lines = chronicle.lines()

    assert len(lines) == LINES_KEPT


def test_a_long_history_is_read_from_its_end_and_counts_end_at_who_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet()
    fleet.appliance("gw1", kind="psa7000c")
    fleet.install("gw1", "CONSEC-100U-1YR")
    fleet.sign_in("gw1", 20)
    fleet.do("gw1", SetCrowd(users=30))
    monkeypatch.setattr("leaselab.appliance.chronicle.EVENTS_READ", 4)
    chronicle = Chronicle(fleet.store, "gw1", write, signed_in=on(fleet))
    start = fleet.clock.now()
    for users in (40, 45):
        fleet.advance(minutes=1)
        fleet.do("gw1", SetCrowd(users=users))
        fleet.sign_out("gw1", 1)

    assert [text.split()[1] for text in chronicle.tail(9)] == ["CrowdChanged", "SignedOut"] * 2
    assert list(chronicle.users()) == [(start + MINUTE, 59), (start + 2 * MINUTE, 63)]

    for _ in range(5):
        fleet.sign_out("gw1", 1)
    assert chronicle.users()[-1] == (fleet.clock.now(), 58)
    assert len(chronicle.lines()) == 4, "there is a gap before them"
