"""The parent of node processes as the lab's host holds it; what it does itself is in ``nursery.py``.

It takes a second to warm up, and needs not know whose nodes it will have. So a host that will need one starts it before
anything else, and both import what they need side by side.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from leaselab.testbed.files import explained

MALLOC: Final = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
"""For glibc in the parent and its children; other C libraries ignore it.

Left alone, glibc raises the first to the largest block freed: after one scrypt (1 MiB) such blocks come from the heap
and stay with the process. Measured, 12.9 MiB a node without and 11.9 with (docs/decisions/0014)."""

STOP_SECONDS: Final = 5.0
"""For it to end by itself once its line is closed; then it is killed."""


class Parent:
    """A nursery's process. To be made in a thread that lives as long as it shall: the kernel ends both together."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        with theirs, explained("start the parent of the nodes"):
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, and words of our own
                [sys.executable, "-m", "leaselab.testbed.runtimes.nursery", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=os.environ | MALLOC,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def log_to(self, path: Path) -> None:
        """Have it and its children write to a file from now on; until then they have this process's output."""
        self.line.sendall(json.dumps({"log": str(path)}).encode() + b"\n")

    def end(self, within_seconds: float = 0.0) -> int:
        """Close the line, unless whoever took it has; return the exit status. A process that does not end is killed."""
        self.line.close()
        try:
            return self._process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
