"""The console server with real clients: OpenSSH, Paramiko, AsyncSSH and Netmiko."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncssh
import paramiko
import pytest

from leaselab.appliance.adapters.serial import SerialLine
from leaselab.appliance.adapters.ssh import ConsoleListenError, SshConsole
from leaselab.appliance.config import Ssh
from leaselab.appliance.console import Effect, Errand, Facts
from leaselab.appliance.console.tools import Echo
from leaselab.appliance.licensing.commands import AcceptAgreement, CreateAdministrator, FinishFirstBoot
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.testing.desk import booted, facts

ADDRESS: Final = "127.0.0.1"
PASSWORD: Final = "console-secret"
WIZARD: Final = (
    ("Would you like to proceed (y/n)?:", "y"),
    ("Do you agree to the terms of the license agreement (y/n/r)?:", "y"),
    ("IP address:", "10.10.22"),
    ("is not an IP address", "10.10.22.34"),
    ("Network mask:", "255.255.255.0"),
    ("Default gateway:", "10.10.22.1"),
    ("Primary DNS server:", "10.10.22.53"),
    ("Secondary (optional):", ""),
    ("DNS domain(s):", "company.com"),
    ("WINS server (optional):", ""),
    ("Correct? (y/n):", "y"),
    ("Admin username:", "admin"),
    ("Password:", "admin123"),
    ("Confirm password:", "admin123"),
    ("Common name (example: secure.company.com):", "gw1.company.com"),
    ("Organization name (example: Company Inc.):", "Company Inc."),
    ("Random text (hit enter when done):", "noise"),
    ("Press <Enter> to view or update your appliance settings.", ""),
    ("Choice:", ""),
)
"""What first boot asks, and a person who errs once."""

COMMANDS: Final = ["AcceptAgreement", "SetNetwork", "CreateAdministrator", "CreateCertificate", "FinishFirstBoot"]
HOST_KEY: Final = asyncssh.generate_private_key("ssh-ed25519")
CLIENT_KEY: Final = asyncssh.generate_private_key("ssh-ed25519")


class FakeDevice:
    """Takes every command, or refuses as told."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.refusals: dict[type[Command], Refusal] = {}

    async def handle(self, command: Command) -> Any:
        await asyncio.sleep(0)
        self.commands.append(command)
        return self.refusals.pop(type(command), None)


class FakeSurroundings:
    """Nobody answers."""

    async def act(self, _command: Errand) -> Any:
        return Echo(milliseconds=None)


class Server:
    """A console server with a line and a fake device."""

    def __init__(self, told: Facts, settings: Ssh) -> None:
        self.device = FakeDevice()
        self.effects: list[Effect] = []
        self.line = SerialLine(
            self.device,
            lambda: told,
            {},
            surroundings=FakeSurroundings(),
            on_phase=lambda _phase, _prompt: None,
            on_effect=self.effects.append,
        )
        self.console = SshConsole(self.line, settings)

    @property
    def port(self) -> int:
        return self.console.port

    @property
    def names(self) -> list[str]:
        return [type(command).__name__ for command in self.device.commands]

    async def stop(self) -> None:
        await self.line.stop()
        await self.console.stop()


def settings() -> Ssh:
    return Ssh(
        host_key=HOST_KEY.export_private_key().decode(),
        authorized_keys=(CLIENT_KEY.export_public_key().decode(),),
        users={"operator": PASSWORD},
    )


@pytest.fixture
async def new() -> AsyncIterator[Server]:
    """A device in its first boot."""
    server = Server(facts(), settings())
    await server.console.start(ADDRESS, 0)
    await server.line.power_on()
    yield server
    await server.stop()


@pytest.fixture
async def ready() -> AsyncIterator[Server]:
    """A device after its first boot."""
    server = Server(booted(), settings())
    await server.console.start(ADDRESS, 0)
    await server.line.power_on()
    yield server
    await server.stop()


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """The lab's console key, as a file."""
    path = tmp_path / "id_ed25519"
    path.write_bytes(CLIENT_KEY.export_private_key())
    path.chmod(0o600)
    return path


