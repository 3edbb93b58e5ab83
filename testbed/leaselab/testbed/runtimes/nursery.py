"""The parent of node processes: imports and warms everything once, freezes it, and forks a child a node.

Measured: 1.4 MiB and 10 ms a child, where a Python process of its own takes 32 MiB and half a second. It is one plain
loop without threads, so that forking is safe. It lives as long as the socket to the lab's host is open, and its
children as long as it does.

The other end of the socket is a :class:`~leaselab.appliance.adapters.control.Channel`. It asks ``{"config": …,
"store": …, "socket": …, "now": …}`` and is answered the child's process id; it is told of each child's end, and before
that of a rehearsal that failed. Before all else it sends ``{"log": FILE}``, where output goes from then on.
"""

import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

_PR_SET_PDEATHSIG: Final = 1


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies; end at once if that has happened already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class Nursery:
    """Forks and reaps.

    Args:
        line: the socket to the host.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._children: set[int] = set()
        self._wakeup, self._bell = socket.socketpair()
        self._buffer = b""

    def run(self) -> None:
        """Serve the host until it hangs up."""
        self._bell.setblocking(False)
        signal.set_wakeup_fd(self._bell.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(self._line, selectors.EVENT_READ)
        selector.register(self._wakeup, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is self._wakeup:
                    self._wakeup.recv(4096)
                    self._reap()
                elif not self._listen():
                    return

    def _listen(self) -> bool:
        text = self._line.recv(65536)
        if not text:
            return False
        *lines, self._buffer = (self._buffer + text).split(b"\n")
        for line in lines:
            message = msgspec.json.decode(line, type=dict[str, Any])
            if "log" in message:
                log_to(message["log"])
            elif "ask" in message:
                _say(self._line, {"id": message["id"], "answer": {"pid": self._fork(message["ask"])}})
        return True

    def _fork(self, order: dict[str, Any]) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                die_with(parent)
                self._forget()
                status = live(order)
            finally:
                os._exit(status)
        self._children.add(pid)
        return pid

    def _forget(self) -> None:
        """Drop, in a child, what is the parent's alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for own in (self._line, self._wakeup, self._bell):
            own.close()

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            tell(self._line, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def tell(line: socket.socket, news: dict[str, Any]) -> None:
    """Tell the host what it has not asked for."""
    _say(line, {"id": 0, "ask": news})


def _say(line: socket.socket, message: dict[str, Any]) -> None:
    line.sendall(msgspec.json.encode(message) + b"\n")


def log_to(path: str) -> None:
    """Send all output to a file, and let go of the terminal or pipe of whoever started this process."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (sys.stdout, sys.stderr):
        os.dup2(descriptor, standard.fileno())
    os.close(descriptor)


def live(order: dict[str, Any]) -> int:
    """Be one node until the lab hangs up; return the exit status."""
    from leaselab.appliance.alone import run_node

    return run_node(
        Path(order["config"]), store=Path(order["store"]), socket_path=Path(order["socket"]), now=order["now"]
    )


def warm() -> str:
    """Import and build once what every child would build for itself; return why not all of it was, or nothing."""
    import leaselab.appliance.alone  # noqa: F401 - what a child lives by is not to be imported in each of them
    from leaselab.appliance.main import warm as build

    build()
    why = rehearsed()
    gc.collect()
    gc.freeze()
    return why


def rehearsed() -> str:
    """Live a node's life in brief; return why that failed. Children are larger then, and no worse."""
    from leaselab.appliance.adapters.wire.loop import run_loop
    from leaselab.testbed.runtimes.rehearsal import rehearse

    try:
        run_loop(rehearse())
    except OSError as error:
        return str(error)
    return ""


def main() -> None:
    """Run as ``python -m leaselab.testbed.runtimes.nursery DESCRIPTOR PARENT``."""
    descriptor, parent = (int(word) for word in sys.argv[1:3])
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the host's to judge
    why = warm()
    with socket.socket(fileno=descriptor) as line:
        if why:
            tell(line, {"unrehearsed": why})
        Nursery(line).run()


if __name__ == "__main__":
    main()
