"""The documents describe what the code has: every field of the wire has its line."""

import re
from pathlib import Path

import msgspec
import pytest

from leaselab.appliance.licensing import messages

DOCS = Path(__file__).parents[2] / "docs"
STRUCTS = sorted(
    (
        item
        for item in vars(messages).values()
        if isinstance(item, type) and issubclass(item, msgspec.Struct) and item.__module__ == messages.__name__
    ),
    key=lambda struct: struct.__name__,
)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_of_a_message_is_in_the_description_of_the_protocol(struct: type[msgspec.Struct]) -> None:
    described = set(re.findall(r"`(\w+)`", (DOCS / "lease-protocol.md").read_text()))

    assert set(struct.__struct_fields__) - described == set()


def test_every_path_of_the_protocol_is_described() -> None:
    described = (DOCS / "lease-protocol.md").read_text()

    for path in [*(f"/licensing/v1/{verb}" for verb in messages.PATHS), messages.CLAIM_PATH]:
        assert f"| `{path}` |" in described


def test_every_decision_is_in_the_list_of_decisions() -> None:
    decisions = DOCS / "decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (decisions / "README.md").read_text())

    assert listed == sorted(path.name for path in decisions.glob("[0-9]*.md"))
