"""What every figure needs: bounded child processes, memory as the kernel counts it, and the load generator."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT_SECONDS = 120
"""No peer or lab that works takes longer to start; past it the figure is reported as failed."""

BANNER_LIMIT_SECONDS = 20


class BenchError(RuntimeError):
    """A figure could not be taken; the message goes into the JSON in its place."""


@dataclass(frozen=True)
class Load:
    """What the load generator saw in one round."""

    requests_a_second: float
    p99_ms: float
    errors: int


@contextmanager
def child(
    command: list[str], *, log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a program with a pipe in and out for the block's length, then end it (and only it)."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | (environment or {}),
        )
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait(timeout=30)
            if process.stdout:
                process.stdout.close()


def wait_for_line(process: subprocess.Popen[str], wanted: str, *, log: Path) -> None:
    """Return when the program has printed a line that begins so.

    Raises:
        BenchError: it ended first, with the end of what it said.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(wanted):
            return
    raise BenchError(f"{process.args!r} ended before it was ready: {log.read_text()[-500:].strip()}")


def wait_for_port(port: int, address: str = "127.0.0.1") -> None:
    """Return when something listens there.

    Raises:
        BenchError: nothing did in time.
    """
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, port)) == 0:
                return
        time.sleep(0.05)
    raise BenchError(f"nothing listened on {address}:{port} within {START_LIMIT_SECONDS} s")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_ssh_banner(address: str, port: int) -> str:
    """Return what an SSH server says first, which proves that it is one and that it answers."""
    with socket.create_connection((address, port), timeout=BANNER_LIMIT_SECONDS) as connection:
        banner = connection.recv(64).decode("ascii", "replace").strip()
    if not banner.startswith("SSH-2.0"):
        raise BenchError(f"{address}:{port} is no SSH server: it said {banner!r}")
    return banner


def memory_bytes(pid: int) -> dict[str, int]:
    """Return a process's proportional and resident set size, and the part that is its alone."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    private = kib["Private_Clean"] + kib["Private_Dirty"]
    return {"pss": kib["Pss"] * 1024, "rss": kib["Rss"] * 1024, "private": private * 1024}


def wrk(url: str, script: Path, *, connections: int, seconds: int, environment: dict[str, str] | None = None) -> Load:
    """Send requests over kept connections for a while.

    The script's ``done`` prints ``requests_a_second p99_us errors`` on a line that begins with ``result``.
    """
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    command += ["--timeout", "10s", "--script", str(script), url]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 60, env=os.environ | (environment or {}), check=False
    )
    found = re.search(r"^result ([\d.]+) ([\d.]+) (\d+)$", run.stdout, re.MULTILINE)
    if found is None:
        raise BenchError(f"wrk gave no result: {(run.stderr or run.stdout)[-500:].strip()}")
    rate, p99_us, errors = found.groups()
    return Load(requests_a_second=float(rate), p99_ms=float(p99_us) / 1_000, errors=int(errors))
