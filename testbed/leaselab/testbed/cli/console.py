"""`leaselab console`."""

import os
import sys
from typing import TYPE_CHECKING, Final

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import lab_option, node_argument
from leaselab.testbed.errors import CallError, NodeFailedError

if TYPE_CHECKING:
    from paramiko import Channel, Transport

    from leaselab.testbed.lab import Lab

CONNECT_SECONDS: Final = 10.0
"""For a console on this machine to answer."""


@click.command()
@node_argument
@lab_option
def console(node: str, *, lab: str) -> None:
    """Attach this terminal to a node's serial line.

    `~.` at the start of a line leaves; the console goes on without you. Where the input is no terminal, what comes
    in is typed, and the call ends once the console has answered the last of it.
    """
    from leaselab.testbed.cli.terminal import Escapes, pump, raw

    chosen = chosen_lab(lab)
    channel = _attach(chosen, node)
    stdin, stdout = sys.stdin.fileno(), sys.stdout.fileno()
    try:
        if os.isatty(stdin):
            with raw(stdin, on_resize=channel.resize_pty):
                sys.stderr.write(f"attached to {chosen[node].name}; ~. at the start of a line leaves\r\n")
                pump(channel, stdin, stdout, Escapes())
            sys.stderr.write("\nleft the console\n")
        else:
            pump(channel, stdin, stdout)
    finally:
        channel.get_transport().close()


def _attach(lab: "Lab", name: str) -> "Channel":
    """Open a session on a node's console, having made sure that it is this node's."""
    import io
    import shutil

    import paramiko

    from leaselab.appliance.config import CloudConfig

    status = lab[name].status()
    config = lab.plan.node(name).config
    if isinstance(config, CloudConfig):
        raise CallError(f"{name} has no console: it is the vendor's cloud", hint="`leaselab status` shows the nodes")
    address, port = status.addresses["internal"], status.ports["ssh"]
    key = paramiko.Ed25519Key.from_private_key(io.StringIO(lab.plan.console_key))
    try:
        transport = paramiko.Transport((address, port))
    except (OSError, paramiko.SSHException) as error:
        raise NodeFailedError(
            f"the console of {name} does not answer at {address}:{port}: it is {status.phase}",
            hint=f"`leaselab start {name}` switches it on" if status.phase == "off" else str(error),
        ) from error
    try:
        transport.start_client(timeout=CONNECT_SECONDS)
        _must_be_same(transport, config.ssh.host_key, name)
        transport.auth_publickey("console", key)
        channel = transport.open_session(timeout=CONNECT_SECONDS)
        channel.set_combine_stderr(True)
        if os.isatty(sys.stdin.fileno()):
            channel.get_pty(os.environ.get("TERM", "vt100"), *shutil.get_terminal_size())
        channel.invoke_shell()
    except (OSError, paramiko.SSHException) as error:
        transport.close()
        raise NodeFailedError(f"the console of {name} at {address}:{port} refuses: {error}") from error
    return channel


def _must_be_same(transport: "Transport", host_key: str, name: str) -> None:
    """Refuse a server that is not the one that the lab set up: an address of a node that is off is free for others."""
    import io

    import paramiko

    if transport.get_remote_server_key() != paramiko.Ed25519Key.from_private_key(io.StringIO(host_key)):
        raise NodeFailedError(
            f"what answers for the console of {name} has another host key than the lab gave it",
            hint=f"something else listens on its address; see `ss -ltnp`, then `leaselab restart {name}`",
        )