def openssh(server: Server, identity: Path, *options: str) -> list[str]:
    """Return the call of Debian's ssh, whatever the configuration of whoever runs the tests."""
    known = identity.with_name("known_hosts")
    known.write_text(f"[{ADDRESS}]:{server.port} {HOST_KEY.export_public_key().decode()}")
    words = ["ssh", "-F", "none", "-i", str(identity), "-p", str(server.port), "-o", "IdentitiesOnly=yes"]
    words += ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"]
    return [*words, *options, f"operator@{ADDRESS}"]


class Screen:
    """What a client has read, and where a person has got to in it."""

    def __init__(self) -> None:
        self.text = ""
        self.at = 0

    def find(self, wanted: str) -> bool:
        """Move on behind some text, if it is there."""
        found = self.text.find(wanted, self.at)
        if found >= 0:
            self.at = found + len(wanted)
        return found >= 0


@contextmanager
def in_terminal(call: list[str]) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run a program in a terminal of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(call, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        try:
            yield ours, process
        finally:
            process.kill()
            os.close(ours)


async def converse(descriptor: int, dialogue: tuple[tuple[str, str], ...]) -> str:
    """Answer prompts as they appear; return all that was shown."""
    screen = Screen()
    for prompt, answer in dialogue:
        while not screen.find(prompt):
            screen.text += (await asyncio.to_thread(os.read, descriptor, 4096)).decode()
        os.write(descriptor, answer.encode() + b"\r")
    return screen.text


@pytest.mark.needs("ssh")
@pytest.mark.rule("CON-01")
async def test_a_person_answers_the_whole_wizard_in_openssh(new: Server, identity: Path) -> None:
    with in_terminal(openssh(new, identity)) as (terminal, _):
        shown = await converse(terminal, WIZARD)

    assert new.names == COMMANDS
    assert "admin123" not in shown
    assert "Welcome to the Pulse Secure Pulse Connect Secure Serial Console!\r\n" in shown


@pytest.mark.needs("ssh")
async def test_a_program_pipes_its_answers_through_openssh_without_a_terminal(new: Server, identity: Path) -> None:
    answers = "".join(f"{answer}\n" for _, answer in WIZARD)

    process = await asyncio.create_subprocess_exec(
        *openssh(new, identity, "-T"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    shown, _ = await process.communicate(answers.encode())

    assert process.returncode == 0
    assert new.names == COMMANDS
    assert b"Congratulations!" in shown


@pytest.mark.needs("ssh")
@pytest.mark.rule("CON-03")
async def test_openssh_and_asyncssh_attached_together_see_the_same(new: Server, identity: Path) -> None:
    async with connected(new) as connection:
        other = await connection.create_process(term_type="xterm", encoding=None)
        with in_terminal(openssh(new, identity)) as (terminal, _):
            shown = await converse(terminal, WIZARD[:4])
            seen = (await other.stdout.readuntil(b"is not an IP address")).decode()

    assert shown[: shown.index("is not an IP address")] == seen[: seen.index("is not an IP address")]


def connected(server: Server, **changed: Any) -> Any:
    """Connect with AsyncSSH."""
    usual: dict[str, Any] = {
        "known_hosts": asyncssh.import_known_hosts(
            f"[{ADDRESS}]:{server.port} {HOST_KEY.export_public_key().decode()}"
        ),
        "username": "operator",
        "client_keys": [CLIENT_KEY],
        "config": None,
        "agent_path": None,
    }
    return asyncssh.connect(ADDRESS, server.port, **(usual | changed))


@pytest.mark.rule("CON-03")
async def test_a_newcomer_first_gets_the_recent_output(ready: Server) -> None:
    async with connected(ready) as connection:
        process = await connection.create_process(term_type="vt100")
        shown = await process.stdout.readuntil("appliance settings.\r\n")

    assert shown == ready.line.text()


@pytest.mark.rule("CON-03")
async def test_the_line_is_where_the_last_one_left_it(new: Server) -> None:
    async with connected(new) as connection:
        process = await connection.create_process(term_type="vt100")
        process.stdin.write("y\r")
        await process.stdout.readuntil("(y/n/r)?: ")

    async with connected(new) as connection:
        process = await connection.create_process(term_type="vt100")
        process.stdin.write("y\r")
        await process.stdout.readuntil("IP address: ")

    assert new.device.commands == [AcceptAgreement()]


@pytest.mark.rule("CON-01")
async def test_a_command_that_the_device_refuses_is_shown_with_its_reason(new: Server) -> None:
    new.device.refusals[CreateAdministrator] = Refusal("taken", "There is one of that name.")
    async with connected(new) as connection:
        process = await connection.create_process(term_type="vt100")
        for prompt, answer in WIZARD[:14]:
            await process.stdout.readuntil(prompt)
            process.stdin.write(f"{answer}\r")
        shown = await process.stdout.readuntil("Admin username: ")

    assert "There is one of that name.\r\n" in shown
    assert FinishFirstBoot() not in new.device.commands


def paramiko_wizard(port: int) -> str:
    """Answer first boot with Paramiko, with a password; return what was shown."""
    screen = Screen()
    with paramiko.SSHClient() as client:
        name = f"[{ADDRESS}]:{port}"
        key = paramiko.Ed25519Key.from_private_key(_text(HOST_KEY))
        client.get_host_keys().add(name, key.get_name(), key)
        client.connect(ADDRESS, port, "operator", PASSWORD, allow_agent=False, look_for_keys=False, timeout=30)
        channel = client.invoke_shell()
        for prompt, answer in WIZARD:
            while not screen.find(prompt):
                screen.text += channel.recv(4096).decode()
            channel.sendall(f"{answer}\n".encode())
    return screen.text


def _text(key: asyncssh.SSHKey) -> Any:
    from io import StringIO

    return StringIO(key.export_private_key().decode())


@pytest.mark.rule("CON-01")
async def test_paramiko_answers_the_whole_wizard_with_a_password(new: Server) -> None:
    shown = await asyncio.to_thread(paramiko_wizard, new.port)

    assert new.names == COMMANDS
    assert "Serial Console!" in shown


def netmiko_menu(port: int, driver: str) -> str:
    """Look at the menu with Netmiko's driver for terminal servers."""
    netmiko = pytest.importorskip("netmiko")
    with netmiko.ConnectHandler(
        device_type=driver, host=ADDRESS, port=port, username="operator", password=PASSWORD, conn_timeout=30
    ) as connection:
        connection.write_channel("\r\n")
        shown: str = connection.read_until_pattern("Choice:", read_timeout=30)
    return shown


@pytest.mark.parametrize("driver", ["terminal_server", "generic"])
async def test_netmiko_reads_the_menu(ready: Server, driver: str) -> None:
    assert "Licensing Hardware ID: 0271A1B2C3D4E5F6" in await asyncio.to_thread(netmiko_menu, ready.port, driver)


@pytest.mark.needs("ssh")
async def test_a_command_is_refused_in_plain_words(ready: Server, identity: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *openssh(ready, identity), "uname", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    shown, said = await process.communicate()

    assert process.returncode == 1
    assert shown == b""
    assert b"This is a serial console: running a command is not offered." in said


async def test_sftp_is_refused(ready: Server) -> None:
    async with connected(ready) as connection:
        process = await connection.create_process(subsystem="sftp")
        said = await process.stderr.read()
        assert "the subsystem 'sftp' is not offered" in said
        assert (await process.wait()).exit_status == 1


async def test_port_forwarding_is_refused_both_ways(ready: Server) -> None:
    async with connected(ready) as connection:
        with pytest.raises(asyncssh.ChannelOpenError, match="port forwarding is not offered"):
            await connection.open_connection(ADDRESS, ready.port)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port(ADDRESS, 0, ADDRESS, ready.port)


@pytest.mark.parametrize(
    "login",
    [
        {"password": "wrong", "client_keys": None},
        {"username": "nobody", "password": PASSWORD, "client_keys": None},
        {"client_keys": [asyncssh.generate_private_key("ssh-ed25519")]},
        {"password": "", "client_keys": None},
    ],
    ids=["wrong password", "unknown user", "unknown key", "empty password"],
)
async def test_nobody_else_gets_in(ready: Server, login: dict[str, Any]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await connected(ready, **login)


async def test_a_server_without_passwords_does_not_ask_for_one(ready: Server) -> None:
    told = Ssh(host_key=settings().host_key, authorized_keys=settings().authorized_keys)
    console = SshConsole(ready.line, told)
    await console.start(ADDRESS, 0)

    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            ADDRESS,
            console.port,
            username="operator",
            password=PASSWORD,
            client_keys=None,
            known_hosts=None,
            config=None,
        )

    await console.stop()


@pytest.mark.parametrize(
    "weak",
    [
        {"encryption_algs": ["aes128-cbc"]},
        {"mac_algs": ["hmac-sha1"], "encryption_algs": ["aes128-ctr"]},
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
    ],
)
async def test_weak_algorithms_are_not_spoken(ready: Server, weak: dict[str, Any]) -> None:
    with pytest.raises(asyncssh.KeyExchangeFailed):
        await connected(ready, **weak)


async def test_a_change_of_window_size_changes_nothing(ready: Server) -> None:
    async with connected(ready) as connection:
        process = await connection.create_process(term_type="vt100", term_size=(80, 24))
        process.change_terminal_size(200, 60)
        process.stdin.write("\r")
        assert "Choice: " in await process.stdout.readuntil("Choice: ")


async def test_stopping_tells_who_is_attached_and_frees_the_port(ready: Server) -> None:
    port = ready.port
    async with connected(ready) as connection:
        process = await connection.create_process(term_type="vt100")
        await process.stdout.readuntil("appliance settings.")
        await ready.stop()
        said = await process.stderr.read()
        await connection.wait_closed()

    assert "[the device was switched off]" in said
    assert ready.port == 0
    await ready.console.start(ADDRESS, port)
    assert ready.port == port


class Stuck(asyncssh.SSHClientSession[str]):
    """A client that has stopped reading."""

    def connection_made(self, chan: asyncssh.SSHClientChannel[str]) -> None:
        chan.pause_reading()


@pytest.mark.rule("CON-03")
async def test_a_client_that_does_not_read_is_dropped_with_a_word_and_holds_nobody_up(ready: Server) -> None:
    lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    class Client(asyncssh.SSHClient):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.set_result(exc)

    connection = await connected(ready, client_factory=Client)
    await connection.create_session(Stuck, window=32 * 1024)
    while ready.line._terminals:
        ready.line.send(b"\r")
        await asyncio.sleep(0)

    assert "does not keep up" in str(await lost)
    assert ready.line.prompt == "Choice:"


async def test_an_abort_drops_everybody_at_once(ready: Server) -> None:
    connection = await connected(ready)
    process = await connection.create_process(term_type="vt100")
    await process.stdout.readuntil("appliance settings.")

    ready.console.abort()
    await connection.wait_closed()

    assert ready.line._terminals == []


async def test_a_port_that_is_taken_is_named(ready: Server) -> None:
    second = SshConsole(ready.line, settings())

    with pytest.raises(ConsoleListenError, match=rf"cannot listen on 127\.0\.0\.1:{ready.port}.*free the port"):
        await second.start(ADDRESS, ready.port)


def test_a_key_that_cannot_be_read_is_an_error() -> None:
    line: Any = None

    with pytest.raises(ValueError, match="a key of the console server cannot be read"):
        SshConsole(line, Ssh(host_key="no key"))
    with pytest.raises(ValueError, match="a key of the console server cannot be read"):
        SshConsole(line, Ssh(host_key=settings().host_key, authorized_keys=("no key",)))


async def test_a_hundred_servers_share_a_process(ready: Server) -> None:
    consoles = [SshConsole(ready.line, settings()) for _ in range(100)]
    for console in consoles:
        await console.start(ADDRESS, 0)

    assert len({console.port for console in consoles}) == 100

    for console in consoles:
        await console.stop()


def test_the_pure_console_needs_no_ssh_library() -> None:
    code = "import sys, leaselab.appliance.console; sys.exit('asyncssh' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
