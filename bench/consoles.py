"""Consoles in number: a thousand idle ones in one lab, a hundred logins at once, and what one costs in memory.

The client is asyncssh in this process, the same for all sides. Logins take turns with OpenSSH's sshd, so that a slow
moment hits both; a login is over when the session's first output is there. FakeNOS's and sshd's memory is the growth of
all their processes over a hundred connections.
"""

import asyncio
import contextlib
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import asyncssh

from bench import labs
from bench.measure import BenchError, child, free_port, memory_bytes, wait_for_line, wait_for_port
from bench.peers.programs import FIRST_PORT, HERE, peers_python
from leaselab.testbed.lab import Lab

NODES = 50
CONSOLES = 1_000
IDLE_SECONDS = 20
ECHOES = 500
ECHO_SEATS = 20
"""Sessions of sshd's that a key is typed at in turn: as many as sit at one of our consoles."""

AT_ONCE = 100
ROUNDS = 3
CONNECTING = 25
"""Connections made side by side where only their number counts."""

WITHIN_SECONDS = 120
MUST_CORE_SHARE = 0.05
MUST_ECHO_SECONDS = 0.020
MUST_LOGIN_RATIO = 0.5
SSHD = "/usr/sbin/sshd"


@dataclass(frozen=True)
class Door:
    """Where to log in, and as whom."""

    address: str
    port: int
    login: dict[str, Any]


@dataclass
class Seat:
    """A session somebody sits at."""

    connection: asyncssh.SSHClientConnection
    process: asyncssh.SSHClientProcess[bytes]

    async def output(self) -> bytes:
        """Return what comes next."""
        data: bytes = await self.process.stdout.read(65_536)
        if not data:
            raise BenchError("a console hung up")
        return data

    async def close(self) -> None:
        """Leave."""
        self.connection.abort()
        await self.connection.wait_closed()


