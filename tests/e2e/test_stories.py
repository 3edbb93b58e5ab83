"""The guide's stories as topologies: their checks hold; and checks that do not hold say so."""

import json
import secrets
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.cli import main

TOPOLOGIES = Path(__file__).parents[2] / "topologies"
STORIES = sorted(path.name for path in TOPOLOGIES.glob("*.yml") if "\nchecks:" in path.read_text())

BARE = """
name: bare
nodes:
  gw1: {kind: psa3000, boot: {accept-license: true, admin: {name: admin, password: admin123}}, users: 2}
checks:
  - check: two users are on
    expect:
      gw1:
        users: 2
        limit: "<= 2"
        phase: ready
        compliant: true
        screen: Pulse Connect Secure
        metrics: {leaselab_users_signed_in: 2}
  - check: a third is refused, and is no more than that
    do: [{users: {gw1: 4}}]
    expect: {gw1: {refused: "> 0"}}
  - check: there are ninety
    within: 1d
    expect: {gw1: {users: 90, contact: up}}
  - check: a license that it has not is surrendered
    do: [{surrender: {node: gw1, sku: CONSEC-ADD-100U}}]
  - check: off it is off
    do: [{power: {gw1: kill}}]
    expect: {gw1: {phase: "off"}}
"""


@pytest.mark.parametrize("story", STORIES)
def test_a_story_holds_and_a_simulation_sees_the_same_at_the_same_instants(
    story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = main(["check", str(TOPOLOGIES / story)])

    shown = capsys.readouterr()
    assert (exit_code, shown.err) == (0, ""), shown.out
    assert shown.out.endswith(" passed, 0 failed\n")

    assert main(["simulate", str(TOPOLOGIES / story)]) == 0
    simulated = capsys.readouterr().out.splitlines()
    assert [line for line in simulated if line.startswith("passed")] == shown.out.splitlines()[:-1]


def test_what_did_not_hold_is_said_with_what_was_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, report = tmp_path / "bare.yml", tmp_path / "report.xml"
    file.write_text(BARE)

    exit_code = main(["check", str(file), "--junit", str(report), "--format", "json"])

    outcome = json.loads(capsys.readouterr().out)
    assert (exit_code, outcome["passed"]) == (1, False)
    assert [check["passed"] for check in outcome["checks"]] == [True, True, False, False, True]
    ninety, surrender = outcome["checks"][2:4]
    assert ninety["problems"] == ["gw1: users 90 expected, is 2", "gw1: contact up expected, is none"]
    assert ninety["at"] == "2018-01-02T00:00:00Z"
    assert surrender["problems"] == ["gw1 has no active license CONSEC-ADD-100U; it has none"]
    assert ET.parse(report).getroot()[0].get("failures") == "2"


def test_a_lab_without_checks_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bare.yml"
    file.write_text(BARE.partition("checks:")[0])

    assert main(["check", str(file)]) == 2
    assert "has no checks" in capsys.readouterr().err


def test_python_gets_the_same_outcomes(tmp_path: Path) -> None:
    file = tmp_path / "bare.yml"
    file.write_text(BARE)

    with Lab.up(file, name=f"bare-{secrets.token_hex(4)}") as lab:
        told: list[str] = []
        outcomes = lab.check(on_outcome=lambda outcome: told.append(outcome.name))

    assert told == [outcome.name for outcome in outcomes]
    assert sum(outcome.passed for outcome in outcomes) == 3
