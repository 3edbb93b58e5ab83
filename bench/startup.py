"""Fifty gateways and their license server, from the call to all serving and leased, against FakeNOS and Mininet.

FakeNOS starts fifty devices that answer SSH with a canned command line; Mininet fifty empty hosts on one bridge. Each
is timed from calling its program to its word that all are up; that they are is proved afterwards, outside the time.
"""

from pathlib import Path
from statistics import median
from typing import Any

from bench import labs
from bench.peers.programs import fakenos, mininet

GATEWAYS = 50
ROUNDS = 3
MUST_RATIO = 1 / 6
"""Of FakeNOS's time."""


def take(work: Path) -> dict[str, Any]:
    """Return the figure; sides take turns, so that a slow moment hits all."""
    ours: list[float] = []
    devices: list[float] = []
    hosts: list[float] = []
    why_no_hosts = ""
    for number in range(ROUNDS):
        name = f"startup{number}"
        with labs.up(name, labs.topology(name, GATEWAYS), work) as (lab, seconds):
            labs.check_served(lab)
            ours.append(seconds)
        devices.append(fakenos(GATEWAYS, work).seconds)
        started = mininet(GATEWAYS, work)
        if isinstance(started, str):
            why_no_hosts = started
        else:
            hosts.append(started.seconds)
    ratio = median(ours) / median(devices)
    return {
        "what": f"seconds from `leaselab up` to {GATEWAYS} gateways and a license server serving and leased, embedded",
        "leaselab_seconds": ours,
        "fakenos_seconds": devices,
        "mininet_seconds": hosts or {"absent": why_no_hosts},
        "ratio_to_fakenos": ratio,
        "ratio_to_mininet": median(ours) / median(hosts) if hosts else None,
        "must": f"at most {MUST_RATIO:.3f} of FakeNOS",
        "goal": "no slower than Mininet",
        "holds": ratio <= MUST_RATIO,
        "reaches_goal": median(ours) <= median(hosts) if hosts else None,
    }
