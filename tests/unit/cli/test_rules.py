"""`leaselab rules`: what is printed."""

import json

import pytest

from leaselab.testbed.cli import main
from leaselab.testbed.rulebook import rules


def test_every_rule_is_listed_with_its_title_and_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [rule.id for rule in rules()]
    assert all(" proved " in line for line in lines[1:])


def test_one_rule_is_shown_with_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "lse-04"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("LSE-04  ")
    assert (
        "    tests/unit/licensing/test_leasing.py::test_an_increment_that_would_pass_the_maximum_grants_nothing" in out
    )


def test_a_family_can_be_asked_for_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "GAT", "--format", "json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in found] == ["GAT-01", "GAT-02", "GAT-03", "GAT-04"]
    assert set(found[0]) == {"id", "title", "status", "tests"}


def test_a_rule_that_there_is_not_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "ZZZ-99"]) == 2

    assert "there is no rule 'ZZZ-99'" in capsys.readouterr().err
