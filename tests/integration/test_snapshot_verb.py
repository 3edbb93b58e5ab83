"""`leaselab snapshot`, as it is typed."""

import json

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.cli.app import run
from leaselab.testbed.errors import UnknownLabError
from leaselab.testbed.testing.topologies import gateways

TOPOLOGY = gateways("typed", settings="users: 2")


def test_a_lab_is_saved_listed_taken_down_brought_back_and_its_snapshot_removed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Lab.up(TOPOLOGY) as lab:
        assert run(["snapshot", "save", "one"]) == 0
        lab.clock.advance(days=1)
        assert run(["snapshot", "restore", "one"]) == 0
        assert capsys.readouterr().out.splitlines()[1:] == ["typed is as it was at 2018-01-01T00:00:00Z"]

    assert run(["snapshot", "restore", "one", "--format", "json"]) == 0
    restored = json.loads(capsys.readouterr().out)
    with Lab.attach("typed") as lab:
        assert (restored["lab"], lab["gw1"].users.count) == ("typed", 2)
        lab.down()

    assert run(["snapshot", "list", "--format", "json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["snapshots"]
    assert (listed["name"], listed["lab"], listed["runtime"]) == ("one", "typed", "embedded")
    assert run(["snapshot", "rm", "one"]) == 0
    assert run(["snapshot", "list"]) == 0
    assert "no snapshot is here" in capsys.readouterr().out
    with pytest.raises(UnknownLabError):
        run(["snapshot", "rm", "one"])
