"""A history that the lab keeps: what is durable, what is fetched, what happens when the lab does not keep it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from leaselab.appliance.adapters import replica
from leaselab.appliance.adapters.control import Channel, ControlError
from leaselab.appliance.adapters.replica import ReplicaError, ReplicatedStore
from leaselab.testbed.runtimes.archive import Archive
from leaselab.testbed.runtimes.homes import Homes


class Line(Channel):
    """A channel that leads straight to an archive."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(self._nobody_asks)
        self.archive = archive
        self.messages = 0
        self.broken = False

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self.messages += 1
        await asyncio.sleep(0)
        if self.broken:
            raise ControlError("the disk is full")
        if question["event"] == "recall":
            return self.archive.recall(question["node"], question["after"])
        return await self.archive.keep(question["node"], question["acts"])

    async def _nobody_asks(self, question: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(question)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    archive = Archive(Homes(tmp_path))
    archive.open("gw1")
    return Line(archive)


async def fetched(line: Line) -> ReplicatedStore:
    return await ReplicatedStore.fetch(line, "gw1")


@pytest.mark.rule("LSE-12")
async def test_what_is_durable_is_there_for_the_next_machine(line: Line) -> None:
    store = await fetched(line)
    store.append("gw1", 7, [b'{"a":1}', b'{"b":2}'])
    await store.durable()
    store.append("gw1", 9, [b'{"c":3}'])  # its machine is lost before this is durable

    again = await fetched(line)

    assert list(again.history("gw1")) == [(1, 7, b'{"a":1}'), (2, 7, b'{"b":2}')]
    assert list(store.history("gw1", 1)) == [(2, 7, b'{"b":2}'), (3, 9, b'{"c":3}')]
    assert list(store.history("gw1", 0, 1)) == [(3, 9, b'{"c":3}')]
    line.archive.close_all()


async def test_those_who_wait_for_the_disk_at_once_share_a_message(line: Line) -> None:
    store = await fetched(line)
    before = line.messages
    store.append("gw1", 1, [b"1"])
    store.append("gw1", 2, [b"2"])

    await asyncio.gather(*(store.durable() for _ in range(10)))

    assert line.messages == before + 1
    line.archive.close_all()


async def test_a_restart_begins_at_the_latest_snapshot_and_an_erased_history_at_nothing(line: Line) -> None:
    store = await fetched(line)
    store.append("gw1", 1, [b"1"])
    store.snapshot("gw1", b"state")
    store.append("gw1", 2, [b"2"])
    await store.durable()

    state, events = (await fetched(line)).load("gw1")
    assert (state, list(events)) == (b"state", [(2, b"2")])

    store.erase("gw1")
    store.append("gw1", 3, [b"3"])
    await store.durable()
    state, events = (await fetched(line)).load("gw1")
    assert (state, list(events)) == (None, [(3, b"3")])
    line.archive.close_all()


async def test_a_long_history_comes_in_pages(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "PAGE", 2)
    monkeypatch.setattr("leaselab.testbed.runtimes.archive.PAGE", 2)
    store = await fetched(line)
    store.append("gw1", 1, [b"%d" % number for number in range(5)])
    await store.durable()

    again = await fetched(line)

    assert [body for _, _, body in again.history("gw1")] == [b"0", b"1", b"2", b"3", b"4"]
    line.archive.close_all()


async def test_a_lab_that_does_not_keep_what_it_is_told_stops_the_device(line: Line) -> None:
    store = await fetched(line)
    store.append("gw1", 1, [b"1"])
    line.broken = True

    with pytest.raises(ReplicaError, match="gw1: the disk is full"):
        await store.durable()
    line.broken = False
    with pytest.raises(ReplicaError):
        store.append("gw1", 2, [b"2"])
    with pytest.raises(ReplicaError):
        await store.durable()
    line.archive.close_all()


@pytest.mark.rule("VLS-09")
async def test_a_copy_of_a_machine_has_its_history_under_a_name_of_its_own(line: Line, tmp_path: Path) -> None:
    store = await fetched(line)
    store.append("gw1", 7, [b'{"a":1}'])
    await store.durable()

    Homes(tmp_path).copy("gw1", "gw1-clone")
    line.archive.open("gw1-clone")

    copied = await ReplicatedStore.fetch(line, "gw1-clone")
    assert list(copied.history("gw1-clone")) == [(1, 7, b'{"a":1}')]
    line.archive.close_all()
