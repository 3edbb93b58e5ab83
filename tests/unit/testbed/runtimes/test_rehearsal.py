"""A node's life in brief, before the nursery forks."""

from leaselab.testbed.runtimes.rehearsal import rehearse


async def test_a_node_is_booted_and_shut_down_as_often_as_one_likes_and_nothing_stays_open() -> None:
    await rehearse()
    await rehearse()  # a socket or store left open by either is a warning, and warnings are errors here
