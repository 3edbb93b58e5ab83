"""Processes that are surely the ones meant: a process id and the moment it started, as the kernel counts it.

A process id alone may belong to somebody else by now. Nothing here goes by a name.
"""

import os
import signal
import time
from pathlib import Path
from typing import Final

import msgspec

GRACE_SECONDS: Final = 5.0
"""Between asking a process to end and ending it."""

_POLL_SECONDS: Final = 0.01


class ProcessId(msgspec.Struct, frozen=True):
    """A process. ``started`` is field 22 of ``/proc/PID/stat``: clock ticks since the machine booted."""

    pid: int
    started: int


def identify(pid: int) -> ProcessId | None:
    """Return the identity of a running process; ``None`` if there is none, or it is dead and only not yet reaped.

    A process whose first thread is dead holds its files and locks until the last one is.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        threads = len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 - a count; no paths wanted
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold spaces and brackets
    if fields[0] in "ZX" and threads <= 1:
        return None
    return ProcessId(pid=pid, started=int(fields[19]))


def lives(process: ProcessId) -> bool:
    """Tell whether this very process still runs."""
    return identify(process.pid) == process


def send(process: ProcessId, number: signal.Signals) -> bool:
    """Send a signal to this very process; tell whether it was there to get it."""
    try:
        handle = os.pidfd_open(process.pid)  # pins the process, so that the check below still holds at the signal
    except ProcessLookupError:
        return False
    try:
        if not lives(process):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def end(process: ProcessId, *, grace: float = GRACE_SECONDS) -> None:
    """Ask this very process to end, wait, end it by force if it must be, and return when it has gone."""
    send(process, signal.SIGTERM)
    if not gone_within(process, grace):
        send(process, signal.SIGKILL)
        gone_within(process, GRACE_SECONDS)


def gone_within(process: ProcessId, seconds: float) -> bool:
    """Wait for a process to end; tell whether it did."""
    until = time.monotonic() + seconds
    while lives(process):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_SECONDS)
    return True
