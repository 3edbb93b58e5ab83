"""What is in force when."""

from leaselab.appliance.instants import HOUR, NEVER
from leaselab.testbed.faults.book import Book
from leaselab.testbed.faults.kinds import Fault

CUT = Fault(kind="cut", between=("gw1", "vls1"))


def history(book: Book, until: int) -> list[tuple[int, str]]:
    """Let time pass; return when each fault began (its kind) and ended (its kind after a minus), in hours."""
    found = []
    while (now := book.next_at()) <= until:
        found += [(now // HOUR, f"{'' if change.begun else '-'}{change.entry.fault.kind}") for change in book.turn(now)]
    return found


def test_a_fault_without_a_time_begins_at_once_and_lasts_until_it_is_cleared() -> None:
    book = Book()
    entry = book.add(CUT, 7 * HOUR)

    assert history(book, 1_000 * HOUR) == [(7, "cut")]
    assert list(book.in_force()) == [CUT]
    assert [change.begun for change in book.clear([entry])] == [False]
    assert (list(book.in_force()), book.entries, book.next_at()) == ([], [], NEVER)


def test_a_fault_with_a_time_and_a_length_begins_and_ends_by_itself() -> None:
    book = Book()
    book.add(Fault(kind="kill", node="gw1", at=2 * HOUR, lasts=3 * HOUR), 0)

    assert history(book, 100 * HOUR) == [(2, "kill"), (5, "-kill")]
    assert book.entries == []


def test_a_fault_that_repeats_begins_at_even_distances() -> None:
    book = Book()
    book.add(Fault(kind="pause", node="gw1", at=HOUR, lasts=HOUR, every=10 * HOUR), 0)

    assert history(book, 25 * HOUR) == [
        (1, "pause"),
        (2, "-pause"),
        (11, "pause"),
        (12, "-pause"),
        (21, "pause"),
        (22, "-pause"),
    ]


def test_a_fault_that_happens_at_once_is_never_in_force() -> None:
    book = Book()
    book.add(Fault(kind="restart", node="gw1", every=HOUR), 0)

    assert history(book, 2 * HOUR) == [(0, "restart"), (1, "restart"), (2, "restart")]
    assert list(book.in_force()) == []


def test_a_clock_that_jumped_brings_one_beginning_not_all_those_missed() -> None:
    book = Book()
    book.add(Fault(kind="restart", node="gw1", every=HOUR), 0)

    assert len(list(book.turn(100 * HOUR + 1))) == 1
    assert book.next_at() == 101 * HOUR


def test_probability_is_drawn_from_the_seed_for_each_time() -> None:
    def times(seed: int) -> list[tuple[int, str]]:
        book = Book()
        book.add(Fault(kind="restart", node="gw1", every=HOUR, probability=0.5, seed=seed), 0)
        return history(book, 199 * HOUR)

    assert times(7) == times(7)
    assert times(7) != times(8)
    assert 60 < len(times(7)) < 140


def test_what_ends_goes_before_what_begins_at_the_same_instant() -> None:
    book = Book()
    book.add(Fault(kind="kill", node="gw1", at=2 * HOUR), 0)
    book.add(Fault(kind="pause", node="gw1", at=HOUR, lasts=HOUR), 0)

    assert history(book, 3 * HOUR) == [(1, "pause"), (2, "-pause"), (2, "kill")]


def test_a_fault_to_come_that_is_cleared_never_begins() -> None:
    book = Book()
    entry = book.add(Fault(kind="kill", node="gw1", at=2 * HOUR), 0)

    assert list(book.clear([entry])) == []
    assert history(book, 9 * HOUR) == []
