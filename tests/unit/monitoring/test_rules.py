"""Rules as promtool judges them: well formed, firing where they should, silent where not."""

import subprocess
from pathlib import Path

import pytest
import yaml

from leaselab.monitoring.rules import ALERTS, rules

pytestmark = pytest.mark.needs("promtool")

COMMON = 'lab="l", node="n", kind="k"'
RISEN = ("0 7x9", "0x8 1", "_x8 1")  # long ago; just now; counted before the first scrape
# By alert: a series, ten values while all is well, and those that it fires at.
CASES = {
    "LeaselabNodeDown": (f'up{{job="leaselab", {COMMON}}}', "1x9", "1 0x8"),
    "LeaselabLeaseEnding": (
        f'leaselab_lease_seconds_to_end{{feature="f", lease="reserved", {COMMON}}}',
        "21600x9",
        "21600 21599x8",
    ),
    "LeaselabLicenseEnding": (
        f'leaselab_license_seconds_to_end{{serial="S", sku="K", {COMMON}}}',
        "2592000x9",
        "2592000 2591999x8",
    ),
    "LeaselabLeaseDenied": (f'leaselab_lease_denials_total{{reason="maximum", {COMMON}}}', *RISEN),
    "LeaselabSignInsRefused": (f'leaselab_sign_ins_refused_total{{reason="limit", {COMMON}}}', *RISEN),
    "LeaselabContactLost": (f'leaselab_server_contact{{state="down", {COMMON}}}', "0x9", "0x8 1"),
    "LeaselabAutoLeasePenalty": (f"leaselab_auto_lease_penalty_seconds_left{{{COMMON}}}", "0x9", "0x8 60"),
    "LeaselabCloudGrace": (f'leaselab_cloud_standing{{state="grace", {COMMON}}}', "0x9", "0x8 1"),
    "LeaselabCloudStopped": (f'leaselab_cloud_standing{{state="stopped", {COMMON}}}', "0x9", "0x8 1"),
    "LeaselabOutOfCompliance": (f"leaselab_out_of_compliance{{{COMMON}}}", "0x9", "0x8 1"),
}


def test_promtool_finds_nothing_to_say_about_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(rules()))

    subprocess.run(["promtool", "check", "rules", "--lint-fatal", str(file)], check=True, capture_output=True)


def test_every_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    assert CASES.keys() == {alert.name for alert in ALERTS}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules()))
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values}],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)',
                    "eval_time": "9m",
                    "exp_samples": [{"labels": "{}", "value": fires}],
                }
            ],
        }
        for name, (series, well, *ills) in CASES.items()
        for values, fires in ((well, 0), *((ill, 1) for ill in ills))
    ]
    (tmp_path / "test.yml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests})
    )

    command = ["promtool", "test", "rules", str(tmp_path / "test.yml")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
