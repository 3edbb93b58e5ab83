"""The line to a lab's host, with a host that says what it is told to."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leaselab.appliance.adapters.wire.unix import SocketAddress
from leaselab.testbed.errors import (
    CallError,
    LabGoneError,
    LeaselabError,
    NodeFailedError,
    Problem,
    TopologyError,
    UnknownNodeError,
)
from leaselab.testbed.hostline import HostLine, flatten, revive


@contextlib.contextmanager
def hosted(folder: Path, *answers: object) -> Iterator[tuple[HostLine, list[Any]]]:
    """Answer one request with these lines; yield the line to the host, and what it was asked."""
    asked: list[Any] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with SocketAddress(folder / "host.sock") as address:
            listener.bind(address)
        listener.listen()
        listener.settimeout(60)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as lines:
                asked.append(msgspec.json.decode(lines.readline()))
                for one in answers:
                    lines.write(msgspec.json.encode(one) + b"\n")

        host = threading.Thread(target=answer)
        host.start()
        try:
            yield HostLine("lab", folder / "host.sock"), asked
        finally:
            host.join(60)


def test_a_call_has_its_progress_and_then_its_answer(tmp_path: Path) -> None:
    progress: list[dict[str, Any]] = []
    with hosted(tmp_path, {"progress": {"node": "gw1"}}, {"progress": {"node": "gw2"}}, {"ok": {"grants": 8}}) as (
        line,
        asked,
    ):
        assert line.call("advance", on_progress=progress.append, seconds=60) == {"grants": 8}

    assert asked == [{"do": "advance", "seconds": 60}]
    assert progress == [{"node": "gw1"}, {"node": "gw2"}]


def test_progress_that_nobody_wants_to_hear_is_passed_over(tmp_path: Path) -> None:
    with hosted(tmp_path, {"progress": {}}, {"ok": None}) as (line, _):
        assert line.call("advance") is None


def test_a_stream_has_its_items_one_by_one(tmp_path: Path) -> None:
    with hosted(tmp_path, {"item": 1}, {"progress": {}}, {"item": 2}, {"ok": None}) as (line, _):
        assert list(line.stream("events")) == [1, 2]


def test_a_host_that_hangs_up_in_the_middle_is_gone(tmp_path: Path) -> None:
    with hosted(tmp_path, {"item": 1}) as (line, _):
        items = line.stream("events")
        assert next(items) == 1
        with pytest.raises(LabGoneError, match="the lab lab does not answer"):
            next(items)


def test_a_host_that_is_not_there_is_gone_and_the_hint_says_where_its_last_words_are(tmp_path: Path) -> None:
    with pytest.raises(LabGoneError) as caught:
        HostLine("lab", tmp_path / "host.sock").call("status")

    assert str(tmp_path / "host.log") in caught.value.hint


def test_an_error_of_the_host_is_the_same_error_here(tmp_path: Path) -> None:
    error = UnknownNodeError("the lab has no node gw9", hint="did you mean gw1?")
    with hosted(tmp_path, {"error": flatten(error)}) as (line, _), pytest.raises(UnknownNodeError) as caught:
        line.call("start", node="gw9")

    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == (error.message, error.hint, 2)


@pytest.mark.parametrize("kind", [LeaselabError, CallError, NodeFailedError])
def test_an_error_keeps_its_kind_on_the_way(kind: type[LeaselabError]) -> None:
    assert type(revive(flatten(kind("why", hint="what to do")))) is kind


def test_an_error_of_a_kind_that_cannot_be_made_here_is_a_plain_one() -> None:
    problems = TopologyError([Problem("lab.yml", 1, 1, "name", "is missing", "")])

    assert type(revive(flatten(problems))) is LeaselabError
    assert type(revive(flatten(problems) | {"type": "difflib"})) is LeaselabError
    assert revive(flatten(problems)).exit_code == 2
