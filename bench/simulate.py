"""A simulated year of a thousand gateways, and what an event costs as the fleet grows, against SimPy's bare timeouts.

Time is processor time: a simulation is one thread that waits for nothing. A *lease event* is what happened to one
lease (the reserved count or one increment of one client and feature): it was granted, renewed, given back, reclaimed,
or a client out of contact gave it to itself. What a server does counts once, not again where the client hears of it;
messages, sign-ins and the rest of the history are events and not lease events.
"""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import BenchError
from bench.peers.programs import simpy_timeouts

GATEWAYS, DAYS = 1_000, 365
MUST_SECONDS = 300
MUST_BYTES = 1 << 30
MUST_RATIO = 0.15
"""Lease events a second to SimPy's timeouts a second."""

FLEETS = {10: 700, 100: 70, 1_000: 7}
"""Gateways and days: as many gateway days each."""

MUST_SPREAD = 1.5
"""Of the dearest event to the cheapest, over the fleets."""


def take(work: Path) -> dict[str, Any]:
    """Return the figure; SimPy runs before and after, since processors change their pace."""
    floor = [simpy_timeouts(GATEWAYS)]
    year = run(GATEWAYS, DAYS, work)
    floor.append(simpy_timeouts(GATEWAYS))
    fleets = {gateways: run(gateways, days, work) for gateways, days in FLEETS.items()}
    a_second = year["lease_events"] / year["cpu_seconds"]
    costs = {gateways: 1e6 * each["cpu_seconds"] / each["events"] for gateways, each in fleets.items()}
    ratio, spread = a_second / median(floor), max(costs.values()) / min(costs.values())
    return {
        "what": f"{GATEWAYS} gateways for {DAYS} days, renewals each 6 h, office hours; CPU seconds in one process",
        "lease_event": "one lease granted, renewed, given back, reclaimed or auto-leased, by client and feature",
        "year": year,
        "events_a_second": year["events"] / year["cpu_seconds"],
        "lease_events_a_second": a_second,
        "simpy_timeouts_a_second": floor,
        "ratio_to_simpy": ratio,
        "microseconds_an_event_by_gateways": costs,
        "spread": spread,
        "must": f"{MUST_SECONDS} s, {MUST_BYTES >> 20} MiB, {MUST_RATIO} of SimPy, spread {MUST_SPREAD}",
        "holds": year["cpu_seconds"] <= MUST_SECONDS
        and year["peak_bytes"] <= MUST_BYTES
        and ratio >= MUST_RATIO
        and spread <= MUST_SPREAD,
    }


def run(gateways: int, days: int, work: Path) -> dict[str, Any]:
    """Simulate in a process of its own, so that one run's memory is not another's."""
    file = work / f"year{gateways}.yml"
    file.write_text(topology(gateways))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(simulated, file, days).result()


def simulated(file: Path, days: int) -> dict[str, Any]:
    """Simulate a file; return what came of it and what it took. Its coming up is in the time.

    Raises:
        BenchError: an invariant was broken; the figure then does not count.
    """
    from leaselab.appliance.instants import DAY
    from leaselab.testbed.simulation.run import simulate, simulated_plan
    from leaselab.testbed.topology.files import load

    plan = simulated_plan(load(file, {}))
    began, wall = time.process_time(), time.perf_counter()
    figures = simulate(plan, days * DAY, seed=7)
    if figures.broken_in_all:
        raise BenchError(f"{figures.broken_in_all} invariants were broken, the first: {figures.broken[0]}")
    return {
        "cpu_seconds": time.process_time() - began,
        "wall_seconds": time.perf_counter() - wall,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "events": figures.events,
        "lease_events": figures.lease_events,
        "leases": figures.leases,
        "messages": figures.messages,
        "sign_ins": figures.sign_ins,
        "checks": figures.checks,
        "digest": figures.digest,
    }


def topology(gateways: int) -> str:
    """Return the file of a lab with one Virtual License Server and so many gateways with users in office hours."""
    return f"""
name: year
release: 8.3R1
clock: {{start: 2018-01-01T00:00:00Z}}
cloud: {{}}
defaults:
  boot: {{accept-license: true, admin: {{name: admin, password: admin123}}}}
load:
  - {{office-hours: {{peak: 90, base: 5}}}}
nodes:
  vls1:
    kind: va-spe
    boot: {{virtual-license-server: true}}
    licenses: [LICENSE-SVR, CONSEC-{gateways * 100}U-3YR]
    license-server:
      incremental-lease: 24h
      renewal-interval: 6h
      clients:
        GW{{n}}:
          count: {gateways}
          node: gw{{n}}
          password: secret{{n}}
          features: {{concurrent-users: {{reserved: 20, increment: 10, maximum: 100}}}}
  gw{{n}}:
    count: {gateways}
    kind: psa3000
    license-client: {{server: vls1, id: "GW{{n}}"}}
"""
