"""The console of a node in a real lab, driven by the programs that people drive consoles with."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import asyncssh
import netmiko
import paramiko
import pexpect
import pytest
from scrapli import AuthOptions, Cli, SessionOptions, TransportBinOptions, TransportSsh2Options

from leaselab.testbed import Lab
from leaselab.testbed.node import Node

PATIENCE_SECONDS: Final = 60
PASSWORD: Final = "console-secret"
TOPOLOGY: Final = """
name: driven
defaults:
  boot: {accept-license: true, admin: {name: admin, password: admin123}}
  console: {users: {operator: console-secret}}
nodes:
  gw1: {kind: psa3000}
  waiting:
    kind: psa3000
    boot: {ask: [network, certificate]}
"""
ANSWERS: Final = (
    ("IP address:", "10.10.22.34"),
    ("Network mask:", "255.255.255.0"),
    ("Default gateway:", "10.10.22.1"),
    ("Primary DNS server:", "10.10.22.53"),
    ("Secondary (optional):", ""),
    ("DNS domain(s):", "company.com"),
    ("WINS server (optional):", ""),
    ("Correct? (y/n):", "y"),
    ("Common name (example: secure.company.com):", "waiting.company.com"),
    ("Organization name (example: Company Inc.):", "Company Inc."),
    ("Random text (hit enter when done):", "noise"),
)
"""What the topology leaves to a person."""

SCRAPLI_DEFINITION: Final = """---
prompt_pattern: '^(Choice: ?|.*appliance settings\\.)$'
default_mode: menu
modes:
  - name: menu
    prompt_pattern: '^(Choice: ?|.*appliance settings\\.)$'
"""


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.up(TOPOLOGY) as lab:
        yield lab


@pytest.fixture
def node(lab: Lab) -> Node:
    return lab["gw1"]


@pytest.fixture
def files(lab: Lab, tmp_path: Path) -> Path:
    """A folder with the lab's files for OpenSSH, and its host keys by address for who asks that way."""
    for name, text in lab.inventory("ssh", folder=tmp_path).items():
        (tmp_path / name).write_text(text)
    keys = dict(line.split(" ", 1) for line in (tmp_path / "known_hosts").read_text().splitlines())
    by_address = []
    for name, key in keys.items():
        address, port = lab[name].address(), lab[name].ports["ssh"]
        by_address.append(f"{address if port == 22 else f'[{address}]:{port}'} {key}\n")
    (tmp_path / "by_address").write_text("".join(by_address))
    return tmp_path


def identity(lab: Lab) -> str:
    return str(lab.folder / "keys" / "id_ed25519")


def status_of(shown: str) -> str:
    """Return the hardware ID that Display status shows."""
    found = re.search(r"Licensing Hardware ID: +(\S+)", shown.rpartition("Host name:")[2])
    assert found, shown
    return found[1]


def openssh(files: Path, node: str) -> Any:
    """Return the call of a person: ssh in a terminal."""
    return pexpect.spawn("ssh", ["-F", str(files / "ssh_config"), node], encoding="utf-8", timeout=PATIENCE_SECONDS)


@pytest.mark.needs("ssh")
@pytest.mark.rule("CON-02")
def test_pexpect_and_openssh_walk_the_menu(files: Path, node: Node) -> None:
    with openssh(files, "gw1") as console:
        console.expect("appliance settings")
        console.sendline()
        for answer in ("3", "1"):
            console.expect("Choice:")
            console.sendline(answer)
        console.expect("Host name:.*Choice:")

        assert status_of(console.after) == node.report().hardware_id


@pytest.mark.needs("ssh")
@pytest.mark.rule("CON-01")
@pytest.mark.rule("CON-04")
def test_pexpect_answers_what_the_topology_left_out_and_the_lab_goes_on(files: Path, lab: Lab) -> None:
    assert lab["waiting"].status().prompt == "IP address:"

    with openssh(files, "waiting") as console:
        for prompt, answer in ANSWERS:
            console.expect_exact(prompt)
            console.sendline(answer)
        console.expect_exact("Congratulations!")
        console.expect_exact("appliance settings")

    assert lab["waiting"].phase == "ready"


