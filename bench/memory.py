"""What one more gateway costs in memory: the difference between 1 and 101 of them, against FakeNOS's devices."""

from pathlib import Path
from typing import Any

from bench import labs
from bench.measure import memory_bytes
from bench.peers.programs import fakenos

FEW, MANY = 1, 101
MUST_BYTES = 1 << 20


def take(work: Path) -> dict[str, Any]:
    """Return the figure: proportional set size, the program's base taken off."""
    ours = {count: lab_bytes(count, work) for count in (FEW, MANY)}
    theirs = {count: fakenos(count, work).memory["pss"] for count in (FEW, MANY)}
    a_gateway = (ours[MANY] - ours[FEW]) / (MANY - FEW)
    a_device = (theirs[MANY] - theirs[FEW]) / (MANY - FEW)
    return {
        "what": f"bytes (PSS) a gateway, embedded, from {FEW} to {MANY} gateways, all serving and leased",
        "leaselab_bytes_a_gateway": a_gateway,
        "leaselab_bytes": ours,
        "fakenos_bytes_a_device": a_device,
        "fakenos_bytes": theirs,
        "must": f"at most {MUST_BYTES} bytes",
        "goal": "no more than a FakeNOS device",
        "holds": a_gateway <= MUST_BYTES,
        "reaches_goal": a_gateway <= a_device,
    }


def lab_bytes(gateways: int, work: Path) -> int:
    """Return what the host of a lab with so many gateways holds once each has served and leased."""
    name = f"memory{gateways}"
    with labs.up(name, labs.topology(name, gateways), work) as (lab, _seconds):
        labs.check_served(lab)
        return memory_bytes(lab.status().pid)["pss"]
