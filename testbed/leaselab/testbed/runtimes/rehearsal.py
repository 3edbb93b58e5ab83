"""A node's life in brief, lived by the nursery before it forks, so that its children need not build things anew.

What a process makes at its first boot, handshake and commit (code that has been run, OpenSSL's and SQLite's tables,
decoders) then lies in pages that all children share. Measured by ``./run bench processes``.
"""

import asyncio
import socket
import tempfile
from pathlib import Path
from typing import Final

from leaselab.appliance.adapters.clocks import LabClock
from leaselab.appliance.adapters.sqlite import SqliteStore
from leaselab.appliance.config import ApplianceConfig, HostEntry, Ports, Ssh
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.commands import SetServer
from leaselab.appliance.main import Node
from leaselab.appliance.models.platforms import PCS
from leaselab.testbed.topology.credentials import Credentials

NAME: Final = "rehearsal"
ADDRESS: Final = "127.0.0.1"
BOOT_SECONDS: Final = 10.0
SECRET: Final = bytes(32).hex()
"""Opens nothing: the node is gone before the first real one is there, and knows no other."""


async def rehearse() -> None:
    """Boot a node, let it call itself as a license server, and shut it down.

    Raises:
        OSError: nobody can listen on the loopback address here, or the node did not boot in time.
    """
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="leaselab-") as folder:
        store = SqliteStore(Path(folder) / "device.db")
        try:
            ready: asyncio.Future[None] = loop.create_future()

            def heard(_node: str, phase: str, _prompt: str) -> None:
                if phase in {"ready", "halted"} and not ready.done():
                    ready.set_result(None)

            node = await Node.start(
                _config(), store=store, clock=LabClock(0), timekeeper=_Nobody(), local_nodes={}, on_phase=heard
            )
            try:
                async with asyncio.timeout(BOOT_SECONDS):
                    await ready
                await node.device.handle(
                    SetServer(server=NAME, client_id=NAME, password=NAME, password_again=NAME, verify_certificate=True)
                )
                await node.control({"do": "report"})
            except TimeoutError:
                raise TimeoutError(f"a node had not booted within {BOOT_SECONDS:g} s") from None
            finally:
                await node.stop()
        finally:
            store.close()


class _Nobody:
    """A timekeeper that wakes nobody."""

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Need nothing."""


def _config() -> ApplianceConfig:
    credentials = Credentials(NAME, SECRET)
    https_port = _free_port()
    return ApplianceConfig(
        name=NAME,
        kind="psa3000",
        personality=PCS,
        release="8.3R1",
        hardware_id="0" * 16,
        serial_number="0",
        addresses={"internal": ADDRESS},
        ports=Ports(ssh=0, https=https_port, metrics=0),
        hosts={NAME: HostEntry(addresses={"internal": ADDRESS}, https_port=https_port)},
        tls=credentials.tls(NAME, names=[NAME], addresses=[ADDRESS]),
        ssh=Ssh(host_key=credentials.host_key(NAME)),
        authority_key="",
        user_password="",
        seed=NAME,
        boot={
            "proceed": "y",
            "random-text": NAME,
            "accept-license": "y",
            "admin-name": NAME,
            "admin-password": f"{NAME}1",
            "network": f"{ADDRESS} 255.255.0.0",
            "dns": ADDRESS,
            "wins": "-",
            "certificate-common-name": NAME,
            "certificate-organization": NAME,
        },
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