@pytest.mark.parametrize("way", ["key", "password"])
def test_paramiko_walks_the_menu(files: Path, lab: Lab, node: Node, way: str) -> None:
    credentials: dict[str, Any] = {
        "key": {"username": "console", "key_filename": identity(lab)},
        "password": {"username": "operator", "password": PASSWORD},
    }[way]
    shown = ""
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(files / "by_address"))
        client.connect(
            node.address(),
            node.ports["ssh"],
            allow_agent=False,
            look_for_keys=False,
            timeout=PATIENCE_SECONDS,
            **credentials,
        )
        channel = client.invoke_shell()
        channel.settimeout(PATIENCE_SECONDS)
        for typed in ("\r", "3\r", "1\r"):
            channel.sendall(typed.encode())
        while "Host name:" not in shown or not shown.rstrip().endswith("Choice:"):
            shown += channel.recv(4096).decode()

    assert status_of(shown) == node.report().hardware_id


def test_asyncssh_walks_the_menu(files: Path, lab: Lab, node: Node) -> None:
    async def walk() -> str:
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            asyncssh.connect(
                node.address(),
                node.ports["ssh"],
                config=None,
                known_hosts=str(files / "by_address"),
                username="console",
                client_keys=[identity(lab)],
                agent_path=None,
            ) as connection,
        ):
            process = await connection.create_process(term_type="vt100")
            process.stdin.write("\r3\r1\r")
            return str(await process.stdout.readuntil(re.compile("Host name:.*Choice: ", re.DOTALL)))

    assert status_of(asyncio.run(walk())) == node.report().hardware_id


@pytest.mark.parametrize("driver", ["terminal_server", "generic"])
def test_netmiko_walks_the_menu(node: Node, driver: str) -> None:
    with netmiko.ConnectHandler(
        device_type=driver,
        host=node.address(),
        port=node.ports["ssh"],
        username="operator",
        password=PASSWORD,
        conn_timeout=PATIENCE_SECONDS,
    ) as connection:
        connection.write_channel("\r")
        connection.read_until_pattern("Choice:", read_timeout=PATIENCE_SECONDS)
        connection.send_command("3", expect_string="Choice:", read_timeout=PATIENCE_SECONDS)
        shown = connection.send_command("1", expect_string="Choice:", read_timeout=PATIENCE_SECONDS)

    assert status_of(str(shown)) == node.report().hardware_id


@pytest.mark.needs("ssh")
@pytest.mark.parametrize("way", ["OpenSSH", "libssh2"])
def test_scrapli_walks_the_menu(files: Path, node: Node, way: str) -> None:
    (files / "definition.yaml").write_text(SCRAPLI_DEFINITION)
    transport: Any = {
        "OpenSSH": TransportBinOptions(ssh_config_path=str(files / "ssh_config")),
        "libssh2": TransportSsh2Options(),
    }[way]

    with Cli(
        "gw1" if way == "OpenSSH" else node.address(),
        port=node.ports["ssh"],
        definition_file_or_name=str(files / "definition.yaml"),
        auth_options=AuthOptions(username="operator", password=PASSWORD),
        session_options=SessionOptions(return_char="\r", operation_timeout_ns=PATIENCE_SECONDS * 1_000_000_000),
        transport_options=transport,
    ) as connection:
        connection.send_input("")
        connection.send_input("3")
        shown = connection.send_input("1").result

    assert status_of(shown) == node.report().hardware_id


@pytest.mark.needs("ssh")
@pytest.mark.rule("CON-03")
def test_all_who_are_attached_see_the_same_line(files: Path, node: Node) -> None:
    with openssh(files, "gw1") as first, openssh(files, "gw1") as second:
        first.expect("appliance settings")
        second.expect("appliance settings")
        first.sendline()
        second.expect("Choice:")
        second.sendline("3")
        first.expect("Display status")
        assert "Display status" in node.request({"do": "screen"})["text"]
