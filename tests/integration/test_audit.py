"""What auditors say of a device's doors: sslyze of its TLS, ssh-audit of its console."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.testing.topologies import gateways

TOPOLOGY = gateways("audit", "gw")
ROOT = Path(__file__).parents[2]
SEARCH_PATH = f"{ROOT / '.venv-audit' / 'bin'}:{ROOT / '.venv' / 'bin'}"
AUDIT_SECONDS = 100
SCANS = [
    *("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--early_data", "--fallback"),
    *("--heartbleed", "--openssl_ccs", "--robot", "--compression", "--reneg"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(tmp_path_factory.mktemp("audit")))
        with Lab.up(TOPOLOGY) as running:
            yield running


def audit(program: str, *arguments: str) -> str:
    found = shutil.which(program, path=SEARCH_PATH) or program
    done = subprocess.run(
        [found, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=AUDIT_SECONDS,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


@pytest.fixture(scope="module")
def verdict(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = f"{lab['gw'].address()}:{lab['gw'].ports['https']}"
    written = tmp_path_factory.mktemp("sslyze") / "verdict.json"
    audit("sslyze", *SCANS, "--mozilla_config", "disable", "--json_out", str(written), target)
    (server,) = json.loads(written.read_text())["server_scan_results"]
    results: dict[str, Any] = server["scan_result"]
    return {name: one["result"] for name, one in results.items() if one and one["status"] == "COMPLETED"}


@pytest.mark.needs("sslyze")
def test_tls_is_of_version_1_2_or_1_3(verdict: dict[str, Any]) -> None:
    spoken = {
        name for name, one in verdict.items() if name.endswith("_cipher_suites") and one["accepted_cipher_suites"]
    }

    assert spoken == {"tls_1_2_cipher_suites", "tls_1_3_cipher_suites"}


@pytest.mark.needs("sslyze")
def test_every_cipher_of_tls_1_2_has_forward_secrecy_and_authenticates_what_it_encrypts(
    verdict: dict[str, Any],
) -> None:
    suites = [one["cipher_suite"]["name"] for one in verdict["tls_1_2_cipher_suites"]["accepted_cipher_suites"]]

    assert suites
    for suite in suites:
        assert suite.startswith("TLS_ECDHE_")
        assert "_GCM_" in suite or "_CHACHA20_POLY1305_" in suite


@pytest.mark.needs("sslyze")
def test_no_known_attack_on_tls_works(verdict: dict[str, Any]) -> None:
    assert not verdict["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not verdict["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not verdict["tls_compression"]["supports_compression"]
    assert not verdict["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    assert not verdict["tls_1_3_early_data"]["supports_early_data"]
    assert verdict["tls_fallback_scsv"]["supports_fallback_scsv"]
    assert verdict["robot"]["robot_result"].startswith("NOT_VULNERABLE")


@pytest.mark.needs("ssh-audit")
def test_the_console_has_no_algorithm_that_an_auditor_fails(lab: Lab) -> None:
    report = json.loads(
        audit("ssh-audit", "--skip-rate-test", "--json", "-p", str(lab["gw"].ports["ssh"]), lab["gw"].address())
    )

    algorithms = [one for kind in ("kex", "key", "enc", "mac") for one in report[kind]]
    assert {one["algorithm"] for one in algorithms} >= {"curve25519-sha256", "ssh-ed25519"}
    assert [one["algorithm"] for one in algorithms if one["notes"].get("fail")] == []
    assert report["cves"] == []
