"""A node's life in brief, before the nursery forks."""

import pytest

from leaselab.testbed.runtimes.rehearsal import rehearse


async def test_a_node_is_booted_and_shut_down_as_often_as_one_likes_and_nothing_stays_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leaselab.testbed.runtimes.rehearsal.BOOT_SECONDS", 60)

    await rehearse()
    await rehearse()  # a socket or store left open by either is a warning, and warnings are errors here


async def test_a_node_that_takes_too_long_is_shut_down_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leaselab.testbed.runtimes.rehearsal.BOOT_SECONDS", 0)

    with pytest.raises(TimeoutError, match="a node had not booted within 0 s"):
        await rehearse()
