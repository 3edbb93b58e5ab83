"""What the tests of swarms share: two machines, and a labs folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.swarm.hosts import Host, label, swarm_of_two


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    """Two machines that are a swarm; DOCKER_HOST leads to its manager, and the other is labelled as being far."""
    with swarm_of_two() as (manager, worker), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", manager.address)
        label(manager, worker, place="far")
        label(manager, manager, place="near")
        yield manager, worker


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A labs folder of our own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(folder))
        yield folder
    assert not (folder / "labs").exists() or list((folder / "labs").iterdir()) == [], "a test left a lab behind"
