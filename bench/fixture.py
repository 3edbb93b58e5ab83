"""What the pytest fixture costs: a hundred small tests with a lab of three nodes each, against the same without labs.

Both suites run the same way (`-n 2`); the difference, shared out over the tests and workers, is the fixture's own cost.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench import labs
from bench.measure import START_LIMIT_SECONDS, BenchError

TESTS = 100
WORKERS = 2
ROUNDS = 3
MUST_SECONDS = 0.150

BARE = """
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    assert number >= 0
"""

WITH_LAB = """
import pytest

@pytest.mark.lab("small.yml")
@pytest.mark.parametrize("number", range({tests}))
def test_it(lab, number):
    assert lab["gw1"].leased("concurrent-users") == {leased}
"""


def take(work: Path) -> dict[str, Any]:
    """Return the figure; the two suites take turns."""
    os.environ["LEASELAB_HOME"] = str(work / "home")
    (work / "small.yml").write_text(labs.topology("small", gateways=1))
    suites = {"bare": BARE.format(tests=TESTS), "lab": WITH_LAB.format(tests=TESTS, leased=labs.RESERVED)}
    seconds: dict[str, list[float]] = {name: [] for name in suites}
    for _round in range(ROUNDS):
        for name, text in suites.items():
            seconds[name].append(suite_seconds(name, text, work))
    cost = (median(seconds["lab"]) - median(seconds["bare"])) * WORKERS / TESTS
    return {
        "what": f"seconds of a worker for the `lab` fixture of one test: three nodes up, leased, asked, down; {TESTS} "
        f"tests on {WORKERS} workers",
        "fixture_seconds": cost,
        "with_lab_seconds": seconds["lab"],
        "bare_pytest_seconds": seconds["bare"],
        "must": f"under {MUST_SECONDS} s",
        "holds": cost < MUST_SECONDS,
    }


def suite_seconds(name: str, text: str, work: Path) -> float:
    """Run a suite and return how long it took.

    Raises:
        BenchError: a test of it failed, so that the time means nothing.
    """
    file = work / f"test_{name}.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(WORKERS), str(file)]
    began = time.perf_counter()
    run = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=START_LIMIT_SECONDS, check=False)
    seconds = time.perf_counter() - began
    if f"{TESTS} passed" not in run.stdout:
        raise BenchError(f"pytest ended with {run.returncode}: {(run.stdout + run.stderr)[-500:].strip()}")
    return seconds
