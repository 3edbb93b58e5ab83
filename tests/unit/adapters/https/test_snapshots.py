"""System snapshots."""

import io
import zipfile

from leaselab.appliance.adapters.https.snapshots import SNAPSHOTS_KEPT, SystemSnapshots
from leaselab.appliance.instants import parse_instant

AT = parse_instant("2018-01-02T03:04:05Z")


def test_a_snapshot_holds_report_and_log() -> None:
    snapshot = SystemSnapshots("gw1").take(report={"name": "gw1"}, lines=["first", "second"], at=AT)

    assert snapshot.name == "gw1-snapshot-1-20180102-030405.zip"
    with zipfile.ZipFile(io.BytesIO(snapshot.content)) as archive:
        assert archive.testzip() is None
        assert archive.read("events.log") == b"first\nsecond\n"
        assert b'"name": "gw1"' in archive.read("report.json")


def test_the_same_at_the_same_instant_is_the_same_file() -> None:
    first, second = (SystemSnapshots("gw1").take(report=None, lines=["x"], at=AT) for _ in range(2))

    assert first == second


def test_the_latest_are_kept_and_found_by_name() -> None:
    snapshots = SystemSnapshots("gw1")
    taken = [snapshots.take(report=None, lines=(), at=AT) for _ in range(SNAPSHOTS_KEPT + 1)]

    assert snapshots.all() == tuple(taken[1:])
    assert snapshots.find(taken[0].name) is None
    assert snapshots.find(taken[-1].name) == taken[-1]

    snapshots.clear()
    assert snapshots.all() == ()
