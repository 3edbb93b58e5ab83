"""Ten days of twenty gateways that renew each hour, against as many bare HTTPS exchanges.

The floor is what the wire alone costs: one event loop, the same sort of certificate, kept connections, one request
after another, an answer of fixed bytes and nothing decided or stored.
"""

import asyncio
import ssl
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench import labs
from bench.measure import BenchError
from bench.peers.programs import write_certificate

GATEWAYS = 20
DAYS = 10
ROUNDS = 3
RENEWALS = GATEWAYS * DAYS * 24
MUST_SECONDS = 5.0
GOAL_SECONDS = 2.0

BODY = b"x" * 400
"""About what a renewal and its answer weigh."""

REQUEST = b"POST / HTTP/1.1\r\nhost: floor\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


def take(work: Path) -> dict[str, Any]:
    """Return the figure; each round advances the same lab by ten more days."""
    seconds: list[float] = []
    renewals: list[int] = []
    grants: list[int] = []
    floor: list[float] = []
    with labs.up("advance", labs.topology("advance", GATEWAYS, renewal_interval="1h"), work) as (lab, _seconds):
        labs.check_served(lab)
        for _ in range(ROUNDS):
            before = lab[labs.SERVER].report().counters.get("renewals", 0)
            began = time.perf_counter()
            grants.append(lab.clock.advance(days=DAYS).grants)
            seconds.append(time.perf_counter() - began)
            renewals.append(lab[labs.SERVER].report().counters.get("renewals", 0) - before)
            floor.append(asyncio.run(exchanges(RENEWALS, work)))
        labs.check_served(lab)
    if min(renewals) < RENEWALS:
        raise BenchError(f"{min(renewals)} renewals in {DAYS} days where {RENEWALS} were due")
    return {
        "what": f"seconds of `time advance {DAYS}d` on {GATEWAYS} gateways with a renewal each hour, embedded",
        "leaselab_seconds": seconds,
        "renewals": renewals,
        "grants": grants,
        "floor_seconds": floor,
        "ratio_to_floor": median(seconds) / median(floor),
        "must": f"at most {MUST_SECONDS} s",
        "goal": f"{GOAL_SECONDS} s",
        "holds": median(seconds) <= MUST_SECONDS,
        "reaches_goal": median(seconds) <= GOAL_SECONDS,
    }


async def exchanges(count: int, work: Path) -> float:
    """Return the seconds that so many exchanges take, one after another, over one kept connection a gateway."""
    certificate, key = write_certificate(work)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(len(REQUEST)):
            writer.write(ANSWER)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving) as server:
        port = server.sockets[0].getsockname()[1]
        lines = [await asyncio.open_connection("127.0.0.1", port, ssl=trusting) for _ in range(GATEWAYS)]
        began = time.perf_counter()
        for number in range(count):
            reader, writer = lines[number % GATEWAYS]
            writer.write(REQUEST)
            await reader.readexactly(len(ANSWER))
        seconds = time.perf_counter() - began
        for _reader, writer in lines:
            writer.close()
            await writer.wait_closed()
    return seconds
