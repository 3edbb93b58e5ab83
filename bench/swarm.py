"""Ten days of twenty gateways that renew each hour, on the engines of two machines in namespaces of this one.

Beside it stand as many bare HTTPS exchanges in one process, the floor of ``./run bench advance``: what a swarm adds is
a process a node, an overlay between the machines, and histories that cross it. Takes root and an engine with the image.
"""

import asyncio
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.swarm.hosts import swarm_of_two

from bench import labs
from bench.advance import DAYS, GATEWAYS, RENEWALS, exchanges
from bench.measure import BenchError

ROUNDS = 3
MUST_SECONDS = 20.0


def take(work: Path) -> dict[str, Any]:
    """Return the figure; each round advances the same lab by ten more days."""
    seconds: list[float] = []
    floor: list[float] = []
    usual = os.environ.get("DOCKER_HOST")
    with swarm_of_two() as (manager, _worker):
        os.environ["DOCKER_HOST"] = manager.address
        try:
            text = labs.topology("swarm", GATEWAYS, renewal_interval="1h")
            with labs.up("swarm", text, work, runtime="swarm") as (lab, up_seconds):
                labs.check_served(lab)
                for _ in range(ROUNDS):
                    before = lab[labs.SERVER].report().counters.get("renewals", 0)
                    began = time.perf_counter()
                    lab.clock.advance(days=DAYS)
                    seconds.append(time.perf_counter() - began)
                    renewals = lab[labs.SERVER].report().counters.get("renewals", 0) - before
                    if renewals < RENEWALS:
                        raise BenchError(f"{renewals} renewals in {DAYS} days where {RENEWALS} were due")
                    floor.append(asyncio.run(exchanges(RENEWALS, work)))
                labs.check_served(lab)
        finally:
            os.environ.pop("DOCKER_HOST")
            if usual is not None:
                os.environ["DOCKER_HOST"] = usual
    return {
        "what": f"seconds of `time advance {DAYS}d` on {GATEWAYS} gateways with a renewal each hour, two engines",
        "up_seconds": up_seconds,
        "leaselab_seconds": seconds,
        "floor_seconds": floor,
        "ratio_to_floor": median(seconds) / median(floor),
        "must": f"at most {MUST_SECONDS} s",
        "holds": median(seconds) <= MUST_SECONDS,
    }
