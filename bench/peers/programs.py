"""Each peer as a block: started, measured while it runs, ended. A peer that is not installed says so in the figure."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.measure import BenchError, child, free_port, memory_bytes, read_ssh_banner, wait_for_line, wait_for_port

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parent.parent / ".venv-peers"
REQUIREMENTS = HERE.parent.parent / "requirements" / "peers.txt"
FIRST_PORT = 16_000
"""FakeNOS wants a run of ports below the ephemeral ones."""


@dataclass(frozen=True)
class Started:
    """How long a fleet took from calling its program to all of it up, and what the program then held."""

    seconds: float
    memory: dict[str, int]


def peers_python() -> Path:
    """Return the interpreter of the peers' own environment, made on first use and anew when its versions change.

    It is apart because FakeNOS needs Paramiko 4 and fails with the Paramiko 5 that Leaselab uses.
    """
    python = ENVIRONMENT / "bin" / "python"
    stamp, wanted = ENVIRONMENT / ".installed", REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True, timeout=120)
        install = [
            str(python),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--quiet",
            "--require-hashes",
            "-r",
        ]
        subprocess.run([*install, str(REQUIREMENTS)], check=True, timeout=300, stdout=sys.stderr, stderr=sys.stderr)
        stamp.write_text(wanted)
    return python


def fakenos(devices: int, work: Path) -> Started:
    """Start FakeNOS devices, hear each one's SSH banner, and end them."""
    log = work / "fakenos.log"
    command = [str(peers_python()), str(HERE / "fakenos_devices.py"), str(devices), str(FIRST_PORT)]
    began = time.perf_counter()
    with child(command, log=log) as process:
        wait_for_line(process, "ready", log=log)
        seconds = time.perf_counter() - began
        for n in range(devices):
            read_ssh_banner("127.0.0.1", FIRST_PORT + n)
        return Started(seconds=seconds, memory=memory_bytes(process.pid))


def simpy_timeouts(processes: int, timeouts: int = 500_000) -> float:
    """Return how many bare timeouts a second of processor time SimPy gets through."""
    command = [str(peers_python()), str(HERE / "simpy_timeouts.py"), str(processes), str(timeouts)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def mininet(hosts: int, work: Path) -> Started | str:
    """Start empty Mininet hosts on one bridge and end them; a text says why that is not possible here."""
    for program, package in (("mn", "mininet"), ("brctl", "bridge-utils")):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: apt-get install {package})"
    log = work / "mininet.log"
    began = time.perf_counter()
    with child(["/usr/bin/python3", str(HERE / "mininet_hosts.py"), str(hosts)], log=log) as process:
        wait_for_line(process, "ready", log=log)
        return Started(seconds=time.perf_counter() - began, memory=memory_bytes(process.pid))


@contextmanager
def etcd(work: Path) -> Iterator[str]:
    """Run etcd with TLS for clients and its default full sync; give the address of its JSON gateway."""
    if shutil.which("etcd") is None:
        raise BenchError("etcd is not installed (Debian: apt-get install etcd-server)")
    certificate, key = write_certificate(work)
    client, peer = free_port(), free_port()
    log = work / "etcd.log"
    command = ["etcd", "--data-dir", str(work / "etcd"), "--log-level", "error", "--cert-file", str(certificate)]
    command += ["--key-file", str(key), "--quota-backend-bytes", str(2 << 30)]
    for option in ("--listen-client-urls", "--advertise-client-urls"):
        command += [option, f"https://127.0.0.1:{client}"]
    for option in ("--listen-peer-urls", "--initial-advertise-peer-urls"):
        command += [option, f"http://127.0.0.1:{peer}"]
    command += ["--initial-cluster", f"default=http://127.0.0.1:{peer}"]
    with child(command, log=log) as process:
        wait_for_port(client)
        try:
            yield f"https://127.0.0.1:{client}"
        finally:
            process.terminate()


def write_certificate(work: Path) -> tuple[Path, Path]:
    """Write a P-256 certificate for the loopback address, the kind that Leaselab's nodes have."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "etcd")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = work / "etcd.pem", work / "etcd.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private
