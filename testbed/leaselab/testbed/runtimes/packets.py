"""Packets cut for real: drop rules in the network namespace of a node's process, put there from outside by nft.

A node sends into its own namespace only, so a rule at the sender is a cut of one direction. All rules of a node are
one table of ours that is replaced whole: what is not in it is healed, and a container that ends takes it along.
"""

import asyncio
import ipaddress
import os
import shutil
from collections.abc import Iterable
from typing import Final, NamedTuple

from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.processes import ProcessId

TABLE: Final = "leaselab"
TOOL_SECONDS: Final = 10.0
TOOLS_PATH: Final = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
"""Debian keeps nft where a normal user's path does not look."""


class Drop(NamedTuple):
    """What a node must not send: packets to an address, but those from or to a TCP port that is spared (0: none)."""

    address: str
    spared_port: int = 0


def lacking() -> str:
    """Return what it takes to cut packets and is not there, or nothing."""
    if os.geteuid() != 0:
        return "root"
    missing = [tool for tool in ("nsenter", "nft") if shutil.which(tool, path=TOOLS_PATH) is None]
    return " and ".join(missing)


def rules(drops: Iterable[Drop]) -> str:
    """Return the table as nft reads it; it takes the place of the one before."""
    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{", " chain sent {"]
    lines.append("  type filter hook output priority 0; policy accept;")
    for drop in drops:
        to = f"  ip daddr {ipaddress.IPv4Address(drop.address)}"
        if drop.spared_port:
            lines += [f"{to} tcp {end} {drop.spared_port} accept" for end in ("sport", "dport")]
        lines.append(f"{to} drop")
    return "\n".join([*lines, " }", "}", ""])


async def drop(process: ProcessId, drops: Iterable[Drop]) -> None:
    """Have a process's network namespace drop these from now on, and nothing else.

    Raises:
        LeaselabError: the kernel, or nft, refuses.
    """
    tool = await asyncio.create_subprocess_exec(
        *("nsenter", f"--net=/proc/{process.pid}/ns/net", "nft", "--file", "-"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": TOOLS_PATH},
    )
    try:
        _, said = await asyncio.wait_for(tool.communicate(rules(drops).encode()), TOOL_SECONDS)
    except TimeoutError:
        tool.kill()
        await tool.wait()
        raise LeaselabError(f"nft did not end within {TOOL_SECONDS:g} s", hint="packets may go on") from None
    if tool.returncode:
        raise LeaselabError(
            f"cannot cut packets: {said.decode().strip().splitlines()[0]}", hint="does the kernel have nf_tables?"
        )
