"""Fifty nodes that are a process each, then two hundred: how long until all are up and leased, what a process holds.

The parent of the nodes has imported and rehearsed everything before it forks; beside it stand as many bare Python
processes that have only imported the same program, which is what a node would be without that.
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench import labs
from bench.measure import BenchError, memory_bytes

NODES = 50
MANY = 200
MUST_BYTES = 12 << 20
BARE = "import leaselab.appliance.main as main, sys; main.warm(); print('ready', flush=True); sys.stdin.read()"


def take(work: Path) -> dict[str, Any]:
    """Return the figure: seconds from `leaselab up`, and the proportional set size of a node's process."""
    seconds, sizes = lab_of(NODES, work)
    many_seconds, many_sizes = lab_of(MANY, work)
    began = time.perf_counter()
    bare = bare_bytes(NODES)
    bare_seconds = time.perf_counter() - began
    return {
        "what": f"{NODES} gateways, a license server and the cloud, a process each: up, serving and leased; PSS a node",
        "leaselab_seconds": seconds,
        "leaselab_median_bytes_a_node": median(sizes),
        "leaselab_largest_bytes": max(sizes),
        f"leaselab_{MANY}_gateways_seconds": many_seconds,
        f"leaselab_{MANY}_gateways_median_bytes_a_node": median(many_sizes),
        "bare_python_seconds": bare_seconds,
        "bare_python_median_bytes": median(bare),
        "must": f"at most {MUST_BYTES} bytes a node",
        "holds": median(sizes) <= MUST_BYTES,
    }


def lab_of(gateways: int, work: Path) -> tuple[float, list[int]]:
    """Return how long a lab took until it was up, and what each of its nodes holds once all have served and leased."""
    name = f"processes{gateways}"
    with labs.up(name, labs.topology(name, gateways), work, runtime="process") as (lab, seconds):
        labs.check_served(lab)
        return seconds, [memory_bytes(node.pid)["pss"] for node in lab.status().nodes]


def bare_bytes(count: int) -> list[int]:
    """Return what so many Python processes hold that have imported a node's program, none forked from another.

    Raises:
        BenchError: one did not start.
    """
    command = [sys.executable, "-c", BARE]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise BenchError(f"{command!r} did not start")
        return [memory_bytes(process.pid)["pss"] for process in started]
    finally:
        for process in started:
            process.communicate(input="", timeout=30)
