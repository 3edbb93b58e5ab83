"""Durable lease requests a second through a license server's HTTPS, against etcd's lease grant over TLS.

Both sides commit with full sync before they answer, on the same disk, and serve the same load generator over 64 kept
connections. Ours are requests of a thousand registered clients: each takes a few increments, then renews all it holds.
"""

import http.client
import json
import shutil
import ssl
from pathlib import Path
from statistics import median
from typing import Any

from bench import labs
from bench.measure import BenchError, Load, wrk
from bench.peers.programs import HERE as PEERS
from bench.peers.programs import etcd
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, Allocation, SaveClient
from leaselab.testbed.lab import Lab

CLIENTS = 1_000
INCREMENTS = 4
"""That a client takes before it only renews."""

CONNECTIONS = 64
ROUNDS = 3
SECONDS = 8
MUST_RATIO = 1.0
GOAL_RATIO = 1.5


def take(work: Path) -> dict[str, Any]:
    """Return the figure; the two sides take turns, and neither runs while the other is measured."""
    if shutil.which("wrk") is None:
        raise BenchError("wrk is not installed (Debian: apt-get install wrk)")
    text = labs.topology("leases", CLIENTS * (INCREMENTS + 1) // labs.RESERVED).split("      clients:\n")[0]
    with labs.up("leases", text, work) as (lab, _seconds), etcd(work) as etcd_url:
        clients = register_clients(lab, work)
        before = lab[labs.SERVER].report().counters
        ours: list[Load] = []
        theirs: list[Load] = []
        for number in range(ROUNDS):
            environment = {
                "LEASELAB_BENCH_CLIENTS": str(clients),
                "LEASELAB_BENCH_ROUND": str(number),
                "LEASELAB_BENCH_INCREMENTS": str(0 if number else INCREMENTS),
                "LEASELAB_BENCH_NOW": str(lab.clock.now),
            }
            script = Path(__file__).with_name("leases.lua")
            ours.append(wrk(url(lab), script, connections=CONNECTIONS, seconds=SECONDS, environment=environment))
            theirs.append(wrk(etcd_url, PEERS / "etcd.lua", connections=CONNECTIONS, seconds=SECONDS))
        after = lab[labs.SERVER].report().counters
    served = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
    check(ours, served)
    ratio = median(load.requests_a_second for load in ours) / median(load.requests_a_second for load in theirs)
    p99 = median(load.p99_ms for load in ours), median(load.p99_ms for load in theirs)
    return {
        "what": f"durable lease requests a second, HTTPS, full sync, {CONNECTIONS} kept connections, {CLIENTS} clients",
        "leaselab_requests_a_second": [load.requests_a_second for load in ours],
        "leaselab_p99_ms": [load.p99_ms for load in ours],
        "leaselab_served": served,
        "etcd_requests_a_second": [load.requests_a_second for load in theirs],
        "etcd_p99_ms": [load.p99_ms for load in theirs],
        "errors": {"leaselab": sum(load.errors for load in ours), "etcd": sum(load.errors for load in theirs)},
        "ratio_to_etcd": ratio,
        "must": f"at least {MUST_RATIO} of etcd, p99 no worse",
        "goal": f"{GOAL_RATIO} of etcd",
        "holds": ratio >= MUST_RATIO and p99[0] <= p99[1],
        "reaches_goal": ratio >= GOAL_RATIO and p99[0] <= p99[1],
    }


def url(lab: Lab) -> str:
    """Return where the license server's HTTPS is."""
    server = lab[labs.SERVER]
    return f"https://{server.address('internal')}:{server.ports['https']}"


def register_clients(lab: Lab, work: Path) -> Path:
    """Give the server its client records, register each over HTTPS, and write what the load generator needs."""
    server = lab[labs.SERVER]
    trust = ssl.create_default_context(cadata=lab.plan.authority_certificate)
    trust.check_hostname = False  # the certificate names the node; we connect by address
    line = http.client.HTTPSConnection(server.address("internal"), server.ports["https"], timeout=30, context=trust)
    rows: list[str] = []
    sent_at = lab.clock.now
    for number in range(CLIENTS):
        client, hardware = f"C{number}", f"BENCH{number:011d}"
        server.command(
            SaveClient(
                id=client,
                password="secret",
                password_again="secret",
                platform="psa3000",
                product="pcs",
                allocations={CONCURRENT_USERS: Allocation(reserved=1, increment=1, maximum=1 + INCREMENTS)},
            )
        )
        body = {
            "type": "register",
            "client_id": client,
            "hardware_id": hardware,
            "sent_at": sent_at,
            "request_id": f"register-{number}",
            "password": "secret",
            "platform": "psa3000",
            "personality": "pcs",
            "release": "8.3R1",
        }
        line.request("POST", "/licensing/v1/register", json.dumps(body), {"Content-Type": "application/json"})
        reply = json.loads(line.getresponse().read())
        if reply["type"] != "registered":
            raise BenchError(f"client {client} was not registered: {reply}")
        rows.append(f"{client} {hardware} {reply['token']}")
    line.close()
    clients = work / "clients.txt"
    clients.write_text("\n".join(rows) + "\n")
    return clients


def check(ours: list[Load], served: dict[str, int]) -> None:
    """Hold the server's own count of what it granted and renewed against what was sent: a refusal is no lease.

    Raises:
        BenchError: more was sent than was granted or renewed.
    """
    sent = sum(load.requests_a_second for load in ours) * SECONDS
    done = served.get("renewals", 0) + served.get("grants", 0)
    if done < sent * 0.98:
        raise BenchError(f"of about {sent:.0f} requests only {done} were granted or renewed: {served}")
