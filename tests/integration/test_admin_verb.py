"""`leaselab admin` and `leaselab license`, as they are typed: what they print, and what they do."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.cli import main

CODE = "Ab12-Cd34-Ef56-Gh78"
TOPOLOGY = f"""
name: typed
cloud: {{auth-codes: {{{CODE}: {{licenses: [CONSEC-100U-1YR]}}}}}}
defaults: {{boot: {{accept-license: true, admin: {{name: admin, password: admin123}}}}}}
nodes:
  server:
    kind: psa7000c
    licenses: [CONSEC-1000U-1YR]
    license-server:
      clients:
        GW1:
          node: gw1
          password: secret1
          features: {{concurrent-users: {{reserved: 10, increment: 10, maximum: 50}}}}
  gw1: {{kind: psa3000, release: 8.3R1, licenses: [PSA3000-ICE], license-client: {{server: server, id: GW1}}}}
  gw2: {{kind: psa3000, release: 8.3R1}}
"""

Typed = Callable[..., Any]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.up(TOPOLOGY, name=f"typed-{secrets.token_hex(4)}") as lab:
        yield lab


@pytest.fixture
def typed(lab: Lab, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Type a call; return what it prints as JSON, or its error's words."""

    def call(*words: str, code: int = 0) -> Any:
        assert main([*words, "--lab", lab.name, "--format", "json"]) == code, capsys.readouterr()
        captured = capsys.readouterr()
        return json.loads(captured.out) if captured.out else captured.err

    return call


def test_what_an_administrator_does_at_a_client_and_at_a_server(lab: Lab, typed: Typed) -> None:
    assert typed("admin", "pull", "gw1") == {"pull": [{"node": "gw1", "contact": "up", "why": ""}]}
    assert typed("admin", "emergency", "gw1", "on") == {"node": "gw1", "emergency": "on"}
    assert lab["gw1"].report().emergency.state == "admin"
    assert typed("admin", "emergency", "gw1", "off")["emergency"] == "off"
    assert typed("admin", "protect", "gw2", "on") == {"node": "gw2", "protection": "on"}
    assert typed("admin", "upgrade", "gw2", "9.0R1") == {"node": "gw2", "release": "9.0R1"}
    assert typed("admin", "release-client", "server", "GW1") == {"node": "server", "released": "GW1"}
    assert typed("admin", "delete-client", "server", "GW1") == {"node": "server", "deleted": "GW1"}
    assert "there is no license client 'GW1'" in typed("admin", "delete-client", "server", "GW1", code=1)


def test_nodes_of_one_release_join_a_cluster_and_others_do_not(typed: Typed) -> None:
    assert typed("admin", "join-cluster", "pair", "gw1", "gw2") == {"cluster": "pair", "nodes": ["gw1", "gw2"]}
    typed("admin", "upgrade", "gw2", "9.0R1")
    refused = typed("admin", "join-cluster", "other", "gw1", "gw2", code=1)
    assert "one personality and release, these have pcs 8.3R1, pcs 9.0R1" in refused


def test_a_configuration_goes_from_one_node_to_another(typed: Typed, lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "gw1.cfg"

    written = typed("admin", "export", "gw1", str(file), "--password", "sealed")
    assert written == {"node": "gw1", "file": str(file), "bytes": file.stat().st_size}
    wrong = typed("admin", "import", "gw2", str(file), "--password", "other", code=1)
    assert "password" in wrong
    assert "there is no section" in typed(
        "admin", "import", "gw2", str(file), "--password", "x", "--section", "y", code=2
    )
    taken = typed("admin", "import", "gw2", str(file), "--password", "sealed", "--section", "license-client")
    assert (taken["node"], taken["sections"]) == ("gw2", ["license-client"])
    assert lab["gw2"].report().client.server == "server"


def test_licenses_are_downloaded_and_removed(typed: Typed, lab: Lab) -> None:
    (key,) = typed("license", "download", "gw2", CODE)["keys"]
    assert key["result"] == "installed"
    again = typed("license", "download", "gw1", CODE, code=1)
    assert "used by another device" in again["error"]

    (row,) = lab["gw2"].licenses
    refused = typed("license", "remove", "gw2", row.serial, "no-such-serial", code=1)
    assert "no-such-serial" in refused
    assert f"done before that: {row.serial}" in refused
    assert lab["gw2"].licenses == ()
    assert row.serial in typed("license", "remove", "gw2", row.serial, code=1)
    (other,) = lab["gw1"].licenses
    assert typed("license", "remove", "gw1", other.serial) == {"node": "gw1", "removed": [other.serial]}
