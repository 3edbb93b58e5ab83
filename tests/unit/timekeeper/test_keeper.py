"""The lab's clock: one grant at a time, how far it is, and what stops it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from leaselab.appliance.instants import DAY, HOUR, LAST, NEVER, SECOND, parse_instant
from leaselab.testbed.timekeeper.keeper import Advance, ClockError, StalledError, Timekeeper

START = parse_instant("2018-01-01T00:00:00Z")


class Sleeper:
    """A node that wakes every so often; ``act`` is what it does then."""

    def __init__(self, every: int = HOUR, act: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.every = every
        self.act = act
        self.woke: list[int] = []
        self.shown = 0

    async def grant(self, to: int) -> int:
        self.woke.append((to - START) // HOUR)
        if self.act:
            await self.act(to)
        return to + self.every

    async def observe(self, at: int) -> None:
        self.shown = at


class Frozen(Sleeper):
    """A node that somebody has frozen from outside."""

    frozen = True

    async def observe(self, at: int) -> None:
        if self.frozen:
            await asyncio.Event().wait()
        await super().observe(at)


@asynccontextmanager
async def keeping(**settings: Any) -> AsyncIterator[Timekeeper]:
    keeper = Timekeeper(START, **settings)
    try:
        yield keeper
    finally:
        await keeper.close()


async def test_an_advance_wakes_every_node_in_its_time_and_ends_where_it_was_sent() -> None:
    async with keeping() as keeper:
        hourly, rare = Sleeper(), Sleeper(3 * HOUR)
        keeper.register("a", hourly, START + HOUR)
        keeper.register("b", rare, START + 3 * HOUR)

        run = await keeper.advance(START + 6 * HOUR + 1)

        assert (hourly.woke, rare.woke) == ([1, 2, 3, 4, 5, 6], [3, 6])
        assert run == Advance(start=START, to=run.to, now=run.to, grants=8, state="ready")
        assert keeper.now == hourly.shown == rare.shown == START + 6 * HOUR + 1


async def test_what_a_grant_causes_elsewhere_is_known_before_the_next_grant() -> None:
    async with keeping() as keeper:
        server = Sleeper(NEVER - START)

        async def call(to: int) -> None:
            await asyncio.sleep(0)
            keeper.wakes("server", to + 1)

        client = Sleeper(act=call)
        keeper.register("client", client, START + HOUR)
        keeper.register("server", server, NEVER)

        await keeper.advance(START + 2 * HOUR)

        assert client.woke == [1, 2]
        assert server.woke == [1]  # one millisecond after the first call; after the second one time stands


async def test_grants_never_overlap() -> None:
    async with keeping() as keeper:
        under_way: list[str] = []

        def slowly(name: str) -> Callable[[int], Awaitable[None]]:
            async def act(_to: int) -> None:
                assert under_way == []
                under_way.append(name)
                await asyncio.sleep(0.001)
                under_way.remove(name)

            return act

        for name in ("a", "b", "c"):
            keeper.register(name, Sleeper(act=slowly(name)), START + HOUR)
        await asyncio.gather(keeper.advance(START + 2 * HOUR), keeper.advance(START + 3 * HOUR))

        assert keeper.now == START + 3 * HOUR


async def test_time_does_not_go_back() -> None:
    async with keeping() as keeper:
        await keeper.advance(START + HOUR)

        with pytest.raises(ClockError, match="the lab is at 2018-01-01T01:00:00Z already"):
            await keeper.advance(START)


async def test_time_ends_before_the_years_that_no_date_has() -> None:
    async with keeping() as keeper:
        with pytest.raises(
            ClockError, match="goes up to 9000-01-01T00:00:00Z; it is 2018-01-01T00:00:00Z and stays so"
        ):
            await keeper.advance(LAST + 1)

        await keeper.advance(LAST)
        assert keeper.now == LAST


async def test_a_node_that_does_not_take_the_time_in_is_named_and_holds_nobody_up_for_ever() -> None:
    async with keeping(grant_limit=0.05) as keeper:
        gateway = Frozen()
        keeper.register("gw1", gateway, NEVER)
        with pytest.raises(StalledError, match=r"01-02T00:00:00Z: gw1 did not take the time in within 0.05 s"):
            await keeper.advance(START + DAY)

        gateway.frozen = False
        assert (await keeper.advance(START + 2 * DAY)).state == "ready"


async def test_a_grant_that_hangs_stalls_the_advance_and_is_not_skipped() -> None:
    async with keeping(grant_limit=0.05) as keeper:
        hangs = True

        async def hang(_to: int) -> None:
            if hangs:
                await asyncio.Event().wait()

        gateway = Sleeper(act=hang)
        keeper.register("gw1", gateway, START + HOUR)
        with pytest.raises(StalledError, match=r"time stands at 2018-01-01T01:00:00Z: gw1 did not finish") as stalled:
            await keeper.advance(START + DAY)

        assert (stalled.value.node, stalled.value.at) == ("gw1", START + HOUR)
        assert keeper.last is not None
        assert (keeper.last.state, keeper.now) == ("stalled", START + HOUR)

        hangs = False
        await keeper.advance(START + 2 * HOUR)
        assert gateway.woke == [1, 1, 2]


async def test_a_grant_that_fails_stalls_the_advance_with_its_reason() -> None:
    events: list[tuple[str, dict[str, object]]] = []
    async with keeping(on_event=lambda kind, fields: events.append((kind, fields))) as keeper:

        async def fail(_to: int) -> None:
            raise RuntimeError("agenda entry 'renew' keeps coming due")

        keeper.register("gw1", Sleeper(act=fail), START + HOUR)
        with pytest.raises(StalledError, match="gw1 failed: agenda entry 'renew' keeps coming due"):
            await keeper.advance(START + DAY)

        assert [kind for kind, _ in events] == ["stalled"]


async def test_a_node_that_dies_within_its_grant_stalls_the_advance_and_time_goes_on_without_it() -> None:
    async with keeping() as keeper:

        async def die(_to: int) -> None:
            keeper.forget("gw1", why="died")
            await asyncio.Event().wait()

        other = Sleeper()
        keeper.register("gw1", Sleeper(act=die), START + HOUR)
        keeper.register("gw2", other, START + HOUR)
        with pytest.raises(StalledError, match="gw1 died"):
            await keeper.advance(START + 2 * HOUR)

        await keeper.advance(START + 2 * HOUR)
        assert other.woke == [1, 2]


async def test_a_storm_within_one_instant_is_an_error_that_names_the_node() -> None:
    async with keeping() as keeper:
        keeper.register("gw1", Sleeper(every=0), START + HOUR)

        with pytest.raises(ClockError, match=r"gw1: woke 1000 times at 2018-01-01T01:00:00Z"):
            await keeper.advance(START + DAY)


async def test_an_overdue_node_fires_now_and_the_event_log_says_so() -> None:
    events: list[tuple[str, dict[str, object]]] = []
    async with keeping(on_event=lambda kind, fields: events.append((kind, fields))) as keeper:
        await keeper.advance(START + 5 * HOUR)
        late = Sleeper()
        keeper.register("gw1", late, START + HOUR)

        await keeper.settle()

        assert late.woke == [5]
        assert keeper.now == START + 5 * HOUR
        assert events == [("overdue", {"node": "gw1", "due_at": START + HOUR})]


async def test_a_pause_stops_an_advance_where_it_is() -> None:
    async with keeping() as keeper:

        async def slowly(_to: int) -> None:
            await asyncio.sleep(0)

        keeper.register("gw1", Sleeper(act=slowly), START + HOUR)
        advance = asyncio.create_task(keeper.advance(START + 100_000 * HOUR))
        await asyncio.sleep(0.01)
        await keeper.pause()

        run = await advance
        assert run.state == "ready"
        assert START < run.now < run.to
        assert keeper.now == run.now


async def test_whoever_gives_up_waiting_stops_the_advance() -> None:
    async with keeping() as keeper:
        keeper.register("gw1", Sleeper(act=lambda _to: asyncio.sleep(0)), START + HOUR)
        advance = asyncio.create_task(keeper.advance(START + 100_000 * HOUR))
        await asyncio.sleep(0.01)
        advance.cancel()
        with pytest.raises(asyncio.CancelledError):
            await advance

        stands_at = keeper.now
        await asyncio.sleep(0.01)
        assert keeper.now == stands_at
        await keeper.advance(stands_at + HOUR)


async def test_progress_is_told_on_the_way() -> None:
    async with keeping() as keeper:
        keeper.register("gw1", Sleeper(), START + HOUR)
        seen: list[int] = []

        await keeper.advance(START + 200 * HOUR, on_progress=lambda run: seen.append(run.grants))

        assert seen == [64, 128, 192]


async def test_what_nodes_did_is_kept_before_an_advance_is_over() -> None:
    kept: list[int] = []

    async def keep() -> None:
        kept.append(keeper.now)

    keeper = Timekeeper(START, keep=keep)
    keeper.register("gw1", Sleeper(), START + HOUR)
    await keeper.advance(START + 2 * HOUR)
    await keeper.close()

    assert kept[-1] == START + 2 * HOUR


async def test_a_clock_with_a_rate_runs_by_itself_until_it_is_paused() -> None:
    async with keeping() as keeper:
        node = Sleeper(every=SECOND)
        keeper.register("gw1", node, START + SECOND)
        keeper.set_rate(3600)
        async with asyncio.timeout(5):
            while keeper.now < START + HOUR // 10:  # noqa: ASYNC110 - a clock that runs tells nobody
                await asyncio.sleep(0.01)
        await keeper.pause()

        stands_at = keeper.now
        await asyncio.sleep(0.12)
        assert keeper.now == stands_at
        assert keeper.rate == 0
        assert len(node.woke) == (stands_at - START) // SECOND


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e9])
async def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    async with keeping() as keeper:
        with pytest.raises(ClockError, match="is not above 0"):
            keeper.set_rate(rate)


async def test_a_real_clock_runs_from_the_start_and_takes_no_orders() -> None:
    async with keeping(real=True) as keeper:
        keeper.start()
        async with asyncio.timeout(5):
            while keeper.now == START:  # noqa: ASYNC110 - a clock that runs tells nobody
                await asyncio.sleep(0.01)

        assert keeper.rate == 1
        with pytest.raises(ClockError, match="real time and cannot be advanced"):
            await keeper.advance(keeper.now + DAY)
        with pytest.raises(ClockError, match="cannot be given a rate"):
            keeper.set_rate(2)
        with pytest.raises(ClockError, match="cannot be paused"):
            await keeper.pause()
