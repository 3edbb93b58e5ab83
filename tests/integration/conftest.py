"""What the tests of running labs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A labs folder of our own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LEASELAB_HOME", str(folder))
    yield folder
    labs = folder / "labs"
    assert not labs.exists() or list(labs.iterdir()) == [], "a test left a lab behind"
