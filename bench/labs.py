"""Labs to measure: their topology files, brought up by the command that people use."""

import http.client
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import START_LIMIT_SECONDS, BenchError, read_ssh_banner
from leaselab.testbed.lab import Lab

SERVER = "vls1"
RESERVED = 10
"""Users reserved for each gateway, so that each leases as soon as it is up."""

SERVED_WITHIN_SECONDS = 10


def topology(name: str, gateways: int, *, renewal_interval: str = "6h") -> str:
    """Return the file of a lab with one Virtual License Server and so many gateways that lease from it."""
    users = max(1, gateways) * RESERVED
    lines = [
        f"name: {name}",
        "release: 8.3R1",
        "clock: {start: 2018-01-01T00:00:00Z}",
        "cloud: {}",
        "nodes:",
        f"  {SERVER}:",
        "    kind: va-spe",
        "    boot: {accept-license: true, virtual-license-server: true, admin: {name: admin, password: admin123}}",
        f"    licenses: [LICENSE-SVR, CONSEC-{users}U-1YR]",
        "    license-server:",
        "      incremental-lease: 24h",
        f"      renewal-interval: {renewal_interval}",
    ]
    counts = f"concurrent-users: {{reserved: {RESERVED}, increment: {RESERVED}, maximum: {RESERVED * 2}}}"
    if gateways:
        lines.append("      clients:")
    lines += [
        f"        GW{n}: {{node: gw{n}, password: secret{n}, features: {{{counts}}}}}" for n in range(1, gateways + 1)
    ]
    for n in range(1, gateways + 1):
        lines += [
            f"  gw{n}:",
            "    kind: psa3000",
            "    personality: pcs",
            "    boot: {accept-license: true, admin: {name: admin, password: admin123}}",
            f"    license-client: {{server: {SERVER}, id: GW{n}, password: secret{n}}}",
        ]
    return "\n".join(lines) + "\n"


def server_with_clients(name: str, clients: int) -> str:
    """Return the file of a lab that is one license server with so many client records."""
    features = "features: {concurrent-users: {reserved: 1, increment: 1, maximum: 10}}"
    counts = f"platform: psa3000, product: pcs, password: secret, {features}"
    return "\n".join(
        [
            f"name: {name}",
            "clock: {start: 2018-01-01T00:00:00Z}",
            "nodes:",
            f"  {SERVER}:",
            "    kind: psa7000c",
            "    boot: {accept-license: true, admin: {name: admin, password: admin123}}",
            f"    licenses: [CONSEC-{clients}U-1YR]",
            "    license-server:",
            "      clients:",
            f"        GW{{n}}: {{count: {clients}, {counts}}}",
            "",
        ]
    )


@contextmanager
def up(name: str, text: str, work: Path, *, runtime: str = "embedded") -> Iterator[tuple[Lab, float]]:
    """Bring a lab up with ``leaselab up``, give it and the seconds that took, and take it down again."""
    os.environ["LEASELAB_HOME"] = str(work / "home")
    file = work / f"{name}.yml"
    file.write_text(text)
    began = time.perf_counter()
    run = subprocess.run(
        [
            Path(sys.executable).with_name("leaselab"),
            "up",
            file,
            "--runtime",
            runtime,
            "--timeout",
            str(START_LIMIT_SECONDS),
        ],
        capture_output=True,
        text=True,
        timeout=START_LIMIT_SECONDS,
        check=False,
    )
    seconds = time.perf_counter() - began
    if run.returncode:
        raise BenchError(f"leaselab up ended with {run.returncode}: {run.stderr[-500:].strip()}")
    lab = Lab.attach(name)
    try:
        yield lab, seconds
    finally:
        lab.down()


def check_served(lab: Lab) -> None:
    """Prove that each node is what the figure says: booted, serving SSH, HTTPS and metrics, its gateways leased.

    Raises:
        BenchError: one is not; the figure then does not count.
    """
    trust = ssl.create_default_context(cadata=lab.plan.authority_certificate)
    trust.check_hostname = False  # the certificates name nodes; we connect by address
    for node in lab.status().nodes:
        address, ports = node.addresses["internal"], node.ports
        if node.phase != "ready" or not node.provisioned:
            raise BenchError(f"{node.name} is {node.phase}, provisioned: {node.provisioned}; {node.failure}")
        secure = http.client.HTTPSConnection(address, ports["https"], timeout=SERVED_WITHIN_SECONDS, context=trust)
        secure.request("GET", "/")
        secure.getresponse().read()
        secure.close()
        if node.kind == "cloud":
            continue
        read_ssh_banner(address, ports["ssh"])
        plain = http.client.HTTPConnection(address, ports["metrics"], timeout=SERVED_WITHIN_SECONDS)
        plain.request("GET", "/metrics")
        if b"leaselab_" not in plain.getresponse().read():
            raise BenchError(f"{node.name} serves no metrics of ours")
        plain.close()
        leased = lab[node.name].leased("concurrent-users")
        if node.name != SERVER and leased != RESERVED:
            raise BenchError(f"{node.name} has leased {leased}, not {RESERVED}")
