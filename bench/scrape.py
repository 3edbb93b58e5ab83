"""One scrape of a license server with a thousand clients, and one Prometheus that scrapes a hundred nodes."""

import http.client
import json
import os
import time
import urllib.parse
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from bench import labs
from bench.measure import BenchError
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.lab import Lab
from leaselab.testbed.prometheus.monitor import Monitor

CLIENTS = 1_000
ROUNDS = 30
MUST_SECONDS = 0.05

NODES = 100
INTERVAL_SECONDS = 5
WATCHED_SECONDS = 60


def take(work: Path) -> dict[str, Any]:
    """Return both figures."""
    with labs.up("clients", labs.server_with_clients("clients", CLIENTS), work) as (lab, _):
        cpu_before = cpu_seconds(lab.status().pid)
        seconds, size = scrape(lab, labs.SERVER)
        cpu = (cpu_seconds(lab.status().pid) - cpu_before) / ROUNDS
    with labs.up("hundred", labs.topology("hundred", NODES - 1), work) as (lab, _):
        watched = watch(lab)
    return {
        "what": f"seconds to scrape a server with {CLIENTS} clients; {NODES} nodes scraped every {INTERVAL_SECONDS} s",
        "scrape_seconds_median": median(seconds),
        "scrape_seconds_worst": max(seconds),
        "scrape_cpu_seconds": cpu,
        "scrape_bytes": size,
        **watched,
        "must": f"at most {MUST_SECONDS} s in the median, and no scrape missed",
        "holds": median(seconds) <= MUST_SECONDS and not watched["scrapes_missed"],
    }


def scrape(lab: Lab, node: str) -> tuple[list[float], int]:
    """Scrape one node a few times over one connection; return the seconds of each, and the bytes."""
    url = urllib.parse.urlsplit(lab[node].metrics_url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
    seconds: list[float] = []
    body = b""
    for _ in range(ROUNDS):
        began = time.perf_counter()
        connection.request("GET", url.path)
        body = connection.getresponse().read()
        seconds.append(time.perf_counter() - began)
    connection.close()
    if body.count(b"leaselab_client_leased{") != CLIENTS:
        raise BenchError(f"a scrape shows {body.count(b'leaselab_client_leased{')} clients, not {CLIENTS}")
    return seconds, len(body)


def watch(lab: Lab) -> dict[str, Any]:
    """Let a Prometheus scrape all nodes for a while; return what was missed, and what the nodes' process used."""
    try:
        monitor = Monitor()
        state = monitor.up(port=0, interval_seconds=INTERVAL_SECONDS)
    except LeaselabError as error:
        raise BenchError(error.message) from error
    try:
        time.sleep(INTERVAL_SECONDS * 2)  # every target has been found and scraped once
        before, began = cpu_seconds(lab.status().pid), time.perf_counter()
        time.sleep(WATCHED_SECONDS)
        used, passed = cpu_seconds(lab.status().pid) - before, time.perf_counter() - began
        of_nodes = f'(up{{job="leaselab",node!=""}}[{WATCHED_SECONDS}s])'
        made = query(state.url, f"sum(count_over_time{of_nodes})")
        missed = made - query(state.url, f"sum(sum_over_time{of_nodes})")
    finally:
        monitor.down()
    return {
        "scrapes_made": int(made),
        "scrapes_missed": int(missed),
        "nodes_cpu_percent": 100 * used / passed,
    }


def query(url: str, text: str) -> float:
    """Ask Prometheus for one number."""
    with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': text})}", timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    if not result:
        raise BenchError(f"Prometheus has no answer to {text}")
    return float(result[0]["value"][1])


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
