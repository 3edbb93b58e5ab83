"""The pool book against assignments searched for by brute force (SRV-07, LSE-10)."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaselab.appliance.licensing.pools import CLASSES, Pool, PoolBook

CLIENTS = range(len(CLASSES))

pools = st.lists(st.builds(Pool, units=st.integers(0, 9), serves=st.integers(0, 63)), max_size=6)
promises = st.lists(st.tuples(st.sampled_from(list(CLIENTS)), st.integers(1, 8)), max_size=8)


def most_served(pools: Iterable[Pool], demands: Iterable[int]) -> int:
    """Assign unit by unit along augmenting paths: the largest number of promised units that pools can cover."""
    supply = [(pool.serves, index) for index, pool in enumerate(pools) for _ in range(pool.units)]
    wanted = [group for group, units in enumerate(demands) for _ in range(units)]
    holder_of: dict[int, int] = {}

    def place(unit: int, seen: set[int]) -> bool:
        for slot, (serves, _) in enumerate(supply):
            if serves >> wanted[unit] & 1 and slot not in seen:
                seen.add(slot)
                if slot not in holder_of or place(holder_of[slot], seen):
                    holder_of[slot] = unit
                    return True
        return False

    return sum(place(unit, set()) for unit in range(len(wanted)))


def book_of(pools: list[Pool], promised: list[tuple[int, int]]) -> PoolBook:
    book = PoolBook()
    book.set_pools(pools)
    for group, units in promised:
        book.commit(group, units)
    return book


@pytest.mark.rule("SRV-07")
@given(pools=pools, promised=promises)
def test_available_is_exactly_how_much_more_some_assignment_can_serve(
    pools: list[Pool], promised: list[tuple[int, int]]
) -> None:
    book = book_of(pools, promised)
    served = most_served(pools, book.committed)

    assert book.shortfall() == book.promised() - served
    for group in CLIENTS:
        demands = list(book.committed)
        demands[group] += book.capacity()
        assert book.available(group) == most_served(pools, demands) - served


@pytest.mark.rule("SRV-07")
@pytest.mark.rule("LSE-10")
@given(pools=pools, asked=promises)
def test_what_is_granted_only_when_available_can_always_be_assigned(
    pools: list[Pool], asked: list[tuple[int, int]]
) -> None:
    book = book_of(pools, [])
    for group, units in asked:
        if units <= book.available(group):
            book.commit(group, units)

    assert book.shortfall() == 0
    assert most_served(pools, book.committed) == book.promised()


@pytest.mark.rule("AUT-01")
@given(pools=pools, promised=promises)
def test_what_is_left_untied_is_what_tied_pools_cannot_spare(
    pools: list[Pool], promised: list[tuple[int, int]]
) -> None:
    book = book_of(pools, promised)
    tied = [pool for pool in pools if pool.tied]
    carried_by_others = most_served(pools, book.committed) - most_served(tied, book.committed)

    assert book.untied_left() == sum(pool.units for pool in pools if not pool.tied) - carried_by_others


@given(pools=pools, promised=promises, later=pools)
def test_the_order_of_changes_leaves_no_trace(
    pools: list[Pool], promised: list[tuple[int, int]], later: list[Pool]
) -> None:
    book = book_of(pools, promised)
    book.set_pools(later)
    for group, units in promised:
        book.commit(group, units)
        book.commit(group, -units)

    assert book == book_of(later, promised)
    assert msgspec.json.decode(msgspec.json.encode(book), type=PoolBook) == book
