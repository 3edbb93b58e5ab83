"""A monitor that is nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leaselab.testbed.prometheus.monitor import Monitor


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    monkeypatch.setenv("LEASELAB_HOME", str(tmp_path / "home"))
    one = Monitor()
    yield one
    one.down()
