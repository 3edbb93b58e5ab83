"""Fifty nodes that are a container each, against the same image fifty times by docker-compose; memory; ten days.

Both sides run the same image with the same configurations, addresses and restraints, from the call to all of them
healthy, by the image's own test of health: its metrics port answers. Ours have then booted as well; how long until
they are provisioned and leased too, when `leaselab up` returns, is a figure beside it.
"""

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench import labs
from bench.advance import DAYS, RENEWALS
from bench.advance import GATEWAYS as ADVANCED_GATEWAYS
from bench.measure import START_LIMIT_SECONDS, BenchError, memory_bytes, wait_for_port
from leaselab.appliance.adapters.control import Channel
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.containers.images import IMAGE_USER, current_image
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.lab import Lab
from leaselab.testbed.runtimes.docker import HOME, PROCESSES
from leaselab.testbed.topology.plan import NodePlan, Plan

NODES = 50
GATEWAYS = NODES - 2
"""The others are the license server and the vendor's cloud."""

BARE = 10
"""Containers of each bare sort: each is as the others."""

SLEEP = "/bin/sleep"
"""The image has none: nothing is in it that an appliance does not need."""

MUST_ADVANCE_SECONDS = 15.0
MUST_PROCESS_RATIO = 0.1
"""Of docker-compose's time."""


def take(work: Path) -> dict[str, Any]:
    """Return the figures of one engine, the one that DOCKER_HOST names."""
    try:
        engine = Engine.connect()
        try:
            image = current_image(engine)
            began = datetime.now(UTC)
            with labs.up("containers", labs.topology("containers", GATEWAYS), work, runtime="docker") as (lab, seconds):
                healthy = (all_ready_at(lab) - began).total_seconds()
                labs.check_served(lab)
                plan = lab.plan
                memory = memory_of([node.pid for node in lab.status().nodes])
            memory |= bare_memory(engine, image)
        finally:
            engine.close()
    except LeaselabError as error:
        raise BenchError(f"{error}; start an engine, then `leaselab images build --base debian`") from error
    composed = composed_seconds(plan, image, work)
    with labs.up("forked", labs.topology("forked", GATEWAYS), work, runtime="process") as (lab, process_seconds):
        labs.check_served(lab)
    advanced = advance_seconds(work)
    ratio = process_seconds / composed
    return {
        "what": f"{NODES} nodes from the call to all healthy; bytes a container (PSS); {DAYS} days of hourly renewals",
        "leaselab_docker_healthy_seconds": healthy,
        "leaselab_docker_leased_seconds": seconds,
        "docker_compose_seconds": composed,
        "leaselab_process_seconds": process_seconds,
        "process_ratio_to_compose": ratio,
        "memory": memory,
        "python_share": memory["bare_python_bytes"] / memory["node_bytes"],
        "advance_seconds": advanced,
        "must": f"docker healthy no later than docker-compose; process {MUST_PROCESS_RATIO} of it; {DAYS} days in "
        f"{MUST_ADVANCE_SECONDS:g} s",
        "holds": healthy <= composed and ratio <= MUST_PROCESS_RATIO and advanced <= MUST_ADVANCE_SECONDS,
    }


def all_ready_at(lab: Lab) -> datetime:
    """Return when the last node had booted: every port of it is open before it begins to."""
    ready = [event.wall for event in lab.events() if event.kind == "phase" and event.fields["phase"] == "ready"]
    return max(map(datetime.fromisoformat, ready))


# --- memory ----------------------------------------------------------------------------------------------------------


def memory_of(pids: list[int]) -> dict[str, float]:
    """Return what a node holds in the middle, and what the engine adds for its container."""
    return {
        "node_bytes": median(memory_bytes(pid)["pss"] for pid in pids),
        "shim_bytes": median(memory_bytes(parent(pid))["pss"] for pid in pids),
    }


def bare_memory(engine: Engine, image: str) -> dict[str, float]:
    """Return what ``sleep``, lent by this machine, and a Python that only waits hold in a container of the image."""
    sleeping = [SLEEP, "600"]
    waiting = ["python3", "-ISc", "import time; time.sleep(600)"]
    return {
        "bare_sleep_bytes": median(memory_bytes(pid)["pss"] for pid in bare_pids(engine, image, sleeping)),
        "bare_python_bytes": median(memory_bytes(pid)["pss"] for pid in bare_pids(engine, image, waiting)),
    }


