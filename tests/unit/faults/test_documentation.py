"""docs/faults.md has every fault and every key."""

import re
from pathlib import Path

from leaselab.testbed.faults.kinds import KINDS, Fault, written
from leaselab.testbed.topology.schema import FaultSpec

PAGE = (Path(__file__).parents[3] / "docs" / "faults.md").read_text()


def test_every_kind_has_a_row_with_its_target_and_what_it_needs_and_no_other_has() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (link|node) \| (?:`([\w-]+)`)? ?\|", PAGE, re.MULTILINE)

    assert rows == [(name, kind.target, written(kind.parameter)) for name, kind in KINDS.items()]


def test_every_key_of_a_fault_is_on_the_page() -> None:
    keys = {field.alias or name for name, field in FaultSpec.model_fields.items()}

    assert keys - {"kind"} <= set(re.findall(r"`([\w-]+)(?:: true)?`", PAGE))
    assert {written(name) for name in Fault.__struct_fields__} <= keys
