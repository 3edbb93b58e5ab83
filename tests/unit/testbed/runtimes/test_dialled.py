"""Nodes that dial out to the lab: their first words, and what becomes of those that go by themselves."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from leaselab.appliance.adapters.control import Channel
from leaselab.testbed.errors import EngineError, GoneError, NodeFailedError
from leaselab.testbed.runtimes.dialled import DialledNode, Hello, Losses, first_words

LOOK_SECONDS = 0.01


async def nothing(_message: object) -> dict[str, object]:
    return {}


def a_hello() -> Hello:
    return Channel(nothing), {"next_due": 7, "now": 5}


def failure(*found: NodeFailedError | None) -> Callable[[], Awaitable[NodeFailedError | None]]:
    """Return who finds these, one after another, then the last again."""
    left = list(found)

    async def look() -> NodeFailedError | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return look


async def test_a_node_that_takes_its_time_is_waited_for() -> None:
    hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            hello.set_result(a_hello())

    _, words = await first_words(hello, look_seconds=LOOK_SECONDS, failure=look)

    assert (words["next_due"], looks) == (7, 3)


async def test_a_node_that_has_ended_without_a_word_is_said_to_have() -> None:
    hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()

    with pytest.raises(NodeFailedError, match="gw1: its container ended"):
        await first_words(
            hello, look_seconds=LOOK_SECONDS, failure=failure(None, NodeFailedError("gw1: its container ended"))
        )


async def test_what_a_node_said_itself_of_its_end_goes_before_what_the_engine_says() -> None:
    hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()

    async def look() -> NodeFailedError:
        asyncio.get_running_loop().call_soon(hello.set_exception, NodeFailedError("gw1: address in use"))
        return NodeFailedError("gw1: its container ended")

    with pytest.raises(NodeFailedError, match="address in use"):
        await first_words(hello, look_seconds=LOOK_SECONDS, failure=look)


class Loss:
    """A node in an engine that answers a question about its end as it is told to."""

    def __init__(self, cause: str | Exception, *, met: bool = True) -> None:
        self.node = DialledNode("gw1")
        if met:
            self.node.met(*a_hello())
        self.cause = cause
        self.told: list[tuple[str, str]] = []
        self.removed: list[str] = []
        self.losses = Losses[DialledNode](
            cause=self.find, remove=self.remove, tell=lambda node, why: self.told.append((node.name, why))
        )

    async def find(self, _node: DialledNode) -> str:
        if isinstance(self.cause, Exception):
            raise self.cause
        return self.cause

    async def remove(self, node: DialledNode) -> None:
        self.removed.append(node.name)


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        ("signal 9", "signal 9"),
        (GoneError("cannot wait for gw1: no such container"), "it was removed from the engine"),
        (EngineError("the engine does not answer"), "the engine does not answer"),
    ],
)
async def test_of_a_node_that_has_gone_by_itself_it_is_told_why_once_nothing_of_it_is_left(
    cause: str | Exception, why: str
) -> None:
    loss = Loss(cause)

    loss.losses.look_into(loss.node)
    await loss.losses.settled()

    assert (loss.removed, loss.told) == (["gw1"], [("gw1", why)])


async def test_a_node_that_was_never_up_or_is_being_stopped_is_no_loss() -> None:
    early, stopped = Loss("signal 9", met=False), Loss("signal 9")
    stopped.node.stopping = True

    for each in (early, stopped):
        each.losses.look_into(each.node)
        await each.losses.settled()

    assert [early.removed, early.told, stopped.removed, stopped.told] == [[], [], [], []]


async def test_a_node_that_is_stopped_while_its_end_is_looked_into_is_no_loss_either() -> None:
    loss = Loss("signal 9")
    loss.losses.look_into(loss.node)
    loss.node.stopping = True

    await loss.losses.settled()

    assert (loss.removed, loss.told) == (["gw1"], [])


async def test_what_the_engine_does_not_remove_is_told_all_the_same() -> None:
    loss = Loss("signal 9")

    async def refuse(_node: DialledNode) -> None:
        raise EngineError("the engine does not answer")

    losses = Losses[DialledNode](
        cause=loss.find, remove=refuse, tell=lambda node, why: loss.told.append((node.name, why))
    )
    losses.look_into(loss.node)
    await losses.settled()

    assert loss.told == [("gw1", "signal 9")]
