"""What a lab has made, as its journal knows it; tests/integration/test_crash_safety.py kills labs over it."""

import contextlib
import subprocess
import sys
from pathlib import Path

from leaselab.testbed import journal, processes
from leaselab.testbed.journal import JOURNAL, Entry, Journal
from leaselab.testbed.processes import ProcessId


def test_what_was_announced_may_exist_until_it_is_gone(tmp_path: Path) -> None:
    with contextlib.closing(Journal(tmp_path)) as book:
        book.will_make("process", ["node gw1", "node gw2"])
        book.made_process("node gw1", ProcessId(pid=4711, started=5))
        book.gone("process", ["node gw2"])
        book.gone("path", [])

    entries = journal.read(tmp_path)

    written = [f"{entry.act} {entry.name}" for entry in entries]
    assert written == ["will node gw1", "will node gw2", "made node gw1", "gone node gw2"]
    assert journal.standing(entries) == {
        ("process", "node gw1"): Entry("made", "process", "node gw1", ProcessId(pid=4711, started=5)),
    }
    assert (tmp_path / JOURNAL).stat().st_mode & 0o777 == 0o600


def test_a_torn_last_line_is_cut_off_before_the_next_is_written(tmp_path: Path) -> None:
    with contextlib.closing(Journal(tmp_path)) as book:
        book.will_make("path", ["nodes"])
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"act":"will","kin')
    assert [entry.name for entry in journal.read(tmp_path)] == ["nodes"]

    with contextlib.closing(Journal(tmp_path)) as book:
        book.will_make("network", ["lab-internal"])

    assert [entry.name for entry in journal.read(tmp_path)] == ["nodes", "lab-internal"]


def test_a_lab_without_a_journal_has_made_nothing(tmp_path: Path) -> None:
    assert journal.read(tmp_path) == []
    assert journal.end_processes(tmp_path) == []


def test_the_process_that_is_named_is_ended_and_none_that_only_has_its_number(tmp_path: Path) -> None:
    ours, others = (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(2)
    )
    with ours, others, contextlib.closing(Journal(tmp_path)) as book:
        identity = processes.identify(ours.pid)
        assert identity is not None
        book.made_process("node gw1", identity)
        book.made_process("node gw2", ProcessId(pid=others.pid, started=identity.started - 1))
        book.will_make("process", ["node gw3"])

        assert journal.end_processes(tmp_path) == ["node gw1"]
        assert ours.wait(60) != 0
        assert others.poll() is None
        others.kill()
