"""The parent of node processes, before it has any; tests/contract/test_runtimes.py has its children."""

import asyncio
import contextlib
import socket
from functools import partial
from pathlib import Path

import pytest

from leaselab.appliance.adapters.control import Channel
from leaselab.appliance.instants import Instant
from leaselab.testbed.journal import Journal
from leaselab.testbed.runtimes.nursery import rehearsed, tell
from leaselab.testbed.runtimes.process import ProcessRuntime


def test_a_rehearsal_that_went_well_has_nothing_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaselab.testbed.runtimes.rehearsal.BOOT_SECONDS", 60)

    assert rehearsed() == ""


def test_why_a_rehearsal_failed_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaselab.testbed.runtimes.rehearsal.BOOT_SECONDS", 0)

    assert rehearsed() == "a node had not booted within 0 s"


class Watcher:
    """Hears one thing."""

    def __init__(self) -> None:
        self.heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def unrehearsed(self, why: str) -> None:
        self.heard.set_result(why)

    def wakes(self, node: str, next_due: Instant) -> None:
        raise AssertionError(f"there is no node {node} that could want to wake at {next_due}")

    def phase(self, node: str, phase: str, prompt: str) -> None:
        raise AssertionError(f"there is no node {node} that could be {phase} at {prompt!r}")

    def lost(self, node: str, why: str) -> None:
        raise AssertionError(f"there is no node {node} that could be lost: {why}")


async def test_the_lab_hears_why_a_rehearsal_failed(tmp_path: Path) -> None:
    watcher = Watcher()
    ours, theirs = socket.socketpair()
    with theirs, contextlib.closing(Journal(tmp_path)) as journal:
        runtime = ProcessRuntime(tmp_path, watcher, journal=journal)
        _, channel = await asyncio.get_running_loop().create_connection(partial(Channel, runtime._hear), sock=ours)
        tell(theirs, {"unrehearsed": "why"})

        async with asyncio.timeout(60):
            assert await watcher.heard == "why"
        channel.close()
