"""Machines of our own: Docker Engines in namespaces, cabled to each other and to this machine.

Every namespace, mount, interface and process of theirs is held by processes that die with this one, so whatever
happens here nothing is left but a folder. One network namespace is the switch: each cable has an end in it, so all of
them go when it goes.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from leaselab.testbed.containers import images
from leaselab.testbed.containers.engine import LAB, Engine
from leaselab.testbed.errors import EngineError

SWARM_PARTS = ("dockerd", "ip", "nsenter", "setpriv", "unshare")
"""What :func:`swarm_of_two` drives, beside the engine that has the image."""

HERE = "10.213.{}.254"
"""This machine, as the others see it."""

OUR_END = "llsw0"
"""What our end of the cable to the switch is called, with its number."""

START_SECONDS = 90.0

DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")

ENGINE = """
mount -t tmpfs tmpfs /run && ip link set lo up
exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" --host "unix://$0/sock" \
    --bip 172.30.0.1/24 --default-address-pool base=172.31.0.0/16,size=24 >>"$0/log" 2>&1
"""


class Host:
    """A machine with a Docker Engine; when its first process dies, the kernel ends all that is in it.

    Args:
        number: 1 to 9; its last octet.
        lan: what it is cabled to.
    """

    def __init__(self, number: int, lan: "Lan") -> None:
        self.ip = f"10.213.{lan.number}.{number}"
        self.folder = Path(tempfile.mkdtemp(prefix="ll", dir="/var/tmp"))  # short: containerd's sockets have 108 bytes
        self.address = f"unix://{self.folder}/sock"
        self._number = number
        self._lan = lan
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Switch it on, and wait until its engine answers."""
        self._process = subprocess.Popen(
            [
                *DIES_WITH_US,
                *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
                *("sh", "-c", ENGINE, str(self.folder)),
            ]
        )
        until(lambda: bool(self._children()), "its namespaces")
        self._lan.plug(self._children()[0], self._number, self.ip)
        until(self._answers, lambda: (self.folder / "log").read_text()[-2000:])

    def crash(self) -> None:
        """Cut its power: engine and containers are gone at once, and say nothing to anybody."""
        assert self._process is not None
        self._lan.unplug(self._number)
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End its engine as an administrator does: containers are stopped first."""
        assert self._process is not None
        os.kill(self._children()[0], signal.SIGTERM)
        self._process.wait(60)

    def remove(self) -> None:
        """Leave nothing of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, service: str) -> bool:
        """Send SIGKILL to a service's container, if it is here; tell whether it is."""
        with self.connected() as engine:
            found = engine.api.containers(filters={"label": f"com.docker.swarm.service.name={service}"})
            for container in found:
                engine.api.kill(container["Id"])
        return bool(found)

    @contextmanager
    def connected(self) -> Iterator[Engine]:
        """Ask its engine."""
        engine = Engine.connect(self.address)
        try:
            yield engine
        finally:
            engine.close()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            Engine.connect(self.address).close()
        except EngineError:
            return False
        return True

    def _children(self) -> list[int]:
        assert self._process is not None
        pid = self._process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Lan:
    """A switch that hosts and this machine are cabled to; its number is the third octet of its addresses."""

    def __init__(self) -> None:
        taken = {name for _, name in socket.if_nameindex()}
        free = (number for number in range(1, 251) if f"{OUR_END}.{number}" not in taken)
        self.number = next(free)
        self.here = HERE.format(self.number)
        self._switch = subprocess.Popen([*DIES_WITH_US, "unshare", "--net", "sleep", "infinity"])
        inside = Path(f"/proc/{self._switch.pid}/ns/net")
        until(lambda: inside.readlink() != Path("/proc/self/ns/net").readlink(), "a namespace of the switch's own")
        self._in_switch("ip", "link", "add", "lan", "up", "type", "bridge")
        self._cable(OUR_END, str(os.getpid()))
        run("ip", "address", "add", f"{self.here}/24", "dev", self._name(OUR_END))
        run("ip", "link", "set", self._name(OUR_END), "up")

    def plug(self, pid: int, number: int, ip: str) -> None:
        """Cable a process's network namespace."""
        self.unplug(number)
        self._cable(f"host{number}", str(pid))
        inside = ("nsenter", f"--net=/proc/{pid}/ns/net")
        run(*inside, "ip", "link", "set", self._name(f"host{number}"), "name", "eth0")
        run(*inside, "ip", "address", "add", f"{ip}/24", "dev", "eth0")
        run(*inside, "ip", "link", "set", "eth0", "up")
        run(*inside, "ip", "route", "add", "default", "via", self.here)

    def unplug(self, number: int) -> None:
        """Pull a host's cable out."""
        self._in_switch("ip", "link", "del", f"host{number}", check=False)

    def remove(self) -> None:
        """Leave nothing of it."""
        self._switch.kill()
        self._switch.wait()

    def _name(self, end: str) -> str:
        """Return what the other end of a cable is called; unique on this machine, where it is for a moment."""
        return f"{end}.{self.number}"

    def _cable(self, end: str, pid: str) -> None:
        self._in_switch("ip", "link", "add", end, "type", "veth", "peer", "name", self._name(end), "netns", pid)
        self._in_switch("ip", "link", "set", end, "master", "lan", "up")

    def _in_switch(self, *command: str, check: bool = True) -> None:
        run("nsenter", f"--net=/proc/{self._switch.pid}/ns/net", *command, check=check)


