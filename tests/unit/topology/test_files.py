from pathlib import Path

import pytest

from leaselab.testbed.errors import CallError, TopologyError
from leaselab.testbed.topology.files import load

TEXT = "name: lab\nnodes: {a: {kind: psa300}}\n"


def test_a_topology_comes_from_a_file_or_from_its_text(tmp_path: Path) -> None:
    path = tmp_path / "lab.yml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())

    assert load(path).name == load(str(path)).name == load(TEXT).name == "lab"


def test_a_file_that_is_not_there_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"cannot read .*none\.yml: No such file or directory"):
        load(tmp_path / "none.yml")


def test_a_file_that_is_no_text_says_where(tmp_path: Path) -> None:
    path = tmp_path / "lab.yml"
    path.write_bytes(b"name: lab\n\xff\n")

    with pytest.raises(TopologyError, match=r"lab\.yml:2:1: this is no UTF-8 text"):
        load(path)
