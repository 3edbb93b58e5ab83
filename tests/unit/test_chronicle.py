"""What a history shows to people."""

from typing import Any

from leaselab.appliance.chronicle import LINES_KEPT, Chronicle
from leaselab.appliance.instants import MINUTE, Instant
from leaselab.appliance.licensing.commands import SetCrowd
from leaselab.testbed.testing.fleet import Fleet, MemoryStore


def write(event: Any, at: Instant) -> list[tuple[int, str, str]]:
    return [(1, "X", f"{at} {type(event).__name__}")]


def test_a_line_for_each_event_and_only_the_new_are_read_the_next_time() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    read: list[int] = []

    class Counting(MemoryStore):
        def history(self, device: str, after: int = 0) -> Any:
            rows = list(fleet.store.history(device, after))
            read.append(len(rows))
            return iter(rows)

    chronicle = Chronicle(Counting(), "gw1", write)
    first = [line.text.split()[1] for line in chronicle.lines()]
    fleet.sign_in("gw1", 1)

    assert first[:2] == ["Booted", "AgreementAccepted"]
    assert chronicle.tail(1)[0].endswith("SignedIn")
    assert read[1:] == [1]


def test_users_are_counted_by_sign_in_sign_out_and_number_and_a_minute_keeps_its_last_count() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    start = fleet.clock.now()
    chronicle = Chronicle(fleet.store, "gw1", write)

    fleet.sign_in("gw1", 2)
    fleet.advance(minutes=1)
    fleet.sign_out("gw1", 1)
    fleet.advance(minutes=1)
    fleet.do("gw1", SetCrowd(users=1))

    assert list(chronicle.users()) == [(start, 2), (start + MINUTE, 1), (start + 2 * MINUTE, 2)]
    assert chronicle.booted_at() == start


def test_what_the_store_has_forgotten_is_forgotten() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    chronicle = Chronicle(fleet.store, "gw1", write)
    assert chronicle.lines()

    fleet.store.erase("gw1")
    chronicle.forget()

    assert (list(chronicle.lines()), list(chronicle.users()), chronicle.booted_at()) == ([], [], None)


def test_the_latest_lines_are_kept_and_numbered_on() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    chronicle = Chronicle(fleet.store, "gw1", lambda _event, _at: [(1, "X", "line")] * 1_000)

    lines = chronicle.lines()

    assert len(lines) == LINES_KEPT
    assert lines[-1].number > LINES_KEPT
