"""Files that other tools read, with the tools: OpenSSH on a console by the name of its node."""

import json
import subprocess
from pathlib import Path

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.cli.app import run
from leaselab.testbed.testing.topologies import gateways

PATIENCE_SECONDS = 60
TOPOLOGY = gateways("listed", "gw1", "gw2")


def ssh(config: Path, node: str, typed: bytes) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["ssh", "-T", "-F", str(config), node], input=typed, capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )


@pytest.mark.needs("ssh")
def test_ssh_gets_to_a_console_by_its_nodes_name_and_knows_its_host_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "with a space"
    with Lab.up(TOPOLOGY) as lab:
        assert run(["inventory", "ssh", "--output", str(folder)]) == 0
        assert capsys.readouterr().out.splitlines() == [str(folder / "ssh_config"), str(folder / "known_hosts")]

        shown = {node: ssh(folder / "ssh_config", node, b"\n") for node in ("gw1", "gw2")}

        for node, outcome in shown.items():
            assert outcome.returncode == 0, outcome.stderr
            assert f"Licensing Hardware ID: {lab[node].report().hardware_id}".encode() in outcome.stdout

        known = (folder / "known_hosts").read_text().splitlines()
        (folder / "known_hosts").write_text(f"gw1 {known[1].split(' ', 1)[1]}\n")
        assert b"REMOTE HOST IDENTIFICATION HAS CHANGED" in ssh(folder / "ssh_config", "gw1", b"").stderr


@pytest.mark.needs("ssh")
def test_what_is_printed_works_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Lab.up(TOPOLOGY):
        assert run(["inventory", "ssh"]) == 0
        (tmp_path / "config").write_text(capsys.readouterr().out)

        assert b"Serial Console!" in ssh(tmp_path / "config", "gw2", b"\n").stdout


@pytest.mark.parametrize(
    ("tool", "file"), [("ssh", "ssh_config"), ("ansible", "ansible.yml"), ("prometheus", "prometheus.json")]
)
def test_programs_get_the_files_by_name(tool: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Lab.up(TOPOLOGY) as lab:
        assert run(["inventory", tool, "--format", "json"]) == 0

        printed = json.loads(capsys.readouterr().out)
        assert printed == {"files": lab.inventory(tool), "written": []}
        assert file in printed["files"]
