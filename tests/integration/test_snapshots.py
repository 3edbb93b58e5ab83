"""Snapshots of running labs: all comes back, time goes on as it would have, and what is no snapshot changes nothing."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.errors import CallError, LabExistsError, SnapshotError
from leaselab.testbed.testing.topologies import pair

TOPOLOGY = pair("${NAME:-kept}")


def everything(lab: Lab) -> dict[str, Any]:
    """Return all that a lab shows of itself, but for its processes."""
    return {
        "nodes": [(node.name, node.phase, node.addresses, node.ports) for node in lab.status().nodes],
        "now": lab.clock.status().now,
        "reports": {node.name: node.report() for node in lab},
        "sessions": lab["gw1"].request({"do": "sessions"}),
        "logs": [(line.node, line.at, line.text) for line in lab.logs()],
        "secret": lab.plan.secret,
    }


@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_a_restored_lab_is_what_it_was_and_lives_on_as_it_would_have(runtime: str) -> None:
    with Lab.up(TOPOLOGY, runtime=runtime) as lab:
        lab["gw1"].users.set(30)
        lab.clock.advance(hours=5)
        before = everything(lab)
        archive = lab.snapshots.save("monday")
        lab.clock.advance(days=2)
        after_two_days = everything(lab)
        lab["gw1"].users.set(1)
        lab["server"].stop()
        lab.clock.advance(days=9)

        lab.snapshots.restore("monday")

        assert everything(lab) == before
        lab.clock.advance(days=2)
        assert everything(lab) == after_two_days
        assert archive.stat().st_mode & 0o777 == 0o600
        assert [event.kind for event in lab.events()].count("restored") == 1
        lab.snapshots.remove("monday")


def test_a_lab_that_was_taken_down_comes_back_from_its_archive(tmp_path: Path) -> None:
    archive = tmp_path / "elsewhere.zip"
    with Lab.up(TOPOLOGY) as lab:
        lab["gw1"].users.set(30)
        before = everything(lab)
        lab.snapshots.save(str(archive))

    with Lab.from_snapshot(archive) as lab:
        assert everything(lab) == before
        with pytest.raises(LabExistsError, match="there is a lab kept"):
            Lab.from_snapshot(archive)


def test_a_node_that_was_off_when_the_lab_was_saved_is_off_again() -> None:
    with Lab.up(TOPOLOGY) as lab:
        lab["gw1"].stop()
        lab.snapshots.save("off")
        lab["gw1"].start()

        lab.snapshots.restore("off")

        assert lab["gw1"].phase == "off"
        lab.snapshots.remove("off")


def test_snapshots_are_listed_and_removed_by_name_and_a_name_is_taken_once() -> None:
    with Lab.up(TOPOLOGY) as lab:
        lab.snapshots.save("monday")
        with pytest.raises(LabExistsError, match="there is a snapshot monday already"):
            lab.snapshots.save("monday")
        with pytest.raises(CallError, match="no snapshot mondey") as wrong:
            lab.snapshots.restore("mondey")
        assert wrong.value.hint == "did you mean monday?"
        assert [(one.name, one.lab, one.at) for one in lab.snapshots.list()] == [
            ("monday", "kept", lab.clock.status().now)
        ]

        lab.snapshots.remove("monday")

        assert lab.snapshots.list() == []


def cut_short(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-200])


def flipped(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)


def rewritten(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """Return what changes an archive's manifest, and leaves the rest whole."""

    def rewrite(archive: Path) -> None:
        with zipfile.ZipFile(archive) as old:
            files = {name: old.read(name) for name in old.namelist()}
        manifest = json.loads(files["snapshot.json"])
        change(manifest)
        files["snapshot.json"] = json.dumps(manifest).encode()
        with zipfile.ZipFile(archive, "w") as new:
            for name, content in files.items():
                new.writestr(name, content)

    return rewrite


def strange(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as open_archive:
        open_archive.writestr("../../outside", b"x")
    rewritten(lambda manifest: manifest["files"].update({"../../outside": "0"}))(archive)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_short, "no snapshot, or is damaged"),
        (flipped, "no snapshot, or is damaged"),
        (lambda archive: archive.write_bytes(b""), "no snapshot, or is damaged"),
        (rewritten(lambda manifest: manifest["files"].update({"lab.db": "0" * 64})), "lab.db is not what was saved"),
        (rewritten(lambda manifest: manifest["files"].pop("lab.db")), "not those of its manifest"),
        (rewritten(lambda manifest: manifest.update(format=99)), "snapshot format 99"),
        (rewritten(lambda manifest: manifest.update(lab="other")), "is of lab other, not kept"),
        (rewritten(lambda manifest: manifest.update(runtime="process")), "with runtime process; this one has embedded"),
        (rewritten(lambda manifest: manifest.update(slot=0)), "with slot 0; this one has"),
        (strange, "a lab has no file '../../outside'"),
    ],
    ids=["cut short", "flipped", "empty", "digest", "missing", "format", "foreign", "runtime", "slot", "path"],
)
def test_what_is_no_snapshot_of_this_lab_is_refused_and_changes_nothing(
    damage: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    with Lab.up(TOPOLOGY) as lab:
        archive = lab.snapshots.save(str(tmp_path / "archive.zip"))
        damage(archive)
        before = everything(lab), sorted(path.name for path in lab.folder.iterdir())

        with pytest.raises(SnapshotError, match=said):
            lab.snapshots.restore(str(archive))

        assert (everything(lab), sorted(path.name for path in lab.folder.iterdir())) == before
