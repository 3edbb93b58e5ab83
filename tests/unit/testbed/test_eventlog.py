"""The lab's own events: appended, read, followed."""

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest

from leaselab.appliance.instants import HOUR
from leaselab.testbed.eventlog import EventLog
from leaselab.testbed.views import LabEvent


async def read(log: EventLog, *, after: int = 0, follow: bool = False) -> list[LabEvent]:
    return [event async for event in log.read(after, follow=follow)]


async def test_an_event_has_its_number_both_times_and_what_is_said_of_it(tmp_path: Path) -> None:
    with contextlib.closing(EventLog(tmp_path, now=lambda: HOUR)) as log:
        log.add("power-on", "gw1")
        log.add("users", "gw1", signed_in=5)
        first, second = await read(log)

    assert (first.n, first.at, first.kind, first.node, first.fields) == (1, HOUR, "power-on", "gw1", {})
    assert (second.n, second.fields) == (2, {"signed_in": 5})
    assert first.wall.endswith("+00:00")
    assert log.counts == {"power-on": 1, "users": 1}


async def test_numbers_go_on_where_a_host_that_is_gone_left_off_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    with contextlib.closing(EventLog(tmp_path, now=lambda: 0)) as log:
        log.add("power-on")
        log.add("phase")
    whole = (tmp_path / "events.jsonl").read_bytes()
    (tmp_path / "events.jsonl").write_bytes(whole[:-5])  # the power went in the middle of the second

    with contextlib.closing(EventLog(tmp_path, now=lambda: 0)) as log:
        assert [event.n for event in await read(log)] == [1]
        assert log._last == 1


async def test_only_what_is_later_than_a_number_is_read(tmp_path: Path) -> None:
    with contextlib.closing(EventLog(tmp_path, now=lambda: 0)) as log:
        log.add("power-on")
        log.add("phase")
        log.add("up")

        assert [event.kind for event in await read(log, after=1)] == ["phase", "up"]


async def test_who_follows_hears_what_comes_until_the_log_is_closed(tmp_path: Path) -> None:
    log = EventLog(tmp_path, now=lambda: 0)
    log.add("power-on")
    following = asyncio.create_task(read(log, follow=True))
    await asyncio.sleep(0)
    log.add("stopped")
    await asyncio.sleep(0)
    log.close()

    async with asyncio.timeout(60):
        assert [event.kind for event in await following] == ["power-on", "stopped"]


class FullDisk:
    """A file on it."""

    def write(self, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        """Need nothing."""


async def test_a_full_disk_loses_the_event_and_not_the_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(EventLog(tmp_path, now=lambda: 0)) as log:
        with monkeypatch.context() as full:
            full.setattr(log, "_file", FullDisk())
            log.add("lost")
        log.add("up")

        assert [(event.n, event.kind) for event in await read(log)] == [(2, "up")]


async def test_a_log_that_was_removed_reads_as_empty(tmp_path: Path) -> None:
    with contextlib.closing(EventLog(tmp_path, now=lambda: 0)) as log:
        log.add("up")
        (tmp_path / "events.jsonl").unlink()

        assert await read(log) == []


def test_a_line_is_json_that_other_programs_read(tmp_path: Path) -> None:
    with contextlib.closing(EventLog(tmp_path, now=lambda: 0)) as log:
        log.add("fault", "gw1", fault="cut")

    (line,) = (tmp_path / "events.jsonl").read_bytes().splitlines()
    assert msgspec.json.decode(line)["fields"] == {"fault": "cut"}
