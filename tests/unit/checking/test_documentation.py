"""docs/checks.md has every key of a check, and topologies/README.md every story."""

import re
from pathlib import Path

import pytest

from leaselab.testbed.topology.schema import ActSpec, CheckSpec, ExpectationSpec

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "checks.md").read_text()


@pytest.mark.parametrize("model", [CheckSpec, ActSpec, ExpectationSpec], ids=lambda model: model.__name__)
def test_every_key_has_a_row(model: type[CheckSpec] | type[ActSpec] | type[ExpectationSpec]) -> None:
    rows = set(re.findall(r"^\| `([\w-]+)", PAGE, re.MULTILINE))

    assert {field.alias or name for name, field in model.model_fields.items()} <= rows


def test_every_topology_is_in_the_table() -> None:
    listed = re.findall(r"^\| \[([\w.-]+\.yml)\]", (ROOT / "topologies" / "README.md").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(path.name for path in (ROOT / "topologies").glob("*.yml"))