def run(*command: str, check: bool = True) -> None:
    """Run a program; what it complains of is the error's text."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 or not check, f"{' '.join(command)}: {done.stderr}"


def until(holds: Callable[[], bool], what: str | Callable[[], str]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < end, what if isinstance(what, str) else what()
        time.sleep(0.05)


@contextmanager
def swarm_of_two() -> Iterator[tuple[Host, Host]]:
    """Yield two hosts that are a swarm; the first is its manager."""
    lan = Lan()
    one, two = Host(1, lan), Host(2, lan)
    try:
        one.start()  # in this thread: what dies with us dies with the thread that made it
        two.start()
        join(one, two)
        with ThreadPoolExecutor() as pool:
            list(pool.map(copy_image, (one, two)))
        yield one, two
    finally:
        for host in (two, one):
            host.remove()
        lan.remove()


def join(manager: Host, worker: Host) -> None:
    """Make a swarm, which notices a machine's end within seconds."""
    with manager.connected() as first, worker.connected() as second:
        spec = first.api.create_swarm_spec(dispatcher_heartbeat_period=2_000_000_000)
        first.api.init_swarm(advertise_addr=manager.ip, swarm_spec=spec)
        token = first.api.inspect_swarm()["JoinTokens"]["Worker"]
        second.api.join_swarm([manager.ip], token, advertise_addr=worker.ip)


def copy_image(host: Host) -> None:
    """Give a machine the image of the engine that tests use."""
    usual = Engine.connect()
    try:
        with host.connected() as engine:
            images.copy(usual, engine)
    finally:
        usual.close()


def label(manager: Host, host: Host, **labels: str) -> None:
    """Put labels on one of a swarm's machines; it keeps those it has."""
    with manager.connected() as managing, host.connected() as labelled:
        node = managing.api.inspect_node(labelled.api.info()["Swarm"]["NodeID"])
        spec = node["Spec"] | {"Labels": node["Spec"].get("Labels", {}) | labels}
        managing.api.update_node(node["ID"], node["Version"]["Index"], spec)


def left(manager: Host, lab: Path) -> list[str]:
    """Return what a swarm has of a lab, by its folder, but tasks on machines that are down."""
    chosen = {"label": f"{LAB}={lab}"}
    with manager.connected() as engine:
        api = engine.api
        down = {node["ID"] for node in api.nodes() if node["Status"]["State"] == "down"}
        tasks = [task for task in api.tasks(filters=chosen) if task.get("NodeID") not in down]
        things = [*api.services(filters=chosen), *api.secrets(filters=chosen), *api.networks(filters=chosen), *tasks]
    return [each.get("ID") or each["Id"] for each in things]
