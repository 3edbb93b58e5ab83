"""Labs live where their user wants them, however long the path is."""

from pathlib import Path

import pytest

from leaselab.testbed.lab import Lab
from leaselab.testbed.testing.topologies import gateways


@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_a_lab_comes_up_in_a_folder_whose_path_is_longer_than_a_sockets_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    home = tmp_path.joinpath(*["folder"] * 20)
    home.mkdir(parents=True)
    monkeypatch.setenv("LEASELAB_HOME", str(home))
    (tmp_path / "small.yml").write_text(gateways("small"))

    with Lab.up(tmp_path / "small.yml", runtime=runtime) as lab:
        assert lab["gw1"].phase == "ready"
