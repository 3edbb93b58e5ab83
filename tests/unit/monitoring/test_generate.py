"""What is generated is what the code says now."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from leaselab.appliance.adapters.metrics.families import DEVICE_FAMILIES
from leaselab.testbed.hosting.metrics import LAB_FAMILIES

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "monitoring" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_generated_file_is_fresh(generate: ModuleType) -> None:
    stale = [path for path, text in generate.generated().items() if (ROOT / path).read_text(encoding="utf-8") != text]

    assert stale == [], "./run generated prints them anew"


def test_there_is_no_dashboard_that_nothing_generates(generate: ModuleType) -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "monitoring" / "dashboards").iterdir()}

    assert there == {path for path in generate.generated() if path.startswith("monitoring/dashboards/")}


def test_every_metric_is_on_the_page() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()

    assert {*DEVICE_FAMILIES, *LAB_FAMILIES} - set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set()