def take(work: Path) -> dict[str, Any]:
    """Return the figure."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with labs.up("consoles", labs.topology("consoles", NODES), work) as (lab, _seconds):
        idle = asyncio.run(_idle(lab))
        logins = asyncio.run(_logins(lab, work))
    ratio = median(logins["leaselab"]) / median(logins["sshd"])
    memory = {
        "leaselab": idle.pop("bytes_a_connection"),
        "openssh": logins["sshd_bytes"] / AT_ONCE,
        "fakenos": asyncio.run(_fakenos_bytes(work)) / AT_ONCE,
    }
    return {
        "what": f"{CONSOLES} idle consoles of {NODES} gateways, embedded; {AT_ONCE} logins at once",
        **idle,
        "openssh_echo_p99_seconds": _p99(logins["sshd_echoes"]),
        "login_seconds": {"leaselab": logins["leaselab"], "openssh": logins["sshd"]},
        "login_ratio": ratio,
        "bytes_a_connection": memory,
        "must": f"at most {MUST_CORE_SHARE:.0%} of a core, {MUST_ECHO_SECONDS * 1_000:g} ms at the 99th percentile of "
        f"an echo, {MUST_LOGIN_RATIO} of sshd's time",
        "holds": idle["core_share"] <= MUST_CORE_SHARE
        and idle["echo_p99_seconds"] <= MUST_ECHO_SECONDS
        and ratio <= MUST_LOGIN_RATIO,
        "reaches_goal": memory["leaselab"] <= min(memory["openssh"], memory["fakenos"]),
    }


async def _idle(lab: Lab) -> dict[str, Any]:
    """Attach to all consoles, let them be, then type at some."""
    host = lab.status().pid
    doors = _doors(lab)
    before = memory_bytes(host)["pss"]
    seats = await _in_number([doors[number % len(doors)] for number in range(CONSOLES)])
    try:
        await asyncio.sleep(1)
        grown = memory_bytes(host)["pss"] - before
        began, spent = time.perf_counter(), _cpu_seconds(host)
        await asyncio.sleep(IDLE_SECONDS)
        share = (_cpu_seconds(host) - spent) / (time.perf_counter() - began)
        echoes = sorted(await _echoes(seats, nodes=len(doors)))
    finally:
        await asyncio.gather(*(seat.close() for seat in seats))
    return {
        "core_share": share,
        "echo_median_seconds": median(echoes),
        "echo_p99_seconds": _p99(echoes),
        "bytes_a_connection": grown / CONSOLES,
    }


def _p99(times: list[float]) -> float:
    """Return the 99th percentile of times in their order."""
    return times[int(len(times) * 0.99)]


async def _echoes(seats: list[Seat], *, nodes: int) -> list[float]:
    """Return how long a key takes to show where it was typed, at one console after the other."""
    for seat in seats[:nodes]:
        seat.process.stdin.write(b"\r")  # from the idle line to the menu, at each node once
    await asyncio.sleep(2)
    times = []
    for number in range(ECHOES):
        seat = seats[number * 7 % len(seats)]
        with contextlib.suppress(TimeoutError):
            while True:  # what the others at this node have typed
                await asyncio.wait_for(seat.output(), 0.001)
        began = time.perf_counter()
        seat.process.stdin.write(b"x")
        shown = await seat.output()
        times.append(time.perf_counter() - began)
        if shown != b"x":
            raise BenchError(f"a console echoed {shown!r}")
        seat.process.stdin.write(b"\x7f")
        await asyncio.sleep(0.005)
    return times


async def _logins(lab: Lab, work: Path) -> dict[str, Any]:
    """Log in a hundred times at once, at our consoles and at sshd in turn."""
    ours = _doors(lab)
    times: dict[str, Any] = {"leaselab": [], "sshd": []}
    with _sshd(work) as (door, pids):
        before = _pss(pids())
        for number in range(ROUNDS + 1):
            for side, doors in (("leaselab", ours), ("sshd", [door])):
                began = time.perf_counter()
                seats = await asyncio.gather(*(_sit_down(doors[n % len(doors)]) for n in range(AT_ONCE)))
                if number:  # the first round only warms both up
                    times[side].append(time.perf_counter() - began)
                elif side == "sshd":
                    times["sshd_bytes"] = _pss(pids()) - before
                await asyncio.gather(*(seat.close() for seat in seats))
                await asyncio.sleep(0.5)
        seats = await _in_number([door] * ECHO_SEATS)
        times["sshd_echoes"] = sorted(await _echoes(seats, nodes=0))
        await asyncio.gather(*(seat.close() for seat in seats))
    return times


async def _fakenos_bytes(work: Path) -> int:
    """Return what a hundred connections to one FakeNOS device add to its process."""
    log = work / "fakenos.log"
    with child([str(peers_python()), str(HERE / "fakenos_devices.py"), "1", str(FIRST_PORT)], log=log) as process:
        wait_for_line(process, "ready", log=log)
        door = Door("127.0.0.1", FIRST_PORT, {"username": "user", "password": "user", "client_keys": None})
        before = memory_bytes(process.pid)["pss"]
        seats = await _in_number([door] * AT_ONCE)
        await asyncio.sleep(1)
        grown = memory_bytes(process.pid)["pss"] - before
        await asyncio.gather(*(seat.close() for seat in seats))
    return grown


# --- the client ------------------------------------------------------------------------------------------------------


def _doors(lab: Lab) -> list[Door]:
    login = {"username": "console", "client_keys": [asyncssh.import_private_key(lab.plan.console_key)]}
    nodes = [node for node in lab.status().nodes if node.kind != "cloud"]
    return [Door(node.addresses["internal"], node.ports["ssh"], login) for node in nodes]


async def _sit_down(door: Door) -> Seat:
    """Log in and wait for the first output."""
    connection = await asyncssh.connect(
        door.address,
        door.port,
        known_hosts=None,
        config=None,
        agent_path=None,
        login_timeout=WITHIN_SECONDS,
        **door.login,
    )
    process = await connection.create_process(term_type="vt100", encoding=None)
    seat = Seat(connection, process)
    await asyncio.wait_for(seat.output(), WITHIN_SECONDS)
    return seat


async def _in_number(doors: list[Door]) -> list[Seat]:
    """Sit down at each door, some at once."""
    at_once = asyncio.Semaphore(CONNECTING)

    async def sit_down(door: Door) -> Seat:
        async with at_once:
            return await _sit_down(door)

    return await asyncio.gather(*map(sit_down, doors))


# --- the other side --------------------------------------------------------------------------------------------------


@contextmanager
def _sshd(work: Path) -> Iterator[tuple[Door, Callable[[], list[int]]]]:
    """Run OpenSSH's server, which says a word to whoever logs in; give where, and its processes by then."""
    if shutil.which(SSHD) is None:
        raise BenchError("sshd is not installed (Debian: apt-get install openssh-server)")
    folder, port = work / "sshd", free_port()
    folder.mkdir(mode=0o700)
    client, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(str(folder / "host"))
    (folder / "host").chmod(0o600)
    client.write_public_key(str(folder / "authorized"))
    words = [SSHD, "-D", "-e", "-f", "/dev/null", "-h", str(folder / "host"), "-p", str(port)]
    options = {
        "ListenAddress": "127.0.0.1",
        "AuthorizedKeysFile": str(folder / "authorized"),
        "StrictModes": "no",
        "UsePAM": "no",
        "MaxStartups": "500",
        "MaxSessions": "500",
        "PidFile": "none",
        "ForceCommand": "echo ready; exec cat",
        "PermitRootLogin": "yes",
    }
    for name, value in options.items():
        words += ["-o", f"{name}={value}"]
    Path("/run/sshd").mkdir(exist_ok=True)  # where it shuts itself in before anybody has logged in
    with child(words, log=work / "sshd.log") as process:
        wait_for_port(port)
        login = {"username": os.environ.get("USER") or "root", "client_keys": [client]}
        try:
            yield Door("127.0.0.1", port, login), lambda: _family(process.pid)
        finally:
            process.terminate()


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it but the programs that its sessions run."""
    found = [pid]
    for process in found:
        listing = subprocess.run(["pgrep", "-P", str(process), "sshd"], capture_output=True, text=True, check=False)
        found += [int(each) for each in listing.stdout.split()]
    return found


def _pss(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, KeyError):  # gone meanwhile
            total += memory_bytes(pid)["pss"]
    return total


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
