import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from leaselab.testbed.topology import schema
from leaselab.testbed.topology.files import load

TOPOLOGIES = Path(__file__).parents[3] / "topologies"
MODELS = [model for model in vars(schema).values() if isinstance(model, type) and issubclass(model, schema.Section)]


def test_the_schema_beside_the_topologies_is_the_one_of_the_models() -> None:
    committed = json.loads((TOPOLOGIES / "schema.json").read_text())

    assert committed == schema.json_schema(), "renew it: leaselab schema > topologies/schema.json"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_described(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("path", sorted(TOPOLOGIES.glob("*.yml")), ids=lambda path: path.stem)
def test_every_topology_we_ship_is_right_and_known_to_editors(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    assert load(path).name == path.stem


def test_unknown_keys_are_errors_everywhere_in_the_schema() -> None:
    definitions: dict[str, Any] = schema.json_schema()["$defs"]

    open_ones = [name for name, each in definitions.items() if "properties" in json.dumps(each) and not _closed(each)]
    assert open_ones == []


def _closed(definition: dict[str, Any]) -> bool:
    return definition.get("additionalProperties") is False or any(
        each.get("additionalProperties") is False for each in definition.get("anyOf", [])
    )


def test_a_variable_may_stand_where_a_number_is_wanted() -> None:
    users = schema.json_schema()["$defs"]["Node"]["properties"]["users"]["anyOf"]

    assert {"type": "string", "pattern": r"\$\{"} in users
    assert re.search(users[1]["pattern"], "${users:-10}")