def bare_pids(engine: Engine, image: str, command: list[str]) -> Iterator[int]:
    """Start some containers that run nothing else, and yield their first processes; they are gone afterwards."""
    made: list[str] = []
    try:
        for _ in range(BARE):
            lent = engine.api.create_host_config(binds={SLEEP: {"bind": SLEEP, "mode": "ro"}})
            made.append(engine.api.create_container(image, entrypoint=command, host_config=lent)["Id"])
            engine.api.start(made[-1])
        time.sleep(1)  # an interpreter that still starts holds less
        for one in made:
            yield engine.api.inspect_container(one)["State"]["Pid"]
    finally:
        for one in made:
            engine.api.remove_container(one, force=True)


def parent(pid: int) -> int:
    """Return the process that started it: of a container's first one the engine's shim."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


# --- docker-compose --------------------------------------------------------------------------------------------------


def composed_seconds(plan: Plan, image: str, work: Path) -> float:
    """Return the seconds that docker-compose takes for the nodes of a plan, one that no lab runs any more.

    Raises:
        BenchError: it failed, or is not there.
    """
    if shutil.which("docker-compose") is None:
        raise BenchError("docker-compose is not there (Debian: apt-get install docker-compose)")
    folder = work / "composed"
    folder.mkdir()
    file = folder / "docker-compose.yml"
    file.write_text(json.dumps(composition(plan, image, folder)))
    compose = ["docker-compose", "--project-name", "leaselab-bench", "--file", str(file)]
    environment = os.environ | {"COMPOSE_HTTP_TIMEOUT": str(START_LIMIT_SECONDS)}
    with answering(plan, folder):
        began = time.perf_counter()
        try:
            up = subprocess.run(
                [*compose, "up", "--detach"],
                env=environment,
                capture_output=True,
                text=True,
                timeout=START_LIMIT_SECONDS,
                check=False,
            )
            if up.returncode:
                raise BenchError(f"docker-compose up ended with {up.returncode}: {up.stderr[-500:].strip()}")
            for node in plan.nodes:
                wait_for_port(node.config.ports.metrics, node.config.addresses["internal"])
            return time.perf_counter() - began
        finally:
            subprocess.run([*compose, "down", "--timeout", "1"], env=environment, capture_output=True, check=False)


def composition(plan: Plan, image: str, folder: Path) -> dict[str, Any]:
    """Return the file for docker-compose: what our runtime asks of the engine, service by service."""
    network = plan.nodes[0].config.addresses["internal"].rpartition(".")[0]
    return {
        "version": "2.4",
        "networks": {"lab": {"ipam": {"config": [{"subnet": f"{network}.0/24", "gateway": f"{network}.254"}]}}},
        "services": {node.name: service(node, image, folder, now=plan.clock.start or 0) for node in plan.nodes},
    }


def service(node: NodePlan, image: str, folder: Path, *, now: int) -> dict[str, Any]:
    """Furnish a node's folder, and return its service."""
    home = folder / node.name
    home.mkdir(mode=0o700)
    (home / "config.json").write_bytes(msgspec.json.encode(node.config))
    for own in (home, home / "config.json"):
        os.chown(own, *IMAGE_USER)
    return {
        "image": image,
        "command": [f"{HOME}/config.json", f"--store={HOME}/device.db", f"--lab={HOME}/lab.sock", f"--now={now}"],
        "volumes": [f"{home}:{HOME}"],
        "networks": {"lab": {"ipv4_address": node.config.addresses["internal"]}},
        "read_only": True,
        "tmpfs": ["/tmp:size=16m"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
        "pids_limit": PROCESSES,
    }


@contextmanager
def answering(plan: Plan, folder: Path) -> Iterator[None]:
    """Be the lab to nodes that dial out to it, each at the socket in its folder: whatever they say is well."""

    async def well(_message: dict[str, Any]) -> dict[str, Any]:
        return {}

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        for node in plan.nodes:
            path = folder / node.name / "lab.sock"
            await loop.create_unix_server(lambda: Channel(well), path)
            os.chown(path, *IMAGE_USER)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


# --- ten days --------------------------------------------------------------------------------------------------------


def advance_seconds(work: Path) -> float:
    """Return the seconds of ten days in which twenty gateways renew each hour.

    Raises:
        BenchError: renewals are missing.
    """
    text = labs.topology("advanced", ADVANCED_GATEWAYS, renewal_interval="1h")
    with labs.up("advanced", text, work, runtime="docker") as (lab, _seconds):
        before = lab[labs.SERVER].report().counters.get("renewals", 0)
        began = time.perf_counter()
        lab.clock.advance(days=DAYS)
        seconds = time.perf_counter() - began
        renewals = lab[labs.SERVER].report().counters.get("renewals", 0) - before
    if renewals < RENEWALS:
        raise BenchError(f"{renewals} renewals in {DAYS} days where {RENEWALS} were due")
    return seconds
